"""The sidebar: a small month with dots on busy days, today's count, the details of the chosen entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import ClassVar

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from couchcal.tui.calendar.canvas import Canvas
from couchcal.tui.calendar.lines import Run
from couchcal.tui.calendar.period import LONG_MONTHS, MONTH_DAYS, WEEKDAYS, later, week_of
from couchcal.tui.calendar.scene import Scene
from couchcal.tui.palette import Palette
from couchcal.tui.text import fit

WIDTH = 26
_INDENT = 2
_CELL = 3
_WEEKS_TOP = 3
Row = list[tuple[int, Run]]
"""Runs of a line, each with the cell it begins at."""


class Sidebar(Widget):
    """Lines on the right; only those that differ are drawn again."""

    ALLOW_SELECT: ClassVar[bool] = False

    class DayChosen(Message):
        """A day of the small month was clicked."""

        def __init__(self, day: date) -> None:
            super().__init__()
            self.day = day

    def __init__(self, palette: Palette) -> None:
        super().__init__(id="sidebar")
        self._rows: list[Row] = []
        self._lines: list[Canvas] = []
        self._strips: list[Strip] = []
        self._ground = palette.base
        self._blank = Strip.blank(WIDTH, palette.base)
        self._first: date | None = None
        self._shown: tuple[object, ...] = ()
        """What the rows were made of."""
        self._month: list[Row] = []
        self._month_of: tuple[object, ...] = ()
        """What those of the month were made of."""

    def show(
        self,
        scene: Scene,
        palette: Palette,
        day: date,
        busy: Callable[[date], int],
        week_start: int,
        details: Sequence[Sequence[Run]],
        note: str,
    ) -> None:
        """Show the month of `day`; `busy` counts a day's entries, `note` is today's line."""
        month_of = (scene.generation, palette, day, busy, week_start)
        wanted = (*month_of, details, note, self.size.height)
        if wanted == self._shown:
            return
        self._shown = wanted
        if month_of != self._month_of:
            self._month, self._month_of = self._month_rows(scene, palette, day, busy, week_start), month_of
        rows = [*self._month, [], [(_INDENT, (note, palette.chrome))]]
        if details:
            rows.append([(_INDENT, (scene.glyphs.rule * (WIDTH - _INDENT - 2), palette.faint))])
        for line in details:
            x, placed = _INDENT, []
            for text, style in line:
                placed.append((x, (text, style)))
                x += len(text)
            rows.append(placed)
        self._put(rows, palette)

    def _month_rows(
        self, scene: Scene, palette: Palette, day: date, busy: Callable[[date], int], week_start: int
    ) -> list[Row]:
        first = self._first = week_of(day.replace(day=1), week_start)
        names = [(week_start + index) % 7 for index in range(7)]
        rows: list[Row] = [
            [],
            [(_INDENT, (f"{LONG_MONTHS[day.month - 1]} {day.year}", palette.bright))],
            [(_INDENT + _CELL * index, (WEEKDAYS[name][:2], palette.chrome)) for index, name in enumerate(names)],
        ]
        for week in range(MONTH_DAYS // 7):
            dates = [later(first, week * 7 + index) for index in range(7)]
            parts = [self._day(scene, palette, date_, index, day, busy) for index, date_ in enumerate(dates)]
            rows += [[run for part in parts for run in part]]
        return rows

    def _day(
        self, scene: Scene, palette: Palette, day: date, index: int, chosen: date, busy: Callable[[date], int]
    ) -> Row:
        x = _INDENT + _CELL * index
        style = palette.base if day in scene.period else palette.chrome
        if day.month != chosen.month:
            style = palette.chrome
        if day == scene.now_local.date():
            style = palette.accent_bold
        if day == chosen:
            style = palette.cursor
        runs = [(x, (f"{day.day:>2}", style))]
        if busy(day):
            runs.append(
                (x + 2, (scene.glyphs.dot, palette.accent if day.month == chosen.month else palette.chrome))
            )
        return runs

    def _put(self, rows: list[Row], palette: Palette) -> None:
        """Draw the rows that are not what they were."""
        height = self.size.height
        rows = rows[:height] if height else rows
        if palette.base != self._ground:
            self._ground, self._blank = palette.base, Strip.blank(WIDTH, palette.base)
            self._rows, self._lines, self._strips = [], [], []
            self.refresh()
        changed: list[Region] = []
        count = max(len(rows), len(self._rows))
        for y in range(count):
            row: Row = rows[y] if y < len(rows) else []
            if y < len(self._rows) and self._rows[y] == row:
                continue
            canvas = Canvas(WIDTH, palette.base)
            for x, (text, style) in row:
                canvas.text(x, fit(text, WIDTH - x - 1), style)
            old = self._lines[y] if y < len(self._lines) else Canvas(WIDTH, palette.base)
            span = canvas.difference(old)
            if span is not None:
                changed.append(Region(span[0], y, span[1] - span[0], 1))
            self._lines[y : y + 1] = [canvas]
            self._strips[y : y + 1] = [canvas.strip()]
        self._rows = rows + [[]] * (count - len(rows))
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        return self._strips[y] if y < len(self._strips) else self._blank

    def on_click(self, event: events.Click) -> None:
        week, index = event.y - _WEEKS_TOP, (event.x - _INDENT) // _CELL
        if self._first is not None and 0 <= week < MONTH_DAYS // 7 and 0 <= index < 7:
            self.post_message(self.DayChosen(later(self._first, week * 7 + index)))
