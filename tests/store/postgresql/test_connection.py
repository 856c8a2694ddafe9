"""A connection to a server answers as one of SQLite does: the same statements on both, compared."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from couchcal.errors import DatabaseProblem
from couchcal.store.connection import Connection, database_errors, followed_version, transaction
from couchcal.store.postgresql.address import read
from couchcal.store.postgresql.connection import ServerConnection
from couchcal.store.postgresql.database import ServerDatabase
from tests.support.database import refused
from tests.support.postgresql import new_database, shared_cluster

TABLE = (
    "CREATE TABLE thing (id INTEGER PRIMARY KEY, name VARCHAR, flag BOOLEAN NOT NULL DEFAULT false, at BIGINT,"
    " day DATE, clock TIME, moment TIMESTAMP)"
)


@pytest.fixture(scope="module")
def database() -> Iterator[ServerDatabase]:
    with new_database() as url:
        made = ServerDatabase(read(url))
        yield made
        made.dispose()


@pytest.fixture
def both(database: ServerDatabase) -> Iterator[list[Connection]]:
    """The same table on a file in memory and on the server."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as file, closing(database.connect()) as server:
        for connection in (file, server):
            connection.execute(TABLE)
            connection.executemany(
                "INSERT INTO thing (id, name, flag, at) VALUES (?, ?, ?, ?)",
                [(1, "a", True, 1_772_000_000), (2, "b", False, 9_999_999_999), (3, None, 1, None)],
            )
        yield [file, server]
        server.execute("DROP TABLE thing")


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("SELECT id, name, flag, at FROM thing ORDER BY id", ()),
        ("SELECT count(*), sum(id), sum(flag), max(at), min(flag, true) FROM thing GROUP BY flag ORDER BY 1", ()),
        ("SELECT id FROM thing WHERE flag = ? ORDER BY id", (1,)),
        ("SELECT id FROM thing WHERE flag = ? ORDER BY id", (False,)),
        ("SELECT id FROM thing WHERE name IS ? ORDER BY id", (None,)),
        ("SELECT id FROM thing WHERE name IS NOT ? ORDER BY id", ("a",)),
        ("SELECT id FROM thing WHERE (? IS NULL OR name = ?) ORDER BY id", ("a", "a")),
        ("SELECT id FROM thing WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id", ("[1, 3, 7]",)),
        ("SELECT id FROM thing WHERE id NOT IN (SELECT value FROM json_each(?)) ORDER BY id", ("[1, 3, 7]",)),
        ("SELECT id FROM thing WHERE name IN (SELECT atom FROM json_each(?)) ORDER BY id", ('["a", "7"]',)),
        ("SELECT t.id FROM json_each(?1) w CROSS JOIN thing t ON t.id = w.value ORDER BY t.id", ("[2, 1]",)),
        ("SELECT id FROM thing WHERE at > ? - 86400 AND at < ? ORDER BY id", (1_772_000_000, 9_999_999_999)),
        ("SELECT max(id, ?), min(id, 2) FROM thing ORDER BY id", (2,)),
        ("SELECT CASE WHEN ?2 AND name = 'a' THEN name ELSE '' END FROM thing WHERE id = ?1", (1, True)),
        ("SELECT id FROM thing ORDER BY name IS NOT ?, id", ("b",)),
        ("SELECT strftime('%Y-%m-01', at, 'unixepoch') FROM thing WHERE id = 1", ()),
        ("SELECT EXISTS (SELECT 1 FROM thing WHERE flag), id FROM thing WHERE id = 1", ()),
        ("SELECT (at - 1000) / 86400 FROM thing WHERE at IS NOT NULL ORDER BY id", ()),
        ("INSERT INTO thing (id, name, flag) VALUES (9, ?, ?) RETURNING id, flag", ("z", 0)),
    ],
)
def test_statements_give_the_same(both: list[Connection], statement: str, values: tuple[Any, ...]) -> None:
    file, server = (connection.execute(statement, values).fetchall() for connection in both)
    assert [tuple(map(type, row)) for row in file] == [tuple(map(type, row)) for row in server]
    assert file == server


def test_dates_and_times_are_the_texts_that_a_file_has(both: list[Connection]) -> None:
    written = ("2026-03-02", "09:00:00.000000", "2026-03-02 09:30:00.250000")
    for connection in both:
        connection.execute("UPDATE thing SET day = ?, clock = ?, moment = ? WHERE id = 1", written)
        assert connection.execute("SELECT day, clock, moment FROM thing WHERE id = 1").fetchone() == written


def test_cursors_and_counts_are_those_of_a_file(both: list[Connection]) -> None:
    for connection in both:
        cursor = connection.execute("SELECT id, name FROM thing ORDER BY id")
        assert [column[0] for column in cursor.description] == ["id", "name"]
        assert cursor.fetchone() == (1, "a")
        assert cursor.fetchmany(1) == [(2, "b")]
        assert list(cursor) == [(3, None)]
        assert cursor.fetchone() is None
        assert connection.execute("UPDATE thing SET name = 'c' WHERE id < 3").rowcount == 2
        assert connection.executemany("DELETE FROM thing WHERE id = ?", [(1,), (2,), (8,)]).rowcount == 2


