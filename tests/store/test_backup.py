"""Backups and putting them back: whole or not at all, whatever happens in between."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from couchcal.errors import CouchcalError, DatabaseProblem, Refused
from couchcal.practice import client_changes
from couchcal.practice.opening import open_database
from couchcal.store import audit_anchor, audit_check, backup, restore, schema
from couchcal.store.connection import SCHEMA_HEAD, Database, schema_revision
from couchcal.store.keys import sidecar
from couchcal.store.locations import is_encrypted
from tests.store.test_durability import small_disk
from tests.support.practice import PASSPHRASE, make_practice

assert small_disk
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
WALL = datetime(2026, 3, 2, 7)  # noqa: DTZ001  a wall clock
BOTH = pytest.mark.parametrize("encrypt", [False, True])


def _clock() -> datetime:
    return NOW


def _make(database: Database, folder: Path | None = None) -> Path:
    return backup.make(database, WALL, clock=_clock, folder=folder)


def _restore(path: Path, file: Path, wall: datetime = WALL) -> restore.Restored:
    return restore.restore(path, file, wall, clock=_clock)


def _people(database: Database) -> list[str]:
    with closing(database.connect()) as connection:
        return [name for (name,) in connection.execute("SELECT first FROM client ORDER BY id")]


def _intact(database: Database) -> audit_check.Verdict:
    with closing(database.connect()) as connection:
        verdict = audit_check.verify(connection, audit_anchor.read(database.path))
    assert verdict.intact, verdict
    return verdict


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", PASSPHRASE)


@BOTH
def test_a_backup_is_whole_private_and_opens_by_itself(tmp_path: Path, encrypt: bool) -> None:
    database = make_practice(tmp_path, encrypt)
    client_changes.add(database, "Ann", clock=_clock)
    made = _make(database)
    assert made == tmp_path / "backups" / "couchcal-20260302.db"
    assert is_encrypted(made) == encrypt
    assert sidecar(made).exists() == encrypt
    for file in made.parent.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file  # P1
    assert made.parent.stat().st_mode & 0o777 == 0o700
    opened = open_database(made)
    assert _people(opened) == ["Ann"]
    _intact(opened)
    with closing(database.connect()) as connection:
        last = connection.execute("SELECT action, entity_id FROM audit_entry ORDER BY id DESC LIMIT 1").fetchone()
    assert last == ("backup", made.name)


def test_others_write_while_it_is_made(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    stop, added = threading.Event(), [0]

    def write() -> None:
        own = Database(database.path, None)
        while not stop.is_set():
            client_changes.add(own, f"N{added[0]}", clock=_clock)
            added[0] += 1
        own.dispose()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            made = backup.make(database, WALL + timedelta(seconds=number), clock=_clock)
            copy = Database(made, None)
            assert _people(copy) == [f"N{n}" for n in range(len(_people(copy)))]
            _intact(copy)
    finally:
        stop.set()
        writer.join()
    assert len(backup.existing(database.path)) == 3


def test_damage_is_found_and_leaves_nothing(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    with closing(database.connect()) as connection:
        connection.execute("DROP TRIGGER audit_entry_no_update")
        connection.execute("UPDATE audit_entry SET actor = 'x' WHERE id = 2")
    with pytest.raises(DatabaseProblem, match="entry 2 was changed"):
        _make(database)
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_full_disk_is_told_and_nothing_is_left(small_disk: Path, tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    (small_disk / "rest").write_bytes(bytes(1_200_000))
    with pytest.raises(DatabaseProblem, match=r"disk is full|no room"):
        _make(database, folder=small_disk / "b")
    assert list((small_disk / "b").iterdir()) == []


def test_a_folder_that_is_no_folder_is_told(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseProblem, match="cannot be written"):
        _make(database, folder=tmp_path / "file" / "b")
    with pytest.raises(DatabaseProblem, match="is not there"):
        backup.copy_away(_make(database), tmp_path / "disk")


def test_rotation_touches_no_file_of_others(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    made = _make(database)
    theirs = ["couchcal-20250101.db", "notes.txt", "other-20250101.db", "couchcal-2025.db", "couchcal-20251399.db"]
    for name in theirs:  # the first has a name of ours, and no anchor: it is no backup we made
        (made.parent / name).write_text("mine")
    for night in range(40):
        old = made.parent / f"couchcal-{WALL - timedelta(days=night + 1):%Y%m%d}.db"
        old.write_bytes(b"")
        anchor = {"entries": 1, "hash": "", "at": int((NOW - timedelta(days=night + 1)).timestamp())}
        audit_anchor.place(old).write_text(json.dumps(anchor))
    gone = backup.rotate(database.path)
    assert 25 < len(gone) < 35
    assert made.exists()
    assert all((made.parent / name).exists() for name in theirs)
    assert not any(audit_anchor.place(path).exists() for path in gone)
    assert backup.rotate(database.path) == []


def test_the_newest_is_copied_away_under_one_name(tmp_path: Path) -> None:
    database = make_practice(tmp_path, True)
    away = tmp_path / "away"
    away.mkdir()
    first = backup.copy_away(_make(database), away)
    client_changes.add(database, "Ann", clock=_clock)
    again = backup.copy_away(backup.make(database, WALL + timedelta(days=1), clock=_clock), away)
    assert first == again == away / "couchcal-backup.db"
    assert sorted(file.name for file in away.iterdir()) == [
        "couchcal-backup.db", "couchcal-backup.db.audit", "couchcal-backup.db.key",
    ]  # fmt: skip
    assert _people(open_database(again)) == ["Ann"]


# putting it back


@BOTH
def test_a_restored_database_is_the_backup_and_says_so(tmp_path: Path, encrypt: bool) -> None:
    database = make_practice(tmp_path, encrypt)
    client_changes.add(database, "Ann", clock=_clock)
    made = _make(database)
    client_changes.add(database, "Ben", clock=_clock)
    database.dispose()
    done = _restore(database.path, made)
    restored = open_database(database.path)
    assert _people(restored) == ["Ann"]
    assert done.aside is not None
    aside = open_database(done.aside)
    assert _people(aside) == ["Ann", "Ben"]
    _intact(restored)
    _intact(aside)
    with closing(restored.connect()) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        action, fields = connection.execute(
            "SELECT action, fields FROM audit_entry ORDER BY id DESC LIMIT 1"
        ).fetchone()
    assert (action, fields.split()[0]) == ("restore", f"from={made.name}")
    client_changes.add(restored, "Cy", clock=_clock)
    restored.dispose()
    _intact(restored)


def test_on_another_computer_the_backup_and_its_key_file_do(tmp_path: Path) -> None:
    database = make_practice(tmp_path / "here", True)
    client_changes.add(database, "Ann", clock=_clock)
    made = _make(database)
    path = tmp_path / "there" / "couchcal.db"
    assert _restore(path, made).aside is None
    assert _people(open_database(path)) == ["Ann"]


def test_what_may_have_been_sent_is_not_sent_again(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    past, future = int(NOW.timestamp()) - 60, int(NOW.timestamp()) + 9999
    with closing(database.connect()) as connection:
        for row_id, when in ((1, past), (2, future)):
            connection.execute(
                "INSERT INTO outbox_email (id, created_at, updated_at, version, kind, to_practitioner, sequence,"
                " recipient, not_before, state, attempts, message_id, error, payload)"
                " VALUES (?, 0, 0, 1, 'invite', false, 0, 'a@b', ?, 'queued', 0, '', '', '{}')",
                (row_id, when),
            )
    made = _make(database)
    database.dispose()
    _restore(database.path, made)
    with closing(database.connect()) as connection:
        states = connection.execute("SELECT state FROM outbox_email ORDER BY id").fetchall()
    assert states == [("claimed",), ("queued",)]


def test_it_is_refused_while_others_have_the_database_open(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    made = _make(database)
    client_changes.add(database, "Ben", clock=_clock)
    with closing(database.connect()) as reader:
        reader.execute("SELECT count(*) FROM client").fetchone()
        with pytest.raises(Refused, match="open"):
            _restore(database.path, made)
    assert _people(database) == ["Ben"]
    _intact(database)


def test_a_backup_of_an_older_couchcal_is_brought_up_to_date(tmp_path: Path) -> None:
    old = Database(tmp_path / "old.db", None)
    old.path.touch(mode=0o600)
    schema.upgrade(old, "0005")
    old.dispose()
    _restore(tmp_path / "couchcal.db", old.path)
    with closing(Database(tmp_path / "couchcal.db", None).connect()) as connection:
        assert schema_revision(connection) == SCHEMA_HEAD


def test_a_damaged_backup_changes_nothing(tmp_path: Path) -> None:
    database = make_practice(tmp_path, True)
    made = _make(database)
    content = bytearray(made.read_bytes())
    content[len(content) // 2] ^= 1
    made.write_bytes(content)
    before = database.path.read_bytes()
    with pytest.raises(CouchcalError):
        _restore(database.path, made)
    assert database.path.read_bytes() == before
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


def test_a_damaged_database_can_be_replaced(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    client_changes.add(database, "Ann", clock=_clock)
    made = _make(database)
    database.dispose()
    database.path.write_bytes(b"\0" * 5000)
    done = _restore(database.path, made)
    assert done.aside is not None
    assert done.aside.read_bytes() == b"\0" * 5000
    assert _people(open_database(database.path)) == ["Ann"]


# killed at any step

_STRIDE = 1 if os.environ.get("COUCHCAL_KILL_ALL") else 5
"""Of so many steps to be killed at, one is tried; `COUCHCAL_KILL_ALL=1` tries all."""
_STEPS = ("open", "os.rename", "os.remove", "os.link", "os.chmod", "sqlite3.connect", "os.truncate")


def _killed(at: int, work: Callable[[], object]) -> bool:
    """Do `work` in a child that is killed at its step number `at`; whether it came that far."""
    child = os.fork()
    if child == 0:
        steps = [0]

        def count(name: str, _arguments: object) -> None:
            if name in _STEPS:
                steps[0] += 1
                if steps[0] == at:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(count)
            work()
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def _at_each_step(work: Callable[[], object], look: Callable[[], None]) -> None:
    at = 1
    while _killed(at, work):
        look()
        at += _STRIDE
    look()
    assert at > 10


def test_a_backup_that_is_killed_is_whole_or_not_there(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    client_changes.add(database, "Ann", clock=_clock)
    database.dispose()

    def look() -> None:
        for made in backup.existing(database.path):
            assert _people(Database(made.path, database.key)) == ["Ann"]
            made.path.unlink()
        _intact(database)

    _at_each_step(lambda: _make(database), look)


def test_a_restore_that_is_killed_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    database = make_practice(tmp_path, True)
    made = _make(database)
    client_changes.add(database, "Ben", clock=_clock)
    database.dispose()
    seen: set[tuple[str, ...]] = set()
    tries = [0]

    def look() -> None:
        tries[0] += 1
        found = open_database(database.path)
        people = _people(found)
        seen.add(tuple(people))
        assert people in ([], ["Ben"])
        _intact(found)
        if not people:
            client_changes.add(found, "Ben", clock=_clock)
        found.dispose()
        assert not [file for file in tmp_path.iterdir() if ".new" in file.name]

    _at_each_step(lambda: _restore(database.path, made, WALL + timedelta(seconds=tries[0])), look)
    assert seen == {(), ("Ben",)}
