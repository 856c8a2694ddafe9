"""A database encrypted or decrypted in place: nothing is lost, whoever has it open and whenever it is killed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from couchcal.errors import DatabaseProblem, Refused
from couchcal.practice.client_changes import add
from couchcal.practice.opening import open_database
from couchcal.store import key_changes, keys, recrypt
from couchcal.store.connection import SCHEMA_HEAD, Database
from couchcal.store.locations import is_encrypted
from tests.support.keyrings import use_keyring
from tests.support.killing import killed_at, moments
from tests.support.practice import make_practice

CANARY = "Zebulon"
MOST = 12


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A practice in the clear with one client, and a passphrase in the environment."""
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "words")
    database = make_practice(tmp_path)
    add(database, f"{CANARY} Canary")
    database.dispose()
    return database


def dump(database: Database) -> list[tuple[Any, ...]]:
    """Every row of every table."""
    with closing(database.connect()) as connection:
        tables = [
            name
            for name, sql in connection.execute("SELECT name, sql FROM sqlite_schema WHERE type='table' ORDER BY 1")
            if "VIRTUAL" not in sql
        ]
        return [(name, *row) for name in tables for row in connection.execute(f'SELECT * FROM "{name}"')]


def test_there_and_back_without_a_change(plain: Database) -> None:
    before = dump(plain)
    old = os.open(plain.path, os.O_RDONLY)
    recrypt.encrypt(plain.path)
    assert is_encrypted(plain.path)
    assert CANARY.encode() not in plain.path.read_bytes()
    overwritten = os.pread(old, 1 << 24, 0)
    os.close(old)
    assert overwritten.strip(b"\0") == b""
    encrypted = open_database(plain.path)
    assert dump(encrypted) == before
    with closing(encrypted.connect()) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA cipher_integrity_check").fetchall() == []
    assert plain.path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Refused, match="is encrypted already"):
        recrypt.encrypt(plain.path)
    key = encrypted.key
    recrypt.decrypt(encrypted)
    readable = open_database(plain.path)
    assert dump(readable) == before
    readable.dispose()
    assert not recrypt.leftovers(plain.path)
    recrypt.encrypt(plain.path)
    assert keys.load_key(plain.path) == key  # earlier backups still open


def test_what_is_still_in_the_log_comes_along(plain: Database) -> None:
    with closing(plain.connect()) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("UPDATE practice SET name = 'Later'")
        files = [plain.path, plain.path.with_name(f"{plain.path.name}-wal")]
        copies = [(file.name, file.read_bytes()) for file in files]
    copy = plain.path.parent / "copy"
    copy.mkdir()
    for name, content in copies:  # as a process that was killed leaves them
        (copy / name).write_bytes(content)
    recrypt.encrypt(copy / plain.path.name)
    with closing(open_database(copy / plain.path.name).connect()) as connection:
        assert connection.execute("SELECT name FROM practice").fetchone() == ("Later",)


def test_nobody_else_may_have_it_open(plain: Database) -> None:
    code = (
        "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\nc.execute('SELECT * FROM practice').fetchall()\n"
        "print('open', flush=True)\nsys.stdin.readline()\nprint(c.execute('PRAGMA journal_mode').fetchone()[0])"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(plain.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout is not None
        assert other.stdin is not None
        other.stdout.readline()
        with pytest.raises(Refused, match="another program has the calendar open"):
            recrypt.encrypt(plain.path)
        other.stdin.write("\n")
        other.stdin.close()
        assert other.stdout.read().strip() == "wal"
    assert CANARY in str(dump(open_database(plain.path)))
    assert not keys.sidecar(plain.path).exists()
    assert not recrypt.leftovers(plain.path)


def test_another_database_is_not_encrypted(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE of_others (id)")
    before = path.read_bytes()
    with pytest.raises(DatabaseProblem, match="no couchcal database"):
        recrypt.encrypt(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("with_keyring", [False, True])
@pytest.mark.parametrize("encrypting", [False, True])
def test_killed_anywhere_it_is_the_old_or_the_new_and_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encrypting: bool, with_keyring: bool
) -> None:
    plain = Database(tmp_path / "small.db", None)
    with closing(plain.connect_file()) as connection:
        connection.executescript(
            "PRAGMA journal_mode=WAL; CREATE TABLE alembic_version (version_num TEXT);"
            f"INSERT INTO alembic_version VALUES ('{SCHEMA_HEAD}'); CREATE TABLE custom_zone (name TEXT);"
        )
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "words")
    desktop = use_keyring(monkeypatch, tmp_path / "keyring.json")
    if with_keyring:
        monkeypatch.delenv("COUCHCAL_PASSPHRASE")
    if not encrypting:
        recrypt.encrypt(plain.path)
    old = open_database(plain.path)
    start, secrets = plain.path.read_bytes(), desktop.secrets
    wanted = dump(old)
    old.dispose()

    def work() -> None:
        recrypt.encrypt(plain.path) if encrypting else recrypt.decrypt(old)

    modules = (recrypt, key_changes)
    outcomes = set()
    for line in moments(work, modules, MOST):
        for file in recrypt.leftovers(plain.path):
            file.unlink()
        if encrypting:
            keys.sidecar(plain.path).unlink(missing_ok=True)
        plain.path.write_bytes(start)
        desktop.secrets = secrets
        killed_at(line, work, modules)
        left = bool(recrypt.leftovers(plain.path))
        opened = open_database(plain.path)
        assert dump(opened) == wanted, line
        outcomes.add(opened.encrypted)
        assert not recrypt.leftovers(plain.path)
        with closing(opened.connect_file()) as connection:
            if left:
                assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        if encrypting:
            assert keys.sidecar(plain.path).exists() == opened.encrypted, line
            assert len(desktop.secrets) == (opened.encrypted and with_keyring), line
        opened.dispose()
    assert outcomes == {False, True}
