"""Whether something else is in the way of a time. Stops at the first entry that is; no ORM (CNF-01)."""

from __future__ import annotations

from datetime import datetime, tzinfo

from couchcal.practice.agenda import SPANS, WIDEST_OFFSET_S, WINDOW, Entry, all_day_bounds, seconds
from couchcal.store.connection import Connection

BUSY = f"""
{SPANS}
SELECT 'appointment', a.id, a.start_utc, a.end_utc, a.all_day, a.group_key
FROM span CROSS JOIN appointment a ON {WINDOW}
WHERE a.end_utc > ? AND a.end_utc > a.start_utc AND a.busy AND a.status <> 'cancelled'
UNION ALL
SELECT 'external_event', a.id, a.start_utc, a.end_utc, a.all_day, NULL
FROM span CROSS JOIN external_event a ON {WINDOW}
WHERE a.end_utc > ? AND a.end_utc > a.start_utc AND NOT a.transparent AND a.rrule = ''
  AND a.status NOT IN ('cancelled', 'declined')
"""  # noqa: S608  no value is in the text, only our own fragments
"""What may overlap, as `(table, id, start, end, all_day, group_key)`; `busy_arguments` gives its values."""


def clashes_with_another(connection: Connection, entry: Entry, tz: tzinfo) -> bool:
    """Whether an entry that `may_conflict` does: `clashes` of its own times."""
    return clashes(connection, (entry.table, entry.row_id), entry.start, entry.end, entry.group_key, tz)


def clashes(
    connection: Connection,
    key: tuple[str, int],
    start: datetime,
    end: datetime,
    group_key: str | None,
    tz: tzinfo,
) -> bool:
    """Whether a busy entry over `[start, end)` overlaps another than itself, `key` being its table and row id.

    Stops at the first one, so that an entry of years costs no more than one of an hour.
    """
    lo, hi = seconds(start), seconds(end)
    for table, row_id, start_s, end_s, all_day, other_group in connection.execute(BUSY, busy_arguments(lo, hi)):
        if (table, row_id) == key or (group_key is not None and group_key == other_group):
            continue
        if all_day:
            other_start, other_end = all_day_bounds(start_s, end_s, tz)
            if other_start < end and other_end > start:
                return True
        elif start_s < hi and end_s > lo:
            return True
    return False


def busy_arguments(lo: int, hi: int) -> tuple[int, ...]:
    """The values of `BUSY` for a window of epoch seconds, widened for all-day rows."""
    window = (lo - WIDEST_OFFSET_S, hi + WIDEST_OFFSET_S, lo - WIDEST_OFFSET_S)
    return (*window, *window)
