"""The nightly backup: at a quiet hour, or as soon as the computer is awake again."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from couchcal.clock import Clock
from couchcal.practice.agenda import practice_facts
from couchcal.scheduling.wallclock import to_local, zone_or_utc
from couchcal.settings import load as load_settings
from couchcal.store import backup
from couchcal.store.audit_prune import prune_journal
from couchcal.store.connection import Database, database_errors
from couchcal.worker.watch import Watch

QUIET_HOUR = 3
LOOK_S = 300.0
"""How often the clock is looked at: a computer that slept notices the next morning."""
FIRST_S = 60.0
"""How long after the start: what is on screen comes first."""


def due_at(last: datetime | None, wall: datetime) -> bool:
    """Whether a quiet hour has come since the last backup, both on the wall clock; always where there is none."""
    quiet = wall.replace(hour=QUIET_HOUR, minute=0, second=0, microsecond=0)
    if quiet > wall:
        quiet -= timedelta(days=1)
    return last is None or last < quiet


def back_up_if_due(database: Database, clock: Clock) -> None:
    """What the job does, once, for a program without a worker."""
    watch = Watch(database)
    try:
        job = BackupJob(database, watch, clock=clock, at_once=True)
        if job.due(0.0, moved=False, asked=False):
            job.run(0.0)
    finally:
        watch.close()


class BackupJob:
    """Backs up once a night, removes what is too old, and copies the newest one away if the settings say where.

    Args:
        watch: the worker's reading connection.
        at_once: look the first time it is asked, not a minute later.
    """

    name = "backup"

    def __init__(self, database: Database, watch: Watch, *, clock: Clock, at_once: bool = False) -> None:
        self._database, self._watch, self._clock = database, watch, clock
        self._next = float("-inf") if at_once else None
        self._uncopied: Path | None = None

    def due(self, now: float, *, moved: bool, asked: bool) -> bool:
        if self._next is None:
            self._next = now + FIRST_S
        if now < self._next:
            return False
        if self._uncopied is not None or self._night():
            return True
        self._next = now + LOOK_S
        return False

    def run(self, now: float) -> bool:
        if self._night():
            self._uncopied = backup.make(
                self._database, self._wall(self._clock()), clock=self._clock, actor="worker"
            )
            backup.rotate(self._database.path)
            self._prune_journal()
        self._next = now + LOOK_S
        away = load_settings().backup.copy_to
        if away and self._uncopied is not None:
            backup.copy_away(self._uncopied, Path(away).expanduser())
        self._uncopied = None
        return False

    def _night(self) -> bool:
        """Whether a quiet hour has come since the last backup."""
        found = backup.existing(self._database.path)
        return due_at(self._wall(found[0].made_at) if found else None, self._wall(self._clock()))

    def _prune_journal(self) -> None:
        """Forget what rows were so long ago that nobody undoes it: it holds clients' data."""
        with database_errors(self._database.path), closing(self._database.connect()) as connection:
            prune_journal(connection, self._clock())

    def _wall(self, instant: datetime) -> datetime:
        with database_errors(self._database.path):
            tz = zone_or_utc(practice_facts(self._watch.connection).tz)
        return to_local(instant, tz).replace(tzinfo=None)
