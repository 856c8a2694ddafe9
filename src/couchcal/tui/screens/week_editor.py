"""What editing a week does, without a screen: cursor, strokes, days replaced, and undo before saving."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from couchcal.scheduling.hours import MAX_BLOCKS
from couchcal.tui.screens.week_paint import (
    CELL_MINUTES,
    CELLS,
    Day,
    Week,
    cell_open,
    clear,
    fill,
    open_minutes,
)

_MORNING = 8 * 60 // CELL_MINUTES


class Cell(NamedTuple):
    """A quarter of an hour: a column of the week, and how many quarters after midnight."""

    column: int
    row: int


_FIRST = Cell(0, _MORNING)


class Stroke(NamedTuple):
    """A rectangle of cells under way from `anchor` to the cursor, painted or erased.

    `span` is how many rows one step of it has: 1 for the keyboard, 2 for a mouse that points at two.
    `held` strokes last as long as Shift or the button is held.
    """

    anchor: Cell
    paints: bool
    span: int = 1
    held: bool = False


class Area(NamedTuple):
    """Columns and rows of a rectangle, half-open."""

    left: int
    right: int
    top: int
    bottom: int

    def holds(self, cell: Cell) -> bool:
        """Whether a cell is in it."""
        return self.left <= cell.column < self.right and self.top <= cell.row < self.bottom


@dataclass(frozen=True, slots=True)
class Editor:
    """One state of the editing; every change makes another one. `week` is without the stroke under way."""

    week: Week
    cursor: Cell = _FIRST
    stroke: Stroke | None = None
    past: tuple[Week, ...] = ()
    future: tuple[Week, ...] = ()

    @property
    def area(self) -> Area | None:
        """The cells of the stroke under way."""
        if self.stroke is None:
            return None
        first, last = sorted((self.stroke.anchor.row, self.cursor.row))
        left, right = sorted((self.stroke.anchor.column, self.cursor.column))
        return Area(left, right + 1, first, min(last + self.stroke.span, CELLS))

    @property
    def shown(self) -> Week:
        """The week as it will be once the stroke is taken."""
        area = self.area
        if area is None or self.stroke is None:
            return self.week
        change = fill if self.stroke.paints else clear
        start, end = area.top * CELL_MINUTES, area.bottom * CELL_MINUTES
        return tuple(
            change(day, start, end) if area.left <= column < area.right else day
            for column, day in enumerate(self.week)
        )

    @property
    def day(self) -> Day:
        """The cursor's day as it is shown."""
        return self.shown[self.cursor.column]

    # Cursor and strokes

    def go(self, cell: Cell) -> Editor:
        """Put the cursor on a cell, the nearest one inside the week."""
        column = min(max(cell.column, 0), len(self.week) - 1)
        return replace(self, cursor=Cell(column, min(max(cell.row, 0), CELLS - 1)))

    def move(self, columns: int, rows: int) -> Editor:
        """Move the cursor; a stroke of the keyboard goes with it, one held by Shift is taken first."""
        editor = self.take() if self.stroke is not None and self.stroke.held else self
        return editor.go(Cell(editor.cursor.column + columns, editor.cursor.row + rows))

    def begin(self, *, held: bool = False) -> Editor:
        """Begin a stroke at the cursor; it erases when the first cell is open, else it paints."""
        return replace(self, stroke=Stroke(self.cursor, not self._open_at(self.cursor, 1), held=held))

    def stretch(self, columns: int, rows: int) -> Editor:
        """Move the cursor with a stroke that lasts as long as Shift is held."""
        editor = self if self.stroke is not None else self.begin(held=True)
        return editor.go(Cell(editor.cursor.column + columns, editor.cursor.row + rows))

    def press(self, cell: Cell, span: int) -> Editor:
        """Begin a stroke of the mouse, which points at `span` rows from `cell` on."""
        at = self.take().go(cell)
        return replace(at, stroke=Stroke(at.cursor, not at._open_at(at.cursor, span), span, held=True))

    def take(self) -> Editor:
        """End the stroke under way and keep what it did."""
        return replace(self._changed(self.shown), stroke=None) if self.stroke is not None else self

    def drop(self) -> Editor:
        """End the stroke under way as if it had not been."""
        return replace(self, stroke=None)

    def toggle(self) -> Editor:
        """Open the cursor's cell, or close it if all of it is open."""
        return self.take() if self.stroke is not None else self.begin().take()

    # Days

    def with_days(self, days: Iterable[tuple[int, Day]]) -> Editor:
        """Put other blocks into some columns, as one step."""
        base = self.take()
        week = list(base.week)
        for column, day in days:
            week[column] = day
        return base._changed(tuple(week))

    # Undo

    def undo(self) -> Editor:
        """Take back the last step; a stroke under way is just dropped."""
        if self.stroke is not None:
            return self.drop()
        if not self.past:
            return self
        return replace(self, week=self.past[-1], past=self.past[:-1], future=(*self.future, self.week))

    def redo(self) -> Editor:
        """Do again what was taken back."""
        if self.stroke is not None or not self.future:
            return self
        return replace(self, week=self.future[-1], past=(*self.past, self.week), future=self.future[:-1])

    # What is to be said

    def changed_from(self, stored: Week) -> list[int]:
        """The columns that differ from what is stored."""
        return [column for column, day in enumerate(self.shown) if day != stored[column]]

    def too_many(self) -> list[int]:
        """The columns with more blocks than a day may have (AVL-04)."""
        return [column for column, day in enumerate(self.shown) if len(day) > MAX_BLOCKS]

    def minutes(self) -> int:
        """Open minutes of the whole week."""
        return sum(open_minutes(day) for day in self.shown)

    def first_row(self) -> int:
        """Where a working day begins: the earliest block of the week, 8:00 when there is none."""
        starts = [day[0].start for day in self.week if day]
        return min(starts) // CELL_MINUTES if starts else _MORNING

    def _open_at(self, cell: Cell, span: int) -> bool:
        rows = range(cell.row, min(cell.row + span, CELLS))
        return all(cell_open(self.week[cell.column], row) for row in rows)

    def _changed(self, week: Week) -> Editor:
        if week == self.week:
            return self
        return replace(self, week=week, past=(*self.past, self.week), future=())
