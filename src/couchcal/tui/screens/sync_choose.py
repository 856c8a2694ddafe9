"""One of a few ways to go on, chosen from a list that explains each; beside it what holds now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Static

from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.options import Ways, way
from couchcal.tui.forms.plain import plain

_CHROME_ROWS = 6


class Choosable(NamedTuple):
    """A way: the word that the dialog answers, what it is called, what it does."""

    word: str
    label: str
    explanation: str = ""


class ChooseWay(Modal[str]):
    """Answers the word of the way that was chosen, None for Esc.

    Args:
        body: what the choice is about, above the list.
        now: the word that holds at present; its way has the highlight and is marked.
    """

    SIZE = "-wide"
    AUTO_FOCUS = "#ways"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "step(1)", show=False),
        Binding("k", "step(-1)", show=False),
    ]

    def __init__(self, title: str, body: str, ways: Sequence[Choosable], *, now: str = "") -> None:
        super().__init__(title, "enter choose · esc back")
        self._body = body
        self._ways = list(ways)
        self._now = now

    def compose_body(self) -> ComposeResult:
        if self._body:
            yield Static(plain(self._body), id="body")
        marked = [
            way(one.word, f"{one.label}  (now)" if one.word == self._now else one.label, one.explanation)
            for one in self._ways
        ]
        yield Ways(marked, id="ways")

    def on_mount(self) -> None:
        words = [one.word for one in self._ways]
        self.query_one("#ways", Ways).highlighted = words.index(self._now) if self._now in words else 0

    def on_resize(self, event: events.Resize) -> None:
        """Let the list take what the screen leaves below the text."""
        text = min(len(self._body) // max(event.size.width - 8, 20) + 3 + self._body.count("\n"), 12)
        self.query_one("#ways").styles.max_height = max(4, event.size.height - _CHROME_ROWS - text)

    def action_step(self, by: int) -> None:
        """Move the highlight."""
        self.query_one("#ways", Ways).step(by)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._ways[event.option_index].word)
