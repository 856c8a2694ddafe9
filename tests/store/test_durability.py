"""What was acknowledged is there, whatever happens to the process or the disk."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from couchcal.errors import DatabaseProblem
from couchcal.practice import appointments
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from couchcal.practice.opening import create_practice
from couchcal.store.connection import Connection, Database
from tests.support.practice import make_practice

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
KILLS = 20


def _draft(title: str, hours: int = 0) -> Draft:
    start = NOW + timedelta(hours=hours)
    return Draft("other_event", start, start + timedelta(minutes=30), "UTC", title=title)


def _assert_whole(connection: Connection) -> None:
    """The file is sound and every appointment has its journal entry, and the other way round."""
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    rows = {row_id for (row_id,) in connection.execute("SELECT id FROM appointment")}
    journalled = {
        row_id
        for (row_id,) in connection.execute(
            "SELECT r.row_id FROM change_row r JOIN change c ON c.id = r.change_id"
            " WHERE r.table_name = 'appointment' AND r.operation = 'insert'"
        )
    }
    assert rows == journalled
    empty = connection.execute(
        "SELECT count(*) FROM change WHERE id NOT IN (SELECT change_id FROM change_row)"
    ).fetchone()
    assert empty == (0,)


@pytest.mark.parametrize("encrypt", [False, True])
def test_killed_writers_lose_nothing_they_acknowledged(tmp_path: Path, encrypt: bool) -> None:
    database = make_practice(tmp_path, encrypt)
    chance = random.Random(7)  # noqa: S311  a repeatable choice of moments
    acknowledged: set[str] = set()
    for round_ in range(KILLS // 2):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                for number in range(10_000):
                    title = f"r{round_}n{number}"
                    repeat = Repeat("weekly") if number % 5 == 4 else None
                    appointments.book(database, _draft(title, number), repeat=repeat, clock=lambda: NOW)
                    os.write(writing, f"{title}\n".encode())
            finally:
                os._exit(1)
        os.close(writing)
        os.read(reading, 1)  # the first one is stored
        time.sleep(chance.uniform(0.0, 0.08))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reading) as pipe:
            lines = ("r" + pipe.read()).splitlines(keepends=True)
        acknowledged.update(line.strip() for line in lines if line.endswith("\n"))
        with closing(database.connect()) as connection:
            _assert_whole(connection)
            titles = {title for (title,) in connection.execute("SELECT title FROM appointment")}
        assert acknowledged <= titles
    assert len(acknowledged) > KILLS // 2


class PageLimit(Database):
    """A database on a disk that has room for little more."""

    __slots__ = ()

    def connect_file(self) -> sqlite3.Connection:
        connection = super().connect_file()
        pages = 40 + self.path.stat().st_size // 4096
        connection.execute(f"PRAGMA max_page_count={pages}")
        return connection


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mounted = os.geteuid() == 0 and not subprocess.call(
        ["mount", "-t", "tmpfs", "-o", "size=1536k", "tmpfs", str(place)], stderr=subprocess.DEVNULL
    )
    if not mounted:
        pytest.skip("needs the right to mount a file system")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def _book_until_full(database: Database) -> None:
    stored = []

    def book_on() -> None:
        for number in range(400):
            appointments.book(database, _draft(f"n{number}", number), repeat=Repeat("weekly"), clock=lambda: NOW)
            stored.append(f"n{number}")

    with pytest.raises(DatabaseProblem) as error:
        book_on()
    assert error.value.message == "the disk is full"
    assert error.value.exit_code == 75
    assert stored
    with closing(database.connect()) as connection:
        _assert_whole(connection)
        titles = {title for (title,) in connection.execute("SELECT title FROM appointment")}
    assert titles == set(stored)
    database.dispose()


@pytest.mark.parametrize("encrypt", [False, True])
def test_a_full_disk_is_told_and_loses_nothing(small_disk: Path, encrypt: bool) -> None:
    _book_until_full(make_practice(small_disk, encrypt))


def test_a_file_that_may_not_grow_is_told_and_loses_nothing(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    _book_until_full(PageLimit(database.path, None))


def test_a_device_or_pipe_is_no_place_for_a_database(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    mode = pipe.stat().st_mode
    with pytest.raises(DatabaseProblem, match="is no file"):
        create_practice(pipe, tz="UTC", encrypt=False)
    assert pipe.is_fifo()
    assert pipe.stat().st_mode == mode
