"""What the calendar screen reads, in one go and off the main thread."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from typing import NamedTuple

from couchcal.practice.agenda import Entry, between, day_instant, horizon_reached
from couchcal.practice.availability import BlockRow, weekly
from couchcal.practice.glance import undelivered, waiting_requests
from couchcal.store.connection import Connection
from couchcal.tui.calendar.period import Period, later


class Loaded(NamedTuple):
    """The calendar over some days, as of `data_version` of the connection that read it."""

    window: Period
    entries: tuple[Entry, ...]
    availability: tuple[BlockRow, ...]
    requests: int
    letters: int
    """How many letters and reminders did not reach anybody."""
    complete: bool
    """Whether every series has its rows in the window; else the horizon is to be extended (REC-08)."""


NOTHING = Loaded(Period(date(2000, 1, 1), 0), (), (), 0, 0, True)


def load(connection: Connection, window: Period, tz: tzinfo, now: datetime) -> Loaded:
    """Read the days of `window`, cancelled entries among them (CXL-01)."""
    start, end = day_instant(window.first, tz), day_instant(window.until, tz)
    entries = between(connection, start, end, tz, cancelled=True)
    complete = horizon_reached(connection, start, end)
    requests, letters = waiting_requests(connection), undelivered(connection, now)
    return Loaded(window, tuple(entries), tuple(weekly(connection)), requests, letters, complete)


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
