"""Painting the week's bookable hours: what is shown, the cursor, strokes with keys and mouse. AVL-01, AVL-03."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from couchcal.clock import Clock, system_clock
from couchcal.practice import availability, event_types
from couchcal.practice.availability import BlockRow
from couchcal.practice.event_types import EventTypeRow
from couchcal.practice.outcome import Done
from couchcal.scheduling.hours import MAX_BLOCKS
from couchcal.store.connection import Database
from couchcal.tui.forms.modal import ChangedModal
from couchcal.tui.forms.plain import plain
from couchcal.tui.screens.availability_dialogs import (
    limits_words,
)
from couchcal.tui.screens.week_editor import Area, Cell, Editor
from couchcal.tui.screens.week_grid import CELLS_A_LINE, WeekGrid
from couchcal.tui.screens.week_paint import (
    CELL_MINUTES,
    Week,
    block_at,
    clock_of,
    hours_of,
    week_of,
)
from couchcal.tui.screens.week_words import WEEKDAYS, day_words, length_words, shown_hours
from couchcal.tui.text import glyphs_on

_KEYS = "space paint · enter type · c copy · a allow · ctrl+s save · esc close"
_MORE_KEYS = "space paint · v stroke · enter type · c copy · x clear · a allow · u undo · ctrl+s save · esc close"
_PAGE = 8


class AvailabilityPainting(ChangedModal[Done]):
    """A week of quarters of an hour to paint with keys or the mouse.

    Args:
        week_start: the weekday of the first column, 0 for Monday.
        hour24: whether times are on a 24-hour clock.
    """

    SIZE = "-week"
    AUTO_FOCUS = "#week"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-1,0)", show=False),
        Binding("right,l", "move(1,0)", show=False),
        Binding("up,k", "move(0,-1)", show=False),
        Binding("down,j", "move(0,1)", show=False),
        Binding("pageup", f"move(0,{-_PAGE})", show=False),
        Binding("pagedown", f"move(0,{_PAGE})", show=False),
        Binding("home", "edge(True)", show=False),
        Binding("end", "edge(False)", show=False),
        Binding("shift+left,H", "stretch(-1,0)", show=False),
        Binding("shift+right,L", "stretch(1,0)", show=False),
        Binding("shift+up,K", "stretch(0,-1)", show=False),
        Binding("shift+down,J", "stretch(0,1)", show=False),
        Binding("space", "paint", "Paint or erase", show=False),
        Binding("v", "stroke", "Begin or end a stroke", show=False),
        Binding("u", "undo", "Undo", show=False),
        Binding("ctrl+r", "redo", "Redo", show=False),
    ]

    def __init__(
        self, database: Database, *, week_start: int = 0, hour24: bool = True, clock: Clock = system_clock
    ) -> None:
        super().__init__("Availability", _KEYS)
        self._database = database
        self._week_start = week_start
        self._hour24 = hour24
        self._clock = clock
        self._types: list[EventTypeRow] = []
        self._stored: Week | None = None
        self.editor = Editor(week_of((), week_start))

    def compose_body(self) -> ComposeResult:
        glyphs = glyphs_on(self.app)
        yield WeekGrid(self.editor, week_start=self._week_start, hour24=self._hour24, glyphs=glyphs)
        yield Static(id="day", markup=False)
        yield Static(id="here", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Name as many keys as there is room for."""
        keys = _MORE_KEYS if event.size.width >= len(_MORE_KEYS) + 6 else _KEYS
        self.hint(keys)

    @property
    def grid(self) -> WeekGrid:
        """The widget that draws the week."""
        return self.query_one(WeekGrid)

    # Reading

    def on_mount(self) -> None:
        self.read(partial(_read, self._database), self._take, group="read")

    def _take(self, found: tuple[list[BlockRow], list[EventTypeRow]]) -> None:
        blocks, self._types = found
        self._stored = week_of(blocks, self._week_start)
        editor = Editor(self._stored)
        self.editor = editor.go(Cell(0, editor.first_row()))
        self.grid.open_at(self.editor.cursor.row // CELLS_A_LINE)
        self._show()

    # What is shown

    def _show(self) -> None:
        editor = self.editor
        self.grid.show(editor)
        total = length_words(editor.minutes()) if editor.minutes() else "nothing can be booked"
        week = f"{total} a week" if editor.minutes() else total
        unsaved = " · not saved" if self.changed() else ""
        self.query_one("#frame").border_title = plain(f"Availability · {week}{unsaved}")
        column = editor.cursor.column
        words = f"{self._day_name(column)} {day_words(editor.day, hour24=self._hour24)}"
        self.query_one("#day", Static).update(plain(words, "bold"))
        self.query_one("#here", Static).update(self._here_words())

    def _here_words(self) -> str:
        """What is under the cursor, or what a stroke is about to do, or what cannot be saved."""
        editor = self.editor
        if editor.stroke is not None and editor.area is not None:
            verb = "Opens" if editor.stroke.paints else "Closes"
            end = "release to take" if editor.stroke.held else "space takes it"
            return f"{verb} {self._area_words(editor.area)} · {end}, esc drops it"
        if problem := self._too_many():
            return problem
        block = block_at(editor.day, editor.cursor.row)
        if block is None:
            return "No hours here: space opens a quarter, shift with an arrow paints."
        hours = shown_hours(hours_of((block,)), hour24=self._hour24)
        return f"{hours} {limits_words(block.event_types, block.visit_types, self._types)}"

    def _area_words(self, area: Area) -> str:
        first, last = self._day_name(area.left), self._day_name(area.right - 1)
        days = first if first == last else f"{first} to {last}"
        span = (clock_of(area.top * CELL_MINUTES), clock_of(area.bottom * CELL_MINUTES))
        return f"{days} {shown_hours([span], hour24=self._hour24)}"

    def _too_many(self) -> str:
        columns = self.editor.too_many()
        if not columns:
            return ""
        count = len(self.editor.shown[columns[0]])
        return f"{self._day_name(columns[0])} has {count} blocks; a day takes {MAX_BLOCKS}. Join or clear some."

    def _weekday(self, column: int) -> int:
        return (self._week_start + column) % 7

    def _day_name(self, column: int) -> str:
        return WEEKDAYS[self._weekday(column)]

    def _set(self, editor: Editor) -> None:
        self.show_problem("")
        self.editor = editor
        self._show()

    # Cursor and painting

    def action_move(self, columns: int, rows: int) -> None:
        """Move the cursor, and with it a stroke under way."""
        self._set(self.editor.move(columns, rows))

    def action_edge(self, first: bool) -> None:
        """Go to where the day's hours begin or end."""
        day = self.editor.day
        if day:
            minute = day[0].start if first else day[-1].end - 1
            self._set(self.editor.go(Cell(self.editor.cursor.column, minute // CELL_MINUTES)))

    def action_stretch(self, columns: int, rows: int) -> None:
        """Paint or erase on the way."""
        self._set(self.editor.stretch(columns, rows))

    def action_paint(self) -> None:
        """Open or close the cell, or take the stroke under way."""
        self._set(self.editor.toggle())

    def action_stroke(self) -> None:
        """Begin a stroke that goes with the cursor, or take it."""
        self._set(self.editor.begin() if self.editor.stroke is None else self.editor.take())

    def action_undo(self) -> None:
        """Take back the last step that is not saved yet."""
        self._set(self.editor.undo())

    def action_redo(self) -> None:
        """Do it again."""
        self._set(self.editor.redo())

    def on_week_grid_pointed(self, message: WeekGrid.Pointed) -> None:
        """Paint with the mouse: the first cells decide between painting and erasing."""
        editor = self.editor
        if message.phase == "press":
            self._set(editor.press(message.cell, CELLS_A_LINE))
        elif message.phase == "move":
            self._set(editor.go(message.cell))
        else:
            self._set(editor.take() if message.phase == "release" else editor.drop())

    def on_week_grid_header(self, message: WeekGrid.Header) -> None:
        """Go to a day; a second click types its hours."""
        self._set(self.editor.take().go(Cell(message.column, self.editor.cursor.row)))
        if message.times > 1:
            self.action_type()

    def action_type(self) -> None:
        """Type the day's hours."""
        raise NotImplementedError

    def changed(self) -> bool:
        return self._stored is not None and bool(self.editor.changed_from(self._stored))


def _read(database: Database) -> tuple[list[BlockRow], list[EventTypeRow]]:
    """The stored blocks and the event types they can be limited to. Blocks."""
    with closing(database.connect()) as connection:
        return availability.weekly(connection), event_types.event_types(connection, inactive=True)
