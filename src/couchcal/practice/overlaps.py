"""Every overlap from a moment on, however far ahead: what the review of conflicts walks (CNF-01, REC-11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from couchcal.practice.agenda import Entry, between, conflicting, day_instant
from couchcal.practice.clashes import BUSY, busy_arguments
from couchcal.store.connection import Connection

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_END_S = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _SECOND


class Overlap(NamedTuple):
    """A place to look at: an entry that begins while another is under way."""

    start: datetime
    key: tuple[str, int]
    """Table and row id."""


class _Busy(NamedTuple):
    start: datetime
    key: tuple[str, int]
    end: datetime
    group_key: str | None


def overlaps(connection: Connection, since: datetime, tz: tzinfo) -> list[Overlap]:
    """The overlaps that end after the aware instant `since`, in the order of the calendar.

    Two entries make one overlap, and so does each further one that begins while others are under way. The rules
    are those of the marks (`agenda.conflicting`): busy, not cancelled, half-open, members of a group never.
    """
    found: list[Overlap] = []
    running: list[_Busy] = []
    for entry in _busy(connection, since, tz):
        running = [other for other in running if other.end > entry.start]
        if any(
            (entry.group_key is None or entry.group_key != other.group_key) and min(entry.end, other.end) > since
            for other in running
        ):
            found.append(Overlap(entry.start, entry.key))
        running.append(entry)
    return found


def _busy(connection: Connection, since: datetime, tz: tzinfo) -> list[_Busy]:
    rows = connection.execute(BUSY, busy_arguments((since - _EPOCH) // _SECOND, _END_S))
    return sorted(
        _Busy(_instant(start, tz, all_day=all_day), (table, row_id), _instant(end, tz, all_day=all_day), group_key)
        for table, row_id, start, end, all_day, group_key in rows
    )


def _instant(seconds: int, tz: tzinfo, *, all_day: int) -> datetime:
    moment = _EPOCH + timedelta(seconds=seconds)
    return day_instant(moment.date(), tz) if all_day else moment


def entries_at(connection: Connection, overlap: Overlap, tz: tzinfo) -> tuple[Entry | None, list[Entry]]:
    """The entry of an overlap, and those under way when it begins that it overlaps."""
    found = between(connection, overlap.start, overlap.start + _SECOND, tz)
    entry = next((entry for entry in found if (entry.table, entry.row_id) == overlap.key), None)
    if entry is None:
        return None, []
    return entry, [other for other in found if other is not entry and conflicting((entry, other))]
