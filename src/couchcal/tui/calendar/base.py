"""The calendar screen without its commands: state, showing, writing and reading, and the beat of a second."""

from __future__ import annotations

from contextlib import suppress

from couchcal.errors import CouchcalError
from couchcal.practice.agenda import Entry, one
from couchcal.practice.news import latest, news
from couchcal.scheduling.wallclock import to_local
from couchcal.store.connection import database_errors, followed_version
from couchcal.sync import status
from couchcal.tui.calendar.painting_ahead import PaintingAhead
from couchcal.tui.calendar.words import name_of

_POLL_SECONDS = 1.0
_TICKS_TO_SYNC = 5
"""Beats after which it is looked how the sync is, even if nobody wrote: the time of its next try may be over."""


class CalendarBase(PaintingAhead, part=True):
    """What the commands build on."""

    _watched: Entry | None = None
    """What the cursor stood on when somebody else wrote."""
    _ticks = 0
    _at_rest = False
    """Whether the screen is locked and its connections are closed."""
    _heard = 0
    """The number of the last change that was looked through for news."""

    def on_mount(self) -> None:
        self.current.focus()
        self._versions = self._data_version()
        with suppress(CouchcalError), database_errors(self.database.path):
            self._heard = latest(self.reader)
        self._read_sync()
        self.call_after_refresh(self.fetch)
        self.set_interval(_POLL_SECONDS, self._tick)
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._restyle())

    def on_unmount(self) -> None:
        self.workers.cancel_node(self)
        self._close_connections()

    def _close_connections(self) -> None:
        with self._loading:
            if self._loader is not None:
                self._loader.close()
                self._loader = None
        self.reader.close()

    async def rest(self) -> None:
        """Close the connections; nothing is read until `go_on`."""
        self._at_rest = True
        self.workers.cancel_node(self)
        self._close_connections()

    def go_on(self) -> None:
        """Take up connections again, and show what was changed meanwhile."""
        if not self._at_rest:
            return
        self.reader = self.database.connect()
        self._at_rest = False
        self._watched = self.picked
        self._read_sync()
        self.fetch()

    def _tick(self) -> None:
        """Once a second: has anybody written, has the minute changed?"""
        if self._at_rest:
            return
        now = to_local(self.clock(), self.tz)
        if now.replace(second=0) != self.now_local.replace(second=0):
            self.now_local = now
            self.show()
        versions = self._followed_version()
        self._ticks += 1
        if versions != self._versions or self._ticks % _TICKS_TO_SYNC == 0:
            self._read_sync()
        if versions != self._versions:
            self._versions = versions
            if not self._under_way and self.app.screen is self:
                self._watched = self.picked
            self.fetch()

    def _read_sync(self) -> None:
        """See how the sync is, and say it in the header where that is something else (SYNC-19)."""
        with suppress(CouchcalError), database_errors(self.database.path):
            found = status.read(self.reader)
            if found != self.sync_status:
                self.sync_status = found
                self.show_around()

    def _say_news(self) -> None:
        """Say what clients did by themselves, whatever screen is on top (REQ-03)."""
        with suppress(CouchcalError), database_errors(self.database.path):
            upto = latest(self.reader)
            if upto == self._heard:
                return
            found, self._heard = news(self.reader, self._heard), upto
            if not found:
                return
            from couchcal.tui.calendar.news_words import news_words

            key = self.keymap.shown_first if self.app.screen is self else None
            self.toast(news_words(self.reader, found, self.tz, self.names, key))

    def data_arrived(self) -> None:
        super().data_arrived()
        self._say_news()
        watched, self._watched = self._watched, None
        if watched is None or self.ghost is not None or watched.table != "appointment":
            return
        with database_errors(self.database.path):
            stored = one(self.reader, watched.row_id, self.tz)
        if stored is None or (stored.start, stored.end) != (watched.start, watched.end):
            self.toast(self.fate_of(watched, stored))

    def settled(self) -> None:
        """A change of our own is through, one way or the other: read it, and take it for nobody else's."""
        self._under_way = max(self._under_way - 1, 0)
        self._versions = self._data_version()
        self.fetch()

    def fate_of(self, entry: Entry, stored: Entry | None) -> str:
        """What became of an entry that somebody else changed: `Jane D. was moved elsewhere, to Tue 3 Mar 15:00`."""
        name = name_of(entry, self.names)
        if stored is None:
            return f"{name} was deleted elsewhere"
        if stored.cancelled and not entry.cancelled:
            return f"{name} was cancelled elsewhere"
        if (stored.start, stored.end) != (entry.start, entry.end):
            return f"{name} was moved elsewhere, to {self.when_of(stored)}"
        return f"{name} was changed elsewhere"

    def is_as_shown(self, entry: Entry) -> bool:
        """Whether an appointment still is where it is shown, and not cancelled since; if not, that is said."""
        if entry.table != "appointment":
            return True
        with database_errors(self.database.path):
            stored = one(self.reader, entry.row_id, self.tz)
        same = stored is not None and (stored.start, stored.end, stored.status) == (
            entry.start, entry.end, entry.status,
        )  # fmt: skip
        if not same:
            self.toast(f"{self.fate_of(entry, stored)}: nothing was done to it", severity="warning")
        return same

    def _followed_version(self) -> tuple[int, ...]:
        """`_data_version`, on a server perhaps some milliseconds late."""
        try:
            with database_errors():
                return (followed_version(self.reader),)
        except CouchcalError:
            return self._versions

    def _data_version(self) -> tuple[int, ...]:
        try:
            with database_errors():
                return tuple(self.reader.execute("PRAGMA data_version").fetchone())
        except CouchcalError:
            return self._versions
