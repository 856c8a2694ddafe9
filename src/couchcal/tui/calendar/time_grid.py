"""Day and week: the hours of each day in a column of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip

from couchcal.tui.calendar.layout import key_of, local_span, minutes_on
from couchcal.tui.calendar.scene import Cursor, Ghost, Scene
from couchcal.tui.calendar.time_paint import TimePainter
from couchcal.tui.calendar.view import CalendarView, Hit
from couchcal.tui.palette import Palette

_PAINTERS = 4
"""Scenes whose lines are kept: the one in sight, one on either side, and the one before."""


class TimeGrid(CalendarView):
    """One column a day, one line a row of minutes; weekday names and all-day entries stay on top."""

    painter: TimePainter

    def __init__(self, scene: Scene, palette: Palette, cursor: Cursor) -> None:
        super().__init__(scene, palette, cursor)
        self._painters: list[TimePainter] = []
        """Those of the scenes shown last, and of those painted ahead; the latest last."""

    def rebuild(self) -> None:
        self.painter = self._painter_of(self.scene)
        self.virtual_size = Size(self.size.width, self.painter.header_lines + self.painter.rows)
        self.mark_painted()

    def _painter_of(self, scene: Scene) -> TimePainter:
        """A painter for the scene in the present size and colours; the one that painted the like before, if any."""
        width, palette = self.size.width, self.palette
        fitting = [one for one in self._painters if one.width == width and one.palette is palette]
        painter = next((one for one in fitting if one.scene.is_drawn_like(scene)), None)
        if painter is None:
            painter = TimePainter(scene, width, palette)
        else:
            fitting.remove(painter)
        self._painters = [*fitting[1 - _PAINTERS :], painter]
        return painter

    def paint_ahead(self, scene: Scene, day: date) -> Iterator[None]:
        if not self.size.width:
            return
        painter = self._painter_of(scene)
        yield
        cursor = Cursor(day, all_day=True)
        top = self.scroll_offset.y
        for row in range(top, min(top + self.size.height - painter.header_lines, painter.rows)):
            painter.row(row, cursor, None)
            yield

    def line(self, y: int) -> Strip:
        painter = self.painter
        if y < painter.header_lines:
            return painter.header(y, self.cursor, self.ghost)
        row = y - painter.header_lines + self.scroll_offset.y
        if row >= painter.rows:
            return Strip.blank(self.size.width, self.palette.base)
        return painter.row(row, self.cursor, self.ghost)

    def reveal(self, *, first: bool) -> None:
        painter = self.painter
        height = self.size.height - painter.header_lines
        if height <= 0:
            return
        top = self.scroll_offset.y
        if first:
            top = self.scene.first_minute // painter.row_minutes
        if self.ghost is not None and not self.ghost.entry.all_day:
            start, end = local_span(self.ghost.grab.start, self.ghost.grab.end, self.scene.tz)
            minutes = minutes_on(start, end, start.date())
            low, high = minutes if minutes is not None else (0, 1)
            low, high = low // painter.row_minutes, (high - 1) // painter.row_minutes
            top = min(max(top, high - height + 1), low)
        elif not self.cursor.all_day:
            row = self.cursor.minute // painter.row_minutes
            margin = min(2, height // 4)
            top = min(max(top, row - height + 1 + margin), row - margin)
        top = min(max(top, 0), max(painter.rows - height, 0))
        if (top, top) != (self.scroll_y, self.scroll_target_y):
            self.scroll_to(y=top, animate=False, force=True)

    def _row_y(self, row: int) -> int:
        return row - self.scroll_offset.y + self.painter.header_lines

    def _below_header(self, region: Region) -> Region:
        return region.intersection(Region(0, self.painter.header_lines, self.size.width, self.size.height))

    def cursor_marks(self, cursor: Cursor) -> Iterator[tuple[object, Region]]:
        painter = self.painter
        index = (cursor.day - self.scene.period.first).days
        row = -1 if cursor.all_day else cursor.minute // painter.row_minutes
        if 0 <= index < len(painter.days):
            x, size = painter.columns.places[index]
            yield ("day", index), Region(x, 0, size, 1)
            if cursor.all_day:
                yield ("cell", index, row), Region(x, 1, size, painter.all_day_lines)
            else:
                yield ("cell", index, row), self._below_header(Region(x, self._row_y(row), size, 1))
                yield ("hour", row), self._below_header(Region(0, self._row_y(row), painter.gutter, 1))
        if self.scene.second is not None:
            hours = painter.zone_labels(cursor.day), painter.second_hours(cursor.day)
            yield ("zones", hours), Region(0, 0, painter.gutter, self.size.height)
        if cursor.picked is not None:
            for region in self._entry_regions(cursor):
                yield ("entry", cursor.picked), region

    def _entry_regions(self, cursor: Cursor) -> Iterator[Region]:
        painter = self.painter
        for index, column in enumerate(painter.blocks):
            for block in column:
                if key_of(block.entry) != cursor.picked:
                    continue
                cells = painter.cells_of(index, block)
                if cells is not None:
                    first = block.start // painter.row_minutes
                    last = (block.end - 1) // painter.row_minutes
                    yield self._below_header(
                        Region(cells[0], self._row_y(first), cells[1] - cells[0], last - first + 1)
                    )
        for bar in painter.bars:
            if key_of(bar.entry) == cursor.picked:
                yield Region(0, 1, self.size.width, painter.all_day_lines)

    def ghost_regions(self, ghost: Ghost) -> Iterable[Region]:
        painter = self.painter
        if ghost.entry.all_day:
            return [Region(0, 1, self.size.width, painter.all_day_lines)]
        start, end = local_span(ghost.grab.start, ghost.grab.end, self.scene.tz)
        regions = []
        for index, day in enumerate(painter.days):
            minutes = minutes_on(start, end, day)
            if minutes is not None:
                x, size = painter.columns.places[index]
                first, last = minutes[0] // painter.row_minutes, (minutes[1] - 1) // painter.row_minutes
                regions.append(self._below_header(Region(x, self._row_y(first), size, last - first + 1)))
        return regions

    def hit(self, x: int, y: int) -> Hit | None:
        painter = self.painter
        day = painter.days[painter.columns.at(x)]
        edge = -1 if x < painter.gutter else 1 if x >= self.size.width - 1 else 0
        if 0 < y < painter.header_lines:
            bar = painter.bar_at(x, y - 1)
            return Hit(day, all_day=True, entry=bar.entry if bar else None)
        if y <= 0 and self._pressed is None:
            return None
        row = y - painter.header_lines + self.scroll_offset.y
        row = min(max(row, 0), painter.rows - 1)
        block = painter.block_at(x, row)
        if block is None:
            return Hit(day, row * painter.row_minutes, edge=edge)
        last = (block.end - 1) // painter.row_minutes
        on_end = row == last and last > block.start // painter.row_minutes
        return Hit(day, row * painter.row_minutes, entry=block.entry, on_end=on_end, edge=edge)

    def _scroll_hours(self, lines: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False, force=True)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        event.prevent_default()
        self._scroll_hours(2)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        event.prevent_default()
        self._scroll_hours(-2)
