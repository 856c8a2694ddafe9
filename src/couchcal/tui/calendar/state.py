"""The calendar screen's state: what is loaded, where the cursor is, what both make of the screen."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, ClassVar

from textual.screen import Screen
from textual.timer import Timer

from couchcal.clock import Clock
from couchcal.practice.agenda import Entry, practice_facts
from couchcal.practice.glance import Particulars
from couchcal.scheduling.wallclock import UnknownZone, to_instant, to_local, zone
from couchcal.settings import Settings
from couchcal.store.connection import Connection, Database, database_errors
from couchcal.tui.calendar import data
from couchcal.tui.calendar.layout import Key, key_of
from couchcal.tui.calendar.period import MONTH_DAYS, Period, View, later, period_of, title, week_of
from couchcal.tui.calendar.picking import entry_at
from couchcal.tui.calendar.scene import Cursor, Ghost, Scene, SecondZone
from couchcal.tui.calendar.time_layout import GUTTER, SECOND_GUTTER
from couchcal.tui.calendar.words import name_of, when_text
from couchcal.tui.commands import Keymap
from couchcal.tui.frugal import NarrowCompositor
from couchcal.tui.palette import Palette
from couchcal.tui.text import glyphs_for, packed, toast_cells

if TYPE_CHECKING:
    from couchcal.sync.status import Status

SIDEBAR_FROM = 100
"""Terminal columns from which the sidebar is shown."""
_SHORT_WEEK = 3


def second_zone(name: str) -> SecondZone | None:
    """The zone of that name to show beside the hours; None where it is empty or unknown here."""
    try:
        return SecondZone(name, zone(name)) if name else None
    except UnknownZone:
        return None


class CalendarState(Screen[None], inherit_bindings=False):
    """What is loaded, what is shown, where the cursor is. Nothing here draws, reads or writes by itself."""

    AUTO_FOCUS: ClassVar[str | None] = None

    def __init_subclass__(cls, *, part: bool = False, **options: bool) -> None:
        """A `part` of the screen is never shown by itself: what Textual works out for every class of widgets (keys,
        reactives, names for style sheets) is worked out once, for the screen that has all parts."""
        if not part:
            super().__init_subclass__(**options)

    def __init__(self, database: Database, clock: Clock, settings: Settings, keymap: Keymap, view: View) -> None:
        super().__init__()
        self._compositor = NarrowCompositor()
        self.database, self.clock, self.settings, self.keymap = database, clock, settings, keymap
        self.reader: Connection = database.connect()
        self._loader: Connection | None = None
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
        self.second_zone = second_zone(settings.second_time_zone)
        self.second_shown = self.second_zone is not None
        minute = self.now_local.hour * 60 + self.now_local.minute
        self.cursor = Cursor(self.now_local.date(), minute // self.row_minutes * self.row_minutes)
        self.period = period_of(view, self.cursor.day, self.week_start, self.week_columns)
        self.loaded = data.NOTHING
        self.sync_status: Status | None = None
        """How the sync was when it was last looked at."""
        self.ghost: Ghost | None = None
        self.lifted_in_agenda = False
        """Whether the entry in the hand was taken from the agenda, which has no place for it."""
        self.labels: dict[Key, str] = {}
        self.palette = Palette.of(self.app.theme_variables)
        self._reading_ahead: Timer | None = None
        self._warming: Timer | None = None
        self._generation = 0
        self._versions: tuple[int, ...] = ()
        self._extended: Period | None = None
        self._busy: Counter[date] = Counter()
        self._written: Key | None = None
        self._particulars: tuple[Key | None, Particulars] = (None, Particulars())
        self.set_class(not self._sidebar_shown(), "-no-sidebar")
        with database_errors(database.path):
            self.loaded = data.load(self.reader, self.period, self.tz, self.clock())
        self._busy = self._count()
        self.scene = self._scene()

    @property
    def names(self) -> str:
        """How clients are called on screen now."""
        return "id" if self.private else self.settings.names

    @property
    def shows_names(self) -> bool:
        """Whether words of the practice, which call clients by name, may be shown as they are."""
        return self.names == "full"

    @property
    def week_columns(self) -> int:
        """Days a week view has room for: seven from `SIDEBAR_FROM` columns on, else three, or less."""
        width = self.app.size.width
        if width >= SIDEBAR_FROM:
            return 7
        return max(min(_SHORT_WEEK, (width - self._gutter()) // 11), 1)

    def _gutter(self) -> int:
        return GUTTER + (SECOND_GUTTER if self.second_shown and self.second_zone is not None else 0)

    def _sidebar_shown(self) -> bool:
        return self.sidebar_wanted and self.app.size.width >= SIDEBAR_FROM

    def _scene(self, period: Period | None = None) -> Scene:
        """What is to be seen of the days in sight, or of `period`."""
        period = period or self.period
        self._generation += 1
        return Scene(
            view=self.calendar_view,
            period=period,
            entries=data.visible(self.loaded.entries, period, self.tz),
            tz=self.tz,
            now_local=self.now_local,
            generation=self._generation,
            row_minutes=self.row_minutes,
            first_minute=self.settings.first_hour * 60,
            names=self.names,
            hour24=self.settings.clock_24h,
            glyphs=self.glyphs,
            availability=self.loaded.availability,
            loaded=data.covers(self.loaded.window, period),
            month=self.cursor.day.month if self.calendar_view is View.MONTH else 0,
            second=self.second_zone if self.second_shown else None,
            labels=self.labels,
        )

    def _month(self) -> Period:
        return Period(week_of(self.cursor.day.replace(day=1), self.week_start), MONTH_DAYS)

    def _ahead(self) -> Period:
        """What must be loaded: the period, the ones beside it, and the sidebar's month."""
        month = self._month()
        first = min(later(self.period.first, -self.period.days), month.first)
        return Period(first, (max(later(self.period.until, self.period.days), month.until) - first).days)

    @property
    def period_title(self) -> str:
        """The header's words for what is shown."""
        return title(self.calendar_view, self.cursor.day, self.period).replace("–", self.glyphs.dash)

    @property
    def picked(self) -> Entry | None:
        """The entry under the cursor."""
        if self.cursor.picked is None:
            return None
        return next((entry for entry in self.scene.entries if key_of(entry) == self.cursor.picked), None)

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

    def when_of(self, entry: Entry) -> str:
        """`Tue 3 Mar 15:00–15:50`, as the settings want times."""
        return when_text(entry, self.tz, self.glyphs.dash, hour24=self.settings.clock_24h)

    def label_of(self, entry: Entry) -> str:
        """An entry in a question: name and time."""
        return f"{name_of(entry, self.names)}  {self.when_of(entry)}"

    def cursor_instant(self) -> datetime:
        """The instant at the cursor's cell."""
        local = datetime.combine(self.cursor.day, datetime.min.time()) + timedelta(minutes=self.cursor.minute)
        return to_instant(local, self.tz)

    def _count(self) -> Counter[date]:
        counts: Counter[date] = Counter()
        for entry in self.loaded.entries:
            if entry.cancelled or entry.kind in ("time_off", "request", "external"):
                continue
            counts[entry.first_day or to_local(entry.start, self.tz).date()] += 1
        return counts

    def toast(self, text: str, *, severity: str = "information") -> None:
        """Say something at the edge of the screen; markup in names is plain text."""
        level = "error" if severity == "error" else "warning" if severity == "warning" else "information"
        text = packed(text, self.glyphs.separator, toast_cells(self.app.size.width))
        self.notify(text, severity=level, markup=False)  # type: ignore[arg-type]  # one of the three literals
