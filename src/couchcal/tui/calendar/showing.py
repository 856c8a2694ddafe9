"""How the calendar's state gets onto the screen: the views, the bars around them, and the way of a key."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.strip import Strip

from couchcal.clock import Clock
from couchcal.practice.agenda import Entry
from couchcal.practice.glance import Particulars, particulars
from couchcal.settings import Settings
from couchcal.store.connection import Database, database_errors
from couchcal.tui.calendar import data
from couchcal.tui.calendar.bars import empty_lines, header_runs, status_runs
from couchcal.tui.calendar.details import detail_lines
from couchcal.tui.calendar.layout import DAY_MINUTES, Key, key_of
from couchcal.tui.calendar.lines import Line
from couchcal.tui.calendar.period import View, period_of
from couchcal.tui.calendar.scene import Cursor
from couchcal.tui.calendar.sidebar import WIDTH as SIDEBAR_WIDTH
from couchcal.tui.calendar.sidebar import Sidebar
from couchcal.tui.calendar.state import CalendarState
from couchcal.tui.calendar.time_grid import TimeGrid
from couchcal.tui.calendar.view import CalendarView
from couchcal.tui.commands import Keymap
from couchcal.tui.palette import Palette

LEAST_WIDTH, LEAST_HEIGHT = 40, 10
_CHROME_ROWS = 4
"""What of a screen of hours is none: header, weekdays, a line of whole days, status."""
_FINE_MINUTES = 15


class Body(Horizontal):
    """A view and the sidebar, which leave nothing of it to be seen: no line of its own is ever made."""

    def render_lines(self, crop: Region) -> list[Strip]:
        return []


class Showing(CalendarState, part=True):
    """Draws what the state says; a cursor step draws only what differs."""

    rows_chosen = False
    """Whether a key has chosen how many minutes a row is."""

    def __init__(self, database: Database, clock: Clock, settings: Settings, keymap: Keymap, view: View) -> None:
        super().__init__(database, clock, settings, keymap, view)
        self._stage: dict[type[CalendarView], CalendarView] = {}
        self._acts = self._actions_by_key()
        self._keys_shown: tuple[object, ...] | None = None
        """What the keys in the status line were chosen by; None while it says something else."""

    def compose(self) -> ComposeResult:
        yield Line(id="header")
        with Body(id="body"):
            yield self._make_view(self._view_class())
            yield Sidebar(self.palette)
        yield Line(id="status")

    def render_lines(self, crop: Region) -> list[Strip]:
        """Of the screen itself something shows only below the words that it is too small."""
        return super().render_lines(crop) if self.has_class("-too-small") else []

    def on_resize(self) -> None:
        size = self.app.size
        self.set_class(size.width < LEAST_WIDTH or size.height < LEAST_HEIGHT, "-too-small")
        self.set_class(not self._sidebar_shown(), "-no-sidebar")
        self._fit_rows(size.height)
        self.show()

    def _fit_rows(self, height: int) -> None:
        """Where all hours of a day would leave lines empty below them, show fewer hours in finer rows, unless the
        settings or a key have asked for others."""
        usual = Settings().row_minutes
        if self.rows_chosen or self.settings.row_minutes != usual:
            return
        self.row_minutes = _FINE_MINUTES if height - _CHROME_ROWS > DAY_MINUTES // usual else usual
        self.cursor = self.cursor._replace(minute=self.cursor.minute // self.row_minutes * self.row_minutes)

    def _restyle(self) -> None:
        self.palette = Palette.of(self.app.theme_variables)
        self.show()

    def _view_class(self) -> type[CalendarView]:
        if self.calendar_view is View.MONTH:
            from couchcal.tui.calendar.month_grid import MonthGrid

            return MonthGrid
        if self.calendar_view is View.AGENDA:
            from couchcal.tui.calendar.agenda_list import AgendaList

            return AgendaList
        return TimeGrid

    @property
    def current(self) -> CalendarView:
        """The widget of the present view, mounted on first use."""
        wanted = self._view_class()
        if wanted not in self._stage:
            self.query_one("#body").mount(self._make_view(wanted), before=0)
        return self._stage[wanted]

    def _make_view(self, kind: type[CalendarView]) -> CalendarView:
        view = self._stage[kind] = kind(self.scene, self.palette, self.cursor)
        view.intercept = self.key_first
        view.ghost = self.ghost
        return view

    def key_first(self, event: events.Key) -> bool:
        """Whether a key is used up: letters to jump by, any other to stay; else its command runs here and now."""
        # As a binding it would run two queues later: of `mj` in one breath the `j` would come before the `m`.
        if not self.labels:
            act = next((self._acts[name] for name in event.aliases if name in self._acts), None)
            if act is not None:
                act()
            return act is not None
        typed = event.character or event.key
        left = {key: label[1:] for key, label in self.labels.items() if label.startswith(typed)}
        chosen = next((key for key, label in left.items() if not label), None)
        self.labels = {} if chosen is not None else left
        self.show()
        entry = next((entry for entry in self.scene.entries if key_of(entry) == chosen), None)
        if entry is not None:
            self.point(self.cursor_on(entry))
        return True

    def _actions_by_key(self) -> dict[str, Callable[[], object]]:
        return {
            key: getattr(self, f"action_{name.replace('-', '_')}")
            for name, keys in self.keymap.keys.items()
            for key in keys.split(",")
        }

    def show(self) -> None:
        """Show period, cursor and data as they are now."""
        self.period = period_of(
            self.calendar_view, self.cursor.day, self.week_start, self.week_columns, self.period
        )
        self.scene = self._scene()
        if not self.is_mounted:
            return
        current = self.current
        for view in self._stage.values():
            view.display = view is current
        if not current.has_focus and self.app.screen is self:
            current.focus()
        current.show(self.scene, self.cursor, self.palette)
        self.show_around()
        if not data.covers(self.loaded.window, self.period):
            self.ask_for_days(soon=False)
        elif not data.covers(self.loaded.window, self._ahead()):
            self.ask_for_days(soon=True)

    def show_around(self) -> None:
        """Bring header, sidebar and status line up to date."""
        self.query_one("#header", Line).show(*header_runs(self), self.palette.header)
        keys = None if self.ghost or self.labels else (self.app.size.width, self.keymap, self.palette)
        if keys is None or keys != self._keys_shown:
            self.query_one("#status", Line).show(*status_runs(self), self.palette.header)
        self._keys_shown = keys
        if not self._sidebar_shown():
            return
        entry = self.picked
        details = [] if self.loaded.entries else empty_lines(self)
        if entry is not None:
            details = detail_lines(entry, self.scene, self.palette, self._particulars_of(entry), SIDEBAR_WIDTH - 3)
        self.query_one(Sidebar).show(
            self.scene, self.palette, self.cursor.day, self._busy.__getitem__, self.week_start, details,
            self._today_note(),
        )  # fmt: skip

    def _particulars_of(self, entry: Entry) -> Particulars:
        if self._particulars[0] != key_of(entry):
            found = Particulars()
            if entry.table == "appointment":
                with database_errors():
                    found = particulars(self.reader, entry.row_id)
            self._particulars = (key_of(entry), found)
        return self._particulars[1]

    def _today_note(self) -> str:
        count = self._busy[self.now_local.date()]
        return f"Today {count} booked" if count else "Today nothing booked"

    def point(self, cursor: Cursor, *, keep: Key | None = None) -> None:
        """Move the cursor; `keep` is the entry to stay on if it is there."""
        day_changed = cursor.day != self.cursor.day
        if cursor.picked is None:
            cursor = cursor._replace(picked=self._entry_at(cursor, keep))
        self.cursor = cursor
        period = period_of(self.calendar_view, cursor.day, self.week_start, self.week_columns, self.period)
        month_changed = self.calendar_view is View.MONTH and cursor.day.month != self.scene.month
        if period != self.period or month_changed:
            self.show()
            if self.cursor.picked is None:
                self._repick()
            return
        self.current.move_cursor(cursor)
        self.show_around()
        if day_changed and not data.covers(self.loaded.window, self._month()):
            self.ask_for_days(soon=True)

    def _repick(self) -> None:
        found = self._entry_at(self.cursor, None)
        if found is not None:
            self.cursor = self.cursor._replace(picked=found)
            self.current.move_cursor(self.cursor)
            self.show_around()

    def ask_for_days(self, *, soon: bool) -> None:
        """Called when days are in sight, or (`soon`) near it, that are not loaded."""
