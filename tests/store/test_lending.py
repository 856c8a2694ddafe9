"""What is closed is lent to the next, and nobody sees anything of whoever had it before."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from couchcal.errors import DatabaseProblem
from couchcal.store import lending
from couchcal.store.connection import Connection, Database
from tests.support.practice import make_practice

pytestmark = pytest.mark.sqlite_only("a file's connections are lent")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = kept(make_practice(tmp_path))
    yield made
    made.dispose()


def kept(made: Database) -> Database:
    return Database(made.path, made.key, keeps=True)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """Every connection that is really opened."""
    found: list[sqlite3.Connection] = []
    inner = Database.connect_file

    def connect_file(self: Database) -> sqlite3.Connection:
        found.append(inner(self))
        return found[-1]

    monkeypatch.setattr(Database, "connect_file", connect_file)
    return found


def zone_of(connection: Connection) -> str:
    return str(connection.execute("SELECT tz FROM practice").fetchone()[0])


def is_open(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT 1").close()
    except Exception as error:  # the two drivers have each their own
        return "closed database" not in str(error)
    return True


def test_what_is_not_to_be_kept_is_closed(database: Database, opened: list[sqlite3.Connection]) -> None:
    plain = Database(database.path, database.key)
    plain.connect().close()
    assert [is_open(connection) for connection in opened] == [False]


def test_one_after_the_other_have_the_same(database: Database, opened: list[sqlite3.Connection]) -> None:
    for _ in range(5):
        with closing(database.connect()) as connection:
            zone_of(connection)
    assert len(opened) == 1


def test_what_takes_no_writes_is_opened_anew(
    database: Database, opened: list[sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Database, "takes_writes", lambda _self: False)
    for _ in range(2):
        database.connect().close()
    assert [is_open(connection) for connection in opened] == [False, False]


def test_two_at_once_have_their_own(database: Database, opened: list[sqlite3.Connection]) -> None:
    with closing(database.connect()) as one, closing(database.connect()) as other:
        before = other.execute("PRAGMA data_version").fetchone()
        one.execute("UPDATE practice SET name = 'changed'")
        assert other.execute("PRAGMA data_version").fetchone() != before
    assert len(opened) == 2


def test_only_a_few_are_kept(database: Database, opened: list[sqlite3.Connection]) -> None:
    several = [database.connect() for _ in range(5)]
    for connection in several:
        connection.close()
    assert sum(is_open(connection) for connection in opened) == lending.MOST_IDLE


def test_what_was_closed_cannot_be_used(database: Database) -> None:
    connection = database.connect()
    connection.close()
    connection.close()  # says nothing, as of every connection
    assert not connection.in_transaction
    with pytest.raises(sqlite3.ProgrammingError):
        connection.execute("SELECT 1")
    with closing(database.connect()) as one, closing(database.connect()) as other:
        one.execute("BEGIN IMMEDIATE")
        assert not other.in_transaction, "closing twice has not lent it twice"


def test_a_transaction_that_was_left_open_is_undone(database: Database) -> None:
    with closing(database.connect()) as connection:
        before = zone_of(connection)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE practice SET tz = 'Asia/Tokyo'")
    with closing(database.connect()) as connection:
        assert not connection.in_transaction
        assert zone_of(connection) == before


def test_another_file_in_the_place_is_read(database: Database, tmp_path: Path) -> None:
    late = database.connect()
    late.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    copy = tmp_path / "copy.db"
    shutil.copyfile(database.path, copy)
    other = Database(copy, None)
    with closing(other.connect()) as connection:
        connection.execute("UPDATE practice SET tz = 'Asia/Tokyo'")
    other.dispose()
    with closing(database.connect()) as connection:
        assert zone_of(connection) != "Asia/Tokyo"
    for beside in ("-wal", "-shm"):
        database.path.with_name(database.path.name + beside).unlink(missing_ok=True)
    copy.replace(database.path)
    with closing(database.connect()) as connection:
        assert zone_of(connection) == "Asia/Tokyo"
    late.close()
    with closing(database.connect()) as first, closing(database.connect()) as second:
        assert {zone_of(first), zone_of(second)} == {"Asia/Tokyo"}, "what comes back late is of the file before"


def test_a_file_that_is_gone_is_told(database: Database) -> None:
    database.connect().close()
    folder = database.path.parent
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(DatabaseProblem):
        database.connect()


def test_nothing_stays_open_behind_a_lock(tmp_path: Path, opened: list[sqlite3.Connection]) -> None:
    database = kept(make_practice(tmp_path, encrypt=True))
    key = database.key
    assert key is not None
    opened.clear()
    lent = database.connect()
    database.connect().close()
    database.lock()
    with pytest.raises(DatabaseProblem, match="locked"):
        database.connect()
    lent.close()
    assert len(opened) == 2
    assert not any(is_open(connection) for connection in opened)
    database.unlock(key)
    with closing(database.connect()) as connection:
        assert zone_of(connection)
    database.dispose()


def test_a_file_nobody_uses_has_no_log_beside_it(database: Database) -> None:
    with closing(database.connect()) as connection:
        connection.execute("UPDATE practice SET name = 'changed'")
    database.dispose()
    assert {path.name for path in database.path.parent.iterdir() if path.name.startswith(database.path.name)} == {
        database.path.name
    }


def test_a_child_opens_its_own(database: Database) -> None:
    """A lock of SQLite is the process's: whoever closes a file that was inherited takes it from the parent."""
    database.connect().close()
    with closing(database.connect()) as held:
        database.connect().close()
        held.execute("BEGIN IMMEDIATE")
        child = os.fork()
        if child == 0:
            code = 1
            try:
                with closing(database.connect()) as connection:
                    zone_of(connection)
                    connection.execute("PRAGMA busy_timeout=0")
                    try:
                        connection.execute("BEGIN IMMEDIATE")
                    except sqlite3.OperationalError:
                        code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        held.execute("UPDATE practice SET name = 'parent'")
        held.execute("COMMIT")
    with closing(database.connect()) as connection:
        assert connection.execute("SELECT name FROM practice").fetchone() == ("parent",)


def test_threads_share_what_is_kept(database: Database) -> None:
    def count(number: int) -> int:
        for _ in range(20):
            with closing(database.connect()) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("UPDATE practice SET name = CAST(name AS INTEGER) + 1")
                connection.execute("COMMIT")
        return number

    with closing(database.connect()) as connection:
        connection.execute("UPDATE practice SET name = '0'")
    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(count, range(6))) == list(range(6))
    with closing(database.connect()) as connection:
        assert connection.execute("SELECT name FROM practice").fetchone() == ("120",)
