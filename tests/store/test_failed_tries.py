"""Wrong passphrases reach the audit trail, whoever opens the database next."""

from __future__ import annotations

import stat
from contextlib import closing
from pathlib import Path

import pytest

from couchcal.errors import DatabaseProblem
from couchcal.practice.opening import open_database, unlocking_key
from couchcal.store import failed_tries
from couchcal.store.audit_check import verify
from couchcal.store.connection import Database
from tests.support.practice import PASSPHRASE, make_practice


@pytest.fixture
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.delenv("COUCHCAL_KEY_FILE", raising=False)
    return make_practice(tmp_path / "home", encrypt=True)


def _try(database: Database, words: str) -> Database:
    return open_database(database.path, ask=lambda _prompt: words)


def _fail(database: Database, times: int) -> None:
    for _ in range(times):
        with pytest.raises(DatabaseProblem, match="passphrase is wrong"):
            _try(database, "not this one")


def _told(database: Database) -> list[tuple[str, str]]:
    with closing(database.connect()) as connection:
        found = connection.execute("SELECT entity, fields FROM audit_entry WHERE action = 'unlock' ORDER BY id")
        return [(entity, fields) for entity, fields in found]


def test_who_opens_it_next_tells_how_often_it_was_tried(sealed: Database) -> None:
    _fail(sealed, 2)
    with pytest.raises(DatabaseProblem):
        unlocking_key(sealed.path, "nor this one")
    file = failed_tries.place(sealed.path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"not this one" not in file.read_bytes()
    assert _told(sealed) == []
    opened = _try(sealed, PASSPHRASE)
    assert _told(opened) == [("database", "failed=3")]
    assert not file.exists()
    _try(sealed, PASSPHRASE)
    assert _told(opened) == [("database", "failed=3")]
    with closing(opened.connect()) as connection:
        assert verify(connection, None).intact


def test_tries_wait_for_a_database_that_takes_writes(sealed: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    _fail(sealed, 1)
    with monkeypatch.context() as patch:
        patch.setattr(Database, "takes_writes", lambda _self: False)
        _try(sealed, PASSPHRASE)
    assert _told(sealed) == []
    _fail(sealed, 1)
    assert _told(_try(sealed, PASSPHRASE)) == [("database", "failed=2")]


def test_no_try_tells_anything_else(sealed: Database) -> None:
    before = {path.name for path in sealed.path.parent.iterdir()}
    _fail(sealed, 1)
    assert {path.name for path in sealed.path.parent.iterdir()} - before == {"couchcal.db.tries"}


def test_the_file_stays_small(sealed: Database) -> None:
    file = failed_tries.place(sealed.path)
    file.write_bytes(b"1\n" * (1 << 19))
    failed_tries.failed(sealed.path)
    assert file.stat().st_size == 1 << 20


def test_a_disk_that_refuses_lets_nobody_in_either(sealed: Database) -> None:
    failed_tries.place(sealed.path).mkdir()
    _fail(sealed, 1)
