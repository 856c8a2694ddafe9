"""Six weeks of days, one line an entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from rich.cells import cell_len
from rich.style import Style
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.strip import Strip

from couchcal.practice.agenda import Entry
from couchcal.scheduling.wallclock import to_local
from couchcal.tui.calendar.canvas import Canvas
from couchcal.tui.calendar.layout import columns, key_of, local_span
from couchcal.tui.calendar.period import LONG_MONTHS, MONTH_DAYS, WEEKDAYS, later
from couchcal.tui.calendar.scene import Cursor, Ghost, Scene
from couchcal.tui.calendar.view import CalendarView, Hit
from couchcal.tui.calendar.words import time_text, title_line
from couchcal.tui.palette import Palette
from couchcal.tui.text import fit

WEEKS = MONTH_DAYS // 7
_TIMED_FROM = 11
"""Cells a day needs before its entries show their times."""


class MonthPainter:
    """Lines of a month for one scene and size."""

    def __init__(self, scene: Scene, size: Size, palette: Palette) -> None:
        self.scene, self.palette, self.width = scene, palette, size.width
        self.columns = columns(size.width, 7, 0)
        room = max(size.height - 1, WEEKS)
        each, extra = divmod(room, WEEKS)
        self.heights = [each + (1 if week < extra else 0) for week in range(WEEKS)]
        self.tops = [1 + sum(self.heights[:week]) for week in range(WEEKS)]
        self.days: list[list[Entry]] = [[] for _ in range(MONTH_DAYS)]
        for entry in scene.entries:
            for index in self._indexes(entry):
                self.days[index].append(entry)
        for entries in self.days:
            entries.sort(key=lambda entry: (not entry.all_day, entry.start, entry.id))
        self._strips: LRUCache[tuple[object, ...], Strip] = LRUCache(256)

    def _indexes(self, entry: Entry) -> range:
        if entry.first_day is not None and entry.end_day is not None:
            first, until = entry.first_day, entry.end_day
            last = later(until, -1)
        else:
            start, end = local_span(entry.start, entry.end, self.scene.tz)
            first = start.date()
            last = end.date() if end.time() > start.min.time() or end.date() == first else later(end.date(), -1)
        start_index = max((first - self.scene.period.first).days, 0)
        return range(start_index, min((last - self.scene.period.first).days, MONTH_DAYS - 1) + 1)

    def place(self, y: int) -> tuple[int, int]:
        """Week and line within it of line `y`; the header belongs to week 0."""
        for week in reversed(range(WEEKS)):
            if y >= self.tops[week]:
                return week, min(y - self.tops[week], self.heights[week] - 1)
        return 0, 0

    def line(self, y: int, cursor: Cursor, ghost: Ghost | None) -> Strip:
        """Line `y`: weekday names, or a line of a week."""
        key = (y, cursor, None if ghost is None else (ghost.grab, ghost.warning))
        strip = self._strips.get(key)
        if strip is None:
            canvas = Canvas(self.width, self.palette.base)
            if y == 0:
                for index, (x, size) in enumerate(self.columns.places):
                    day = later(self.scene.period.first, index)
                    canvas.text(x + 1, fit(WEEKDAYS[day.weekday()], size - 1, ""), self.palette.chrome, x + size)
            elif y < self.tops[-1] + self.heights[-1]:
                week, line = self.place(y)
                for index in range(7):
                    self._cell(canvas, week, line, index, cursor, ghost)
            strip = self._strips[key] = canvas.strip()
        return strip

    def _cell(self, canvas: Canvas, week: int, line: int, index: int, cursor: Cursor, ghost: Ghost | None) -> None:
        place = week * 7 + index
        day = later(self.scene.period.first, place)
        x, size = self.columns.places[index]
        stop = x + size - 1
        if line == 0:
            self._date(canvas, day, x, stop, cursor)
            return
        ghost_here = ghost is not None and to_local(ghost.grab.start, self.scene.tz).date() == day
        if ghost is not None and ghost_here and line == 1:
            style = self.palette.ghost_warning if ghost.warning else self.palette.ghost
            canvas.fill(x, stop, " ", style)
            canvas.text(
                x + 1,
                fit(self._text(ghost.entry, day, size), stop - x - 1, self.scene.glyphs.ellipsis),
                style,
                stop,
            )
            return
        shown = line - 1 - (1 if ghost_here else 0)
        entries = self.days[place]
        room = self.heights[week] - 1 - (1 if ghost_here else 0)
        if shown >= len(entries):
            return
        if shown == room - 1 and len(entries) > room:
            text = f"+{len(entries) - shown} more"
            canvas.text(x + 1, text if cell_len(text) < size else text.partition(" ")[0], self.palette.chrome, stop)
            return
        self._entry(canvas, entries[shown], day, x, stop, cursor, ghost)

    def _date(self, canvas: Canvas, day: date, x: int, stop: int, cursor: Cursor) -> None:
        palette = self.palette
        today = day == self.scene.now_local.date()
        other = day.month != self.scene.month
        quiet = other or day.weekday() >= 5
        style = palette.accent_bold if today else palette.chrome if quiet else palette.base
        canvas.fill(x, stop, self.scene.glyphs.hairline, palette.accent if today else palette.faint)
        text = f" 1 {LONG_MONTHS[day.month - 1][:3]} " if day.day == 1 else f" {day.day} "
        if day == cursor.day:
            canvas.fill(x, stop, " ", palette.cursor)
            style = palette.cursor
        canvas.text(x, text, style, stop)

    def _text(self, entry: Entry, day: date, size: int) -> str:
        words = self.scene.words_of(entry)
        if entry.all_day or size < _TIMED_FROM:
            return words.title
        start = to_local(entry.start, self.scene.tz)
        return f"{time_text(start, hour24=self.scene.hour24)} {words.title}" if start.date() == day else words.title

    def _entry(
        self, canvas: Canvas, entry: Entry, day: date, x: int, stop: int, cursor: Cursor, ghost: Ghost | None
    ) -> None:
        palette, glyphs = self.palette, self.scene.glyphs
        if ghost is not None and key_of(ghost.entry) == key_of(entry):
            canvas.text(
                x + 1, fit(self._text(entry, day, stop - x), stop - x - 1, glyphs.ellipsis), palette.outline, stop
            )
            return
        kind = palette.kinds.get(entry.kind, palette.kinds["other_event"])
        styles = palette.cancelled if entry.off else kind
        selected = cursor.picked == key_of(entry)
        dim = day.month != self.scene.month
        words = self.scene.words_of(entry)
        if selected:
            canvas.fill(x, stop, " ", styles.selected_title)
            title_style, time_style, bar_style = styles.selected_title, styles.selected_detail, styles.selected_bar
        else:
            plain = palette.chrome if dim or entry.off else palette.base
            strike = Style(strike=True) if entry.off else Style()
            title_style, time_style, bar_style = plain + strike, palette.chrome, styles.outline
        if entry.all_day and not selected:
            canvas.fill(x, stop, " ", styles.detail)
            title_style, bar_style = styles.title, styles.bar
        hollow = entry.kind in ("external", "request")
        bar = glyphs.bar_hollow if hollow else glyphs.bar
        after = canvas.text(x, bar, bar_style, stop)
        text = self._text(entry, day, stop - x + 1)
        if text != words.title:
            time, _, _ = text.partition(f" {words.title}")
            after = canvas.text(after, f"{time} ", time_style, stop)
        left, right = title_line(words, stop - after, glyphs)
        if entry.kind == "request":
            left = fit(f"? {left}", stop - after - cell_len(right), glyphs.ellipsis)
        after = canvas.text(after, left, title_style, stop)
        if words.tag and stop - after > cell_len(words.tag):
            after = canvas.text(after + 1, words.tag, palette.chrome if not selected else time_style, stop)
        if right and after + cell_len(right) < stop:
            canvas.text(after + 1, right, palette.warning if entry.conflict and not selected else time_style, stop)

    def entry_at(self, week: int, line: int, index: int) -> Entry | None:
        """The entry on a line of a day."""
        entries = self.days[week * 7 + index]
        room = self.heights[week] - 1
        shown = line - 1
        if not 0 <= shown < min(len(entries), room) or (shown == room - 1 and len(entries) > room):
            return None
        return entries[shown]


class MonthGrid(CalendarView):
    """A month; entries are moved by whole days (DND-02)."""

    painter: MonthPainter

    def rebuild(self) -> None:
        self.painter = MonthPainter(self.scene, self.size, self.palette)
        self.virtual_size = self.size
        self.mark_painted()

    def line(self, y: int) -> Strip:
        return self.painter.line(y, self.cursor, self.ghost)

    def _cell_region(self, day: date) -> Region | None:
        index = (day - self.scene.period.first).days
        if not 0 <= index < MONTH_DAYS:
            return None
        x, size = self.painter.columns.places[index % 7]
        week = index // 7
        return Region(x, self.painter.tops[week], size, self.painter.heights[week])

    def cursor_marks(self, cursor: Cursor) -> Iterator[tuple[object, Region]]:
        region = self._cell_region(cursor.day)
        if region is not None:
            yield cursor.day, Region(region.x, region.y, region.width, 1)
        if cursor.picked is None:
            return
        for index, entries in enumerate(self.painter.days):
            for line, entry in enumerate(entries):
                if key_of(entry) == cursor.picked and line + 1 < self.painter.heights[index // 7]:
                    x, size = self.painter.columns.places[index % 7]
                    yield cursor.picked, Region(x, self.painter.tops[index // 7] + line + 1, size, 1)

    def ghost_regions(self, ghost: Ghost) -> Iterable[Region]:
        region = self._cell_region(to_local(ghost.grab.start, self.scene.tz).date())
        return [region] if region is not None else []

    def hit(self, x: int, y: int) -> Hit | None:
        week, line = self.painter.place(y)
        index = min(self.painter.columns.at(x), 6)
        day = later(self.scene.period.first, week * 7 + index)
        edge = -1 if y <= 0 else 1 if y >= self.size.height else 0
        return Hit(day, self.cursor.minute, entry=self.painter.entry_at(week, line, index), edge=edge)
