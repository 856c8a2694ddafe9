"""Moving a practice between files and servers: everything, compared, or nothing; and its backups."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from couchcal.errors import CouchcalError, DatabaseProblem, NotFound, Refused
from couchcal.practice import client_changes, moving, search, undo
from couchcal.practice.opening import open_database
from couchcal.scheduling.wallclock import zone
from couchcal.store import audit_anchor, audit_check, backup, rules
from couchcal.store.connection import Connection, Database
from couchcal.store.copying import NOT_COPIED
from couchcal.store.keys import sidecar
from couchcal.store.locations import database_at, is_encrypted, parse_location
from couchcal.store.session import write_session
from tests.support.database import SEARCH_INDEXES, everything
from tests.support.demo import NOW, clock, demo_practice
from tests.support.entries import insert_link

WALL = NOW.replace(tzinfo=None)
_BESIDE = ("audit_entry", "sqlite_sequence", "alembic_version", *NOT_COPIED)
"""What a move adds to, or leaves."""


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "correct horse battery staple")


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with everything: entries, what was undone, a calendar to send to, a name in many letters."""
    database = demo_practice(tmp_path_factory.mktemp("old") / "old.db")
    with closing(database.connect()) as connection:
        insert_link(connection)
        connection.execute("UPDATE calendar_link SET role = 'owned_target'")
        connection.execute("INSERT INTO worker_lease VALUES (1, 'worker', 'me', 'here', 1, 2, 3, 4, '')")
    first = _add(database, "Zoë O’Brien-Łukasz")
    _add(database, "Gone Soon")
    undo.undo(database, clock=clock)
    with write_session(database, "Renamed", clock=clock) as session:
        from couchcal.store.records import Client

        client = session.get(Client, first)
        assert client is not None
        client.preferred = "Zöe"
    with closing(database.connect()) as connection:  # no server keeps it
        connection.execute("UPDATE client SET notes_admin = 'a' || char(0) || 'b' WHERE id = 1")
    database.dispose()
    return database.path


@pytest.fixture
def practice(furnished: Path, tmp_path: Path) -> Iterator[Database]:
    """A copy of `furnished`."""
    for file in (furnished, audit_anchor.place(furnished)):
        if file.exists():
            shutil.copy(file, tmp_path / file.name)
    database = Database(tmp_path / furnished.name, None)
    yield database
    database.dispose()


def _add(database: Database, name: str) -> int:
    return client_changes.add(database, name, phone="555-0100", clock=clock).id


def _move(source: str | Path, target: str | Path, **more: Any) -> moving.Moved:
    moved = moving.move(
        parse_location(str(source)),
        parse_location(str(target)),
        encrypt=more.pop("encrypt", False),
        clock=clock,
        **more,
    )
    moved.database.dispose()
    return moved


