from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from couchcal.cli.main import run
from couchcal.store import connection as store
from couchcal.store.keys import sidecar
from tests.cli.conftest import Cli
from tests.support.practice import PASSPHRASE, make_practice


@pytest.fixture
def encrypted(isolated_home: Path, now: None, capsys: pytest.CaptureFixture[str]) -> Cli:
    """An encrypted practice, its passphrase not given."""
    return Cli(make_practice(isolated_home, encrypt=True), capsys)


@pytest.mark.parametrize(
    "argv",
    [
        ("nonsense",),
        ("--nonsense",),
        ("agenda", "--nonsense"),
        ("agenda", "--names", "nick"),
        ("agenda", "extra"),
        ("show",),
        ("agenda", "--fro", "mon"),  # no abbreviations
    ],
)
def test_usage_errors_are_one_line_and_exit_2(cli: Cli, argv: tuple[str, ...]) -> None:
    result = cli(*argv, code=2)
    assert result.out == ""
    assert result.err.startswith("couchcal: error: ")
    assert result.err.count("\n") == 1


def test_a_command_that_is_nearly_one_is_suggested(cli: Cli) -> None:
    assert "did you mean agenda?" in cli("agneda", code=2).err


def test_json_errors_are_on_standard_output(cli: Cli) -> None:
    for argv, code, name in (
        (("show", "12345678"), 1, "not_found"),
        (("agenda", "--from", "never"), 2, "usage"),
        (("agenda", "--nonsense"), 2, "usage"),
    ):
        found = cli.json(*argv, code=code)
        assert list(found) == ["error"]
        assert list(found["error"]) == ["code", "message", "hint"]
        assert found["error"]["code"] == name


def test_what_was_typed_cannot_act_on_the_terminal(cli: Cli) -> None:
    err = cli("agenda", "--from", "\x1b[2J\nnever\u202e", code=2).err
    assert "\x1b" not in err
    assert "\u202e" not in err
    assert err.count("\n") == 1


def test_a_locked_database_is_busy_and_nothing_changes(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "BUSY_TIMEOUT_MS", 50)
    cli("add", "lunch wed 12-1")
    with closing(sqlite3.connect(cli.database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        error = cli.json("add", "lunch thu 12-1", code=75)["error"]
        assert "busy" in error["message"]
        assert len(cli.json("agenda")) == 1  # reading goes on
        other.execute("ROLLBACK")
    cli("add", "lunch thu 12-1")


def test_a_read_only_database_can_be_read_but_not_changed(cli: Cli) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everything")
    cli("add", "lunch wed 12-1")
    cli.database.path.chmod(0o400)
    cli.database.path.parent.chmod(0o500)
    try:
        assert len(cli.json("agenda")) == 1
        assert "read-only" in cli("add", "lunch thu 12-1", code=75).err
    finally:
        cli.database.path.parent.chmod(0o700)


def test_another_key_is_refused(encrypted: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert encrypted.json("agenda", code=75)["error"]["code"] == "locked"
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "not it")
    assert encrypted.json("agenda", code=75)["error"]["code"] == "wrong_passphrase"
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", PASSPHRASE)
    assert encrypted.json("agenda") == []
    key = tmp_path / "key"
    key.write_text("ab" * 32, "ascii")
    key.chmod(0o600)
    monkeypatch.setenv("COUCHCAL_KEY_FILE", str(key))
    error = encrypted.json("agenda", code=75)["error"]
    assert "key does not open" in error["message"]
    key.chmod(0o644)
    assert encrypted.json("agenda", code=75)["error"]["code"] == "key_file_mode"


def test_an_encrypted_database_without_its_key_file(encrypted: Cli) -> None:
    sidecar(encrypted.database.path).unlink()
    assert encrypted.json("agenda", code=75)["error"]["code"] == "no_key"


def test_a_newer_schema_is_not_touched(cli: Cli) -> None:
    with closing(cli.database.connect()) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    error = cli.json("agenda", code=75)["error"]
    assert error["code"] == "newer_schema"
    assert cli.rows("SELECT version_num FROM alembic_version") == [("9999",)]


def test_files_that_are_no_practice(cli: Cli, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE thing (x)")
    assert "no couchcal database" in cli("agenda", "--db", str(other), code=75).err
    text = tmp_path / "notes.txt"
    text.write_text("not a database at all, but some words\n" * 40, "utf-8")
    before = text.read_bytes()
    cli("agenda", "--db", str(text), code=75)
    assert text.read_bytes() == before
    cli("agenda", "--db", str(tmp_path), code=75)


def test_damage_is_said(cli: Cli) -> None:
    content = bytearray(cli.database.path.read_bytes())
    content[4096:8192] = os.urandom(4096)
    cli.database.path.write_bytes(content)
    cli("agenda", code=75)


def test_the_unexpected_shows_its_class_only(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise LookupError("Jane Doe")

    monkeypatch.setattr("couchcal.cli.agenda.between", broken)
    err = cli("agenda", code=1).err
    assert "LookupError" in err
    assert "Jane" not in err
    monkeypatch.setenv("COUCHCAL_DEBUG", "1")
    with pytest.raises(LookupError):
        run(["agenda"])


def test_ctrl_c_is_quiet(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("couchcal.cli.agenda.between", interrupted)
    result = cli("agenda", code=130)
    assert (result.out, result.err) == ("", "")


def test_an_unknown_zone_of_the_practice_is_said(cli: Cli) -> None:
    with closing(cli.database.connect()) as connection:
        connection.execute("UPDATE practice SET tz = 'Mars/Base'")
    assert "tzdata" in cli("agenda", code=75).err


def test_an_old_database_is_upgraded_by_any_command(cli: Cli) -> None:
    copy = cli.database.path.with_name("copy.db")
    shutil.copyfile(cli.database.path, copy)
    assert cli.json("agenda", "--db", str(copy)) == []


@pytest.mark.parametrize(
    "content", [b"root:x:0:0\n", b"\0" * 4096, b"SQLite format 3\0" + b"\0" * 84], ids=["text", "pages", "header"]
)
def test_a_db_that_is_another_file_is_left_as_it_is(cli: Cli, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    path.chmod(0o644)
    for command in (("agenda",), ("add", "lunch wed 12-1")):
        cli(*command, "--db", str(path), code=75)
    assert run(["init", "--no-encryption", "--yes", "--db", str(path)]) != 0
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert sorted(tmp_path.glob("other*")) == [path]


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_a_db_that_is_no_file_is_left_as_it_is(cli: Cli, tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "special"
    make(path)
    path.chmod(0o755)
    for command in (("agenda",), ("add", "lunch wed 12-1")):
        cli(*command, "--db", str(path), code=75)
    assert run(["init", "--no-encryption", "--yes", "--db", str(path)]) != 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert [found.name for found in tmp_path.glob("special*")] == ["special"]
