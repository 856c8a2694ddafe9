"""Commands on a practice on a PostgreSQL server: the doctor, moving there and back, what means nothing there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from couchcal.cli.main import run
from couchcal.practice import server_opening
from couchcal.practice.opening import create_practice
from couchcal.store import key_wraps
from couchcal.store.locations import parse_location
from tests.support.postgresql import as_admin, bare_database, require_postgresql, shared_cluster

NOW = "2026-03-03T15:42:00Z"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A practice on a server, for commands that change nothing."""
    require_postgresql()
    with bare_database() as url:
        create_practice(parse_location(url), name="Quiet Rooms", tz="America/New_York").database.dispose()
        yield url


@pytest.fixture(autouse=True)
def environment(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_NOW", NOW)
    monkeypatch.setenv("COUCHCAL_DATABASE_URL", address)
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "correct horse battery staple")
    monkeypatch.setattr(key_wraps, "ARGON2", {"time_cost": 1, "memory_kib": 64, "parallelism": 1})


def _said(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 0) -> str:
    capsys.readouterr()
    found = run(argv)
    out, err = capsys.readouterr()
    assert found == code, (argv, out, err)
    return out + err


def _doctor(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 0) -> dict[str, dict[str, Any]]:
    return {each["check"]: each for each in json.loads(_said(capsys, "doctor", "--json", *argv, code=code))}


def _database(url: str) -> str:
    return url.rpartition("@/")[2].partition("?")[0]


def test_the_doctor_of_a_server(capsys: pytest.CaptureFixture[str], address: str) -> None:
    found = _doctor(capsys)
    assert found["server"]["detail"].startswith("PostgreSQL ")
    assert " ms" in found["server"]["detail"]
    assert found["tls"]["state"] == "ok"
    assert found["rights"]["state"] == "ok"
    assert found["durability"]["state"] == "warn"  # fsync is off here
    assert "fsync" in found["durability"]["detail"]
    assert (found["schema"]["state"], found["audit"]["state"]) == ("ok", "ok")
    assert found["backup"]["state"] == "warn"
    assert {"clock", "encoding", "integrity"} & set(found) == set()


def test_the_doctor_sees_a_role_that_may_do_everything(capsys: pytest.CaptureFixture[str], address: str) -> None:
    found = _doctor(capsys, "--db", as_admin(address))
    assert found["rights"]["state"] == "warn"
    assert "may do everything" in found["rights"]["detail"]


def test_the_doctor_sees_rules_that_are_switched_off(capsys: pytest.CaptureFixture[str], address: str) -> None:
    cluster = shared_cluster()
    cluster.run("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_no_delete", _database(address))
    try:
        found = _doctor(capsys, code=1)
    finally:
        cluster.run("ALTER TABLE audit_entry ENABLE TRIGGER audit_entry_no_delete", _database(address))
    assert found["integrity"]["detail"] == "1 rules of the schema are switched off"


def test_the_doctor_sees_a_role_that_owns_nothing(capsys: pytest.CaptureFixture[str], address: str) -> None:
    cluster = shared_cluster()
    cluster.run("CREATE ROLE guest LOGIN")
    try:
        cluster.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest", _database(address))
        guest = cluster.url(_database(address), "guest")
        found = _doctor(capsys, "--db", guest, code=1)
        assert found["rights"]["state"] == "fail"
        assert "not those of guest" in found["rights"]["detail"]
    finally:
        cluster.run("DROP OWNED BY guest", _database(address))
        cluster.run("DROP ROLE guest")


def test_the_doctor_of_a_server_that_is_away(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    url = f"postgresql://me:secret@/gone?host={tmp_path}"
    found = _doctor(capsys, "--db", url, code=1)
    assert found["server"]["state"] == "fail"
    assert "cannot be reached" in found["server"]["detail"]
    assert {"settings", "versions"} <= set(found)
    assert not {"schema", "tls", "backup"} & set(found)
    assert "secret" not in _said(capsys, "--db", url, "doctor", code=1)


def test_the_doctor_of_an_empty_database(capsys: pytest.CaptureFixture[str]) -> None:
    with bare_database() as url:
        found = _doctor(capsys, "--db", url)
    assert found["database"]["fix"] == "couchcal init makes one"


def test_a_database_that_cannot_keep_every_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = shared_cluster()
    cluster.run("CREATE DATABASE latin OWNER couchcal ENCODING 'LATIN1' TEMPLATE template0")
    try:
        said = _said(capsys, "--db", cluster.url("latin"), "init", "--yes", code=75)
        assert "is in LATIN1" in said
        assert "ENCODING 'UTF8'" in said
        assert _doctor(capsys, "--db", cluster.url("latin"), code=1)["encoding"]["state"] == "fail"
    finally:
        cluster.drop("latin")


def test_an_old_server_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(server_opening, "OLDEST", 990_000)
    with bare_database() as url:
        said = _said(capsys, "--db", url, "init", "--yes", code=75)
    assert "couchcal needs 14 or newer" in said


def test_to_a_file_and_to_a_server(capsys: pytest.CaptureFixture[str], address: str, tmp_path: Path) -> None:
    file = tmp_path / "home.db"
    said = json.loads(_said(capsys, "move-db", address, str(file), "--json"))
    assert (said["to"], said["encrypted"]) == (str(file), True)
    assert said["rows"] == sum(said["tables"].values())
    assert "is whole" in _said(capsys, "--db", str(file), "audit", "verify")
    with bare_database() as url:
        words = _said(capsys, "move-db", str(file), url)
        assert f"Copied {said['rows'] + 1:,} rows" in words
        assert "is as it was" in words
        assert json.loads(_said(capsys, "--db", url, "place", "list", "--json"))
        assert "a practice is at" in _said(capsys, "move-db", str(file), url, code=75)
    assert "couchcal move-db FROM TO" in _said(capsys, "--db", address, "move-db", str(file), address, code=2)


def test_a_backup_of_a_server(capsys: pytest.CaptureFixture[str], address: str, tmp_path: Path) -> None:
    made = json.loads(_said(capsys, "backup", "--json"))
    assert made["file"] in _said(capsys, "backup", "--list")
    assert _doctor(capsys)["backup"]["state"] == "ok"
    said = _said(capsys, "move-db", made["file"], str(tmp_path / "again.db"))
    assert "compared" in said


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("restore-backup", "x.db", "--yes"), "couchcal move-db FILE ADDRESS"),
        (("key", "encrypt"), "the server's disk encrypted"),
        (("key", "show"), "the server's disk encrypted"),
    ],
)
def test_what_only_a_file_has_says_so_in_a_line(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...], words: str
) -> None:
    said = _said(capsys, *command, code=1)
    assert said.startswith("couchcal: error: the practice is on a server, not in a file; ")
    assert words in said
    assert said.count("\n") == 1
