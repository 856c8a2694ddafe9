from __future__ import annotations

import stat
from contextlib import closing
from pathlib import Path

import pytest

from couchcal.cli.commands import COMMANDS
from couchcal.cli.main import run
from couchcal.store.connection import Database
from couchcal.store.keys import sidecar
from couchcal.store.locations import is_encrypted
from tests.cli.conftest import Cli, Terminal
from tests.support.practice import PASSPHRASE, make_practice


@pytest.fixture
def nothing(isolated_home: Path, now: None, capsys: pytest.CaptureFixture[str]) -> Cli:
    """No database yet."""
    return Cli(Database(isolated_home / "couchcal.db", None), capsys)


def test_init_without_encryption(nothing: Cli) -> None:
    out = nothing("init", "--name", "Quiet Room", "--tz", "Europe/Lisbon", "--no-encryption", "--yes").out
    assert "not encrypted" in out
    path = nothing.database.path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert nothing.rows("SELECT name, tz FROM practice") == [("Quiet Room", "Europe/Lisbon")]
    assert not is_encrypted(path)


def test_init_with_a_passphrase_from_the_environment(nothing: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "four words of sense")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    found = nothing.json("init", "--yes")
    assert found == {"database": str(nothing.database.path), "encrypted": True, "time_zone": "Asia/Tokyo"}
    assert is_encrypted(nothing.database.path)
    assert stat.S_IMODE(sidecar(nothing.database.path).stat().st_mode) == 0o600
    assert nothing.json("agenda") == []


def test_init_asks_at_a_terminal(nothing: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def getpass(prompt: str) -> str:
        asked.append(prompt)
        return "secret words"

    monkeypatch.setattr("getpass.getpass", getpass)
    monkeypatch.setattr("sys.stdin", Terminal("Quiet Room\nMars/Base\nAmerica/Chicago\n"))
    err = nothing("init").err
    assert "That is no time zone" in err
    assert len(asked) == 2
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "secret words")
    assert nothing.json("agenda") == []


def test_init_refuses_passphrases_that_differ(nothing: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["one", "other"])
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(answers))
    monkeypatch.setattr("sys.stdin", Terminal("\n\n"))
    assert "not the same" in nothing("init", code=1).err
    assert not nothing.database.path.exists()


def test_init_leaves_an_existing_database_alone(cli: Cli) -> None:
    before = cli.database.path.read_bytes()
    assert cli.json("init", "--yes", "--no-encryption", code=1)["error"]["code"] == "exists"
    assert cli.database.path.read_bytes() == before


def test_init_refuses_an_unknown_zone(nothing: Cli) -> None:
    assert nothing.json("init", "--tz", "Mars/Base", "--no-encryption", code=1)["error"]["code"] == "invalid"
    assert not nothing.database.path.exists()


def test_init_without_a_place_for_the_key_says_what_to_do(nothing: Cli) -> None:
    assert "COUCHCAL_PASSPHRASE" in nothing("init", "--yes", code=75).err


