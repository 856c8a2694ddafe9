"""The upper lines of the day and week grid: weekday names, zones, and the all-day strip."""

from __future__ import annotations

from datetime import date

from textual.cache import LRUCache
from textual.strip import Strip

from couchcal.tui.calendar.block_paint import paint_outline
from couchcal.tui.calendar.canvas import Canvas
from couchcal.tui.calendar.layout import Bar, Block, key_of, local_span
from couchcal.tui.calendar.period import WEEKDAYS
from couchcal.tui.calendar.scene import Cursor, Ghost, Scene
from couchcal.tui.calendar.time_layout import GUTTER, MAX_ALL_DAY_LINES, SECOND_GUTTER, TimeLayout
from couchcal.tui.palette import KindStyles, Palette
from couchcal.tui.text import fit


class HeaderPainter(TimeLayout):
    """Draws the header lines. Lines are kept; another cursor or ghost makes another line."""

    def __init__(self, scene: Scene, width: int, palette: Palette) -> None:
        super().__init__(scene, width)
        self.palette = palette
        self._strips: LRUCache[tuple[object, ...], Strip] = LRUCache(512)

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
        picked = next((cursor.picked for bar in self.bars if key_of(bar.entry) == cursor.picked), None)
        return (cursor.day, cursor.picked is None) if cursor.all_day else None, picked

    def _ghost_days(self, ghost: Ghost | None) -> object:
        return ghost if ghost is not None and ghost.entry.all_day else None

    def _weekdays(self, canvas: Canvas, cursor: Cursor) -> None:
        today = self.scene.now_local.date()
        if self.scene.second is not None:
            self._zones(canvas, cursor.day)
        for day, (x, size) in zip(self.days, self.columns.places, strict=True):
            text = f"{WEEKDAYS[day.weekday()]} {day.day}"
            style = self.palette.bright if day == cursor.day else self.palette.chrome
            if day == today:
                style = self.palette.accent_bold
            canvas.text(x + 1, fit(text, size - 2, ""), style, x + size)

    def _zones(self, canvas: Canvas, day: date) -> None:
        for label, right in zip(self.zone_labels(day), (SECOND_GUTTER, self.gutter), strict=True):
            shown = fit(label, SECOND_GUTTER - 2, "")
            canvas.text(right - 1 - len(shown), shown, self.palette.chrome)

    def _all_day(self, canvas: Canvas, line: int, cursor: Cursor, ghost: Ghost | None) -> None:
        if line == 0:
            canvas.text(self.gutter - GUTTER, "all day", self.palette.chrome, self.gutter - 1)
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

    def styles_of(self, item: Block | Bar) -> KindStyles:
        """The styles of an entry's kind, or of a cancelled one."""
        if item.entry.off:
            return self.palette.cancelled
        return self.palette.kinds.get(item.entry.kind, self.palette.kinds["other_event"])
