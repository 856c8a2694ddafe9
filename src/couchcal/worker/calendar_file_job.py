"""The practitioner's feed as a file on this computer, for programs that read no addresses (SYNC-16)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from couchcal.clock import Clock
from couchcal.paths import replacing
from couchcal.settings import load as load_settings
from couchcal.store.connection import Connection, Database, database_errors
from couchcal.worker.watch import Watch

PAUSE_S = 2.0
"""How long after one look the next one comes at the earliest: a change of many rows makes one file."""
LOOK_S = 30.0
"""How often it is looked, at the latest, for another day, another setting, or a folder that is there again."""
_OURS = b"PRODID:-//couchcal//"


class NotOurs(Exception):
    """The file that would be replaced is somebody else's."""


class CalendarFileJob:
    """Keeps the file of the setting `calendar_file` current: whole or not at all, mode 0600, written only when
    something in it changed. A file that another program wrote is left alone.

    Args:
        watch: the worker's reading connection.
        log: gets one line when the file cannot be written, and one when it can again.
    """

    name = "calendar file"

    def __init__(self, database: Database, watch: Watch, *, clock: Clock, log: Callable[[str], None]) -> None:
        self._database, self._watch, self._clock, self._log = database, watch, clock, log
        self._moved = False
        self._not_before = self._look_at = float("-inf")
        self._trouble = ""
        self._written: object = None

    def due(self, now: float, *, moved: bool, asked: bool) -> bool:
        self._moved |= moved
        if now < self._not_before or not (self._moved or now >= self._look_at):
            return False
        path = _wanted()
        if path is not None and (self._moved or self._written is None or self._state(path) != self._written):
            return True
        self._rest(now)
        return False

    def run(self, now: float) -> bool:
        path = _wanted()
        if path is None:
            return False
        with database_errors(self._database.path):
            content = _content(self._watch.connection, self._clock)
        self._rest(now)
        try:
            _put(path, content)
            self._tell("")
            self._written = self._state(path)
        except NotOurs:
            self._tell("another program wrote the file that is there; choose another name in calendar_file")
        except OSError as error:
            self._tell(f"it cannot be written where it should be ({error.strerror}); this is tried again and again")
        return False

    def _tell(self, trouble: str) -> None:
        """Log what is wrong once, and that it is right again."""
        if trouble != self._trouble:
            self._log(f"{self.name}: {trouble or 'written again'}")
        self._trouble = trouble

    def _rest(self, now: float) -> None:
        self._moved = False
        self._not_before, self._look_at = now + PAUSE_S, now + LOOK_S

    def _state(self, path: Path) -> object:
        """What is another one when the file has to be made anew though nobody wrote to the database."""
        try:
            found = path.stat()
        except OSError:
            return None
        return str(path), self._clock().date(), found.st_ino, found.st_size, found.st_mtime_ns


def _wanted() -> Path | None:
    setting = load_settings().calendar_file
    return Path(setting).expanduser() if setting else None


def _content(connection: Connection, clock: Clock) -> bytes:
    from couchcal.ics.feed import calendar
    from couchcal.practice.feeds import practitioner

    connection.execute("BEGIN")
    try:
        return calendar(practitioner(connection, now=clock()))
    finally:
        connection.execute("ROLLBACK")


def _put(path: Path, content: bytes) -> None:
    """Replace the file, unless it is the same.

    Raises:
        NotOurs: another program wrote what is there.
        OSError: there is no such folder, or it cannot be written to.
    """
    path = path.resolve() if path.is_symlink() else path
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        found = b""
    if found == content:
        return
    if found and _OURS not in found[:200]:
        raise NotOurs
    with replacing(path) as out:
        out.write(content)
