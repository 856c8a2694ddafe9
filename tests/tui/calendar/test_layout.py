"""Entries to places: pure functions, held against what a clock on the wall would say."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from couchcal.scheduling.lanes import Lane
from couchcal.scheduling.wallclock import zone
from couchcal.tui.calendar.layout import (
    DAY_MINUTES,
    MIN_LANE_CELLS,
    all_day_bars,
    columns,
    day_columns,
    eighths,
    hidden_counts,
    lane_cells,
    row_covers,
    text_rows,
)
from couchcal.tui.calendar.period import Period
from tests.tui.calendar.entries import NEW_YORK, all_day, entry, local

WEEK = Period(date(2026, 3, 2), 7)
zones = st.sampled_from(["UTC", "America/New_York", "Europe/London", "Asia/Kathmandu", "Australia/Lord_Howe"])
starts = st.datetimes(datetime(2026, 3, 1), datetime(2026, 4, 1)).map(  # noqa: DTZ001  wall clock
    lambda moment: moment.replace(second=0, microsecond=0)
)


@given(st.lists(st.tuples(starts, st.integers(1, 3000)), max_size=25), zones)
def test_blocks_are_inside_their_day_and_together_last_as_long_as_the_entry(
    spans: list[tuple[datetime, int]], name: str
) -> None:
    tz = zone(name)
    period = Period(date(2026, 2, 28), 37)
    entries = [entry(start, minutes, row, tz) for row, (start, minutes) in enumerate(spans)]
    parts: dict[int, int] = {}
    for column in day_columns(entries, period, tz):
        for block in column:
            assert 0 <= block.start < block.end <= DAY_MINUTES
            parts[block.entry.row_id] = parts.get(block.entry.row_id, 0) + block.end - block.start
    for item in entries:
        shown = parts[item.row_id]
        true = (item.end - item.start) // timedelta(minutes=1)
        # A clock change inside an entry makes it look up to an hour longer or shorter, never vanish.
        assert abs(shown - true) <= 60
        assert shown > 0


@given(st.lists(st.tuples(starts, st.integers(1, 600)), max_size=12), st.integers(1, 60))
def test_blocks_side_by_side_never_share_a_cell(spans: list[tuple[datetime, int]], width: int) -> None:
    period = Period(date(2026, 2, 28), 37)
    entries = [entry(start, minutes, row) for row, (start, minutes) in enumerate(spans)]
    for column in day_columns(entries, period, NEW_YORK):
        placed = [(block, lane_cells(block.lane, 0, width)) for block in column]
        shown = [(block, cells) for block, cells in placed if cells is not None]
        for index, (block, cells) in enumerate(shown):
            assert 0 <= cells[0] < cells[1] <= width
            for other, others in shown[index + 1 :]:
                if block.start < other.end and other.start < block.end:
                    assert cells[1] <= others[0] or others[1] <= cells[0]
        hidden = sum(cells is None for _, cells in placed)
        assert sum(hidden_counts(column, width).values()) == hidden


def test_a_session_across_midnight_is_on_both_days() -> None:
    found = day_columns([entry(local(3, 23, 30), 60)], WEEK, NEW_YORK)
    assert [(block.start, block.end, block.begins) for block in found[1]] == [(1410, 1440, True)]
    assert [(block.start, block.end, block.begins) for block in found[2]] == [(0, 30, False)]


def test_the_spring_gap_and_the_repeated_hour_stand_where_the_clock_says() -> None:
    # 8 March 2026 has 23 hours in New York, 1 November has 25
    spring = day_columns([entry(local(8, 1, 30), 60)], Period(date(2026, 3, 8), 1), NEW_YORK)
    assert [(block.start, block.end) for block in spring[0]] == [(90, 210)]
    autumn = day_columns([entry(local(1, 1, 30, 11), 60)], Period(date(2026, 11, 1), 1), NEW_YORK)
    assert [(block.start, block.end) for block in autumn[0]] == [(90, 150)]


def test_back_to_back_sessions_are_told_apart_but_share_no_lane() -> None:
    # CNF-02: half-open
    first, second = day_columns([entry(local(3, 9), 60, 1), entry(local(3, 10), 60, 2)], WEEK, NEW_YORK)[1]
    assert first.touched
    assert not second.touched
    assert first.lane == second.lane == Lane(0, 1, 1)


@given(st.integers(0, DAY_MINUTES - 1), st.integers(1, 300), st.sampled_from([15, 30, 60]))
def test_edges_are_exact_to_an_eighth_of_a_row(start: int, length: int, row_minutes: int) -> None:
    end = min(start + length, DAY_MINUTES)
    rows = range(start // row_minutes, (end - 1) // row_minutes + 1)
    total = 0
    for row in rows:
        first, last = eighths(start, end, row, row_minutes)
        assert 0 <= first < last <= 8
        assert first == 0 or row == rows[0]
        assert last == 8 or row == rows[-1]
        total += last - first
    assert abs(total * row_minutes / 8 - (end - start)) <= row_minutes / 4
    covers = row_covers(start, end, row_minutes)
    assert set(text_rows(covers)) <= set(rows) == set(covers)
    assert text_rows(covers)


def test_fifty_minutes_end_visibly_before_the_hour() -> None:
    assert eighths(540, 590, 18, 30) == (0, 8)
    assert eighths(540, 590, 19, 30) == (0, 5)


@given(st.integers(8, 250), st.integers(1, 7), st.integers(0, 8))
def test_columns_fill_the_width_and_differ_by_a_cell_at_most(width: int, days: int, gutter: int) -> None:
    found = columns(width, days, gutter)
    sizes = [size for _, size in found.places]
    assert found.places[0][0] == gutter
    assert sum(sizes) == max(width - gutter, days)
    assert max(sizes) - min(sizes) <= 1
    for index, (x, size) in enumerate(found.places):
        assert found.at(x) == found.at(x + size - 1) == index


def test_lanes_too_narrow_for_words_are_counted_instead() -> None:
    entries = [entry(local(3, 9), 50, row) for row in range(5)]
    column = day_columns(entries, WEEK, NEW_YORK)[1]
    width = 2 * MIN_LANE_CELLS
    assert sum(lane_cells(block.lane, 0, width) is not None for block in column) == 2
    assert sum(hidden_counts(column, width).values()) == 3


def test_all_day_entries_lie_in_lines_and_are_cut_at_the_period() -> None:
    bars = all_day_bars(
        [
            all_day(date(2026, 2, 20), date(2026, 3, 4), 1),
            all_day(date(2026, 3, 3), date(2026, 3, 5), 2),
            all_day(date(2026, 3, 9), date(2026, 3, 10), 3),
        ],
        WEEK,
    )
    assert [(bar.entry.row_id, bar.first, bar.until, bar.line) for bar in bars] == [(1, 0, 2, 0), (2, 1, 3, 1)]
