"""The audit trail: every change is in it, and whatever is done to it behind its back is found."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couchcal.errors import Refused
from couchcal.practice import client_changes
from couchcal.practice.undo import undo
from couchcal.store import audit, audit_anchor, audit_check, audit_prune
from couchcal.store.audit import Deed, Entry
from couchcal.store.connection import Connection, Database
from couchcal.store.records import Client
from couchcal.store.session import write_session
from tests.support import on_server
from tests.support.database import refused
from tests.support.practice import make_practice

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINKS = 12


def _entries(database: Database) -> list[Entry]:
    with closing(database.connect()) as connection:
        return [Entry(*row) for row in connection.execute(f"SELECT {audit.COLUMNS} FROM audit_entry ORDER BY id")]


def _deeds(database: Database, after: int) -> list[tuple[str, str, str, str]]:
    return [(e.action, e.entity, e.entity_id, e.fields) for e in _entries(database) if e.id > after]


def _verdict(database: Database) -> audit_check.Verdict:
    with closing(database.connect()) as connection:
        return audit_check.verify(connection, audit_anchor.read(database.path))


def test_a_change_names_its_rows_and_fields_and_no_values(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    before = len(_entries(database))
    client = client_changes.add(database, "Zebedee Quux", clock=lambda: NOW)
    client_changes.edit(database, client.id, {"phone": "555-0199"}, clock=lambda: NOW)
    undo(database, clock=lambda: NOW)
    found = _deeds(database, before)
    assert found[0] == ("create", "client", str(client.id), "")
    assert found[1] == ("update", "client", str(client.id), "phone")
    assert [deed[:2] for deed in found[2:]] == [("undo", "change"), ("update", "client")]
    everything = repr(_entries(database))
    assert "Zebedee" not in everything
    assert "555-0199" not in everything
    assert _verdict(database).intact


def test_a_refused_change_leaves_no_entry(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    before = _entries(database)
    with pytest.raises(Refused):
        undo(database, clock=lambda: NOW)
    assert _entries(database) == before


def test_many_rows_of_a_kind_share_an_entry(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    before = len(_entries(database))
    with write_session(database, "Many", clock=lambda: NOW) as session:
        session.add_all(Client(internal_id=f"X-{n:03}") for n in range(audit.ALONE + 1))
    assert _deeds(database, before) == [("create", "client", f"1-{audit.ALONE + 1}", "")]


@given(st.sets(st.integers(1, 60), min_size=1), st.integers(1, 60))
def test_ids_in_ranges_are_those_ids(ids: set[int], wanted: int) -> None:
    text = audit.in_ranges((number, number) for number in ids)
    assert audit.covers(text, str(wanted)) == (wanted in ids)


def test_entries_cannot_be_changed_or_removed(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    with closing(database.connect()) as connection:
        for statement in ("UPDATE audit_entry SET actor = 'nobody'", "DELETE FROM audit_entry"):
            with refused("audit_append_only"):
                connection.execute(statement)


@pytest.mark.sqlite_only("the mode of a file")
def test_what_can_only_be_read_is_read_without_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = make_practice(tmp_path)
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    assert not audit.note(database, "view", "client", 1)


# what is done to it


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database whose trail has entries of several kinds, with an anchor that knows the last one."""
    if on_server.chosen():
        pytest.skip("somebody who changes the file")
    database = make_practice(tmp_path_factory.mktemp("trail"))
    with closing(database.connect()) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        have = audit.head(connection)[0]
        for number in range(LINKS):
            audit.append(connection, 1_000 + number, f"client:{number % 3}", [Deed("view", "client", str(number))])
        assert have
    audit_anchor.renew(database)
    return database.path


@pytest.fixture
def tampered(trail: Path, tmp_path: Path) -> Iterator[Connection]:
    shutil.copyfile(trail, tmp_path / "c.db")
    connection = sqlite3.connect(tmp_path / "c.db", isolation_level=None)
    for event in ("update", "delete"):
        connection.execute(f"DROP TRIGGER audit_entry_no_{event}")
    connection.execute("PRAGMA synchronous=OFF")
    with closing(connection):
        yield connection


_TEXTS = ("actor", "action", "entity", "entity_id", "fields", "prev_hash", "hash")
_NUMBERS = st.integers(1, LINKS)


def _first_bad(connection: Connection, trail: Path) -> int | None:
    return audit_check.verify(connection, audit_anchor.read(trail)).first_bad


@pytest.fixture(scope="module")
def base(trail: Path) -> int:
    """How many entries there were before those of `trail`."""
    with closing(sqlite3.connect(trail)) as connection:
        return audit.head(connection)[0] - LINKS


def _undoing(connection: Connection) -> Any:
    connection.execute("BEGIN IMMEDIATE")
    return closing(_Rollback(connection))


class _Rollback:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def close(self) -> None:
        self._connection.execute("ROLLBACK")


