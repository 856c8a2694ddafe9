"""Another passphrase, place, recovery code: the data stays, and a killed process leaves a key that opens."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import keyring
import pytest

from couchcal.errors import DatabaseProblem, Refused
from couchcal.practice.opening import create_practice, open_database
from couchcal.store import key_changes, key_wraps, keys, recrypt
from couchcal.store.connection import Database
from couchcal.store.locations import exists
from tests.support.keyrings import FileKeyring, use_keyring
from tests.support.killing import killed_at, moments
from tests.support.practice import PASSPHRASE, make_practice

MOST = 12
"""Moments to be killed at; neighbours seldom differ."""


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A practice whose key is under a passphrase that is cheap to try."""
    database = make_practice(tmp_path, encrypt=True)
    assert database.key is not None
    record = {"store": "passphrase", **key_wraps.seal(database.key, PASSPHRASE)}
    keys.sidecar(database.path).write_text(json.dumps(record))
    return database


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileKeyring:
    return use_keyring(monkeypatch, tmp_path / "keyring.json")


def opens(path: Path, words: str | None) -> bool:
    """Whether the practice opens, from the keyring or with these words."""
    try:
        open_database(path, ask=None if words is None else lambda _prompt: words).dispose()
    except DatabaseProblem:
        return False
    return True


def test_another_passphrase_leaves_the_data_as_it_is(locked: Database) -> None:
    before = locked.path.read_bytes()
    key_changes.set_passphrase(locked, "other words")
    assert locked.path.read_bytes() == before
    assert opens(locked.path, "other words")
    assert not opens(locked.path, PASSPHRASE)
    assert stat.S_IMODE(keys.sidecar(locked.path).stat().st_mode) == 0o600
    assert not recrypt.leftovers(locked.path)
    with pytest.raises(DatabaseProblem, match="empty passphrase"):
        key_changes.set_passphrase(locked, "")
    assert opens(locked.path, "other words")


def test_to_the_keyring_and_back(locked: Database, desktop: FileKeyring) -> None:
    code = key_changes.set_recovery_code(locked)
    key_changes.move_key(locked, "keyring")
    assert list(desktop.secrets.values()) == [locked.key.hex() if locked.key else ""]
    assert opens(locked.path, None)
    with pytest.raises(Refused, match="keeps the key already"):
        key_changes.move_key(locked, "keyring")
    key_changes.move_key(locked, "passphrase", lambda _prompt: "new words")
    assert desktop.secrets == {}
    assert opens(locked.path, "new words")
    assert opens(locked.path, code)
    with pytest.raises(Refused, match="under a passphrase already"):
        key_changes.move_key(locked, "passphrase", lambda _prompt: "more words")


def test_a_keyring_that_forgets_what_it_is_given_gets_no_key(locked: Database, desktop: FileKeyring) -> None:
    class Forgetful(FileKeyring):
        def get_password(self, service: str, username: str) -> str | None:
            return None

    forgetful = Forgetful(desktop.file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "ALLOWED_BACKENDS", {f"{Forgetful.__module__}.{Forgetful.__qualname__}"})
        patch.setattr(keyring, "get_keyring", lambda: forgetful)
        with pytest.raises(DatabaseProblem, match="does not have the database key"):
            key_changes.move_key(locked, "keyring")
    assert opens(locked.path, PASSPHRASE)
    assert desktop.secrets == {}
    assert not recrypt.leftovers(locked.path)


def test_a_passphrase_beside_the_keyring_opens_where_the_keyring_does_not(
    locked: Database, desktop: FileKeyring
) -> None:
    key_changes.move_key(locked, "keyring")
    key_changes.set_passphrase(locked, "for the locked screen")
    assert opens(locked.path, None)
    desktop.locked = True
    assert not opens(locked.path, None)
    assert opens(locked.path, "for the locked screen")
    desktop.locked = False
    key_changes.move_key(locked, "keyring")  # the keyring alone
    desktop.locked = True
    assert not opens(locked.path, "for the locked screen")


