"""Somebody else changed the appointment while its form was open: theirs and mine side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import OptionList, Static

from couchcal.tui.forms.appointment_merge import Merge, Unit
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.options import Ways, way
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.text import clean

_MOST = 16
"""Characters of a value beside another; the rest of a long text is cut."""


class MergeAnswer(NamedTuple):
    """`merge` with the labels of what both changed and theirs is kept of, or `theirs` alone."""

    way: str
    take_theirs: frozenset[str] = frozenset()


class MergeScreen(Modal[MergeAnswer]):
    """Shows who changed what; None, or Esc, goes back to the form as it is.

    Args:
        shown: the value of a unit for people, of `mine` or `theirs`.
    """

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "take('merge')", "Save mine on top", show=False),
    ]

    def __init__(self, merge: Merge, shown: Callable[[str, Unit], str]) -> None:
        super().__init__("Changed by somebody else meanwhile", "ctrl+s merge · tab next · esc keep editing")
        self._merge = merge
        self._shown = shown

    def compose_body(self) -> ComposeResult:
        merge = self._merge
        with VerticalScroll(id="rows", can_focus=False):
            if merge.theirs:
                yield Static(plain("They changed; it stays as they have it:", QUIET))
                for unit in merge.theirs:
                    yield Static(plain(f"  {unit.label:<16}{self._shown('theirs', unit)}"))
            if merge.mine:
                yield Static(plain("You changed; it is saved on top:", QUIET))
                for unit in merge.mine:
                    yield Static(plain(f"  {unit.label:<16}{self._shown('mine', unit)}"))
            if merge.both:
                yield Static(plain("Both changed; choose one for each:", QUIET))
            for number, unit in enumerate(merge.both):
                words = [(side, f"{side}: {_cut(self._shown(side, unit))}") for side in ("mine", "theirs")]
                yield Field(unit.label, Choice(words, "mine", id=f"both-{number}"), id=f"row-{number}", long=True)
        yield Ways(
            [
                way("merge", "Save mine on top of theirs", "what they alone changed stays as they have it"),
                way("theirs", "Take theirs", "what you typed is left out"),
                way("keep", "Keep editing", "back to the form; nothing is saved yet"),
            ],
            id="ways",
        )

    def on_mount(self) -> None:
        first = self.query(Choice).first() if self._merge.both else self.query_one(Ways)
        first.focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.action_take(event.option_id or "keep")

    def action_take(self, way: str) -> None:
        """Close with an answer."""
        if way == "keep":
            self.dismiss(None)
            return
        chosen = {choice.id: choice.value for choice in self.query(Choice)}
        theirs = (
            unit.label for number, unit in enumerate(self._merge.both) if chosen[f"both-{number}"] == "theirs"
        )
        self.dismiss(MergeAnswer(way, frozenset(theirs)))


def _cut(text: str) -> str:
    text = clean(text)
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"