def _content(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    with closing(database.connect_file()) as connection:
        return {
            name: [tuple(v.replace("\x00", "") if isinstance(v, str) else v for v in row) for row in rows]
            for name, rows in everything(connection).items()
            if not name.startswith(SEARCH_INDEXES) and name not in _BESIDE
        }


def _trail(database: Database) -> audit_check.Verdict:
    with closing(database.connect()) as connection:
        return audit_check.verify(connection, audit_anchor.read(database.path))


def _found(database: Database, text: str) -> list[tuple[str, int]]:
    with closing(database.connect()) as connection:
        found = search.find_all(connection, text, zone("America/New_York"), now=NOW)
    return [("client", each.id) for each in found.clients] + [(each.table, each.row_id) for each in found.entries]


def test_to_a_server_and_back(practice: Database, bare_url: str, tmp_path: Path) -> None:
    before = practice.path.read_bytes()
    moved = _move(practice.path, bare_url)
    assert moved.copied.total == sum(moved.copied.rows.values()) > 100
    assert practice.path.read_bytes() == before
    server = open_database(parse_location(bare_url))
    assert _trail(server).intact
    with closing(server.connect()) as connection:
        assert connection.execute("SELECT count(*) FROM worker_lease").fetchone() == (0,)
        triggers = connection.execute("SELECT count(*) FROM pg_trigger WHERE tgenabled = 'D'")
        assert triggers.fetchone() == (0,)
    for text in ("zoe", "obrien", "lukasz", "jane", "is:cancelled", "in:march"):
        assert _found(server, text) == _found(practice, text), text
    assert _found(server, "zoe")
    back = _move(bare_url, tmp_path / "back.db", encrypt=True)
    assert is_encrypted(tmp_path / "back.db")
    assert _content(back.database) == _content(practice)
    assert _trail(back.database).intact
    server.dispose()


def test_work_goes_on_where_it_was_left(practice: Database, server_url: str) -> None:
    _move(practice.path, server_url)
    server = open_database(parse_location(server_url))
    assert undo.undo(server, clock=clock) == "Undid: Renamed"
    with closing(practice.connect()) as connection:
        (last,) = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'client'").fetchone()
    assert _add(server, "New One") == last + 1  # the id that was undone is not given again
    with closing(server.connect()) as connection:
        assert connection.execute("SELECT count(*) FROM sync_outbox").fetchone()[0] == 0
        connection.execute("UPDATE appointment SET title = 'x' WHERE id = 1")
        assert connection.execute("SELECT count(*) FROM sync_outbox").fetchone() == (1,)  # the rules are back
    server.dispose()


def test_into_another_file(practice: Database, tmp_path: Path) -> None:
    moved = _move(practice.path, tmp_path / "deep" / "new.db", encrypt=True)
    assert _content(moved.database) == _content(practice)
    assert sidecar(moved.database.path).exists()
    assert _move(moved.database.path, tmp_path / "plain.db").key_place == ""
    assert _content(Database(tmp_path / "plain.db", None)) == _content(practice)


def test_what_is_there_is_not_touched(practice: Database, server_url: str, bare_url: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseProblem, match="is already there"):
        _move(practice.path, practice.path)
    _move(practice.path, server_url)  # tables alone are in nobody's way
    with pytest.raises(DatabaseProblem, match="a practice is at"):
        _move(practice.path, server_url)
    with pytest.raises(NotFound):
        _move(tmp_path / "gone.db", bare_url)
    with pytest.raises(NotFound):
        _move(bare_url, tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize("kind", [pytest.param("file", marks=pytest.mark.long), "server"])
def test_a_change_meanwhile_is_noticed(practice: Database, server_url: str, tmp_path: Path, kind: str) -> None:
    target = server_url if kind == "server" else tmp_path / "new.db"

    def told(table: str) -> None:
        if table == "client":
            _add(Database(practice.path, None), "Late Comer")

    with pytest.raises(Refused, match="while it was copied"):
        _move(practice.path, target, told=told)
    _nothing_at(target)
    _move(practice.path, target)


def _nothing_at(target: str | Path) -> None:
    if isinstance(target, Path):
        assert [path.name for path in target.parent.glob(f"*{target.name}*")] == []
        return
    with pytest.raises(NotFound, match="there is no practice"):
        open_database(parse_location(target))


_KILLED = """
import os, signal, sys
from couchcal.clock import system_clock
from couchcal.practice.moving import move
from couchcal.store.locations import parse_location
def told(table):
    if table == "appointment":
        os.kill(os.getpid(), signal.SIGKILL)
move(parse_location(sys.argv[1]), parse_location(sys.argv[2]), encrypt=True, clock=system_clock, told=told)
"""


@pytest.mark.parametrize("kind", [pytest.param("file", marks=pytest.mark.long), "server"])
def test_who_is_killed_leaves_nothing_that_opens(
    practice: Database, bare_url: str, tmp_path: Path, kind: str
) -> None:
    target = bare_url if kind == "server" else str(tmp_path / "new.db")
    before = practice.path.read_bytes()
    command = [sys.executable, "-c", _KILLED, str(practice.path), target]
    done = subprocess.run(command, check=False, env={**os.environ}, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr
    with pytest.raises(NotFound):
        open_database(parse_location(target))
    assert practice.path.read_bytes() == before
    assert _move(practice.path, target).copied.total > 100


def test_rows_that_lead_nowhere_are_not_copied(practice: Database, server_url: str, tmp_path: Path) -> None:
    with closing(practice.connect()) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("UPDATE appointment SET location_id = 999 WHERE id = 1")
    for target in (server_url, tmp_path / "new.db"):
        with pytest.raises(Refused, match="rows lead nowhere"):
            _move(practice.path, target)
        _nothing_at(target)


def test_a_trail_that_was_tampered_with_is_not_copied(practice: Database, server_url: str) -> None:
    with closing(practice.connect_file()) as connection:
        connection.execute("BEGIN")
        with rules.without_trigger(connection, "audit_entry_no_update"):
            connection.execute("UPDATE audit_entry SET actor = 'nobody' WHERE id = 2")
        connection.execute("COMMIT")
    with pytest.raises(DatabaseProblem, match="entry 2 was changed"):
        _move(practice.path, server_url)
    _nothing_at(server_url)


def test_what_arrives_otherwise_is_not_kept(practice: Database, server_url: str) -> None:
    with closing(database_at(parse_location(server_url)).connect()) as connection:
        connection.execute(
            "CREATE FUNCTION x_search_x() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN NEW.first = NEW.first || ''x''; RETURN NEW; END'"
        )
        connection.execute(
            "CREATE TRIGGER x_search_x BEFORE INSERT ON client FOR EACH ROW EXECUTE FUNCTION x_search_x()"
        )
    with pytest.raises(DatabaseProblem, match="client is not the same") as error:
        _move(practice.path, server_url)
    assert error.value.code == "not_the_same"
    _nothing_at(server_url)


def test_a_backup_of_a_server_is_an_encrypted_file(practice: Database, server_url: str, tmp_path: Path) -> None:
    # a practice on a server is backed up by couchcal, too, and comes back onto a server or into a file
    _move(practice.path, server_url)
    server = open_database(parse_location(server_url))
    file = backup.make(server, WALL, clock=clock)
    assert file.parent == server.path.parent / "backups"
    assert is_encrypted(file)
    assert file.stat().st_mode & 0o077 == 0
    assert [each.path for each in backup.existing(server.path)] == [file]
    restored = _move(file, tmp_path / "restored.db")
    assert _content(restored.database) == _content(practice)
    second = backup.make(server, WALL, clock=clock)
    assert sidecar(second).read_bytes() == sidecar(file).read_bytes() == sidecar(server.path).read_bytes()
    assert backup.copy_away(second, tmp_path).name == f"{server.path.name}-backup.db"
    server.dispose()


def test_a_backup_needs_a_place_for_its_key(
    practice: Database, server_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _move(practice.path, server_url)
    server = open_database(parse_location(server_url))
    monkeypatch.delenv("COUCHCAL_PASSPHRASE")
    with pytest.raises(DatabaseProblem, match="no keyring here") as error:
        backup.make(server, WALL, clock=clock)
    assert "COUCHCAL_KEY_FILE" in str(error.value.hint)
    assert backup.existing(server.path) == []
    monkeypatch.setenv("COUCHCAL_KEY_FILE", str(tmp_path / "key"))
    file = backup.make(server, WALL, clock=clock)
    monkeypatch.delenv("COUCHCAL_KEY_FILE")
    with pytest.raises(CouchcalError):
        open_database(file)
    server.dispose()


def test_others_write_while_a_server_is_backed_up(
    practice: Database, server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _move(practice.path, server_url)
    server = open_database(parse_location(server_url))
    other = open_database(parse_location(server_url))
    from couchcal.store import copying

    read = copying._batches
    written: list[str] = []

    def batches(connection: Connection, table: str, names: list[str]) -> Iterator[list[Any]]:
        if table == "client" and not written:
            written.append(table)
            _add(other, "Late Comer")
        yield from read(connection, table, names)

    monkeypatch.setattr(copying, "_batches", batches)
    file = backup.make(server, WALL, clock=clock)
    with closing(open_database(file).connect()) as connection:
        assert connection.execute("SELECT count(*) FROM client WHERE first = 'Late'").fetchone() == (0,)
    assert _found(server, "late comer")
    server.dispose()
    other.dispose()