def test_the_recovery_code_opens_in_place_of_the_passphrase(
    locked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = key_changes.set_recovery_code(locked)
    assert [len(group) for group in code.split("-")] == [4] * 8
    assert code not in keys.sidecar(locked.path).read_text()
    for written in (code, code.lower(), code.replace("-", ""), code.replace("-", " "), f" {code}\n"):
        assert opens(locked.path, written)
    assert opens(locked.path, PASSPHRASE)
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", code)
    assert opens(locked.path, None)
    monkeypatch.delenv("COUCHCAL_PASSPHRASE")
    newer = key_changes.set_recovery_code(locked)
    assert opens(locked.path, newer)
    assert not opens(locked.path, code)
    key_changes.set_passphrase(locked, "other words")
    assert opens(locked.path, newer)


def test_a_slip_in_the_recovery_code_is_told_from_a_wrong_one(locked: Database) -> None:
    code = key_changes.set_recovery_code(locked)
    slip = ("A" if code[0] != "A" else "B") + code[1:]
    with pytest.raises(DatabaseProblem, match="a sign of the recovery code is wrong") as error:
        open_database(locked.path, ask=lambda _prompt: slip)
    assert (error.value.code, error.value.exit_code) == ("wrong_passphrase", 75)
    with pytest.raises(DatabaseProblem, match="passphrase is wrong"):
        open_database(locked.path, ask=lambda _prompt: key_wraps.new_code())


def test_signs_that_look_alike_are_read_as_meant() -> None:
    code = "0110-" * 6 + "0110-"
    signs = code.replace("-", "")
    whole = signs + key_wraps._checksum(signs)
    assert key_wraps.read_code(whole.replace("0", "o").replace("1", "l")) == whole
    assert key_wraps.read_code("several good words of thirty-two") is None


def test_a_key_of_its_own_file_gets_a_recovery_code_and_a_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUCHCAL_KEY_FILE", str(tmp_path / "raw.key"))
    database = create_practice(tmp_path / "c.db", tz="UTC").database
    code = key_changes.set_recovery_code(database)
    with pytest.raises(Refused, match="in the file that the environment names"):
        key_changes.set_passphrase(database, "words")
    monkeypatch.delenv("COUCHCAL_KEY_FILE")
    with pytest.raises(DatabaseProblem, match="is in a file of its own"):
        open_database(database.path)
    assert opens(database.path, code)
    assert not opens(database.path, "words")
    key_changes.move_key(database, "passphrase", lambda _prompt: "words")
    assert opens(database.path, "words")
    assert opens(database.path, code)


def test_systemd_hands_the_key_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = bytes(range(32))
    (tmp_path / keys.CREDENTIAL).write_text(key.hex())
    (tmp_path / keys.CREDENTIAL).chmod(0o440)  # the mask of the access list that systemd sets
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert keys.load_key(tmp_path / "c.db") == key
    (tmp_path / keys.CREDENTIAL).chmod(0o444)
    with pytest.raises(DatabaseProblem, match="read by others"):
        keys.load_key(tmp_path / "c.db")
    named = tmp_path / "named"
    named.write_bytes(bytes(32))
    named.chmod(0o600)
    monkeypatch.setenv("COUCHCAL_KEY_FILE", str(named))
    assert keys.load_key(tmp_path / "c.db") == bytes(32)


Change = Callable[[Database], object]
CHANGES: dict[str, tuple[Change, bool]] = {
    "passphrase": (lambda database: key_changes.set_passphrase(database, "other words"), False),
    "to the keyring": (lambda database: key_changes.move_key(database, "keyring"), False),
    "from the keyring": (lambda database: key_changes.move_key(database, "passphrase", lambda _: "words"), True),
    "recovery": (key_changes.set_recovery_code, False),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_killed_anywhere_leaves_a_key_that_opens(
    name: str, locked: Database, desktop: FileKeyring
) -> None:
    change, from_keyring = CHANGES[name]
    if from_keyring:
        key_changes.move_key(locked, "keyring")
    at_first = keys.sidecar(locked.path).read_bytes(), desktop.secrets
    modules = (key_changes,)
    outcomes = set()
    for line in moments(lambda: change(locked), modules, MOST):
        keys.sidecar(locked.path).write_bytes(at_first[0])
        desktop.secrets = at_first[1]
        for file in recrypt.leftovers(locked.path):
            file.unlink()
        killed_at(line, lambda: change(locked), modules)
        candidates = (None, PASSPHRASE, "other words", "words")
        assert any(opens(locked.path, words) for words in candidates), line
        record = json.loads(keys.sidecar(locked.path).read_bytes())
        outcomes.add(record == json.loads(at_first[0]))
        assert not recrypt.leftovers(locked.path)
        assert list(desktop.secrets) == [record[name] for name in ("id",) if name in record], line
    assert outcomes == {False, True}


@pytest.mark.parametrize("with_keyring", [False, True])
def test_setting_up_again_after_being_killed(
    tmp_path: Path, desktop: FileKeyring, monkeypatch: pytest.MonkeyPatch, with_keyring: bool
) -> None:
    import couchcal.practice.opening as opening
    from couchcal.store import schema

    if not with_keyring:
        monkeypatch.setenv("COUCHCAL_PASSPHRASE", "words")
    path = tmp_path / "c.db"
    create_practice(tmp_path / "warm.db", tz="UTC").database.dispose()  # the child finds everything loaded
    desktop.secrets = {}
    monkeypatch.setattr(schema, "create", _create_empty)
    monkeypatch.setattr(opening, "fill", lambda *_arguments: None)
    modules = (key_changes, opening, recrypt)

    def work() -> None:
        create_practice(path, tz="UTC")

    at = moments(work, modules, MOST)
    for file in tmp_path.glob("c.db*"):
        file.unlink()
    for line in at:
        desktop.secrets = {}
        killed_at(line, work, modules)
        if not exists(path):
            create_practice(path, tz="UTC").database.dispose()
        with suppress(DatabaseProblem):  # an empty one is no couchcal database, but the key has been tried before
            open_database(path)
        Database(path, keys.load_key(path)).connect().close()
        assert not recrypt.leftovers(path)
        assert len(desktop.secrets) == with_keyring, line
        for file in (path, keys.sidecar(path)):
            file.unlink()


def _create_empty(path: Path, key: bytes | None) -> Database:
    """In place of the schema, which takes a second: what counts here are the files."""
    database = Database(path, key)
    connection = database.connect()
    connection.execute("CREATE TABLE made (id INTEGER)")
    connection.close()
    return database


def test_a_key_file_without_a_database_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "words")
    create_practice(tmp_path / "c.db", tz="UTC").database.dispose()
    (tmp_path / "c.db").rename(tmp_path / "elsewhere.db")
    with pytest.raises(DatabaseProblem, match="already there"):
        create_practice(tmp_path / "c.db", tz="UTC")
    (tmp_path / "elsewhere.db").rename(tmp_path / "c.db")
    assert opens(tmp_path / "c.db", None)
