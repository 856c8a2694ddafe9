"""The week as a grid of quarters of an hour, two to a line; it draws, and says where the mouse points."""

from __future__ import annotations

from typing import ClassVar, Literal

from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from couchcal.tui.calendar.canvas import Canvas
from couchcal.tui.screens.week_colors import Ink, WeekColors
from couchcal.tui.screens.week_editor import Cell, Editor
from couchcal.tui.screens.week_paint import CELL_MINUTES, CELLS, Block, Day, open_minutes
from couchcal.tui.screens.week_words import WEEKDAYS, axis_words, length_words, short_hours
from couchcal.tui.text import UNICODE, Glyphs, fit

CELLS_A_LINE = 2
LINES = CELLS // CELLS_A_LINE
LINE_MINUTES = CELLS_A_LINE * CELL_MINUTES
GUTTER = 6
_HEADER = 1
_WHEEL_LINES = 3


class WeekGrid(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws an `Editor`; day names stay on top.

    `week_start` is the weekday of the first column (0 is Monday).
    """

    ALLOW_SELECT: ClassVar[bool] = False

    class Pointed(Message):
        """The mouse goes down on a cell, moves over others with the button held, comes up or is taken away."""

        def __init__(self, phase: Literal["press", "move", "release", "lost"], cell: Cell) -> None:
            super().__init__()
            self.phase = phase
            self.cell = cell

    class Header(Message):
        """A click on a day's name: once chooses the day, twice opens it."""

        def __init__(self, column: int, times: int) -> None:
            super().__init__()
            self.column = column
            self.times = times

    def __init__(self, editor: Editor, *, week_start: int, hour24: bool = True, glyphs: Glyphs = UNICODE) -> None:
        super().__init__(id="week")
        self.editor = editor
        self.week_start = week_start
        self.hour24 = hour24
        self.glyphs = glyphs
        self._held: Cell | None = None

    # What is shown

    def show(self, editor: Editor) -> None:
        """Show another state and scroll to its cursor."""
        self.editor = editor
        self.reveal()
        self.refresh()

    def reveal(self) -> None:
        """Scroll no further than the cursor needs to be seen."""
        height = self.size.height - _HEADER
        if height <= 0:
            return
        line = self.editor.cursor.row // CELLS_A_LINE
        margin = min(2, height // 4)
        top = min(max(self.scroll_offset.y, line - height + 1 + margin), line - margin)
        self._scroll(top)

    def open_at(self, line: int) -> None:
        """Show the day from a line on."""
        self._scroll(line)

    def _scroll(self, top: int) -> None:
        last = max(LINES - (self.size.height - _HEADER), 0)
        self.scroll_to(y=min(max(top, 0), last), animate=False, force=True)

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, LINES + _HEADER)
        self.reveal()

    def column_cells(self, column: int) -> tuple[int, int]:
        """The cells `[x, end)` of the widget that a day takes; one blank lies between two days."""
        room = max(self.size.width - GUTTER, 7)
        return GUTTER + column * room // 7, GUTTER + (column + 1) * room // 7 - 1

    def render_line(self, y: int) -> Strip:
        colors = WeekColors.of(self.app.theme_variables)
        canvas = Canvas(self.size.width, colors.plain)
        if y < _HEADER:
            self._header(canvas, colors)
        else:
            line = y - _HEADER + round(self.scroll_offset.y)
            if line < LINES:
                self._line(canvas, colors, line)
        return canvas.strip()

    def _header(self, canvas: Canvas, colors: WeekColors) -> None:
        places = [self.column_cells(column) for column in range(7)]
        narrowest = min(end - x for x, end in places)
        for column, (day, (x, end)) in enumerate(zip(self.editor.shown, places, strict=True)):
            here = column == self.editor.cursor.column
            name = WEEKDAYS[(self.week_start + column) % 7]
            words = length_words(open_minutes(day)) if day else "Unavailable"
            if len(name) + 1 + len(words) > (end - x if day else narrowest):
                words = words.replace(" ", "") if day else self.glyphs.dash
            if len(name) + 1 + len(words) > end - x:
                words = ""
            style = colors.header_here if here else colors.header
            canvas.fill(x, end, " ", style)
            canvas.text(x, name, style, end)
            canvas.text(x + len(name) + 1, words, style if here else colors.dim, end)

    def _line(self, canvas: Canvas, colors: WeekColors, line: int) -> None:
        cursor = self.editor.cursor
        here = cursor.row // CELLS_A_LINE == line
        minute = cursor.row * CELL_MINUTES if here else line * LINE_MINUTES
        if here or minute % 60 == 0:
            text = axis_words(minute, hour24=self.hour24)
            canvas.text(GUTTER - 1 - len(text), text, colors.bold if here else colors.dim)
        area = self.editor.area
        stroke = self.editor.stroke
        rows = range(line * CELLS_A_LINE, (line + 1) * CELLS_A_LINE)
        for column, day in enumerate(self.editor.shown):
            x, end = self.column_cells(column)
            cells = [Cell(column, row) for row in rows]
            marked = area is not None and any(area.holds(cell) for cell in cells)
            if (here and column == cursor.column) or marked:
                halves = []
                for cell in cells:
                    if cell == cursor:
                        halves.append(colors.cursor_open if _cover(day, cell.row) else colors.cursor)
                    elif area is not None and area.holds(cell) and stroke is not None:
                        halves.append(colors.painted if stroke.paints else colors.erased)
                    else:
                        halves.append(self._half(day, cell.row, colors))
                self._halves(canvas, x, end, halves, colors)
            else:
                self._hours(canvas, x, end, day, line, colors)

    def _half(self, day: Day, row: int, colors: WeekColors) -> Ink:
        start = row * CELL_MINUTES
        touching = [block for block in day if block.start < start + CELL_MINUTES and start < block.end]
        if not touching:
            return colors.empty
        cover = open_minutes(day, start, start + CELL_MINUTES)
        if cover < CELL_MINUTES:
            return colors.partial
        return colors.limited if touching[0].limited else colors.open

    def _halves(self, canvas: Canvas, x: int, end: int, halves: list[Ink], colors: WeekColors) -> None:
        """Two quarters of an hour in one line, each in its own ink."""
        upper, lower = halves
        if not self.glyphs.lower:
            for left, right, ink in ((x, (x + end) // 2, upper), ((x + end) // 2, end, lower)):
                canvas.fill(left, right, ink.char, Style(color=ink.color, bgcolor=colors.empty.color))
        elif upper is lower:
            if upper is colors.empty:
                canvas.fill(x, end, " ", colors.plain)
            else:
                canvas.fill(x, end, "█", Style(color=upper.color, bgcolor=colors.empty.color))
        elif upper is colors.empty:
            canvas.fill(x, end, "▄", Style(color=lower.color, bgcolor=upper.color))
        else:
            canvas.fill(x, end, "▀", Style(color=upper.color, bgcolor=lower.color))

    def _hours(self, canvas: Canvas, x: int, end: int, day: Day, line: int, colors: WeekColors) -> None:
        """A line of a day without cursor and stroke: blocks end where they end, to the eighth of a line."""
        top, bottom = line * LINE_MINUTES, (line + 1) * LINE_MINUTES
        parts = [block for block in day if block.start < bottom and top < block.end]
        if not parts:
            if top % 60 == 0:
                canvas.fill(x, end, self.glyphs.hairline, colors.faint)
            return
        if len(parts) > 1 or not self.glyphs.lower:
            rows = range(line * CELLS_A_LINE, (line + 1) * CELLS_A_LINE)
            self._halves(canvas, x, end, [self._half(day, row, colors) for row in rows], colors)
            if len(parts) == 1:
                self._label(canvas, x, end, parts[0], line, colors)
            return
        block = parts[0]
        ink = colors.limited if block.limited else colors.open
        above, below = max(block.start - top, 0), max(bottom - block.end, 0)
        on_empty = Style(color=ink.color, bgcolor=colors.empty.color)
        if not above and not below:
            canvas.fill(x, end, "█", on_empty)
        elif not below:
            canvas.fill(x, end, self.glyphs.lower[_eighths(LINE_MINUTES - above)], on_empty)
        elif not above:
            # Reversed: a block of the ground at the bottom, for a terminal's own ground has no name as ink.
            canvas.fill(x, end, self.glyphs.lower[_eighths(below)], on_empty + Style(reverse=True))
        else:
            canvas.fill(x, end, "▀" if below >= above else "▄", on_empty)
        self._label(canvas, x, end, block, line, colors)

    def _label(self, canvas: Canvas, x: int, end: int, block: Block, line: int, colors: WeekColors) -> None:
        """The block's hours on its first line that it fills."""
        if line != -(-block.start // LINE_MINUTES) or (line + 1) * LINE_MINUTES > block.end:
            return
        words = short_hours(block, self.glyphs.dash, hour24=self.hour24)
        mark = " *" if block.limited else ""
        if len(words) + len(mark) > end - x:
            words = words.split(self.glyphs.dash)[0]
        ink = colors.limited if block.limited else colors.open
        style = Style(color=colors.text, bgcolor=ink.color)
        canvas.fill(x, end, " ", style)
        canvas.text(x, fit(words + mark, end - x, self.glyphs.ellipsis), style, end)

    # Mouse

    def cell_at(self, x: int, y: int) -> Cell:
        """The upper cell at a place of the widget; places outside stand for the nearest inside."""
        column = next((at for at in range(6) if x < self.column_cells(at)[1] + 1), 6)
        line = min(max(y - _HEADER + round(self.scroll_offset.y), 0), LINES - 1)
        return Cell(column, line * CELLS_A_LINE)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button != 1 or event.y < _HEADER or event.x < GUTTER:
            return
        event.stop()
        self._held = self.cell_at(event.x, event.y)
        self.capture_mouse()
        self.post_message(self.Pointed("press", self._held))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._held is None:
            return
        event.stop()
        cell = self.cell_at(event.x, max(event.y, 0))
        if cell != self._held:
            self._held = cell
            self.post_message(self.Pointed("move", cell))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._held is None:
            return
        event.stop()
        cell, self._held = self._held, None
        self.release_mouse()
        self.post_message(self.Pointed("release", cell))

    def on_mouse_release(self) -> None:
        """The capture is gone without a button going up."""
        if self._held is not None:
            cell, self._held = self._held, None
            self.post_message(self.Pointed("lost", cell))

    def on_click(self, event: events.Click) -> None:
        if event.button == 1 and event.y < _HEADER and event.x >= GUTTER:
            event.stop()
            self.post_message(self.Header(self.cell_at(event.x, event.y).column, event.chain))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        event.prevent_default()
        self._scroll(round(self.scroll_offset.y) + _WHEEL_LINES)
        self.refresh()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        event.prevent_default()
        self._scroll(round(self.scroll_offset.y) - _WHEEL_LINES)
        self.refresh()


def _cover(day: Day, row: int) -> int:
    return open_minutes(day, row * CELL_MINUTES, (row + 1) * CELL_MINUTES)


def _eighths(minutes: int) -> int:
    """A part of a line in eighths; never none or all of it, so that an edge off the grid stays an edge."""
    return min(max(round(minutes * 8 / LINE_MINUTES), 1), 7)
