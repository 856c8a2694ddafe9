"""The day and week grid as lines: a painter is made for one scene and one width and draws row by row."""

from __future__ import annotations

from datetime import datetime, time

from rich.style import Style
from textual.cache import LRUCache
from textual.strip import Strip

from couchcal.tui.calendar.block_paint import Lines, paint_block, paint_outline
from couchcal.tui.calendar.canvas import Canvas
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
    local_span,
    minutes_on,
    row_covers,
)
from couchcal.tui.calendar.period import WEEKDAYS, later
from couchcal.tui.calendar.scene import Cursor, Ghost, Scene
from couchcal.tui.calendar.words import hour_text, span_text, time_text
from couchcal.tui.text import fit
from couchcal.tui.theme import KindStyles, Palette

GUTTER = 8
MAX_ALL_DAY_LINES = 3


class TimePainter:
    """Draws header lines (weekdays, all-day strip) and grid rows. Lines are kept; a cursor or a ghost in a
    row makes another line of it."""

    def __init__(self, scene: Scene, width: int, palette: Palette) -> None:
        self.scene = scene
        self.width = width
        self.palette = palette
        self.columns = columns(width, scene.period.days, GUTTER)
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
        self._lines: dict[tuple[int, Key], Lines] = {}
        self._strips: LRUCache[tuple[object, ...], Strip] = LRUCache(512)

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
            (_minute(block.start), _minute(block.end) or DAY_MINUTES)
            for block in blocks
            if block.weekday == weekday
        ]
        middles = (row * self.row_minutes + self.row_minutes // 2 for row in range(self.rows))
        return [any(first <= middle < until for first, until in spans) for middle in middles]

    # Header: weekday names and the all-day strip

    def header(self, line: int, cursor: Cursor, ghost: Ghost | None) -> Strip:
        """Header line 0 (weekdays) or 1 and on (all-day entries)."""
        key = ("header", line, cursor.day if line == 0 else self._header_mark(cursor), self._ghost_days(ghost))
        strip = self._strips.get(key)
        if strip is None:
            canvas = Canvas(self.width, self.palette.base)
            if line == 0:
                self._weekdays(canvas, cursor)
            else:
                self._all_day(canvas, line - 1, cursor, ghost)
            strip = self._strips[key] = canvas.strip()
        return strip

    def _header_mark(self, cursor: Cursor) -> object:
        return (cursor.day if cursor.all_day else None, cursor.picked)

    def _ghost_days(self, ghost: Ghost | None) -> object:
        return (ghost.grab, ghost.warning) if ghost is not None and ghost.entry.all_day else None

    def _weekdays(self, canvas: Canvas, cursor: Cursor) -> None:
        today = self.scene.now_local.date()
        for day, (x, size) in zip(self.days, self.columns.places, strict=True):
            text = f"{WEEKDAYS[day.weekday()]} {day.day}"
            style = self.palette.bright if day == cursor.day else self.palette.chrome
            if day == today:
                style = self.palette.accent_bold
            canvas.text(x + 1, fit(text, size - 2, ""), style, x + size)

    def _all_day(self, canvas: Canvas, line: int, cursor: Cursor, ghost: Ghost | None) -> None:
        if line == 0:
            canvas.text(0, "all day", self.palette.chrome, GUTTER - 1)
        if cursor.all_day and line == 0 and cursor.day in self.scene.period and cursor.picked is None:
            x, size = self.columns.places[(cursor.day - self.scene.period.first).days]
            canvas.fill(x, x + size - 1, " ", self.palette.cursor)
        for bar in self.bars:
            if bar.line == line:
                self._bar(canvas, bar, selected=cursor.picked == key_of(bar.entry), ghost=ghost)
        if line == MAX_ALL_DAY_LINES - 1:
            self._more_bars(canvas)
        if ghost is not None and ghost.entry.all_day and line == 0:
            start, end = local_span(ghost.grab.start, ghost.grab.end, self.scene.tz)
            first = max((start.date() - self.scene.period.first).days, 0)
            until = min((end.date() - self.scene.period.first).days, self.scene.period.days)
            if first < until:
                style = self.palette.ghost_warning if ghost.warning else self.palette.ghost
                x, stop = self._across(first, until)
                canvas.fill(x, stop, " ", style)
                canvas.text(x + 1, fit(self.scene.words_of(ghost.entry).title, stop - x - 1), style, stop)

    def _across(self, first: int, until: int) -> tuple[int, int]:
        x = self.columns.places[first][0]
        last_x, last_size = self.columns.places[until - 1]
        return x, last_x + last_size - 1

    def _bar(self, canvas: Canvas, bar: Bar, *, selected: bool, ghost: Ghost | None) -> None:
        x, stop = self._across(bar.first, bar.until)
        styles = self.styles_of(bar)
        words = self.scene.words_of(bar.entry)
        if ghost is not None and key_of(ghost.entry) == key_of(bar.entry):
            paint_outline(
                canvas, range(1), 0, (x, stop), self.palette.outline, self.scene.glyphs, (words.title, "")
            )
            return
        canvas.fill(x, stop, " ", styles.selected_title if selected else styles.detail)
        glyph = self.scene.glyphs.bar_selected if selected else self.scene.glyphs.bar
        canvas.text(x, glyph, styles.selected_bar if selected else styles.bar, stop)
        text = " ".join((words.title, words.tag, *words.glyphs)).strip()
        canvas.text(
            x + 1, fit(text, stop - x - 1, self.scene.glyphs.ellipsis),
            styles.selected_title if selected else styles.title, stop,
        )  # fmt: skip

    def _more_bars(self, canvas: Canvas) -> None:
        for index, (x, size) in enumerate(self.columns.places):
            more = sum(bar.first <= index < bar.until and bar.line >= MAX_ALL_DAY_LINES for bar in self.bars)
            if more:
                text = f"+{more}"
                canvas.text(x + size - 1 - len(text), text, self.palette.chrome, x + size)

    # Grid rows

    def row(self, row: int, cursor: Cursor, ghost: Ghost | None) -> Strip:
        """Grid row `row`."""
        key = (row, self._cursor_part(row, cursor), self._ghost_part(row, ghost))
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._paint_row(row, cursor, ghost)
        return strip

    def _cursor_part(self, row: int, cursor: Cursor) -> object:
        here = not cursor.all_day and cursor.minute // self.row_minutes == row
        return (cursor.day if here else None, cursor.picked)

    def _ghost_part(self, row: int, ghost: Ghost | None) -> object:
        return None if ghost is None else (ghost.grab, ghost.warning, key_of(ghost.entry))

    def _paint_row(self, row: int, cursor: Cursor, ghost: Ghost | None) -> Strip:
        canvas = Canvas(self.width, self.palette.base)
        cursor_here = not cursor.all_day and cursor.minute // self.row_minutes == row
        self._gutter(canvas, row, lit=cursor_here)
        for index, (x, size) in enumerate(self.columns.places):
            self._ground(canvas, row, index, x, size)
            if cursor_here and ghost is None and cursor.day == self.days[index]:
                canvas.fill(x, x + size - 1, " ", self.palette.cursor)
                canvas.text(
                    x + 1, self._time(_at_minute(row * self.row_minutes)), self.palette.cursor, x + size - 1
                )
            for block in self._by_row[index].get(row, ()):
                self._block(canvas, row, index, block, cursor, ghost)
        self._now(canvas, row, cursor_here and ghost is None, cursor)
        if ghost is not None and not ghost.entry.all_day:
            self._ghost(canvas, row, ghost)
        return canvas.strip()

    def _gutter(self, canvas: Canvas, row: int, *, lit: bool) -> None:
        minute = row * self.row_minutes
        if minute % 60 and not lit:
            return
        text = hour_text(_at_minute(minute), hour24=self.scene.hour24)
        style = self.palette.bright if lit else self.palette.chrome
        canvas.text(GUTTER - 1 - len(text), text, style)

    def _ground(self, canvas: Canvas, row: int, index: int, x: int, size: int) -> None:
        weekend = self.days[index].weekday() >= 5
        style = self.palette.weekend if weekend else self.palette.base
        if weekend:
            canvas.restyle(x, x + size, style)
        open_rows = self._open[index]
        if open_rows is not None and not open_rows[row]:
            canvas.fill(x, x + size, self.scene.glyphs.hatch, self._on(self.palette.hatch, style))
        elif row * self.row_minutes % 60 == 0:
            canvas.fill(x, x + size, self.scene.glyphs.hairline, self._on(self.palette.faint, style))

    def _on(self, style: Style, ground: Style) -> Style:
        return style if ground is self.palette.base else Style(color=style.color, bgcolor=ground.bgcolor)

    def _block(
        self, canvas: Canvas, row: int, index: int, block: Block, cursor: Cursor, ghost: Ghost | None
    ) -> None:
        cells = self.cells_of(index, block)
        if cells is None:
            return
        key = key_of(block.entry)
        words = self.scene.words_of(block.entry)
        rows = range(block.start // self.row_minutes, (block.end - 1) // self.row_minutes + 1)
        styles = self.styles_of(block)
        if ghost is not None and key_of(ghost.entry) == key:
            paint_outline(
                canvas, rows, row, cells, self.palette.outline, self.scene.glyphs, (words.title, words.detail)
            )
            return
        selected = cursor.picked == key
        if block.entry.kind == "time_off":
            style = styles.selected_bar if selected else styles.bar
            canvas.fill(*cells, self.scene.glyphs.hatch, style)
            if row == rows[0]:
                title = fit(f" {words.title}", cells[1] - cells[0] - 2, self.scene.glyphs.ellipsis)
                marked = styles.selected_title if selected else styles.title
                canvas.text(cells[0] + 1, f"{title} ", marked, cells[1])
            return
        if block.entry.kind == "request":
            marked = styles.selected_title if selected else styles.outline
            title = f"? {words.title}" if words.title != "Request" else "?"
            paint_outline(canvas, rows, row, cells, marked, self.scene.glyphs, (title, words.detail))
            return
        covers = self._covers[index, key]
        lines = self._lines.get((index, key))
        if lines is None:
            first, last = _at_minute(block.start), _at_minute(block.end)
            hidden = self._hidden[index].get(block.start * 64 + block.lane.index, 0)
            lines = Lines(
                words, covers, cells[1] - cells[0] - 1, self.scene.glyphs,
                (self._times(first, last), self._time(first)), hidden,
            )  # fmt: skip
            self._lines[(index, key)] = lines
        paint_block(
            canvas, block.entry, lines, row, covers[row], cells, styles, self.scene.glyphs, selected=selected
        )

    def _now(self, canvas: Canvas, row: int, cursor_here: bool, cursor: Cursor) -> None:
        now = self.scene.now_local
        minute = now.hour * 60 + now.minute
        if now.date() not in self.scene.period or minute // self.row_minutes != row:
            return
        text = hour_text(now, hour24=self.scene.hour24)
        canvas.fill(0, GUTTER - 1, " ", self.palette.base)
        canvas.text(GUTTER - 1 - len(text), text, self.palette.accent_bold)
        today = (now.date() - self.scene.period.first).days
        for index, (x, size) in enumerate(self.columns.places):
            glyph = self.scene.glyphs.now if index == today else self.scene.glyphs.now_elsewhere
            taken = [self.cells_of(index, block) or (x, x) for block in self._by_row[index].get(row, ())]
            if cursor_here and cursor.day == self.days[index]:
                taken.append((x, x + size - 1))
            style = Style(color=self.palette.accent.color, bgcolor=canvas.styles[x + size - 1].bgcolor)
            for cell in range(x, x + size):
                if not any(first <= cell < until for first, until in taken):
                    canvas.fill(cell, cell + 1, glyph, style)

    def _ghost(self, canvas: Canvas, row: int, ghost: Ghost) -> None:
        start, end = local_span(ghost.grab.start, ghost.grab.end, self.scene.tz)
        for index, day in enumerate(self.days):
            minutes = minutes_on(start, end, day)
            if minutes is None:
                continue
            covers = row_covers(*minutes, self.row_minutes)
            if row not in covers:
                continue
            x, size = self.columns.places[index]
            times = self._times(start, end)
            inset = 2 if ghost.warning and size - 3 >= len(times) else 0
            style = self.palette.ghost_warning if ghost.warning else self.palette.ghost
            words = self.scene.words_of(ghost.entry)
            mark = f"{self.scene.glyphs.conflict} " if ghost.warning else ""
            names = (f"{mark}{words.title}", f"{mark}{words.initials}", mark.strip())
            words = words._replace(title=times, initials=self._time(start), details=names, tag="", glyphs=())
            cells = (x + inset, x + size - 1)
            lines = Lines(words, covers, cells[1] - cells[0], self.scene.glyphs)
            styles = KindStyles(style, style, style, style, style, style, style)
            paint_block(
                canvas, ghost.entry, lines, row, covers[row], cells, styles, self.scene.glyphs, selected=False,
                has_bar=False,
            )  # fmt: skip

    def _time(self, local: datetime) -> str:
        return time_text(local, hour24=self.scene.hour24)

    def _times(self, start: datetime, end: datetime) -> str:
        return span_text(start, end, self.scene.glyphs.dash, hour24=self.scene.hour24)

    # Places

    def styles_of(self, item: Block | Bar) -> KindStyles:
        """The styles of an entry's kind, or of a cancelled one."""
        if item.entry.cancelled:
            return self.palette.cancelled
        return self.palette.kinds.get(item.entry.kind, self.palette.kinds["other_event"])

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


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _at_minute(minute: int) -> datetime:
    return datetime(2000, 1, 1, minute % DAY_MINUTES // 60, minute % 60)  # noqa: DTZ001  wall clock
