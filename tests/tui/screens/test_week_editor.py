"""Painting a week: what strokes, typed hours and undo do to the blocks, held against single minutes."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.practice.availability import BlockRow
from couchcal.scheduling.hours import DAY_MINUTES
from couchcal.tui.screens.week_editor import Cell, Editor
from couchcal.tui.screens.week_paint import (
    CELL_MINUTES,
    CELLS,
    Block,
    Day,
    Week,
    block_at,
    cell_open,
    clear,
    fill,
    open_minutes,
    rows_of,
    week_of,
    with_hours,
)

LIMITS = (
    (frozenset[int](), frozenset[str]()),
    (frozenset({1}), frozenset[str]()),
    (frozenset[int](), frozenset({"telehealth"})),
)


@st.composite
def days(draw: st.DrawFn) -> Day:
    """Blocks that do not overlap; most edges are off the grid of quarters, some touch."""
    edges = sorted(draw(st.sets(st.integers(0, DAY_MINUTES), max_size=8)))
    blocks = []
    for start, end in pairwise(edges):
        if draw(st.booleans()):
            blocks.append(Block(start, end, *draw(st.sampled_from(LIMITS))))
    return tuple(blocks)


weeks = st.tuples(*[days()] * 7)
cells = st.builds(Cell, st.integers(0, 6), st.integers(0, CELLS - 1))


def allowed(day: Day) -> dict[int, tuple[frozenset[int], frozenset[str]]]:
    """The naive view: what every open minute is open to."""
    found: dict[int, tuple[frozenset[int], frozenset[str]]] = {}
    for block in day:
        for minute in range(block.start, block.end):
            assert minute not in found, "blocks overlap"
            found[minute] = (block.event_types, block.visit_types)
    return found


def sound(day: Day) -> None:
    assert list(day) == sorted(day, key=lambda block: block.start)
    assert all(0 <= block.start < block.end <= DAY_MINUTES for block in day)
    assert all(above.end <= below.start for above, below in pairwise(day))


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, int]:
    first = draw(st.integers(0, DAY_MINUTES - 1))
    return first, draw(st.integers(first + 1, DAY_MINUTES))


@given(days(), spans())
def test_painting_opens_the_span_and_leaves_every_other_minute_alone(day: Day, span: tuple[int, int]) -> None:
    painted = fill(day, *span)
    sound(painted)
    before, after = allowed(day), allowed(painted)
    everything = LIMITS[0]
    assert after == dict.fromkeys(range(*span), everything) | before  # AVL-07: limits stay


@given(days(), spans())
def test_erasing_closes_the_span_and_leaves_every_other_minute_alone(day: Day, span: tuple[int, int]) -> None:
    erased = clear(day, *span)
    sound(erased)
    assert allowed(erased) == {
        minute: limits for minute, limits in allowed(day).items() if not span[0] <= minute < span[1]
    }


@given(days(), spans())
def test_painting_adds_no_more_blocks_than_it_closes_gaps(day: Day, span: tuple[int, int]) -> None:
    assert len(fill(day, *span)) <= len(day) + sum(block.start < span[1] for block in day) + 1


@given(weeks, st.integers(0, 6))
def test_a_week_reads_back_from_its_rows(week: Week, week_start: int) -> None:
    rows = [row for column, day in enumerate(week) for row in rows_of(day, (week_start + column) % 7)]
    assert week_of(reversed(rows), week_start) == week


def test_midnight_is_stored_as_the_next_days_first_minute() -> None:  # AVL-01
    day = fill((), 22 * 60, DAY_MINUTES)
    assert rows_of(day, 4) == [BlockRow(4, time(22), time(0))]
    assert week_of(rows_of(day, 4))[4] == (Block(22 * 60, DAY_MINUTES),)


# The naive editor: a set of open minutes, a list of snapshots

moves = st.tuples(st.just("move"), st.integers(-2, 2), st.integers(-12, 12))
stretches = st.tuples(st.just("stretch"), st.integers(-2, 2), st.integers(-12, 12))
gotos = st.tuples(st.just("go"), st.integers(0, 6), st.integers(0, CELLS - 1))
others = st.tuples(st.sampled_from(["toggle", "begin", "take", "drop", "press"]), st.just(0), st.just(0))
steps = st.lists(moves | stretches | gotos | others, max_size=12)


def played(editor: Editor, played_steps: list[tuple[str, int, int]]) -> Editor:
    for name, x, y in played_steps:
        match name:
            case "move":
                editor = editor.move(x, y)
            case "stretch":
                editor = editor.stretch(x, y)
            case "go":
                editor = editor.go(Cell(x, y))
            case "toggle":
                editor = editor.toggle()
            case "begin":
                editor = editor.begin()
            case "take":
                editor = editor.take()
            case "drop":
                editor = editor.drop()
            case _:
                editor = editor.press(editor.cursor, 2)
        for day in editor.shown:
            sound(day)
    return editor


@given(weeks, steps)
def test_undo_restores_and_redo_does_it_again(week: Week, played_steps: list[tuple[str, int, int]]) -> None:
    editor = played(Editor(week), played_steps).take()
    last = editor.week
    while editor.past:
        editor = editor.undo()
    assert editor.week == week
    while editor.future:
        editor = editor.redo()
    assert editor.week == last
    assert editor.redo() is editor


@given(weeks, cells, cells)
def test_a_stroke_does_its_rectangle_and_nothing_else(week: Week, first: Cell, last: Cell) -> None:
    start = Editor(week, cursor=first)
    stroke = replace(start.begin(), cursor=last)
    paints = not cell_open(week[first.column], first.row)  # the first cell decides
    after = stroke.take()
    columns, rows = sorted((first.column, last.column)), sorted((first.row, last.row))
    for column in range(7):
        for row in range(CELLS):
            low, high = row * CELL_MINUTES, (row + 1) * CELL_MINUTES
            inside = columns[0] <= column <= columns[1] and rows[0] <= row <= rows[1]
            now, before = (open_minutes(shown[column], low, high) for shown in (after.week, week))
            assert now == ((CELL_MINUTES if paints else 0) if inside else before)
    assert stroke.drop().week == week
    assert stroke.undo().week == week


@given(weeks, cells)
def test_toggling_a_cell_twice_changes_nothing_on_the_grid(week: Week, cell: Cell) -> None:
    on_grid = tuple(tuple(block for block in day if not (block.start % 15 or block.end % 15)) for day in week)
    twice = Editor(on_grid, cursor=cell).toggle().toggle()
    assert [set(allowed(day)) for day in twice.week] == [set(allowed(day)) for day in on_grid]


def test_hours_off_the_grid_survive_strokes_beside_them() -> None:
    day = (Block(550, 720),)  # 9:10-12:00
    editor = Editor((day, *[()] * 6), cursor=Cell(0, 48)).toggle()
    assert editor.week[0] == (Block(550, 735),)
    assert not cell_open(day, 36)
    assert block_at(day, 36) == day[0]
    filled = editor.go(Cell(0, 36)).toggle()  # a cell that is open in part is filled first
    assert filled.week[0] == (Block(540, 735),)


def test_a_stroke_of_the_mouse_takes_both_quarters_of_a_line() -> None:
    editor = Editor(((),) * 7).press(Cell(1, 36), 2).go(Cell(2, 40)).take()
    assert editor.week[1] == editor.week[2] == (Block(540, 630),)
    erased = editor.press(Cell(1, 40), 2).go(Cell(1, 36)).take()
    assert erased.week[1] == ()


def test_a_stroke_held_by_shift_is_taken_when_the_cursor_moves_on_alone() -> None:
    editor = Editor(((),) * 7, cursor=Cell(0, 36)).stretch(0, 3).move(1, 0)
    assert editor.week[0] == (Block(540, 600),)
    assert editor.stroke is None


def test_copying_a_day_is_one_step() -> None:  # AVL-02
    day = (Block(540, 720, frozenset({3})),)
    editor = Editor((day, *[()] * 6)).with_days((column, day) for column in (2, 4))
    assert editor.week[2] == editor.week[4] == day
    assert editor.undo().week[2] == editor.undo().week[4] == ()
    assert editor.changed_from(((day), *[()] * 6)) == [2, 4]


def test_sixteen_blocks_are_too_many() -> None:  # AVL-04
    day = tuple(Block(60 * hour, 60 * hour + 15) for hour in range(15))
    editor = Editor((day, *[()] * 6), cursor=Cell(0, 15 * 4))
    assert editor.too_many() == []
    assert editor.toggle().too_many() == [0]


@pytest.mark.parametrize(
    ("hours", "limits"),
    [
        ([(time(9), time(11))], [LIMITS[1]]),
        ([(time(9), time(15))], [LIMITS[0]]),
        ([(time(9), time(11)), (time(14), time(15)), (time(20), time(0))], [LIMITS[1], LIMITS[2], LIMITS[0]]),
    ],
)
def test_typed_hours_keep_the_limits_they_had(
    hours: list[tuple[time, time]], limits: list[tuple[frozenset[int], frozenset[str]]]
) -> None:  # AVL-07
    day = (Block(540, 720, *LIMITS[1]), Block(780, 1020, *LIMITS[2]))
    assert [(block.event_types, block.visit_types) for block in with_hours(day, hours)] == limits
