"""Half-open intervals of instants: the start belongs to an interval, the end does not (CNF-02).

Every function takes aware UTC datetimes. An interval whose start equals its end is *empty*: it marks a moment
and covers no time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

Interval = tuple[datetime, datetime]


def overlaps(a_start: datetime, a_end: datetime, b_start: datetime, b_end: datetime) -> bool:
    """Whether [a_start, a_end) and [b_start, b_end) share a moment; symmetric.

    Intervals that only touch do not overlap. An empty interval [s, s) overlaps [a, b) exactly when a <= s <
    b; two empty intervals never overlap.
    """
    if a_start == a_end:
        return b_start <= a_start < b_end
    if b_start == b_end:
        return a_start <= b_start < a_end
    return a_start < b_end and b_start < a_end


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """The same moments as sorted intervals that neither overlap nor touch.

    Touching intervals join; an empty interval survives only where no other one contains or touches it.
    """
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            last_start, last_end = merged[-1]
            merged[-1] = (last_start, max(last_end, end))
        else:
            merged.append((start, end))
    return merged
