"""Lanes of overlapping entries: nothing covers anything, nothing is narrower than it must be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.scheduling.lanes import Lane, assign_lanes

Span = tuple[int, int]
DAY = datetime(2026, 3, 3, tzinfo=UTC)

spans_lists = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    max_size=25,
)


def padded(span: Span) -> Span:
    return span[0], max(span[1], span[0] + 1)


def overlap(a: Span, b: Span) -> bool:
    (a_start, a_end), (b_start, b_end) = padded(a), padded(b)
    return a_start < b_end and b_start < a_end


def naive_cluster(spans: list[Span], index: int) -> set[int]:
    found, todo = {index}, [index]
    while todo:
        current = todo.pop()
        for other in range(len(spans)):
            if other not in found and overlap(spans[current], spans[other]):
                found.add(other)
                todo.append(other)
    return found


def naive_peak(spans: list[Span], members: set[int]) -> int:
    return max(
        sum(padded(spans[m])[0] <= minute < padded(spans[m])[1] for m in members)
        for minute in (spans[m][0] for m in members)
    )


def cells(lane: Lane) -> set[int]:
    return set(range(lane.index, lane.index + lane.width))


@given(spans_lists)
def test_overlapping_entries_never_share_a_cell(spans: list[Span]) -> None:
    lanes = assign_lanes(spans)
    assert len(lanes) == len(spans)
    for i, lane in enumerate(lanes):
        assert lane.width >= 1
        assert cells(lane) <= set(range(lane.count))
        for j in range(i):
            if overlap(spans[i], spans[j]):
                assert not cells(lane) & cells(lanes[j])


@given(spans_lists)
def test_count_is_the_peak_of_the_cluster(spans: list[Span]) -> None:
    for index, lane in enumerate(assign_lanes(spans)):
        assert lane.count == naive_peak(spans, naive_cluster(spans, index))


@given(spans_lists)
def test_entries_widen_as_far_as_they_can(spans: list[Span]) -> None:
    lanes = assign_lanes(spans)
    for i, lane in enumerate(lanes):
        right = [
            lanes[j].index
            for j in range(len(spans))
            if j != i and overlap(spans[i], spans[j]) and lanes[j].index > lane.index
        ]
        assert lane.index + lane.width == min(right, default=lane.count)


@given(spans_lists)
def test_minutes_and_datetimes_agree(spans: list[Span]) -> None:
    moments = [(DAY + timedelta(minutes=a), DAY + timedelta(minutes=b)) for a, b in spans]
    assert assign_lanes(moments) == assign_lanes(spans)


@pytest.mark.parametrize(
    ("spans", "lanes"),
    [
        ([], []),
        ([(540, 590)], [Lane(0, 1, 1)]),
        # back to back is no overlap
        ([(540, 590), (590, 640)], [Lane(0, 1, 1), Lane(0, 1, 1)]),
        # the longer of two that start together stands left, whatever the input order
        ([(540, 570), (540, 600)], [Lane(1, 2, 1), Lane(0, 2, 1)]),
        # equal spans keep the input order
        ([(540, 600), (540, 600)], [Lane(0, 2, 1), Lane(1, 2, 1)]),
        # two entries without length at the same minute stand side by side
        ([(540, 540), (540, 540)], [Lane(0, 2, 1), Lane(1, 2, 1)]),
        # back to back within one cluster share a lane, and the later one widens over the lane left free
        (
            [(0, 100), (0, 30), (0, 20), (40, 60)],
            [Lane(0, 3, 1), Lane(1, 3, 1), Lane(2, 3, 1), Lane(1, 3, 2)],
        ),
    ],
)
def test_layout(spans: list[Span], lanes: list[Lane]) -> None:
    assert assign_lanes(spans) == lanes


def test_the_last_minute_of_the_calendar_has_a_place() -> None:
    end = datetime.max.replace(tzinfo=UTC)
    assert assign_lanes([(end, end)]) == [Lane(0, 1, 1)]


def test_mixed_spans_are_refused() -> None:
    with pytest.raises(TypeError, match="two integers or two datetimes"):
        assign_lanes([(1, DAY)])  # type: ignore[arg-type]  # the refusal is what is tested
