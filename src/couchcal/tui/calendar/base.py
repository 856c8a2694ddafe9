"""The calendar screen's state and how it gets onto the screen; what the user can do lives in the mixins."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Lock
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker, WorkerState

from couchcal.clock import Clock
from couchcal.errors import CouchcalError
from couchcal.practice.agenda import Entry, day_instant, practice_facts
from couchcal.practice.outcome import Done
from couchcal.scheduling.wallclock import to_instant, to_local, zone
from couchcal.settings import Settings
from couchcal.store.connection import Database, database_errors
from couchcal.tui.calendar import data
from couchcal.tui.calendar.bars import empty_lines, header_runs, status_runs
from couchcal.tui.calendar.details import Extra, detail_lines
from couchcal.tui.calendar.layout import Key, key_of
from couchcal.tui.calendar.lines import Line
from couchcal.tui.calendar.period import MONTH_DAYS, Period, View, later, period_of, title, week_of
from couchcal.tui.calendar.picking import entry_at
from couchcal.tui.calendar.scene import Cursor, Ghost, Scene
from couchcal.tui.calendar.sidebar import WIDTH as SIDEBAR_WIDTH
from couchcal.tui.calendar.sidebar import Sidebar
from couchcal.tui.calendar.time_grid import TimeGrid
from couchcal.tui.calendar.time_paint import GUTTER
from couchcal.tui.calendar.view import CalendarView
from couchcal.tui.commands import Keymap
from couchcal.tui.text import glyphs_for
from couchcal.tui.theme import Palette

SIDEBAR_FROM = 100
"""Terminal columns from which the sidebar is shown."""
LEAST_WIDTH, LEAST_HEIGHT = 40, 10
_SHORT_WEEK = 3
_POLL_SECONDS = 1.0
_READ_AHEAD_SECONDS = 0.12
_WARM_AFTER_SECONDS = 0.3


def _load_practice() -> None:
    import couchcal.practice.appointments
    import couchcal.practice.undo  # noqa: F401  imported for the effect


class CalendarBase(Screen[None], inherit_bindings=False):
    """What is loaded, what is shown, where the cursor is."""

    AUTO_FOCUS: ClassVar[str | None] = None

    class Arrived(Message):
        """Fresh data."""

        def __init__(self, loaded: data.Loaded) -> None:
            super().__init__()
            self.loaded = loaded

    class Extended(Message):
        """Series have rows in another window now."""

    class Written(Message):
        """A change is stored."""

        def __init__(self, done: Done) -> None:
            super().__init__()
            self.done = done

    class Failed(Message):
        """A change was refused or went wrong; nothing is stored."""

        def __init__(self, problem: CouchcalError) -> None:
            super().__init__()
            self.problem = problem

    def __init__(self, database: Database, clock: Clock, settings: Settings, keymap: Keymap, view: View) -> None:
        super().__init__()
        self.database, self.clock, self.settings, self.keymap = database, clock, settings, keymap
        self.reader: sqlite3.Connection = database.connect()
        self._loader: sqlite3.Connection | None = None
        self._loading, self._writing = Lock(), Lock()
        facts = practice_facts(self.reader)
        self.tz_name, self.tz = facts.tz, zone(facts.tz)
        self.week_start = facts.week_start if settings.week_start is None else settings.week_start
        self.glyphs = glyphs_for(settings.ascii)
        self.app.set_class(not self.glyphs.lower, "-ascii")
        self.now_local = to_local(clock(), self.tz)
        self.calendar_view = view
        self.row_minutes = settings.row_minutes
        self.private = False
        self.sidebar_wanted = True
        minute = self.now_local.hour * 60 + self.now_local.minute
        self.cursor = Cursor(self.now_local.date(), minute // self.row_minutes * self.row_minutes)
        self.period = period_of(view, self.cursor.day, self.week_start, self.week_columns)
        self.loaded = data.NOTHING
        self.ghost: Ghost | None = None
        self.lifted_in_agenda = False
        """Whether the entry in the hand was taken from the agenda, which has no place for it."""
        self.labels: dict[Key, str] = {}
        self.palette = Palette.of(self.app.theme_variables)
        self._reading_ahead: Timer | None = None
        self._warming: Timer | None = None
        self._acts = self._actions_by_key()
        self._generation = 0
        self._versions: tuple[int, ...] = ()
        self._extended: Period | None = None
        self._busy: Counter[date] = Counter()
        self._written: Key | None = None
        self._extra: tuple[Key | None, Extra] = (None, Extra())
        self.set_class(not self._sidebar_shown(), "-no-sidebar")
        with database_errors(database.path):
            self.loaded = data.load(self.reader, self.period, self.tz)
        self._busy = self._count()
        self.scene = self._scene()
        self._stage: dict[type[CalendarView], CalendarView] = {}

    # Composition

    def compose(self) -> ComposeResult:
        yield Line(id="header")
        with Horizontal(id="body"):
            yield self._make_view(self._view_class())
            yield Sidebar(self.palette)
        yield Line(id="status")

    def on_mount(self) -> None:
        self.current.focus()
        self._versions = self._data_version()
        self.call_after_refresh(self.fetch)
        self.set_interval(_POLL_SECONDS, self._tick)
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._restyle())

    def on_unmount(self) -> None:
        self.workers.cancel_node(self)
        with self._loading:
            if self._loader is not None:
                self._loader.close()
                self._loader = None
        self.reader.close()

    def on_resize(self) -> None:
        size = self.app.size
        self.set_class(size.width < LEAST_WIDTH or size.height < LEAST_HEIGHT, "-too-small")
        self.set_class(not self._sidebar_shown(), "-no-sidebar")
        self.show()

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
        """Whether a key is used up: a letter to jump to, any other to stay; else its command runs here and now."""
        # As a binding it would run two queues later: of `mj` in one breath the `j` would come before the `m`.
        if not self.labels:
            act = next((self._acts[name] for name in event.aliases if name in self._acts), None)
            if act is not None:
                act()
            return act is not None
        chosen = next((key for key, label in self.labels.items() if label == event.character), None)
        self.labels = {}
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

    # Showing

    @property
    def names(self) -> str:
        """How clients are called on screen now."""
        return "id" if self.private else self.settings.names

    @property
    def week_columns(self) -> int:
        """Days a week view has room for: seven from `SIDEBAR_FROM` columns on, else three, or less."""
        width = self.app.size.width
        if width >= SIDEBAR_FROM:
            return 7
        return max(min(_SHORT_WEEK, (width - GUTTER) // 11), 1)

    def _sidebar_shown(self) -> bool:
        return self.sidebar_wanted and self.app.size.width >= SIDEBAR_FROM

    def _scene(self) -> Scene:
        self._generation += 1
        return Scene(
            view=self.calendar_view,
            period=self.period,
            entries=data.visible(self.loaded.entries, self.period, self.tz),
            tz=self.tz,
            now_local=self.now_local,
            generation=self._generation,
            row_minutes=self.row_minutes,
            first_minute=self.settings.first_hour * 60,
            names=self.names,
            hour24=self.settings.clock_24h,
            glyphs=self.glyphs,
            availability=self.loaded.availability,
            loaded=data.covers(self.loaded.window, self.period),
            month=self.cursor.day.month,
            labels=self.labels,
        )

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
            self.fetch()
        elif not data.covers(self.loaded.window, self._ahead()):
            self._fetch_soon()

    def _month(self) -> Period:
        return Period(week_of(self.cursor.day.replace(day=1), self.week_start), MONTH_DAYS)

    def _ahead(self) -> Period:
        """What must be loaded: the period, the ones beside it, and the sidebar's month."""
        month = self._month()
        first = min(later(self.period.first, -self.period.days), month.first)
        return Period(first, (max(later(self.period.until, self.period.days), month.until) - first).days)

    def show_around(self) -> None:
        """Bring header, sidebar and status line up to date."""
        self.query_one("#header", Line).show(*header_runs(self), self.palette.header)
        self.query_one("#status", Line).show(*status_runs(self), self.palette.header)
        if not self._sidebar_shown():
            return
        entry = self.picked
        details = [] if self.loaded.entries else empty_lines(self)
        if entry is not None:
            if self._extra[0] != key_of(entry):
                with database_errors():
                    self._extra = (key_of(entry), data.extra_of(self.reader, entry))
            details = detail_lines(entry, self.scene, self.palette, self._extra[1], SIDEBAR_WIDTH - 3)
        self.query_one(Sidebar).show(
            self.scene, self.palette, self.cursor.day, self._busy.__getitem__, self.week_start, details,
            self._today_note(),
        )  # fmt: skip

    def _today_note(self) -> str:
        count = self._busy[self.now_local.date()]
        return f"Today {count} booked" if count else "Today nothing booked"

    @property
    def period_title(self) -> str:
        """The header's words for what is shown."""
        return title(self.calendar_view, self.cursor.day, self.period).replace("–", self.glyphs.dash)

    # Cursor

    @property
    def picked(self) -> Entry | None:
        """The entry under the cursor."""
        if self.cursor.picked is None:
            return None
        return next((entry for entry in self.scene.entries if key_of(entry) == self.cursor.picked), None)

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
            self._fetch_soon()

    def _repick(self) -> None:
        found = self._entry_at(self.cursor, None)
        if found is not None:
            self.cursor = self.cursor._replace(picked=found)
            self.current.move_cursor(self.cursor)
            self.show_around()

    def _entry_at(self, cursor: Cursor, keep: Key | None) -> Key | None:
        whole_day = self.calendar_view in (View.MONTH, View.AGENDA)
        return entry_at(self.scene.entries, cursor, keep, self.row_minutes, self.tz, whole_day=whole_day)

    def cursor_on(self, entry: Entry) -> Cursor:
        """The cursor that stands on `entry`, where it begins."""
        if entry.first_day is not None:
            return Cursor(entry.first_day, self.cursor.minute, True, key_of(entry))
        start = to_local(entry.start, self.tz)
        minute = (start.hour * 60 + start.minute) // self.row_minutes * self.row_minutes
        return Cursor(start.date(), minute, False, key_of(entry))

    def cursor_instant(self) -> datetime:
        """The instant at the cursor's cell."""
        local = datetime.combine(self.cursor.day, datetime.min.time()) + timedelta(minutes=self.cursor.minute)
        return to_instant(local, self.tz)

    # Data

    def _tick(self) -> None:
        """Once a second: has anybody written, has the minute changed?"""
        now = to_local(self.clock(), self.tz)
        if now.replace(second=0) != self.now_local.replace(second=0):
            self.now_local = now
            self.show()
        versions = self._data_version()
        if versions != self._versions:
            self._versions = versions
            self.fetch()

    def _data_version(self) -> tuple[int, ...]:
        try:
            with database_errors():
                return tuple(self.reader.execute("PRAGMA data_version").fetchone())
        except CouchcalError:
            return self._versions

    def fetch(self) -> None:
        """Read the calendar anew in the background."""
        if self._reading_ahead is not None:
            self._reading_ahead.stop()
        self._fetch(data.window_around(self.period, self._month()))

    def _fetch_soon(self) -> None:
        """Read ahead once the keys rest: a thread that reads takes its time from the one that draws."""
        if self._reading_ahead is not None:
            self._reading_ahead.stop()
        self._reading_ahead = self.set_timer(_READ_AHEAD_SECONDS, self.fetch)

    @work(thread=True, group="load", exclusive=True, exit_on_error=False)
    def _fetch(self, window: Period) -> None:
        with self._loading, database_errors(self.database.path):
            if not self.is_running:
                return
            if self._loader is None:
                self._loader = self.database.connect()
            loaded = data.load(self._loader, window, self.tz)
        self.post_message(self.Arrived(loaded))

    def on_calendar_base_arrived(self, message: Arrived) -> None:
        loaded = message.loaded
        if not data.covers(loaded.window, self.period) and data.covers(self.loaded.window, self.period):
            return
        before = (
            data.visible(self.loaded.entries, self.period, self.tz),
            self.scene.loaded,
            self.loaded.availability,
        )
        self.loaded = loaded
        self._busy = self._count()
        self._extra = (None, Extra())
        after = data.visible(loaded.entries, self.period, self.tz), True, loaded.availability
        self.data_arrived()
        if before != after:
            self._keep_pick()
            self.show()
        else:
            self.show_around()
        self._pick_written()
        if not loaded.complete and loaded.window != self._extended:
            self._extended = loaded.window
            self._extend(loaded.window)

    def data_arrived(self) -> None:
        """Called when fresh data is in place, before it is shown."""

    def _keep_pick(self) -> None:
        entries = data.visible(self.loaded.entries, self.period, self.tz)
        self.scene = replace(self.scene, entries=entries)
        if self.cursor.picked not in {key_of(entry) for entry in entries}:
            self.cursor = self.cursor._replace(picked=None)
            self.cursor = self.cursor._replace(picked=self._entry_at(self.cursor, None))

    def _pick_written(self) -> None:
        """Put the cursor on what was just stored, if it is in sight."""
        found = next((entry for entry in self.scene.entries if key_of(entry) == self._written), None)
        self._written = None
        if found is not None and self.ghost is None and self.cursor.picked != key_of(found):
            self.point(self.cursor_on(found))

    def _count(self) -> Counter[date]:
        counts: Counter[date] = Counter()
        for entry in self.loaded.entries:
            if entry.cancelled or entry.kind in ("time_off", "request", "external"):
                continue
            counts[entry.first_day or to_local(entry.start, self.tz).date()] += 1
        return counts

    @work(thread=True, group="extend", exclusive=True, exit_on_error=False)
    def _extend(self, window: Period) -> None:
        from couchcal.practice.series import extend_all

        start, end = day_instant(window.first, self.tz), day_instant(window.until, self.tz)
        with self._writing:
            added = extend_all(self.database, start, end, clock=self.clock)
        if added:
            self.post_message(self.Extended())

    def on_calendar_base_extended(self) -> None:
        self.fetch()

    @work(thread=True, group="write", exit_on_error=False)
    def write(self, change: Callable[[], Done]) -> None:
        """Run a change of the practice in the background; `Written` or `Failed` follows."""
        try:
            with self._writing:
                done = change()
        except CouchcalError as problem:
            self.post_message(self.Failed(problem))
        else:
            self.post_message(self.Written(done))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            error = event.worker.error
            if not isinstance(error, CouchcalError):
                error = CouchcalError(f"{type(error).__name__} in the background", "nothing was changed")
            if event.worker.group == "write":
                self.post_message(self.Failed(error))
            else:
                self.toast(str(error), severity="error")

    def warm_soon(self) -> None:
        """Load what a change needs, in the background, as soon as somebody sets about one.

        Not at the start: who only looks does without it, and it is a third of the program's memory.
        """
        if self._warming is not None:
            self._warming.stop()
        self._warming = self.app.set_timer(_WARM_AFTER_SECONDS, self._warm)

    def on_screen_suspend(self) -> None:
        self.warm_soon()

    def _warm(self) -> None:
        self.app.run_worker(_load_practice, name="warm", group="warm", thread=True, exit_on_error=False)

    def toast(self, text: str, *, severity: str = "information") -> None:
        """Say something at the edge of the screen; markup in names is plain text."""
        level = "error" if severity == "error" else "warning" if severity == "warning" else "information"
        self.notify(text, severity=level, markup=False)  # type: ignore[arg-type]  # one of the three literals
