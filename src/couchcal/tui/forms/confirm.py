"""A question with two answers."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Static

from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.plain import plain
from couchcal.tui.text import clean


class Confirm(Modal[bool]):
    """Asks `body`; True for `yes`, False for `no`, None for Esc. The cautious answer has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", show=False),
        Binding("n", "answer(False)", "No", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]
    AUTO_FOCUS = "#no"

    def __init__(self, title: str, body: str, yes: str = "Yes", no: str = "No") -> None:
        self._answers = (clean(yes), clean(no))
        hints = (f"{key} {words[:1].lower()}{words[1:]}" for key, words in zip("yn", self._answers, strict=True))
        super().__init__(title, " · ".join(hints))
        self._body = body

    def compose_body(self) -> ComposeResult:
        yield Static(plain(self._body), id="body")
        with Horizontal(classes="buttons"):
            yield Button(plain(self._answers[0]), id="yes", classes="-danger")
            yield Button(plain(self._answers[1]), id="no")

    def action_answer(self, yes: bool) -> None:
        """Close with an answer."""
        self.dismiss(yes)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id == "yes")
