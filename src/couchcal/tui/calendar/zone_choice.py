"""Choosing a time zone by a few letters of its name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from couchcal.scheduling.wallclock import to_local, zone
from couchcal.tui.calendar.words import time_text, zone_label
from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import plain
from couchcal.tui.forms.zone_field import find_zones


class ZoneChoice(Modal[str]):
    """Asks for an IANA zone; letters of a city narrow the list, Enter takes the highlighted one.

    Args:
        now: the instant whose hours and offsets are shown.
        first: zones that are likely, offered before a letter is typed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("pagedown", "move(8)", show=False),
        Binding("pageup", "move(-8)", show=False),
    ]

    def __init__(self, now: datetime, first: Sequence[str], *, hour24: bool) -> None:
        super().__init__("Second time zone", "enter show it · ↑↓ choose · esc close")
        self._now, self._hour24 = now, hour24
        self._first = list(first)
        self._found: list[str] = []

    def compose_body(self) -> ComposeResult:
        yield Input(placeholder="a city or a zone: berlin, kolkata, pst", id="text", max_length=60)
        results = Ways([], id="results")
        results.can_focus = False
        yield results
        yield Static(id="count")

    def on_mount(self) -> None:
        self._look("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._look(event.value)

    def _look(self, text: str) -> None:
        self._found = find_zones(text) if text.strip() else self._first
        results = self.query_one("#results", OptionList)
        results.clear_options()
        results.add_options(Option(plain(self._line(name))) for name in self._found)
        results.highlighted = 0 if self._found else None
        hint = "" if self._found else "No zone is called that." if text.strip() else "A few letters find it."
        self.query_one("#count", Static).update(plain(hint, "dim"))

    def _line(self, name: str) -> str:
        tz = zone(name)
        local = to_local(self._now, tz)
        return f"{time_text(local, hour24=self._hour24):>8}  {name}  {zone_label(tz, local)}"

    def action_move(self, by: int) -> None:
        """Move the highlight while the input keeps the focus."""
        results = self.query_one("#results", OptionList)
        if results.option_count:
            results.highlighted = min(max((results.highlighted or 0) + by, 0), results.option_count - 1)

    @on(Input.Submitted)
    def _take(self) -> None:
        highlighted = self.query_one("#results", OptionList).highlighted
        if highlighted is not None:
            self.dismiss(self._found[highlighted])

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._found[event.option_index])
