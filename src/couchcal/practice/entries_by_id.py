"""Entries by their ids, many at once: what search found, with the conflict marks of `agenda`.

Two statements read the entries and one what they may clash with, however many there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from couchcal.practice import agenda
from couchcal.practice.agenda import WIDEST_OFFSET_S, Entry
from couchcal.practice.clashes import clashes_with_another
from couchcal.scheduling.span import CLASSES, DAY_SECONDS, reach
from couchcal.store.connection import Connection

_NEAR_S = 4 * 3600
_LONG = timedelta(days=8)
"""An entry longer than this is looked at alone, up to the first one it clashes with."""

_ENTRIES = (
    agenda.APPOINTMENT.format(source="appointment a", condition="a.id IN (SELECT value FROM json_each(?))"),
    agenda.EXTERNAL.format(source="external_event a", condition="a.id IN (SELECT value FROM json_each(?))"),
)


def _neighbours(table: str, group: str, condition: str) -> str:
    columns = f"SELECT '{table}', a.id, a.start_utc, a.end_utc, a.all_day, {group}"
    busy = f"a.end_utc > a.start_utc AND {condition} AND a.status NOT IN ('cancelled', 'declined')"
    return f"""
{columns} FROM near CROSS JOIN span CROSS JOIN {table} a
    ON a.span = span.class AND a.start_utc > near.lo - span.reach - span.slack
    AND a.start_utc < near.hi + span.slack
WHERE span.owner = '{table}' AND a.end_utc > near.lo - span.slack AND {busy}
UNION ALL
{columns} FROM json_each(?2) midnight CROSS JOIN {table} a ON a.span = 0 AND a.start_utc = midnight.value
WHERE a.all_day AND {busy}"""


_CLASSES = ", ".join(f"({k}, {reach(k)}, {min(k, 1) * WIDEST_OFFSET_S})" for k in range(CLASSES))
NEIGHBOURS = f"""
WITH near(lo, hi) AS MATERIALIZED (
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1)
), classes(class, reach, slack) AS (VALUES {_CLASSES}),
span(owner, class, reach, slack) AS MATERIALIZED (
    SELECT 'appointment', class, reach, slack FROM classes
    WHERE EXISTS (SELECT 1 FROM appointment WHERE span = class)
    UNION ALL
    SELECT 'external_event', class, reach, slack FROM classes
    WHERE EXISTS (SELECT 1 FROM external_event WHERE span = class)
)
{_neighbours("appointment", "a.group_key", "a.busy")}
UNION ALL
{_neighbours("external_event", "NULL", "NOT a.transparent AND a.rrule = ''")}
"""  # noqa: S608  no value is in the text, only our own fragments
"""What is busy in the windows `?1`, as `(table, id, start, end, all_day, group_key)`, some of it twice.

All-day rows hold UTC midnights, so those of another zone may lie beside the window. Entries of class 0 are most of
all entries, and of them only the ones that start at a midnight (`?2`) are looked at outside the windows.
"""


class _Busy(NamedTuple):
    start: int
    end: int
    key: tuple[str, int]
    group_key: str | None


def entries_by_id(
    connection: Connection, appointments: Sequence[int], externals: Sequence[int], tz: tzinfo
) -> list[Entry]:
    """The entries of these appointments, cancelled or not, and external events, with their conflict marks.

    Ids of what is not there, or not on the calendar, are passed over; the order is none in particular.
    """
    entries = [
        agenda.entry_of(row, tz)
        for statement, ids in zip(_ENTRIES, (appointments, externals), strict=True)
        if ids
        for row in connection.execute(statement, (json.dumps(list(ids)),))
    ]
    clashing = _clashing(connection, [entry for entry in entries if agenda.may_conflict(entry)], tz)
    return [
        entry._replace(conflict=True) if (entry.table, entry.row_id) in clashing else entry for entry in entries
    ]


def _clashing(connection: Connection, entries: list[Entry], tz: tzinfo) -> set[tuple[str, int]]:
    """`(table, row id)` of those busy entries that overlap another, by the rules of `agenda.conflicting`."""
    short = [entry for entry in entries if entry.end - entry.start <= _LONG]
    found = {
        (entry.table, entry.row_id)
        for entry in entries
        if entry.end - entry.start > _LONG and clashes_with_another(connection, entry, tz)
    }
    running: list[_Busy] = []
    for busy in _neighbours_of(connection, short, tz):
        running = [other for other in running if other.end > busy.start]
        for other in running:
            if busy.group_key is None or busy.group_key != other.group_key:
                found.update((busy.key, other.key))
        running.append(busy)
    return found


def _neighbours_of(connection: Connection, entries: list[Entry], tz: tzinfo) -> list[_Busy]:
    """These entries and whatever is busy during one of them, by start, each once."""
    if not entries:
        return []
    windows = _windows(entries)
    rows = connection.execute(NEIGHBOURS, (json.dumps(windows), json.dumps(sorted(_midnights(windows)))))
    found: set[_Busy] = set()
    for table, row_id, start, end, all_day, group_key in rows:
        if all_day:
            start, end = map(_seconds, agenda.all_day_bounds(start, end, tz))
        found.add(_Busy(start, end, (table, row_id), group_key))
    return sorted(found, key=lambda busy: busy.start)


def _windows(entries: Iterable[Entry]) -> list[list[int]]:
    """The half-open windows that the entries cover, in epoch seconds; what is near to each other is one."""
    windows: list[list[int]] = []
    for lo, hi in sorted((_seconds(entry.start), _seconds(entry.end)) for entry in entries):
        if windows and lo <= windows[-1][1] + _NEAR_S:
            windows[-1][1] = max(windows[-1][1], hi)
        else:
            windows.append([lo, hi])
    return windows


def _midnights(windows: Iterable[list[int]]) -> set[int]:
    """The UTC midnights that may stand for days which overlap the windows in some zone."""
    return {
        day * DAY_SECONDS
        for lo, hi in windows
        for day in range((lo - WIDEST_OFFSET_S) // DAY_SECONDS - 1, (hi + WIDEST_OFFSET_S) // DAY_SECONDS + 1)
    }


def _seconds(instant: datetime) -> int:
    return (instant - agenda.EPOCH) // timedelta(seconds=1)
