"""`couchcal backup`, `couchcal restore-backup`, and what the doctor says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli


def _finding(cli: Cli, check: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [each for each in cli.json("doctor") if each["check"] == check]
    return found[0]


def test_a_backup_and_back(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _finding(cli, "backup")["state"] == "warn"
    file = cli.json("backup")["file"]
    assert file.endswith("backups/couchcal-20260303.db")
    assert _finding(cli, "backup")["state"] == "ok"
    cli("client", "add", "Ivo Thorn", "--phone", "555-0100")
    assert "add --yes" in cli("restore-backup", file, code=2).err
    done = cli.json("restore-backup", file, "--yes")
    assert Path(done["aside"]).exists()
    assert len(cli.json("client", "list")) == 4
    cli("audit", "verify")
    assert [entry["action"] for entry in cli.json("audit")][-1] == "restore"
    assert file in cli("backup", "--list").out
    monkeypatch.setenv("COUCHCAL_NOW", "2026-03-06T15:42:00Z")
    assert "hours old" in _finding(cli, "backup")["detail"]
    assert _finding(cli, "backup")["state"] == "warn"


def test_a_backup_goes_where_it_is_told_and_to_the_other_place(cli: Cli, tmp_path: Path) -> None:
    assert cli.json("backup", str(tmp_path / "usb"))["file"] == str(tmp_path / "usb" / "couchcal-20260303.db")
    cli("settings", "set", "backup.copy_to", str(tmp_path / "away"))
    assert "is not there" in cli("backup", code=75).err
    (tmp_path / "away").mkdir()
    assert cli.json("backup")["copy"] == str(tmp_path / "away" / "couchcal-backup.db")


def test_a_file_that_is_no_backup_is_refused(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, and longer than a header is")
    assert cli("restore-backup", str(tmp_path / "notes.txt"), "--yes", code=75).err.startswith("couchcal: error: ")
    assert cli("restore-backup", str(tmp_path / "gone"), "--yes", code=1).err.startswith(
        "couchcal: error: there is no"
    )
    assert len(cli.json("client", "list")) == 4


def test_the_doctor_tells_a_broken_trail(cli: Cli) -> None:
    assert _finding(cli, "audit")["state"] == "ok"
