"""Whom to call about sessions that are ahead: today's, then tomorrow's. APT-16."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import tzinfo

from rich.cells import cell_len
from textual import on
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.clock_words import clock_words
from couchcal.practice.agenda import Entry
from couchcal.practice.calls import Call, calls, next_days
from couchcal.scheduling.wallclock import to_local
from couchcal.store.connection import Database, database_errors
from couchcal.tui.calendar.words import full_name
from couchcal.tui.forms.plain import QUIET
from couchcal.tui.forms.row_list import RowList, heading
from couchcal.tui.screens.listing import ListScreen
from couchcal.tui.text import clean, fit, glyphs_on, pad

_EMPTY = "Nobody is to be called today or tomorrow. For clients who want it: C, e, Remind by phone."
_NO_NUMBER = "no number on file"
_HIDDEN = "hidden with the names"
_MOST_NAME_CELLS = 36


class CallsScreen(ListScreen[Entry, Call, list[Call]]):
    """Sessions with the number to call. Dismissed with the one that was chosen, so that the calendar goes to it.

    Args:
        tz: the practice's zone.
        names: how clients are called: `id`, `initials`, `first` or `full`.
    """

    SIZE = "-wide"
    AUTO_FOCUS = "#calls"
    HIDES_EMPTY = True
    KEYS_OF_NONE = "esc close"

    def __init__(self, database: Database, tz: tzinfo, *, names: str = "full", clock: Clock = system_clock) -> None:
        listing: RowList[Call] = RowList(lambda call: call.entry.row_id, id="calls")
        super().__init__("To call", "enter go there · ↑↓ choose · esc close", listing, database, clock)
        self._tz = tz
        self._names = names

    def fetch(self) -> list[Call]:
        with database_errors(self._database.path), closing(self._database.connect()) as connection:
            return calls(connection, *next_days(self._clock(), self._tz), self._tz)

    def lines(self, found: list[Call]) -> Iterable[tuple[Call | None, Option]]:
        ellipsis = glyphs_on(self.app).ellipsis
        titles = [fit(full_name(call.entry, self._names), _MOST_NAME_CELLS, ellipsis) for call in found]
        wide = max(map(cell_len, titles), default=0)
        today = to_local(self._clock(), self._tz).date()
        day = None
        for call, title in zip(found, titles, strict=True):
            start = to_local(call.entry.start, self._tz)
            if start.date() != day:
                day = start.date()
                yield None, heading(f"{'Today' if day == today else 'Tomorrow'}, {day:%a} {day.day} {day:%b}")
            yield call, Option(self._line(call, clock_words(start), pad(title, wide)))

    def _line(self, call: Call, clock: str, title: str) -> Content:
        number = (_NO_NUMBER, "$text-warning")
        if call.phone.strip():
            number = (clean(call.phone), "") if self._names == "full" else (_HIDDEN, QUIET)
        return Content.assemble((f"{clock:>7}  ", QUIET), (title, "bold"), "  ", number)

    def below(self, found: list[Call]) -> str:
        if not found:
            return _EMPTY
        return "1 call" if len(found) == 1 else f"{len(found)} calls"

    @on(OptionList.OptionSelected)
    def _chosen(self) -> None:
        if self.listing.row is not None:
            self.dismiss(self.listing.row.entry)
