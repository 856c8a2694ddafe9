from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from couchcal.scheduling.interval import Interval, merge, overlaps

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SPAN = 24


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def span(start: int, end: int) -> Interval:
    return at(start), at(end)


def covered(intervals: list[Interval]) -> set[int]:
    """The minutes an interval list covers: the naive meaning that the clever functions must keep."""
    return {minute for minute in range(SPAN) for start, end in intervals if start <= at(minute) < end}


points = st.integers(0, SPAN)
spans = st.tuples(points, points).map(lambda pair: span(min(pair), max(pair)))
proper_spans = spans.filter(lambda pair: pair[0] < pair[1])


def test_back_to_back_is_no_overlap() -> None:  # CNF-02
    assert not overlaps(*span(0, 50), *span(50, 100))
    assert overlaps(*span(0, 51), *span(50, 100))


def test_empty_interval_overlaps_what_contains_its_moment() -> None:
    assert overlaps(*span(5, 5), *span(5, 10))
    assert overlaps(*span(7, 7), *span(5, 10))
    assert not overlaps(*span(10, 10), *span(5, 10))
    assert not overlaps(*span(5, 5), *span(5, 5))


@given(spans, spans)
def test_overlap_is_symmetric(a: Interval, b: Interval) -> None:
    assert overlaps(*a, *b) == overlaps(*b, *a)


@given(proper_spans, proper_spans)
def test_overlap_means_a_shared_minute(a: Interval, b: Interval) -> None:
    assert overlaps(*a, *b) == bool(covered([a]) & covered([b]))


def test_merge_joins_touching_intervals() -> None:
    assert merge([span(10, 20), span(0, 10), span(30, 40)]) == [span(0, 20), span(30, 40)]


@given(st.lists(spans, max_size=8))
def test_merge_keeps_every_minute_and_leaves_gaps_between(intervals: list[Interval]) -> None:
    merged = merge(intervals)
    assert covered(merged) == covered(intervals)
    assert all(end < start for (_, end), (start, _) in pairwise(merged))
    assert merge(merged) == merged
