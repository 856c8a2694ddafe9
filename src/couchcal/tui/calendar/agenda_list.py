"""The agenda: days as headings, entries in order, and the free time between them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.strip import Strip

from couchcal.practice.agenda import Entry
from couchcal.scheduling.wallclock import to_local
from couchcal.tui.calendar.canvas import Canvas
from couchcal.tui.calendar.layout import Key, key_of, local_span
from couchcal.tui.calendar.period import LONG_MONTHS, WEEKDAYS, later
from couchcal.tui.calendar.scene import Cursor, Scene
from couchcal.tui.calendar.view import CalendarView, Hit
from couchcal.tui.calendar.words import span_text, time_text
from couchcal.tui.text import fit, pad

GAP_FROM = timedelta(minutes=15)
"""Free time shorter than this is not worth a line."""
_INDENT = 3


class Row(NamedTuple):
    """A line of the agenda: a heading (no entry, no text), an entry, or a remark."""

    day: date
    entry: Entry | None = None
    text: str = ""


def agenda_rows(scene: Scene) -> list[Row]:
    """The lines of a period: every day has its heading; gaps lie between entries that take time.

    What lasts all day stands under each of its days, so that none of them looks free.
    """
    by_day: dict[date, list[Entry]] = {}
    for entry in scene.entries:
        first = max(entry.first_day or to_local(entry.start, scene.tz).date(), scene.period.first)
        days = (entry.end_day - first).days if entry.end_day is not None else 1
        for offset in range(min(days, (scene.period.until - first).days)):
            by_day.setdefault(later(first, offset), []).append(entry)
    rows: list[Row] = []
    for index in range(scene.period.days):
        day = later(scene.period.first, index)
        entries = sorted(by_day.get(day, ()), key=lambda entry: (not entry.all_day, entry.start, entry.id))
        if rows and (entries or rows[-1].entry is not None):
            rows.append(Row(later(day, -1), text=" "))
        rows.append(Row(day))
        busy_until: datetime | None = None
        after_busy = len(rows)
        for entry in entries:
            takes_time = entry.busy and not entry.cancelled and not entry.all_day
            if takes_time and busy_until is not None and entry.start - busy_until >= GAP_FROM:
                free = _length(entry.start - busy_until)
                rows.insert(after_busy, Row(day, text=f"{scene.glyphs.dot} {free} free"))
            rows.append(Row(day, entry))
            if takes_time:
                busy_until = max(busy_until or entry.end, entry.end)
                after_busy = len(rows)
    return rows


def _length(span: timedelta) -> str:
    hours, minutes = divmod(span // timedelta(minutes=1), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


class AgendaList(CalendarView):
    """One line an entry; reads well aloud and over a slow line."""

    def rebuild(self) -> None:
        self.rows = agenda_rows(self.scene)
        self.virtual_size = Size(self.size.width, len(self.rows))
        placed = [
            (index, row.day, key_of(row.entry)) for index, row in enumerate(self.rows) if row.entry is not None
        ]
        self._entry_rows: dict[tuple[Key, date], int] = {(key, day): index for index, day, key in placed}
        self._first_rows: dict[Key, int] = {key: index for index, _, key in reversed(placed)}
        self._day_rows = {
            row.day: index for index, row in reversed(list(enumerate(self.rows))) if not row.text and not row.entry
        }
        self._strips: LRUCache[tuple[object, ...], Strip] = LRUCache(256)
        self._time_width = 13 if self.scene.hour24 else 17
        self.mark_painted()

    def _row_of(self, cursor: Cursor) -> int:
        day = self._day_rows.get(cursor.day, 0)
        if cursor.picked is None:
            return day
        return self._entry_rows.get((cursor.picked, cursor.day), self._first_rows.get(cursor.picked, day))

    def reveal(self, *, first: bool) -> None:
        if self.size.height <= 0:
            return
        row = self._row_of(self.cursor)
        heading = self._day_rows.get(self.cursor.day, row)
        top = heading if first else self.scroll_offset.y
        top = min(max(top, row - self.size.height + 2), row)
        if row - heading < self.size.height - 1:
            top = min(top, heading)
        top = min(max(top, 0), max(len(self.rows) - self.size.height, 0))
        self.scroll_to(y=top, animate=False, force=True)

    def line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        if index >= len(self.rows):
            return Strip.blank(self.size.width, self.palette.base)
        chosen = self._row_of(self.cursor) == index
        key = (index, chosen)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._paint(self.rows[index], chosen)
        return strip

    def _paint(self, row: Row, chosen: bool) -> Strip:
        palette = self.palette
        canvas = Canvas(self.size.width, palette.base)
        if row.entry is not None:
            self._entry(canvas, row.entry, row.day, chosen)
        elif row.text:
            canvas.text(_INDENT + self._time_width + 2, row.text, palette.chrome)
        else:
            self._heading(canvas, row.day, chosen)
        return canvas.strip()

    def _heading(self, canvas: Canvas, day: date, chosen: bool) -> None:
        palette = self.palette
        today = day == self.scene.now_local.date()
        empty = day not in {row.day for row in self.rows if row.entry is not None}
        style = palette.accent_bold if today else palette.chrome if empty else palette.bright
        if chosen:
            canvas.fill(0, canvas.width, " ", palette.cursor)
            style = palette.cursor
        after = canvas.text(1, f"{WEEKDAYS[day.weekday()]} {day.day} {LONG_MONTHS[day.month - 1]}", style)
        remark = "today" if today else ""
        if empty:
            remark = f"{remark}  nothing booked".strip()
        canvas.text(after + 2, remark, palette.cursor if chosen else palette.chrome)

    def _entry(self, canvas: Canvas, entry: Entry, day: date, chosen: bool) -> None:
        palette, glyphs = self.palette, self.scene.glyphs
        kind = palette.kinds.get(entry.kind, palette.kinds["other_event"])
        styles = palette.cancelled if entry.off else kind
        words = self.scene.words_of(entry)
        title, detail, bar = palette.base, palette.chrome, styles.outline
        if entry.off:
            title = palette.cancelled.title
        if chosen:
            canvas.fill(0, canvas.width, " ", styles.selected_detail)
            title, detail, bar = styles.selected_title, styles.selected_detail, styles.selected_bar
        canvas.text(_INDENT, pad(self._times(entry, day), self._time_width), detail)
        x = _INDENT + self._time_width
        hollow = entry.kind in ("external", "request")
        x = canvas.text(x, f"{glyphs.bar_hollow if hollow else glyphs.bar} ", bar)
        name = f"? {words.title}" if entry.kind == "request" else words.title
        marks = " ".join(words.glyphs)
        x = canvas.text(x, fit(name, max(canvas.width - x - cell_len(marks) - 2, 1), glyphs.ellipsis), title)
        if marks:
            mark_style = palette.warning if entry.conflict and not chosen else detail
            x = canvas.text(x + 1, marks, mark_style)
        column = _INDENT + self._time_width + 26
        x = max(x + 2, column if canvas.width > column + 20 else 0)
        rest = glyphs.separator.join(part for part in (words.tag, words.detail) if part)
        canvas.text(x, fit(rest, max(canvas.width - x - 1, 0), glyphs.ellipsis), detail)

    def _times(self, entry: Entry, day: date) -> str:
        scene = self.scene
        if entry.all_day:
            return "all day"
        start, end = local_span(entry.start, entry.end, scene.tz)
        if start.date() < day:
            return f"{scene.glyphs.dash}{time_text(end, hour24=scene.hour24)}"
        return span_text(start, end, scene.glyphs.dash, hour24=scene.hour24)

    def cursor_marks(self, cursor: Cursor) -> Iterator[tuple[object, Region]]:
        row = self._row_of(cursor)
        yield row, Region(0, row - self.scroll_offset.y, self.size.width, 1)

    def hit(self, x: int, y: int) -> Hit | None:
        index = y + self.scroll_offset.y
        if not 0 <= index < len(self.rows):
            return None
        row = self.rows[index]
        return Hit(row.day, self.cursor.minute, entry=row.entry)

    def beside(self, cursor: Cursor, sign: int) -> Hit | None:
        at = self._row_of(cursor)
        rows = self.rows[at + 1 :] if sign > 0 else self.rows[:at][::-1]
        return next((Hit(row.day, cursor.minute, entry=row.entry) for row in rows if row.entry is not None), None)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        event.prevent_default()
        self.scroll_to(y=self.scroll_offset.y + 3, animate=False, force=True)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        event.prevent_default()
        self.scroll_to(y=self.scroll_offset.y - 3, animate=False, force=True)
