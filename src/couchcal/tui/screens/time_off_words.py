"""Time off in words, and what the list of it reads."""

from __future__ import annotations

from contextlib import closing, suppress
from datetime import date, datetime, timedelta, tzinfo

from textual.content import Content

from couchcal.clock import Clock
from couchcal.clock_words import chosen_24h, clock_words, span_words
from couchcal.errors import CouchcalError
from couchcal.practice import time_off
from couchcal.practice.agenda import Entry, horizon_reached
from couchcal.practice.time_off import TimeOffRow
from couchcal.scheduling.wallclock import to_local
from couchcal.store.connection import Database
from couchcal.tui.calendar.period import day_label
from couchcal.tui.forms.plain import QUIET
from couchcal.tui.text import clean, pad

_DAYS_CELLS = 36
_DAY = timedelta(days=1)


def read_list(database: Database, now: datetime, tz: tzinfo) -> tuple[list[TimeOffRow], int]:
    """Time off that is not over yet, soonest first, then what is past, latest first; how many are ahead. Blocks."""
    with closing(database.connect()) as connection:
        rows = time_off.time_off(connection, tz)
    ahead = sorted((row for row in rows if row.end > now), key=lambda row: (row.start, row.id))
    past = sorted((row for row in rows if row.end <= now), key=lambda row: (row.start, row.id), reverse=True)
    return [*ahead, *past], len(ahead)


def read_affected(database: Database, start: datetime, end: datetime, tz: tzinfo, clock: Clock) -> list[Entry]:
    """Sessions over `[start, end)` that are not cancelled, of series too that have no rows there yet. Blocks."""
    with closing(database.connect()) as connection:
        if not horizon_reached(connection, start, end):
            from couchcal.practice.series import extend_all

            with suppress(CouchcalError):  # too far ahead to have rows: those that are there are listed
                extend_all(database, start, end, clock=clock)
        return time_off.affected(connection, start, end, tz)


def off_words(row: TimeOffRow, today: date, tz: tzinfo) -> str:
    """`Fri 6 Mar – Sun 8 Mar`, `Fri 6 Mar 14:00–17:00`; the year where it is not this one."""
    if row.first_day is not None and row.end_day is not None:
        return days_words(row.first_day, row.end_day - _DAY, today)
    return moments_words(row.start, row.end, today, tz)


def moments_words(start: datetime, end: datetime, today: date, tz: tzinfo) -> str:
    """Two instants on the local clock: `Fri 6 Mar 14:00–17:00`, `Fri 6 Mar 14:00 – Sat 7 Mar 9:00`."""
    start, end = to_local(start, tz), to_local(end, tz)
    last = _day(end.date(), today)
    if end.date() == start.date() + _DAY and not (end.hour or end.minute):
        midnight = "24:00" if chosen_24h() else clock_words(end)
        return f"{_day(start.date(), today)} {clock_words(start)}–{midnight}"
    if end.date() == start.date():
        return f"{last} {span_words(start, end)}"
    return f"{_day(start.date(), today)} {clock_words(start)} – {last} {clock_words(end)}"


def days_words(first: date, last: date, today: date) -> str:
    """`Fri 6 Mar`, `Fri 6 Mar – Sun 8 Mar`."""
    if first == last:
        return _day(first, today)
    return f"{_day(first, today)} – {_day(last, today)}"


def day_count(first: date, last: date) -> str:
    """`1 day`, `9 days`."""
    count = (last - first).days + 1
    return "1 day" if count == 1 else f"{count} days"


def off_line(row: TimeOffRow, now: datetime, tz: tzinfo, names: str) -> Content:
    """A line of the list; past ones are dim, the reason is kept back with names shown as ids."""
    today = to_local(now, tz).date()
    over = row.end <= now
    if row.first_day is not None and row.end_day is not None:
        length = day_count(row.first_day, row.end_day - _DAY)
    else:
        length = ""
    state = "now" if row.start <= now < row.end else "past" if over else ""
    reason = "" if names == "id" else clean(row.reason)
    return Content.assemble(
        (pad(off_words(row, today, tz), _DAYS_CELLS), QUIET if over else "bold"),
        (pad(length, 9), QUIET),
        (pad(state, 5), QUIET),
        (reason, QUIET),
    )


def _day(day: date, today: date) -> str:
    return day_label(day) if day.year == today.year else f"{day_label(day)} {day.year}"