def test_the_first_command_makes_the_database_where_a_key_can_be_kept(
    nothing: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUCHCAL_KEY_FILE", str(nothing.database.path.parent / "key"))
    monkeypatch.setenv("TZ", "America/Denver")
    result = nothing("agenda")
    assert "note: made" in result.err
    assert is_encrypted(nothing.database.path)
    assert nothing("agenda").err == ""
    assert nothing.json("free", "--from", "mon", "--length", "60")[0]["start"].endswith("09:00:00-06:00")


@pytest.mark.parametrize("argv", [(), ("agenda",), ("add", "wed 3pm bob"), ("import", "x.ics"), ("undo",)])
def test_without_a_place_for_the_key_nothing_is_made(nothing: Cli, argv: tuple[str, ...]) -> None:
    err = nothing(*argv, code=75).err
    assert "couchcal init" in err
    assert "COUCHCAL_PASSPHRASE" in err
    assert not nothing.database.path.exists()


def test_db_is_taken_before_and_after_the_command_and_as_a_url(cli: Cli, tmp_path: Path) -> None:
    other = make_practice(tmp_path / "other")
    cli("add", "lunch wed 12-1", "--db", str(other.path))
    for argv in (
        ("--db", str(other.path), "agenda", "--json"),
        (f"--db={other.path}", "agenda", "--json"),
        ("--db", f"sqlite:///{other.path}", "agenda", "--json"),
        ("agenda", "--db", str(other.path), "--json"),
        ("--db", "/nowhere", "agenda", "--json", "--db", str(other.path)),
    ):
        assert "Lunch" in cli(*argv).out
    assert cli.json("agenda") == []
    assert cli.json("client", "list", "--db", str(other.path)) == []
    assert cli("--db", "mysql://host/x", "agenda", code=2).err.startswith("couchcal: error: ")
    cli("--db", code=2)


def test_a_demo_prints_its_week_and_leaves_nothing(
    nothing: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    out = nothing("demo").out
    assert out.startswith("Mon 2 Mar 2026\n")
    assert out.count("[conflict]") == 2
    assert "Vale" not in out
    assert list(tmp_path.glob("couchcal-demo-*")) == []
    assert not nothing.database.path.exists()


def test_a_demo_in_a_directory_is_kept_and_opened_again(nothing: Cli, tmp_path: Path) -> None:
    place = tmp_path / "try" / "it"
    nothing("demo", "--dir", str(place), "--empty")
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    nothing("--db", str(place / "couchcal.db"), "add", "lunch wed 12-1")
    assert "Lunch" in nothing("demo", "--dir", str(place), "--names", "full").out


STATES = {"ok", "warn", "fail"}


def test_doctor_of_a_healthy_practice(cli: Cli) -> None:
    found = cli.json("doctor")
    assert all(list(finding) == ["check", "state", "detail", "fix"] for finding in found)
    states = {finding["check"]: finding["state"] for finding in found}
    assert set(states.values()) <= STATES
    assert {"database", "key_store", "permissions", "integrity", "schema", "zone_data", "versions"} <= set(states)
    assert states["encryption"] == "warn"
    assert [name for name, state in states.items() if state == "fail"] == []
    assert "America/New_York" in cli("doctor").out


def test_doctor_of_an_encrypted_practice(
    isolated_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = Cli(make_practice(isolated_home, encrypt=True), capsys)
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", PASSPHRASE)
    assert {finding["check"]: finding["state"] for finding in cli.json("doctor")}["encryption"] == "ok"
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "wrong")
    states = {finding["check"]: finding for finding in cli.json("doctor", code=1)}
    assert states["key_store"]["state"] == "fail"
    assert "passphrase" in states["key_store"]["detail"]


def test_doctor_sees_open_files_damage_and_a_newer_schema(cli: Cli) -> None:
    cli.database.path.chmod(0o644)
    with closing(cli.database.connect()) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("UPDATE series SET client_id = 99")
        connection.execute("INSERT INTO series_exdate (series_id, series_key, created_at, updated_at, version)"
                           " VALUES (99, 'x', 0, 0, 1)")  # fmt: skip
    found = {finding["check"]: finding for finding in cli.json("doctor", code=1)}
    assert found["permissions"]["fix"].startswith("chmod 600 ")
    assert found["integrity"]["state"] == found["schema"]["state"] == "fail"


def test_doctor_without_a_database_changes_nothing(nothing: Cli) -> None:
    states = {finding["check"]: finding["state"] for finding in nothing.json("doctor")}
    assert states["database"] == states["key_store"] == "warn"
    assert not nothing.database.path.exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_command(nothing: Cli, shell: str) -> None:
    script = nothing("completion", shell).out
    assert all(name in script for name in COMMANDS)
    assert "cancelled" in script
    assert not nothing.database.path.exists()


def test_completion_of_an_unknown_shell(nothing: Cli) -> None:
    nothing("completion", "abacus", code=2)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: couchcal {name}")
    assert "\nexample:\n  couchcal " in out
    assert "--db" in out


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out for name in COMMANDS)
