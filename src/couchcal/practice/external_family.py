"""The rows of a recurring event of a remote calendar: how far they reach, and which they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from couchcal.practice import external_rows
from couchcal.practice.external_rows import Row
from couchcal.practice.external_series import Expansion, NotExpandable
from couchcal.practice.imported_series import MAX_ROWS_A_YEAR
from couchcal.practice.occurrences import BEGINNING, END_OF_TIME, MAX_ROWS_AT_ONCE, NEAR
from couchcal.scheduling.span import DAY_SECONDS, span_class
from couchcal.scheduling.wallclock import to_local, zone_or_utc
from couchcal.store.connection import Connection
from couchcal.store.records import epoch_seconds, from_epoch

BACK: Final = int(timedelta(days=366).total_seconds())
AHEAD: Final = int(timedelta(days=731).total_seconds())
"""Rows of occurrences reach from a year back to two years ahead at least."""
ALWAYS: Final = (epoch_seconds(BEGINNING), epoch_seconds(END_OF_TIME))
"""`expanded_from`, `expanded_to` of a master that has all its rows, on that side."""
_NEAR_S: Final = int(NEAR.total_seconds())
_YEAR_S: Final = 365 * DAY_SECONDS


class Reach(NamedTuple):
    """How far the rows of a master reach, `[first, until)` in seconds."""

    first: int
    until: int


def expansion_of(master: Row) -> Expansion:
    """What the lines of a master give.

    Raises:
        NotExpandable: nothing that can be shown.
    """
    return Expansion(master.rrule.splitlines(), master.start_utc, master.tz, all_day=master.all_day)


def reach_of(before: Row | None, now: int) -> Reach:
    """How far the rows of a master are to reach that is told anew: no less than they do."""
    first, until = now - BACK, now + AHEAD
    if before is not None and before.expanded_from is not None and before.expanded_to is not None:
        first = min(first, before.start_utc if before.expanded_from == ALWAYS[0] else before.expanded_from)
        if before.expanded_to != ALWAYS[1]:
            until = max(until, before.expanded_to)
    return Reach(first, until)


def reaching(master: Row, expansion: Expansion, reach: Reach) -> Row:
    """The master with how far its rows reach: as far as ever if there are no more of them."""
    return master._replace(
        expanded_from=ALWAYS[0] if expansion.complete_from(reach.first) else reach.first,
        expanded_to=ALWAYS[1] if expansion.complete_until(reach.until) else reach.until,
    )


def original_start(exception: Row, master: Row) -> int:
    """The start an exception stands for, as its master counts it: of an all-day one a date, as UTC midnight."""
    start = exception.start_utc if exception.original_start is None else exception.original_start
    if master.all_day and start % DAY_SECONDS:
        day = to_local(from_epoch(start), zone_or_utc(exception.tz)).replace(hour=0, minute=0, second=0)
        return epoch_seconds(day.replace(tzinfo=UTC))
    return start


def occurrences(master: Row, expansion: Expansion, reach: Reach, replaced: Collection[int]) -> Iterator[Row]:
    """The rows of a master that touch `reach`, but for the original starts in `replaced`.

    Raises:
        TooManyOccurrences: the window is too long, or each lasts so long that too many touch it.
    """
    length = master.end_utc - master.start_utc
    span = span_class(length)
    most = MAX_ROWS_A_YEAR * (2 + (reach.until - reach.first) // _YEAR_S)
    for start in expansion.between(reach.first - length, reach.until, limit=min(most, MAX_ROWS_AT_ONCE)):
        if start not in replaced:
            yield master._replace(
                remote_event_id=f"{master.remote_event_id}_{_stamp(start, all_day=master.all_day)}",
                recurring_id=master.remote_event_id,
                rrule="",
                start_utc=start,
                end_utc=start + length,
                span=span,
                etag="",
                original_start=start,
                expanded_from=None,
                expanded_to=None,
            )


def _stamp(start: int, *, all_day: bool) -> str:
    moment: datetime = from_epoch(start)
    return f"{moment:%Y%m%d}" if all_day else f"{moment:%Y%m%dT%H%M%SZ}"


def grow(connection: Connection, link_id: int, master: Row, window: Reach, now: int) -> int:
    """Give a master its rows in `window`; returns how many were made.

    Its reach grows without a hole to windows that are near; one that is far away gets its own rows alone, until
    the reach comes there.

    Raises:
        TooManyOccurrences: the window is too long.
    """
    try:
        expansion = expansion_of(master)
    except NotExpandable:
        return 0
    first, until = master.expanded_from or ALWAYS[0], master.expanded_to or ALWAYS[1]
    ahead = now + AHEAD
    near = window.first >= first - _NEAR_S and window.until <= max(until, ahead) + _NEAR_S
    parts = [window]
    before = {master.remote_event_id: master}
    after = dict(before)
    if near:
        parts = []
        if window.until > until:
            parts.append(Reach(until, max(window.until, ahead)))
        if window.first < first:
            parts.append(Reach(window.first, first))
        reach = Reach(min(first, window.first), max([until, *(part.until for part in parts)]))
        after[master.remote_event_id] = reaching(master, expansion, reach)
    family = external_rows.by_masters(connection, link_id, [master.remote_event_id])
    replaced = {original_start(row, master) for row in family.values()}
    made = {row.remote_event_id: row for part in parts for row in occurrences(master, expansion, part, replaced)}
    taken = external_rows.by_ids(connection, link_id, made)
    fresh = {name: row for name, row in made.items() if name not in taken}
    external_rows.write(connection, link_id, before, {**after, **fresh}, now)
    return len(fresh)
