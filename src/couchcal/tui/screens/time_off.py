"""Days off: what is ahead, what is past, and which sessions lie in them. TOF-01…04."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.clock_words import in_chosen_clock
from couchcal.practice import time_off
from couchcal.practice.agenda import Entry
from couchcal.practice.outcome import Done
from couchcal.practice.time_off import TimeOffRow
from couchcal.store.connection import Database
from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import plain
from couchcal.tui.forms.row_list import RowList
from couchcal.tui.forms.time_off import Saved, TimeOffForm
from couchcal.tui.screens.entry_line import entry_line
from couchcal.tui.screens.listing import ListScreen
from couchcal.tui.screens.time_off_words import off_line, read_affected, read_list
from couchcal.tui.text import glyphs_on

_EMPTY = "No time off yet: n keeps the first day free."


class TimeOffScreen(ListScreen[Entry, TimeOffRow, tuple[list[TimeOffRow], int]]):
    """Time off to add, edit and remove. Sessions in it are never changed, only listed (TOF-04).

    Dismissed with the session that was chosen from such a list, so that the calendar goes to it.

    Args:
        tz: the practice's zone.
        names: how clients are called: `id`, `initials`, `first` or `full`.
    """

    SIZE = "-wide"
    AUTO_FOCUS = "#off"
    KEYS_OF_NONE = "n new · esc close"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "add", "New", show=False),
        Binding("e", "edit", "Edit", show=False),
        Binding("D,delete", "remove", "Remove", show=False),
        Binding("s", "sessions", "Sessions in it", show=False),
    ]

    def __init__(self, database: Database, tz: tzinfo, *, names: str = "full", clock: Clock = system_clock) -> None:
        keys = "enter edit · n new · D remove · s sessions in it · esc close"
        super().__init__("Time off", keys, RowList(lambda row: row.id, id="off"), database, clock)
        self._tz = tz
        self._names = names

    # Reading and showing

    def fetch(self) -> tuple[list[TimeOffRow], int]:
        return read_list(self._database, self._clock(), self._tz)

    def lines(self, found: tuple[list[TimeOffRow], int]) -> Iterable[tuple[TimeOffRow, Option]]:
        now = self._clock()
        return [(row, Option(off_line(row, now, self._tz, self._names))) for row in found[0]]

    def below(self, found: tuple[list[TimeOffRow], int]) -> str:
        rows, ahead = found
        return f"{ahead} ahead, {len(rows) - ahead} past" if rows else _EMPTY

    # Changes

    def action_add(self) -> None:
        """Take days or hours off."""
        self._form(None)

    def action_edit(self) -> None:
        """Edit the highlighted time off."""
        row = self.listing.row
        if row is not None:
            self._form(row)

    @on(OptionList.OptionSelected)
    def _chosen(self) -> None:
        self.action_edit()

    def _form(self, row: TimeOffRow | None) -> None:
        self.show_problem("")
        form = TimeOffForm(self._database, self._tz, row, names=self._names, clock=self._clock)
        self.app.push_screen(form, self._saved)

    def _saved(self, saved: Saved | None) -> None:
        if saved is not None:
            self.notify(in_chosen_clock(saved.done.label), markup=False)
            self.reload(to_new=True)
            if saved.span is not None:
                self._list_sessions(*saved.span)

    def action_remove(self) -> None:
        """Take the highlighted time off back: its times can be booked again (TOF-03)."""
        row = self.listing.row
        if row is not None:
            self.write(partial(time_off.remove, self._database, row.id, clock=self._clock), self._removed)

    def _removed(self, done: Done) -> None:
        self.notify(f"{in_chosen_clock(done.label)}: it can be booked again", markup=False)
        self.reload()

    # Sessions in it

    def action_sessions(self) -> None:
        """List the sessions that lie in the highlighted time off."""
        row = self.listing.row
        if row is not None:
            self._list_sessions(row.start, row.end, even_none=True)

    def _list_sessions(self, start: datetime, end: datetime, *, even_none: bool = False) -> None:
        def show(entries: list[Entry]) -> None:
            if entries or even_none:
                self.app.push_screen(AffectedScreen(entries, self._tz, names=self._names), self._go)

        self.read(partial(read_affected, self._database, start, end, self._tz, self._clock), show)

    def _go(self, entry: Entry | None) -> None:
        if entry is not None:
            self.dismiss(entry)


class AffectedScreen(Modal[Entry]):
    """Sessions in time off, as they were (TOF-04); Enter goes to one."""

    SIZE = "-wide"
    AUTO_FOCUS = "#results"

    def __init__(self, entries: list[Entry], tz: tzinfo, *, names: str = "full") -> None:
        super().__init__("Sessions in this time off", "enter go there · esc back" if entries else "esc back")
        self._entries = entries
        self._tz = tz
        self._names = names

    def compose_body(self) -> ComposeResult:
        count = len(self._entries)
        if not count:
            yield Static(plain("No session lies in it."), id="body")
            return
        stays = "1 session stays as it is" if count == 1 else f"{count} sessions stay as they are"
        yield Static(plain(f"{stays}. Move or cancel what should not take place."), id="body")
        yield Ways(
            [
                Option(entry_line(entry, self._tz, self._names, glyphs=glyphs_on(self.app)))
                for entry in self._entries
            ],
            id="results",
        )

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._entries[event.option_index])
