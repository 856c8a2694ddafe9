"""What the calendar screen reads, in one go and off the main thread."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from couchcal.practice.agenda import Entry, between, day_instant, horizon_reached
from couchcal.tui.calendar.details import Extra
from couchcal.tui.calendar.period import Period, later
from couchcal.tui.calendar.scene import OpenHours


class Loaded(NamedTuple):
    """The calendar over some days, as of `data_version` of the connection that read it."""

    window: Period
    entries: tuple[Entry, ...]
    availability: tuple[OpenHours, ...]
    requests: int
    complete: bool
    """Whether every series has its rows in the window; else the horizon is to be extended (REC-08)."""


NOTHING = Loaded(Period(date(2000, 1, 1), 0), (), (), 0, True)


def load(connection: sqlite3.Connection, window: Period, tz: tzinfo) -> Loaded:
    """Read the days of `window`, cancelled entries among them (CXL-01)."""
    start, end = day_instant(window.first, tz), day_instant(window.until, tz)
    entries = between(connection, start, end, tz, cancelled=True)
    requests = connection.execute("SELECT count(*) FROM booking_request WHERE status = 'pending'").fetchone()
    return Loaded(
        window, tuple(entries), availability(connection), int(requests[0]), horizon_reached(connection, start, end)
    )


def availability(connection: sqlite3.Connection) -> tuple[OpenHours, ...]:
    """The practice's weekly hours; empty when none are set."""
    rows = connection.execute("SELECT weekday, start_time, end_time FROM availability_block").fetchall()
    return tuple(OpenHours(int(day), _time(start), _time(end)) for day, start, end in rows)


def _time(text: str) -> time:
    return time.fromisoformat(str(text).partition(".")[0])


def visible(entries: tuple[Entry, ...], period: Period, tz: tzinfo) -> tuple[Entry, ...]:
    """Those of `entries` (sorted by start) that touch the days of `period`."""
    start, end = day_instant(period.first, tz), day_instant(period.until, tz)
    found = []
    for entry in entries:
        if entry.start >= end:
            break
        if entry.end > start or entry.start >= start:
            found.append(entry)
    return tuple(found)


def window_around(period: Period, month: Period) -> Period:
    """The days to load for a shown period and the sidebar's month: both, and as much again on either side
    of the period, so that the next one is there before it is asked for."""
    spare = max(period.days, 7)
    first = min(later(period.first, -2 * spare), month.first)
    until = max(later(period.until, 2 * spare), month.until)
    return Period(first, (until - first).days)


def covers(window: Period, period: Period) -> bool:
    """Whether all days of `period` are in `window`."""
    return window.first <= period.first and period.until <= window.until


def extra_of(connection: sqlite3.Connection, entry: Entry) -> Extra:
    """Link and instructions of an appointment."""
    if entry.table != "appointment":
        return Extra()
    row = connection.execute(
        "SELECT telehealth_url, instructions FROM appointment WHERE id = ?", (entry.row_id,)
    ).fetchone()
    return Extra(*row) if row else Extra()


def next_request(connection: sqlite3.Connection, after: datetime) -> datetime | None:
    """When the first pending request after `after` begins, else the very first one."""
    seconds = int(after.timestamp())
    row = connection.execute(
        "SELECT start_utc FROM booking_request WHERE status = 'pending' ORDER BY start_utc <= ?, start_utc LIMIT 1",
        (seconds,),
    ).fetchone()
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=row[0]) if row else None
