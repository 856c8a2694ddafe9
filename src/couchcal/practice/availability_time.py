"""How much time is available on each day: the weekly hours as they are now, less time off."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo

from couchcal.practice.agenda import EPOCH, all_day_bounds
from couchcal.scheduling.interval import Interval, merge
from couchcal.scheduling.slots import Block, open_spans
from couchcal.store.connection import Connection

_SECOND = timedelta(seconds=1)


def available_seconds(connection: Connection, days: Sequence[date], tz: tzinfo) -> dict[date, int] | None:
    """Seconds in which clients could book, by day; None while no availability is set (AVL-01, TOF-01).

    Blocks that overlap count once, whatever may be booked in them.
    """
    by_weekday: dict[int, list[Block]] = {}
    for weekday, start, end in connection.execute("SELECT weekday, start_time, end_time FROM availability_block"):
        block = Block(weekday, time.fromisoformat(start), time.fromisoformat(end))
        by_weekday.setdefault(weekday, []).append(block)
    if not by_weekday:
        return None
    off = _time_off(connection, tz)
    ends = [end for _, end in off]
    found = {}
    for day in days:
        spans = open_spans(by_weekday.get(day.weekday(), []), day, tz)
        found[day] = sum((end - start - _covered(start, end, off, ends)) // _SECOND for start, end in spans)
    return found


def _time_off(connection: Connection, tz: tzinfo) -> list[Interval]:
    """Time off as instants, ascending, what touches merged."""
    rows = connection.execute("SELECT start_utc, end_utc, all_day FROM time_off")
    return merge(
        all_day_bounds(start, end, tz) if all_day else (EPOCH + start * _SECOND, EPOCH + end * _SECOND)
        for start, end, all_day in rows
    )


def _covered(start: datetime, end: datetime, off: list[Interval], ends: list[datetime]) -> timedelta:
    total = timedelta(0)
    for index in range(bisect_right(ends, start), len(off)):
        opens, closes = off[index]
        if opens >= end:
            break
        total += min(closes, end) - max(opens, start)
    return total