@settings(max_examples=60)
@given(number=_NUMBERS, column=st.sampled_from(("at", "id", *_TEXTS)), text=st.text(max_size=8))
def _edits(connection: Connection, trail: Path, base: int, number: int, column: str, text: str) -> None:
    with _undoing(connection):
        value = {"at": len(text) + 7, "id": 900 + number}.get(column, text)
        changed = connection.execute(
            f"UPDATE audit_entry SET {column} = :new WHERE id = :id AND {column} <> :new",
            {"new": value, "id": base + number},
        ).rowcount
        assert _first_bad(connection, trail) == (base + number if changed else None)


def test_an_edited_entry_is_found(tampered: Connection, trail: Path, base: int) -> None:
    _edits(tampered, trail, base)


@pytest.mark.parametrize("counter", ["left", "set"])
def test_removed_entries_are_found(tampered: Connection, trail: Path, base: int, counter: str) -> None:
    for first in range(1, LINKS + 1):
        for last in {first, LINKS}:
            with _undoing(tampered):
                tampered.execute("DELETE FROM audit_entry WHERE id BETWEEN ? AND ?", (base + first, base + last))
                if counter == "set":
                    left = audit.head(tampered)[0]
                    tampered.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'audit_entry'", (left,))
                assert _first_bad(tampered, trail) == base + first


def test_swapped_entries_are_found(tampered: Connection, trail: Path, base: int) -> None:
    for one in range(1, LINKS):
        for other in range(one + 1, LINKS + 1):
            with _undoing(tampered):
                for old, new in ((one, 900), (other, base + one), (900 - base, base + other)):
                    tampered.execute("UPDATE audit_entry SET id = ? WHERE id = ?", (new, base + old))
                tampered.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'audit_entry'", (base + LINKS,))
                assert _first_bad(tampered, trail) == base + one


def test_an_inserted_entry_is_found(tampered: Connection, trail: Path, base: int) -> None:
    for at in range(1, LINKS + 1):
        with _undoing(tampered):
            tampered.execute("UPDATE audit_entry SET id = -id - 1 WHERE id >= ?", (base + at,))
            tampered.execute("UPDATE audit_entry SET id = -id WHERE id < 0")
            (before,) = tampered.execute("SELECT hash FROM audit_entry WHERE id = ?", (base + at - 1,)).fetchone()
            deed = Deed("view", "client", "77")
            hash_ = audit.digest(before, base + at, 1, "user", *deed)
            values = (base + at, 1, "user", *deed, before, hash_)
            tampered.execute(
                f"INSERT INTO audit_entry ({audit.COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values
            )
            assert _first_bad(tampered, trail) == base + at + 1


def test_a_trail_that_was_written_anew_is_found(tampered: Connection, trail: Path, base: int) -> None:
    with _undoing(tampered):
        tampered.execute("DELETE FROM audit_entry WHERE id > ?", (base + 4,))
        tampered.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'audit_entry'", (base + 4,))
        for number in range(LINKS):
            audit.append(tampered, 5_000 + number, "user", [Deed("view", "client", "9")])
        assert audit_check.verify(tampered, None).intact
        assert _first_bad(tampered, trail) == base + LINKS


# the anchor


def test_the_anchor_is_written_with_the_end_of_the_work_and_is_private(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    client_changes.add(database, "Ann", clock=lambda: NOW)
    assert audit_anchor.read(database.path) is None
    database.dispose()
    anchor = audit_anchor.read(database.path)
    assert anchor is not None
    assert anchor.entries == len(_entries(database))
    assert audit_anchor.place(database.path).stat().st_mode & 0o777 == 0o600  # P1


@pytest.mark.sqlite_only("an older copy of the file")
def test_an_anchor_that_the_trail_contradicts_stays(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    older = tmp_path / "older.db"
    client_changes.add(database, "Ann", clock=lambda: NOW)
    database.dispose()
    shutil.copyfile(database.path, older)
    client_changes.add(database, "Ben", clock=lambda: NOW)
    database.dispose()
    shutil.copyfile(older, database.path)
    verdict = _verdict(database)
    assert "older copy" in verdict.reason
    for name in ("Cy", "Di", "Ed"):
        client_changes.add(database, name, clock=lambda: NOW + timedelta(hours=1))
    database.dispose()
    assert not _verdict(database).intact
    assert audit_anchor.renew(database, force=True)
    assert _verdict(database).intact


# what is pruned


def test_nothing_younger_than_six_years_is_pruned_and_the_rest_verifies(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    with closing(database.connect()) as connection:
        later = datetime(2040, 1, 2, tzinfo=UTC)
        kept = later - audit_prune.RETENTION
        at = int(kept.timestamp())
        first = audit.append(connection, at, "user", [Deed("view", "client", str(n)) for n in range(5)]) - 4
        with pytest.raises(Refused):
            audit_prune.prune_trail(connection, kept + timedelta(days=1), later)
        removed = audit_prune.prune_trail(connection, kept, later)
        assert removed > 0
        verdict = audit_check.verify(connection, None)
        assert verdict.intact
        assert verdict.pruned == removed
        assert connection.execute("SELECT count(*) FROM audit_entry WHERE id >= ?", (first,)).fetchone() == (6,)
        with refused():
            connection.execute("DELETE FROM audit_entry")
