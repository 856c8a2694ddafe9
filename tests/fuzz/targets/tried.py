"""A database that each input finds as the one before it did."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from couchcal.practice import agenda
from couchcal.practice.search import find
from couchcal.scheduling.wallclock import zone
from couchcal.store.connection import Database
from tests.support.demo import NOW


class Tried:
    """A copy of `template` in the folder `tried`, the same file for all inputs: statements are compiled once."""

    def __init__(self, template: Database, folder: Path) -> None:
        place = folder / "tried"
        place.mkdir(mode=0o700)
        self._template = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(at_rest(template).path)) as stored:
            stored.backup(self._template)
        self._database = Database(place / "couchcal.db", None)
        self._writer = sqlite3.connect(self._database.path)
        self.afresh()

    def afresh(self) -> Database:
        """The database as it was at first."""
        self._template.backup(self._writer)
        self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return self._database


def at_rest(database: Database) -> Database:
    """The database with all that was written in its one file."""
    database.dispose()
    with closing(database.connect()) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return database


def shown(database: Database) -> int:
    """How many entries the calendar shows, now and at both ends of time."""
    count = 0
    with closing(database.connect()) as connection:
        tz = zone(agenda.practice_facts(connection).tz)
        for year in (1, 1970, 2026, 9998):
            first = datetime(year, 2, 1, tzinfo=UTC)
            count += len(agenda.between(connection, first, first + timedelta(days=120), tz, cancelled=True))
        find(connection, "a", tz, now=NOW)
        assert connection.execute("PRAGMA foreign_key_check").fetchone() is None
    return count
