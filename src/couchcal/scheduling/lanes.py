"""Side-by-side lanes for overlapping entries of one day column."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_MINUTE_TICKS = 60_000_000


@dataclass(frozen=True, slots=True)
class Lane:
    """Where an entry stands: lanes `index` to `index + width` (exclusive) out of `count` equal lanes.

    `count` is the largest number of entries that overlap at one moment within the entry's cluster (entries
    connected by overlaps); all entries of a cluster share it.
    """

    index: int
    count: int
    width: int


def assign_lanes(spans: Sequence[tuple[int, int]] | Sequence[tuple[datetime, datetime]]) -> list[Lane]:
    """Place half-open `(start, end)` spans side by side; the result is in input order.

    Spans are all integers (minutes or rows) or all datetimes, else TypeError. A span shorter than one unit
    (1, or one minute for datetimes) is laid out as one unit: an entry without length still has a place.
    Order: earlier start, then longer, then input order; each entry takes the leftmost free lane and widens to
    the right up to the next lane taken by an entry it overlaps. O(n log n) comparisons.
    """
    ticks = [_ticks(start, end) for start, end in spans]
    order = sorted(range(len(ticks)), key=lambda i: (ticks[i][0], ticks[i][0] - ticks[i][1], i))
    lanes: list[Lane | None] = [None] * len(ticks)

    position = 0
    while position < len(order):
        cluster_end = ticks[order[position]][1]
        stop = position + 1
        while stop < len(order) and ticks[order[stop]][0] < cluster_end:
            cluster_end = max(cluster_end, ticks[order[stop]][1])
            stop += 1
        _place_cluster(order[position:stop], ticks, lanes)
        position = stop
    return [lane for lane in lanes if lane is not None]


def _place_cluster(members: list[int], ticks: list[tuple[int, int]], lanes: list[Lane | None]) -> None:
    index_of: dict[int, int] = {}
    limit_of: dict[int, int | None] = {}  # the first taken lane to the right, None while there is none
    running: list[tuple[int, int]] = []  # heap of (end, lane)
    taken: list[int] = []  # lanes of running entries, sorted
    holder: dict[int, int] = {}  # lane -> the entry that took it last
    free: list[int] = []  # heap of released lanes
    count = 0

    for entry in members:
        start, end = ticks[entry]
        while running and running[0][0] <= start:
            _, lane = heappop(running)
            heappush(free, lane)
            del taken[bisect_left(taken, lane)]
        if free:
            index = heappop(free)
        else:
            index = count
            count += 1
        # The leftmost free lane was chosen, so lanes 0..index-1 are all taken: `taken[index]` is the next
        # taken lane to the right, and of the running entries only the immediate left neighbour loses room.
        index_of[entry] = index
        limit_of[entry] = taken[index] if index < len(taken) else None
        if index:
            limit_of[holder[index - 1]] = index
        heappush(running, (end, index))
        insort(taken, index)
        holder[index] = entry

    for entry in members:
        limit = limit_of[entry]
        lanes[entry] = Lane(index_of[entry], count, (count if limit is None else limit) - index_of[entry])


def _ticks(start: int | datetime, end: int | datetime) -> tuple[int, int]:
    """The span as integers, at least one unit long (integers also cannot overflow at the year 9999)."""
    if isinstance(start, datetime) and isinstance(end, datetime):
        first, last, unit = _datetime_ticks(start), _datetime_ticks(end), _MINUTE_TICKS
    elif isinstance(start, int) and isinstance(end, int):
        first, last, unit = start, end, 1
    else:
        raise TypeError("a span is two integers or two datetimes")
    return first, max(last, first + unit)


def _datetime_ticks(moment: datetime) -> int:
    epoch = _EPOCH if moment.tzinfo is not None else _EPOCH.replace(tzinfo=None)
    return (moment - epoch) // _TICK