def test_a_text_with_a_zero_in_it_does_not_stop_the_server(both: list[Connection]) -> None:
    both[1].execute("UPDATE thing SET name = ? WHERE id = 1", ("a\x00b",))
    assert both[1].execute("SELECT name FROM thing WHERE id = 1").fetchone() == ("ab",)


def test_a_transaction_is_all_or_nothing(both: list[Connection]) -> None:
    for connection in both:
        with refused("(?i)unique"), transaction(connection):
            assert (connection.in_transaction,) == (True,)
            connection.execute("UPDATE thing SET name = 'x'")
            connection.execute("INSERT INTO thing (id) VALUES (1)")
        assert (connection.in_transaction,) == (False,)
        assert connection.execute("SELECT count(*) FROM thing WHERE name = 'x'").fetchone() == (0,)


def test_who_began_to_read_sees_one_moment_and_cannot_write(database: ServerDatabase) -> None:
    with closing(database.connect()) as reader, closing(database.connect()) as writer:
        reader.execute("BEGIN")
        before = reader.execute("SELECT count(*) FROM custom_zone").fetchone()
        writer.execute(ZONE, ("a",))
        assert reader.execute("SELECT count(*) FROM custom_zone").fetchone() == before
        with pytest.raises(DatabaseProblem, match="read-only"), database_errors():
            reader.execute(ZONE, ("b",))
        reader.execute("ROLLBACK")
        assert reader.execute("SELECT count(*) FROM custom_zone").fetchone() != before


ZONE = "INSERT INTO custom_zone (created_at, updated_at, version, name, definition) VALUES (0, 0, 1, ?, '')"


def version(connection: Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def followed(connection: Connection) -> int:
    """The version of one who follows, once the server had a moment to say something."""
    for _ in range(3):
        connection.execute("SELECT 1")
    return followed_version(connection)


def test_the_data_version_moves_with_what_others_commit(database: ServerDatabase) -> None:
    with closing(database.connect()) as mine, closing(database.connect()) as other:
        seen = version(mine)
        mine.execute(ZONE, ("mine",))
        assert version(mine) == seen  # as in a file: not with one's own
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE custom_zone SET version = 2 WHERE name = 'nobody'")
        other.execute("COMMIT")
        assert version(mine) == seen  # nothing was written
        other.execute("BEGIN IMMEDIATE")
        other.execute(ZONE, ("lost",))
        other.execute("ROLLBACK")
        assert version(mine) == seen
        other.execute(ZONE, ("kept",))
        assert version(mine) != seen


def test_one_who_follows_asks_the_server_nothing_while_it_is_silent(database: ServerDatabase) -> None:
    asked: list[str] = []
    with closing(database.connect()) as mine, closing(database.connect()) as other:
        assert isinstance(mine, ServerConnection)
        seen = followed(mine)
        mine.execute = lambda sql, *rest: asked.append(sql)  # type: ignore[method-assign]
        for _ in range(20):
            assert mine.followed_version() == seen
        del mine.execute
        assert asked == []
        other.execute(ZONE, ("news",))
        assert followed(mine) != seen
        seen = followed(mine)
        assert (mine.data_version(), followed(mine)) == (seen, seen)


def test_a_connection_that_the_server_ended_is_made_again(database: ServerDatabase) -> None:
    with closing(database.connect()) as connection:
        seen = followed(connection)
        _end_all(database)
        assert connection.execute("SELECT 1").fetchone() == (1,)
        _end_all(database)
        with transaction(connection):
            connection.execute(ZONE, ("after",))
        _end_all(database)
        end = time.monotonic() + 20  # in the background: nobody waits for it
        while followed_version(connection) <= seen and time.monotonic() < end:
            time.sleep(0.01)
        assert followed_version(connection) > seen
        connection.execute("BEGIN")
        _end_all(database)
        with pytest.raises(DatabaseProblem, match="cannot be reached"), database_errors():
            connection.execute("SELECT 1")


def _end_all(database: ServerDatabase) -> None:
    shared_cluster().run(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
        f" WHERE datname = '{database.address.database}'"
    )


def test_errors_name_no_values(database: ServerDatabase) -> None:
    with closing(database.connect()) as connection:
        connection.execute(ZONE, ("Jane Doe",))
        for name, statement in (("Jane Doe", ZONE), ("Jane Doe", ZONE.replace("'')", "NULL)"))):
            with pytest.raises(psycopg.IntegrityError) as found:
                connection.execute(statement, (name,))
            assert "Jane" not in str(found.value)


def test_the_second_writer_waits_and_sees_what_the_first_wrote(database: ServerDatabase) -> None:
    counted: list[int] = []

    def write() -> None:
        with closing(database.connect()) as connection:
            for _ in range(10):
                with transaction(connection):
                    (found,) = connection.execute("SELECT count(*) FROM custom_zone").fetchone()
                    connection.execute(ZONE, (f"{threading.get_ident()}-{found}",))
                    counted.append(found)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counted) == list(range(min(counted), min(counted) + 40))


def test_waiting_too_long_is_being_busy(database: ServerDatabase) -> None:
    with closing(database.connect()) as first, closing(database.connect()) as second:
        second.execute("SELECT set_config('lock_timeout', '50', false)")
        first.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseProblem, match="busy"), database_errors(), transaction(second):
            pass
        first.execute("ROLLBACK")
        with transaction(second):
            pass
