"""`couchcal doctor` on pages that are not as they were written."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from couchcal.cli.main import run
from couchcal.practice import client_changes
from couchcal.store.connection import Database
from tests.faults.home import key_of
from tests.support.practice import make_practice

PAGE, HEAD, FRAME = 4096, 32, 24


@pytest.fixture
def practice(isolated_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    database = make_practice(isolated_home, encrypt=True)
    for name, value in key_of(database, tmp_path).items():
        monkeypatch.setenv(name, value)
    return database


def integrity(capsys: pytest.CaptureFixture[str]) -> str:
    """What the doctor says of it."""
    capsys.readouterr()
    run(["doctor", "--json"])
    return str(next(each["state"] for each in json.loads(capsys.readouterr().out) if each["check"] == "integrity"))


def tear(path: Path, page: int) -> None:
    """Let the second half of a page be something else, as after a power cut."""
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE + PAGE // 2)
        file.write(bytes(PAGE // 2))


def test_a_page_that_is_whole_in_the_log_is_no_damage(
    practice: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(practice.connect()):  # whoever leaves last would take the log away
        client_changes.add(practice, "Jane Doe")
        log = practice.path.with_name(f"{practice.path.name}-wal").read_bytes()
        pages = {int.from_bytes(log[at : at + 4]) for at in range(HEAD, len(log), FRAME + PAGE)}
        tear(practice.path, min(pages - {0, 1}))
        assert integrity(capsys) == "ok"


def test_a_torn_page_without_a_log_is_damage(practice: Database, capsys: pytest.CaptureFixture[str]) -> None:
    tear(practice.path, 5)
    assert integrity(capsys) == "fail"
