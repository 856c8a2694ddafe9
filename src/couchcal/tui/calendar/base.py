"""The calendar screen without its commands: state, showing, writing and reading, and the beat of a second."""

from __future__ import annotations

from couchcal.errors import CouchcalError
from couchcal.scheduling.wallclock import to_local
from couchcal.store.connection import database_errors
from couchcal.tui.calendar.reading import Reading

_POLL_SECONDS = 1.0


class CalendarBase(Reading):
    """What the commands build on."""

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
