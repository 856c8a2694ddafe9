"""Where the data key is kept, and every way that can go wrong."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import keyring
import pytest

from couchcal.errors import DatabaseProblem
from couchcal.practice.opening import create_practice, open_database
from couchcal.store import key_changes, key_wraps, keys
from tests.support.keyrings import FileKeyring, use_keyring

KEY = bytes(range(32))


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileKeyring:
    return use_keyring(monkeypatch, tmp_path / "keyring.json")


@pytest.fixture
def no_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.backends.fail import Keyring

    monkeypatch.setattr(keyring, "get_keyring", Keyring)


def test_the_keyring_keeps_the_key_and_gives_it_back(tmp_path: Path, desktop: FileKeyring) -> None:
    key, place = key_changes.create_key(tmp_path / "c.db")
    assert len(key) == 32
    assert "keyring" in place
    assert keys.load_key(tmp_path / "c.db") == key
    record = json.loads(keys.sidecar(tmp_path / "c.db").read_bytes())
    assert key.hex() not in json.dumps(record)


def test_a_passphrase_may_be_chosen_where_there_is_a_keyring(tmp_path: Path, desktop: FileKeyring) -> None:
    key, place = key_changes.create_key(
        tmp_path / "c.db", ask=lambda _prompt: "several good words", store="passphrase"
    )
    assert "passphrase" in place
    assert not desktop.secrets
    assert keys.load_key(tmp_path / "c.db", ask=lambda _prompt: "several good words") == key


@pytest.mark.usefixtures("no_desktop")
def test_a_keyring_that_was_chosen_is_not_replaced_by_a_passphrase(tmp_path: Path) -> None:
    with pytest.raises(DatabaseProblem, match="no keyring here"):
        key_changes.create_key(tmp_path / "c.db", ask=lambda _prompt: "several good words", store="keyring")


def test_a_locked_or_emptied_keyring_is_told_clearly(tmp_path: Path, desktop: FileKeyring) -> None:
    key_changes.create_key(tmp_path / "c.db")
    desktop.locked = True
    with pytest.raises(DatabaseProblem, match="refused: KeyringLocked"):
        keys.load_key(tmp_path / "c.db")
    desktop.locked = False
    desktop.secrets = dict.fromkeys(desktop.secrets, "no hexadecimal digits")
    with pytest.raises(DatabaseProblem, match="does not have the database key"):
        keys.load_key(tmp_path / "c.db")
    desktop.secrets = {}
    with pytest.raises(DatabaseProblem, match="does not have the database key"):
        keys.load_key(tmp_path / "c.db")


def test_a_keyring_that_cannot_be_written_does_not_leave_a_sidecar(tmp_path: Path, desktop: FileKeyring) -> None:
    desktop.locked = True
    with pytest.raises(DatabaseProblem, match="refused"):
        key_changes.create_key(tmp_path / "c.db")
    assert not keys.sidecar(tmp_path / "c.db").exists()


def test_plain_text_keyrings_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    class PlaintextKeyring(FileKeyring):
        """Not on the list of backends that keep a secret."""

    monkeypatch.setattr(keyring, "get_keyring", lambda: PlaintextKeyring(Path("nowhere")))
    assert keys.usable_keyring() is None


@pytest.mark.usefixtures("no_desktop")
def test_without_a_keyring_a_passphrase_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DatabaseProblem, match="no keyring here") as error:
        key_changes.create_key(tmp_path / "c.db")
    assert error.value.code == "no_key_store"
    with pytest.raises(DatabaseProblem, match="empty passphrase"):
        key_changes.create_key(tmp_path / "c.db", ask=lambda _prompt: "")
    key, _place = key_changes.create_key(tmp_path / "c.db", ask=lambda _prompt: "several good words")
    assert keys.load_key(tmp_path / "c.db", ask=lambda _prompt: "several good words") == key
    with pytest.raises(DatabaseProblem, match="the passphrase is wrong") as error:
        keys.load_key(tmp_path / "c.db", ask=lambda _prompt: "other words")
    assert error.value.code == "wrong_passphrase"
    with pytest.raises(DatabaseProblem, match="locked"):
        keys.load_key(tmp_path / "c.db")


@pytest.mark.usefixtures("real_costs")
def test_the_wrapped_key_names_its_costs_and_hides_the_key() -> None:
    wrap = key_wraps.seal(KEY, "words")
    assert wrap["kdf"] == "argon2id"
    assert (wrap["time_cost"], wrap["memory_kib"], wrap["parallelism"]) == (3, 65536, 4)  # RFC 9106
    assert key_wraps.unseal(wrap, "words") == KEY
    assert key_wraps.seal(KEY, "words") != wrap


SEALED = {"store": "passphrase", **key_wraps.seal(KEY, "words")}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b"{}",
        b'{"store": "elsewhere"}',
        b'{"store": "keyring"}',
        b'{"store": "passphrase"}',
        b'{"store": "file", "recovery": []}',
        json.dumps({**SEALED, "salt": 7}).encode(),
        json.dumps({**SEALED, "nonce": ""}).encode(),
        json.dumps({**SEALED, "memory_kib": 0}).encode(),
        json.dumps({**SEALED, "time_cost": 1 << 70}).encode(),
    ],
    ids=[
        "empty",
        "text",
        "list",
        "null",
        "no-store",
        "unknown-store",
        "no-id",
        "no-parts",
        "no-wrap",
        "salt",
        "nonce",
        "memory",
        "time",
    ],
)
def test_a_damaged_sidecar_is_told_as_damaged(tmp_path: Path, content: bytes) -> None:
    keys.sidecar(tmp_path / "c.db").write_bytes(content)
    with pytest.raises(DatabaseProblem, match="damaged") as error:
        keys.load_key(tmp_path / "c.db", ask=lambda _prompt: "words")
    assert error.value.code == "no_key"


def test_a_lost_sidecar_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseProblem, match="its key is not here"):
        keys.load_key(tmp_path / "c.db")


def test_a_key_that_is_there_is_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "words")
    key_changes.create_key(tmp_path / "c.db")
    before = keys.sidecar(tmp_path / "c.db").read_bytes()
    with pytest.raises(DatabaseProblem, match="already there"):
        key_changes.create_key(tmp_path / "c.db")
    assert keys.sidecar(tmp_path / "c.db").read_bytes() == before


def test_the_key_file_is_made_private_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # INV-P1
    path = tmp_path / "deep" / "couchcal.key"
    monkeypatch.setenv("COUCHCAL_KEY_FILE", str(path))
    key, _place = key_changes.create_key(tmp_path / "c.db")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert key_changes.create_key(tmp_path / "other.db")[0] == key
    assert keys.load_key(tmp_path / "c.db") == key
    assert not keys.sidecar(tmp_path / "c.db").exists()


@pytest.mark.parametrize(
    "content", [KEY, KEY.hex().encode(), KEY.hex().upper().encode() + b"\n", base64.b64encode(KEY) + b"\n"]
)
def test_the_key_file_may_be_raw_hexadecimal_or_base64(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    assert keys.read_key_file(path) == KEY


@pytest.mark.parametrize("content", [b"", b"short", KEY.hex().encode()[:-2], b"\xff" * 40, b"=" * 44])
def test_a_file_without_a_key_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(DatabaseProblem, match="holds no key"):
        keys.read_key_file(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    path.write_bytes(KEY)
    path.chmod(mode)
    with pytest.raises(DatabaseProblem, match="read by others") as error:
        keys.read_key_file(path)
    assert f"chmod 600 {path}" in error.value.hint


def test_a_missing_key_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_KEY_FILE", str(tmp_path / "gone"))
    with pytest.raises(DatabaseProblem, match="cannot be read"):
        keys.load_key(tmp_path / "c.db")


def test_a_practice_made_with_a_passphrase_opens_with_it_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "right words")
    create_practice(tmp_path / "c.db", tz="UTC").database.dispose()
    open_database(tmp_path / "c.db").connect().close()
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "wrong words")
    with pytest.raises(DatabaseProblem, match="passphrase is wrong"):
        open_database(tmp_path / "c.db")


def test_the_key_of_another_database_does_not_open_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUCHCAL_KEY_FILE", str(tmp_path / "a.key"))
    create_practice(tmp_path / "c.db", tz="UTC").database.dispose()
    monkeypatch.setenv("COUCHCAL_KEY_FILE", str(tmp_path / "b.key"))
    key_changes.create_key(tmp_path / "other.db")
    with pytest.raises(DatabaseProblem, match="key does not open the database"):
        open_database(tmp_path / "c.db")
    assert capfd.readouterr().err == ""


def test_a_failed_setup_leaves_nothing_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "words")
    from couchcal.store import schema

    def full(*_args: Any) -> None:
        raise OSError(28, os.strerror(28))

    upgrade = schema.upgrade
    monkeypatch.setattr(schema, "upgrade", full)
    with pytest.raises(DatabaseProblem, match="No space left"):
        create_practice(tmp_path / "c.db", tz="UTC")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(schema, "upgrade", upgrade)
    create_practice(tmp_path / "c.db", tz="UTC").database.connect().close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["c.db", "c.db.audit", "c.db.key"]
