"""Where everything of the day and week grid stands: columns, rows, lanes, hours. No drawing."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from couchcal.scheduling.wallclock import to_instant, to_local
from couchcal.tui.calendar.layout import (
    DAY_MINUTES,
    Bar,
    Block,
    Key,
    all_day_bars,
    columns,
    day_columns,
    hidden_counts,
    key_of,
    lane_cells,
    minute_of,
    row_covers,
)
from couchcal.tui.calendar.period import later
from couchcal.tui.calendar.scene import Scene
from couchcal.tui.calendar.words import hour_text, zone_label

GUTTER = 8
SECOND_GUTTER = 8
"""Cells of the hours, and of the hours in a second zone to the left of them."""
MAX_ALL_DAY_LINES = 3


class TimeLayout:
    """The places of one scene in one width."""

    def __init__(self, scene: Scene, width: int) -> None:
        self.scene = scene
        self.width = width
        self.gutter = gutter_of(scene)
        self.columns = columns(width, scene.period.days, self.gutter)
        self.days = [later(scene.period.first, index) for index in range(scene.period.days)]
        self.blocks = day_columns(scene.entries, scene.period, scene.tz, scene.row_minutes)
        self.bars = all_day_bars(scene.entries, scene.period)
        self.all_day_lines = min(max((bar.line for bar in self.bars), default=0) + 1, MAX_ALL_DAY_LINES)
        self.header_lines = 1 + self.all_day_lines
        self.row_minutes = scene.row_minutes
        self.rows = DAY_MINUTES // scene.row_minutes
        self._covers: dict[tuple[int, Key], dict[int, tuple[int, int]]] = {}
        self._by_row = [self._rows_of(index, column) for index, column in enumerate(self.blocks)]
        self._hidden = [
            hidden_counts(column, size - 1)
            for column, (_, size) in zip(self.blocks, self.columns.places, strict=True)
        ]
        self._open = [self._open_rows(index) for index in range(scene.period.days)]
        self._second_hours: dict[date, tuple[str, ...]] = {}

    def _rows_of(self, index: int, column: list[Block]) -> dict[int, list[Block]]:
        """The blocks of each row of a column, and which eighths of the row they take."""
        rows: dict[int, list[Block]] = {}
        for block in column:
            covers = row_covers(block.start, block.end, self.row_minutes)
            last = max(covers)
            if block.touched and covers[last] == (0, 8):
                covers[last] = (0, 7)
            self._covers[index, key_of(block.entry)] = covers
            for row in covers:
                rows.setdefault(row, []).append(block)
        for row, blocks in rows.items():
            if len(blocks) > 1:
                self._part(index, row, blocks)
        return rows

    def _part(self, index: int, row: int, blocks: list[Block]) -> None:
        """Where one block ends and the next begins in the same row, the row goes to the one with more of it:
        a cell has two colours, so that both and the air between cannot be drawn."""
        for below in list(blocks):
            for above in list(blocks):
                if above.end > below.start or "time_off" in (above.entry.kind, below.entry.kind):
                    continue
                if above not in blocks or below not in blocks or not self._same_cells(index, above, below):
                    continue
                upper = self._covers[index, key_of(above.entry)]
                lower = self._covers[index, key_of(below.entry)]
                touching = above.end == below.start
                if upper[row][1] - upper[row][0] > lower[row][1] - lower[row][0]:
                    blocks.remove(below)
                    del lower[row]
                    if touching:
                        upper[row] = (upper[row][0], 7)
                else:
                    blocks.remove(above)
                    del upper[row]
                    if touching:
                        lower[row] = (0, lower[row][1])
                        upper[row - 1] = (upper[row - 1][0], 7)

    def _same_cells(self, index: int, one: Block, other: Block) -> bool:
        mine, theirs = self.cells_of(index, one), self.cells_of(index, other)
        return mine is not None and theirs is not None and mine[0] < theirs[1] and theirs[0] < mine[1]

    def _open_rows(self, index: int) -> list[bool] | None:
        """Which rows of a day lie in availability; None when no hours are set at all."""
        blocks = self.scene.availability
        if not blocks:
            return None
        weekday = self.days[index].weekday()
        spans = [
            (minute_of(block.start), minute_of(block.end) or DAY_MINUTES)
            for block in blocks
            if block.weekday == weekday
        ]
        middles = (row * self.row_minutes + self.row_minutes // 2 for row in range(self.rows))
        return [any(first <= middle < until for first, until in spans) for middle in middles]

    def second_hours(self, day: date) -> tuple[str, ...]:
        """The label of each row of `day` in the second zone, `21:30`, or `2:30+1` on the day after; empty when no
        second zone is shown. Each day has its own: a clock change moves them."""
        found = self._second_hours.get(day)
        if found is None:
            found = self._second_hours[day] = tuple(self._second_time(day, row) for row in range(self.rows))
        return found

    def zone_labels(self, day: date) -> tuple[str, str]:
        """The short names of the second zone and of the grid's own, as they are on `day` at noon."""
        second = self.scene.second
        if second is None:
            return "", ""
        noon = datetime.combine(day, time(12))
        there = to_local(to_instant(noon, self.scene.tz), second.tz)
        return zone_label(second.tz, there), zone_label(self.scene.tz, noon)

    def _second_time(self, day: date, row: int) -> str:
        local = datetime.combine(day, time()) + timedelta(minutes=row * self.row_minutes)
        return self.in_second(local)

    def in_second(self, local: datetime) -> str:
        """A wall-clock time of the grid in the second zone; empty when none is shown."""
        second = self.scene.second
        if second is None:
            return ""
        there = to_local(to_instant(local, self.scene.tz), second.tz)
        days = (there.date() - local.date()).days
        return f"{hour_text(there, hour24=self.scene.hour24)}{f'{days:+}' if days else ''}"

    def cells_of(self, index: int, block: Block) -> tuple[int, int] | None:
        """The cells of a block in column `index`."""
        x, size = self.columns.places[index]
        if block.entry.kind == "time_off":
            return x, x + size - 1
        return lane_cells(block.lane, x, max(size - 1, 1))

    def block_at(self, x: int, row: int) -> Block | None:
        """The uppermost block at cell `x` of a grid row."""
        index = self.columns.at(x)
        for block in reversed(self._by_row[index].get(row, [])):
            cells = self.cells_of(index, block)
            if cells is not None and cells[0] <= x < cells[1]:
                return block
        return None

    def bar_at(self, x: int, line: int) -> Bar | None:
        """The all-day entry at cell `x` of line `line` of the strip."""
        index = self.columns.at(x)
        return next((bar for bar in self.bars if bar.line == line and bar.first <= index < bar.until), None)


def gutter_of(scene: Scene) -> int:
    """Cells that the hours take."""
    return GUTTER + (SECOND_GUTTER if scene.second is not None else 0)
