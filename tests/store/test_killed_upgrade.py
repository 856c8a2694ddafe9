"""A program that is killed while it brings a file up to date: the next one begins anew, and nothing is lost."""

from __future__ import annotations

import atexit
import os
import random
import shutil
import signal
import tempfile
import time
from contextlib import closing
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from couchcal.store import schema
from couchcal.store.connection import SCHEMA_HEAD, Connection, Database, schema_revision
from tests.support.database import everything, read_rows
from tests.support.demo import demo_practice
from tests.support.killing import killed_at, moments

BEFORE = "0003"
"""The revision of the file: search is there; what syncs, the portal's door and the guard of the trail are not."""
_STEPS = ("0004_sync", "0005_clients_at_the_door", "0006_a_trail_that_only_grows")
_KEY = bytes(range(32))
_LINES = {False: 5, True: 3}
_TIMES = {False: 2, True: 1}
"""Before how many lines, and at how many other moments, it is killed: a statement is one line, however long."""


def _modules() -> tuple[ModuleType, ...]:
    return (schema, *(import_module(f"couchcal.store.migrations.versions.{name}") for name in _STEPS))


@cache
def _today() -> Database:
    """A practice of today."""
    folder = Path(tempfile.mkdtemp(prefix="couchcal-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return demo_practice(folder / "today.db")


class Old:
    """A file of an older couchcal with a practice in it, and what it is to become."""

    def __init__(self, folder: Path, *, encrypt: bool) -> None:
        self.folder, self.key = folder, _KEY if encrypt else None
        (folder / "old.db").touch(0o600)
        database = Database(folder / "old.db", self.key)
        with closing(database.connect()) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        schema.upgrade(database, BEFORE)
        _fill(database, _today())
        _at_rest(database)
        upgraded = self.copy("upgraded")
        schema.ensure_current(upgraded)
        self.wanted = _state(upgraded)
        upgraded.dispose()

    def copy(self, name: str) -> Database:
        """The file as it was, in a folder of its own."""
        place = self.folder / name
        place.mkdir()
        shutil.copyfile(self.folder / "old.db", place / "c.db")
        (place / "c.db").chmod(0o600)
        return Database(place / "c.db", self.key)

    def look(self, killed: Database) -> str:
        """What is there after the kill, and after the next start; the revision that the kill has left."""
        with closing(killed.connect()) as connection:
            left = schema_revision(connection)
            assert left is not None
            assert BEFORE <= left <= SCHEMA_HEAD
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        schema.ensure_current(killed)
        assert _state(killed) == self.wanted
        killed.dispose()
        return left


def _fill(database: Database, today: Database) -> None:
    """The rows of a practice of today, as far as the older schema has room for them."""
    with closing(database.connect()) as connection, closing(today.connect()) as source:
        known = {name: _columns(connection, name) for name in everything(connection) if "search" not in name}
        connection.execute("PRAGMA foreign_keys=OFF")
        for table in known.keys() & everything(source).keys() - {"alembic_version"}:
            for row in read_rows(source, table).values():
                values = {name: value for name, value in row.items() if name in known[table]}
                marks = ", ".join("?" * len(values))
                statement = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})"
                connection.execute(statement, tuple(values.values()))
        count = connection.execute("SELECT count(*) FROM appointment").fetchone()[0]
    today.dispose()
    assert count >= 5, "else this would prove little"


def _columns(connection: Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def _at_rest(database: Database) -> None:
    database.dispose()
    with closing(database.connect()) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _state(database: Database) -> tuple[Any, ...]:
    """Every row there is, and the schema."""
    with closing(database.connect()) as connection:
        found = connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").fetchall()
        assert schema_revision(connection) == SCHEMA_HEAD
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.execute("INSERT INTO entry_search (entry_search, rank) VALUES ('integrity-check', 1)")
        return everything(connection), found


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "encrypted"])
def old(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Old:
    return Old(tmp_path_factory.mktemp("old"), encrypt=request.param)


def test_killed_before_any_line(old: Old) -> None:
    counted = old.copy("counted")
    modules = _modules()
    left = set()
    for number, line in enumerate(
        moments(lambda: schema.ensure_current(counted), modules, _LINES[old.key is not None])
    ):
        killed = old.copy(f"line{number}")
        killed_at(line, lambda tried=killed: schema.ensure_current(tried), modules)  # type: ignore[misc]
        left.add(old.look(killed))
    assert BEFORE in left
    assert left <= {BEFORE, SCHEMA_HEAD}, "all steps or none"


def test_killed_at_any_moment(old: Old) -> None:
    timed = old.copy("timed")
    began = time.monotonic()
    _in_a_child(timed, None)
    lasts = time.monotonic() - began
    chance = random.Random(7)  # noqa: S311  no secret
    times = _TIMES[old.key is not None] * (40 if os.environ.get("COUCHCAL_KILL_ALL") else 1)
    for number in range(times):
        killed = old.copy(f"moment{number}")
        _in_a_child(killed, chance.uniform(0.2, 1) * lasts)
        old.look(killed)


def _in_a_child(database: Database, killed_after: float | None) -> None:
    """Upgrade in a process of its own; it is killed after so many seconds, if it lasts so long."""
    child = os.fork()
    if child == 0:
        try:
            schema.ensure_current(database)
        finally:
            os._exit(0)
    if killed_after is not None:
        time.sleep(killed_after)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
