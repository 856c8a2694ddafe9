"""`couchcal key`: what it prints, what it asks, what it refuses."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

import pytest

from couchcal.cli.main import run
from couchcal.store import key_wraps, keys, recrypt
from couchcal.store.locations import is_encrypted
from tests.cli.conftest import Cli, Terminal
from tests.support.keyrings import FileKeyring, use_keyring
from tests.support.practice import PASSPHRASE, make_practice


@pytest.fixture(autouse=True)
def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_wraps, "ARGON2", {"time_cost": 1, "memory_kib": 64, "parallelism": 1})


@pytest.fixture
def sealed(isolated_home: Path, now: None, capsys: pytest.CaptureFixture[str]) -> Cli:
    """An encrypted practice under `PASSPHRASE`."""
    return Cli(make_practice(isolated_home, encrypt=True), capsys)


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileKeyring:
    return use_keyring(monkeypatch, tmp_path / "keyring.json")


@pytest.fixture
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("couchcal.store.keys.usable_keyring", lambda: None)
    monkeypatch.setattr("couchcal.store.key_changes.usable_keyring", lambda: None)


class Typing:
    """Somebody at the terminal, and what they type at each question."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[str] = []
        self.asked: list[str] = []
        monkeypatch.setattr(sys, "stdin", Terminal())
        monkeypatch.setattr(getpass, "getpass", self._answer)

    def _answer(self, prompt: str) -> str:
        self.asked.append(prompt)
        return self.answers.pop(0)


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Typing:
    return Typing(monkeypatch)


def test_show_tells_the_place_and_no_secret(sealed: Cli) -> None:
    assert sealed.json("key", "show") == {
        "database": str(sealed.database.path), "encrypted": True, "place": "passphrase", "passphrase": True,
        "recovery_code": False,
    }  # fmt: skip
    shown = sealed("key", "show").out
    assert "locked by your passphrase" in shown
    assert "There is no recovery code" in shown
    assert sealed.database.key is not None
    assert sealed.database.key.hex() not in shown


def test_a_passphrase_is_changed_after_the_old_one(sealed: Cli, typing: Typing) -> None:
    typing.answers = [PASSPHRASE, "new words", "new words"]
    done = sealed("key", "passphrase")
    assert "holds from now on" in done.out
    assert "that passphrase is short" in done.err
    assert typing.asked == ["Passphrase: ", "New passphrase: ", "Once more: "]
    typing.answers = [PASSPHRASE]
    assert "the passphrase is wrong" in sealed("agenda", code=75).err
    typing.answers = ["new words", "other words", "no such words"]
    assert "the two are not the same" in sealed("key", "passphrase", code=1).err
    typing.answers = ["new words"]
    sealed("agenda")
    typing.answers = ["new words", PASSPHRASE, PASSPHRASE]
    assert "short" not in sealed("key", "passphrase").err


def test_a_wrong_key_is_one_line(sealed: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "wrong words")
    shown = sealed("agenda", code=75)
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    monkeypatch.delenv("COUCHCAL_PASSPHRASE")
    monkeypatch.setenv("COUCHCAL_KEY_FILE", str(sealed.database.path.parent / "raw.key"))
    keys_file = sealed.database.path.parent / "raw.key"
    keys_file.write_text("00" * 32)
    keys_file.chmod(0o600)
    shown = sealed("agenda", code=75)
    assert "the key does not open the database" in shown.err
    assert shown.err.count("\n") == 1


def test_to_the_keyring_and_back(sealed: Cli, typing: Typing, desktop: FileKeyring) -> None:
    typing.answers = [PASSPHRASE]
    assert "in the keyring of this computer" in sealed("key", "move", "keyring").out
    assert "opens at a key press" in sealed("key", "show").out
    states = {row["check"]: row for row in sealed.json("doctor")}
    assert "keyring of this computer (keyrings) opens" in states["key_store"]["detail"]
    assert "keeps the key already" in sealed("key", "move", "keyring", code=1).err
    typing.answers = ["new words", "new words"]
    sealed("key", "move", "passphrase")
    assert desktop.secrets == {}


@pytest.mark.usefixtures("no_keyring")
def test_without_a_keyring_nothing_moves(sealed: Cli, typing: Typing) -> None:
    typing.answers = [PASSPHRASE, PASSPHRASE]
    assert "there is no keyring here" in sealed("key", "move", "keyring", code=75).err
    sealed("agenda")


def test_the_recovery_code_is_printed_once_and_opens(sealed: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", PASSPHRASE)
    states = {row["check"]: row for row in sealed.json("doctor")}
    assert states["recovery"]["fix"] == "couchcal key recovery"
    shown = sealed("key", "recovery").out
    code = shown.partition("\n")[0].removeprefix("Recovery code: ")
    assert "recovery" not in {row["check"] for row in sealed.json("doctor")}
    assert sealed.json("key", "show")["recovery_code"] is True
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", code)
    sealed("agenda")
    newer = sealed.json("key", "recovery")["recovery_code"]
    assert "wrong" in sealed("agenda", code=75).err
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", newer)
    sealed("agenda")


def test_encrypted_and_decrypted_in_place(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cli.database.path
    assert "is not encrypted" in cli("key", "show").out
    assert "is not encrypted" in cli("key", "passphrase", code=1).err
    before = cli.json("client", "list")
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "words")
    shown = cli("key", "encrypt").out
    assert "Backups and copies from before are still readable" in shown
    assert is_encrypted(path)
    assert b"Jane" not in path.read_bytes()
    assert cli.json("client", "list") == before
    assert "is encrypted already" in cli("key", "encrypt", code=1).err
    assert "add --yes" in cli("key", "decrypt", code=2).err
    assert f"{keys.sidecar(path)} stays" in cli("key", "decrypt", "--yes").out
    assert not is_encrypted(path)
    assert cli.json("client", "list") == before
    assert "opens backups" in cli("key", "show").out
    actions = [row[0] for row in cli.rows("SELECT fields FROM audit_entry WHERE action = 'key' ORDER BY id")]
    assert actions == ["encrypt", "decrypt"]


def test_nothing_is_changed_where_there_is_nothing(isolated_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["key", "show"]) == 1
    assert "there is no calendar" in capsys.readouterr().err


def test_a_new_passphrase_needs_somebody(sealed: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", PASSPHRASE)
    assert "there is no terminal" in sealed("key", "passphrase", code=2).err


@pytest.mark.usefixtures("no_keyring")
def test_init_shows_a_recovery_code_to_who_is_there(
    isolated_home: Path, typing: Typing, capsys: pytest.CaptureFixture[str]
) -> None:
    typing.answers = ["new words", "new words"]
    assert run(["init", "--name", "Mine", "--tz", "UTC"]) == 0
    shown = capsys.readouterr().out
    code = next(line for line in shown.splitlines() if line.startswith("Recovery code: ")).split()[-1]
    typing.answers = [code]
    assert run(["agenda"]) == 0


def test_doctor_names_what_was_cut_short(cli: Cli) -> None:
    recrypt.beside(cli.database.path).write_bytes(b"")
    states = {row["check"]: row for row in cli.json("doctor")}
    assert states["leftovers"]["state"] == "warn"
    cli("agenda")
    assert "leftovers" not in {row["check"] for row in cli.json("doctor")}
