"""The day and week grid as lines: a painter is made for one scene and one width and draws row by row."""

from __future__ import annotations

from datetime import datetime

from rich.style import Style
from textual.strip import Strip

from couchcal.tui.calendar.block_paint import Lines, paint_block, paint_outline
from couchcal.tui.calendar.canvas import Canvas
from couchcal.tui.calendar.layout import (
    DAY_MINUTES,
    Block,
    Key,
    key_of,
    local_span,
    minutes_on,
    row_covers,
)
from couchcal.tui.calendar.scene import Cursor, Ghost, Scene
from couchcal.tui.calendar.time_header import HeaderPainter
from couchcal.tui.calendar.time_layout import SECOND_GUTTER
from couchcal.tui.calendar.words import hour_text, span_text, time_text
from couchcal.tui.palette import KindStyles, Palette
from couchcal.tui.text import fit


class TimePainter(HeaderPainter):
    """Draws header lines (weekdays, all-day strip) and grid rows. Lines are kept; a cursor or a ghost in a
    row makes another line of it."""

    def __init__(self, scene: Scene, width: int, palette: Palette) -> None:
        super().__init__(scene, width, palette)
        self._lines: dict[tuple[int, Key], Lines] = {}
        self._keys: dict[int, frozenset[Key]] = {}
        self._landed: tuple[Ghost | None, list[tuple[int, dict[int, tuple[int, int]]]]] = (None, [])

    def row(self, row: int, cursor: Cursor, ghost: Ghost | None) -> Strip:
        """Grid row `row`."""
        second = self.second_hours(cursor.day)[row] if self.scene.second is not None else ""
        key = (row, self._cursor_part(row, cursor, ghost), self._ghost_part(row, ghost), second)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._paint_row(row, cursor, ghost, second)
        return strip

    def _cursor_part(self, row: int, cursor: Cursor, ghost: Ghost | None) -> object:
        """What of the cursor shows in a row: most rows look the same wherever it is."""
        picked = cursor.picked if cursor.picked in self._keys_in(row) else None
        here = not cursor.all_day and cursor.minute // self.row_minutes == row
        return (cursor.day, ghost is None, picked) if here else picked

    def _ghost_part(self, row: int, ghost: Ghost | None) -> object:
        """What of the entry in the hand shows in a row: the place it was taken from, and where it would land."""
        if ghost is None:
            return None
        if any(row in covers for _, covers in self._landing(ghost)):
            return ghost
        held = key_of(ghost.entry)
        return held if held in self._keys_in(row) else None

    def _keys_in(self, row: int) -> frozenset[Key]:
        """The entries that a row shows something of."""
        keys = self._keys.get(row)
        if keys is None:
            keys = self._keys[row] = frozenset(
                key_of(block.entry) for rows in self._by_row for block in rows.get(row, ())
            )
        return keys

    def _landing(self, ghost: Ghost) -> list[tuple[int, dict[int, tuple[int, int]]]]:
        """The columns where the entry in the hand would land, and what it takes of their rows."""
        if self._landed[0] != ghost:
            places = []
            if not ghost.entry.all_day:
                start, end = local_span(ghost.grab.start, ghost.grab.end, self.scene.tz)
                for index, day in enumerate(self.days):
                    minutes = minutes_on(start, end, day)
                    if minutes is not None:
                        places.append((index, row_covers(*minutes, self.row_minutes)))
            self._landed = ghost, places
        return self._landed[1]

    def _paint_row(self, row: int, cursor: Cursor, ghost: Ghost | None, second: str) -> Strip:
        canvas = Canvas(self.width, self.palette.base)
        cursor_here = not cursor.all_day and cursor.minute // self.row_minutes == row
        self._gutter(canvas, row, second, lit=cursor_here)
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
        if ghost is not None:
            self._ghost(canvas, row, ghost)
        return canvas.strip()

    def _gutter(self, canvas: Canvas, row: int, second: str, *, lit: bool) -> None:
        minute = row * self.row_minutes
        if minute % 60 and not lit:
            return
        text = hour_text(_at_minute(minute), hour24=self.scene.hour24)
        style = self.palette.bright if lit else self.palette.chrome
        canvas.text(self.gutter - 1 - len(text), text, style)
        canvas.text(SECOND_GUTTER - 1 - len(second), second, style)

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
            if key in self.scene.labels:  # the letter to jump by needs the room
                hidden = 0
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
        canvas.fill(0, self.gutter - 1, " ", self.palette.base)
        canvas.text(self.gutter - 1 - len(text), text, self.palette.accent_bold)
        second = self.in_second(now)
        canvas.text(SECOND_GUTTER - 1 - len(second), second, self.palette.accent_bold)
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
        for index, covers in self._landing(ghost):
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


def _at_minute(minute: int) -> datetime:
    return datetime(2000, 1, 1, minute % DAY_MINUTES // 60, minute % 60)  # noqa: DTZ001  wall clock
