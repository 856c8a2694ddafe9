"""Reading the calendar in the background: the days in sight, those near them, and series further ahead."""

from __future__ import annotations

from dataclasses import replace

from textual import work
from textual.message import Message

from couchcal.errors import CouchcalError
from couchcal.practice.agenda import day_instant, one
from couchcal.practice.glance import Particulars
from couchcal.store.connection import database_errors
from couchcal.tui.calendar import data
from couchcal.tui.calendar.layout import key_of
from couchcal.tui.calendar.period import Period
from couchcal.tui.calendar.writing import Writing

_READ_AHEAD_SECONDS = 0.12
_AGAIN_SECONDS = 2.0
"""After a reading that went wrong."""


class Reading(Writing, part=True):
    """Fetches days before they are asked for, and puts what arrives in place."""

    _trouble = ""
    """What the last reading failed of."""

    class Arrived(Message):
        """Fresh data."""

        def __init__(self, loaded: data.Loaded) -> None:
            super().__init__()
            self.loaded = loaded

    class Extended(Message):
        """Series have rows in another window now."""

    def ask_for_days(self, *, soon: bool) -> None:
        if soon:
            self._fetch_soon()
        else:
            self.fetch()

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
            loaded = data.load(self._loader, window, self.tz, self.clock())
            self.post_message(self.Arrived(loaded))  # before another reading begins: the newest is to come last

    def reading_failed(self, problem: CouchcalError) -> None:
        """Say once what is wrong, and try again: what others wrote is to be seen sooner or later."""
        if self.database.locked:
            return
        if str(problem) != self._trouble:
            self._trouble = str(problem)
            self.toast(self._trouble, severity="error")
        if self._reading_ahead is not None:
            self._reading_ahead.stop()
        self._reading_ahead = self.set_timer(_AGAIN_SECONDS, self.fetch)

    def on_reading_arrived(self, message: Arrived) -> None:
        if self.database.locked:
            return
        self._trouble = ""
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
        self._particulars = (None, Particulars())
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
        """Put the cursor on what was just stored, on whatever day that is."""
        written, self._written = self._written, None
        if written is None or self.ghost is not None or self.cursor.picked == written:
            return
        found = next((entry for entry in self.scene.entries if key_of(entry) == written), None)
        elsewhere = found is None
        if elsewhere:
            with database_errors(self.database.path):
                found = one(self.reader, written[1], self.tz)
        if found is None:
            return
        self.point(self.cursor_on(found))
        if elsewhere:
            self.current.reveal(first=True)

    @work(thread=True, group="extend", exclusive=True, exit_on_error=False)
    def _extend(self, window: Period) -> None:
        from couchcal.practice.series import extend_all

        start, end = day_instant(window.first, self.tz), day_instant(window.until, self.tz)
        with self._writing:
            added = extend_all(self.database, start, end, clock=self.clock)
        if added:
            self.post_message(self.Extended())

    def on_reading_extended(self) -> None:
        self.fetch()
