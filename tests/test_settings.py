"""`config.toml`: good values are taken, bad ones are told and replaced by defaults."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from couchcal.paths import config_file, write_private
from couchcal.settings import VIEWS, Settings, load, remember_view, remembered_view, wants_color


def settings(text: str) -> Settings:
    write_private(config_file(), text.encode())
    return load()


def test_no_file_is_no_problem() -> None:
    assert load() == Settings()


def test_every_setting() -> None:
    found = settings(
        'theme = "couchcal-light"\nascii = true\nclock_24h = false\nweek_start = "Sunday"\nrow_minutes = 15\n'
        'first_hour = 0\nnames = "initials"\ncli_names = "first"\n[keys]\nundo = "z"\nquit = "ctrl+q,q"\n'
        '[google]\nclient_id = "x"\n[mail]\nhost = "y"\n'
    )
    assert found == Settings(
        theme="couchcal-light", ascii=True, clock_24h=False, week_start=6, row_minutes=15, first_hour=0,
        names="initials", cli_names="first", keys={"undo": "z", "quit": "ctrl+q,q"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('theme = "pink"', "couchcal-dark"),
        ("theme = 1", "couchcal-dark"),
        ('ascii = "yes"', "true or false"),
        ("clock_24h = 24", "true or false"),
        ('week_start = "funday"', "monday"),
        ("week_start = 1", "monday"),
        ("row_minutes = 20", "15, 30, 60"),
        ("row_minutes = 30.0", "15, 30, 60"),
        ("row_minutes = true", "15, 30, 60"),
        ("first_hour = 24", "23"),
        ("first_hour = true", "23"),
        ('names = ["id"]', "initials"),
        ('thme = "couchcal-light"', "did you mean 'theme'"),
        ("zzz = 1", "there is no setting 'zzz'"),
        ('keys = "u"', "[keys]"),
        ("[keys]\nundo = 3", "keys.undo"),
    ],
)
def test_a_wrong_value_is_told_and_the_rest_is_kept(text: str, word: str) -> None:
    found = settings(f'cli_names = "full"\n{text}\n')
    (problem,) = found.problems
    assert word in problem
    assert problem.startswith("config.toml: ")
    assert found._replace(problems=()) == Settings(cli_names="full")


@pytest.mark.parametrize("content", [b"theme = ", b"\xff\xfe", b"a = 1\na = 2"])
def test_a_broken_file_gives_defaults(content: bytes) -> None:
    write_private(config_file(), content)
    found = load()
    assert found._replace(problems=()) == Settings()
    assert "defaults are used" in found.problems[0]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "config.toml"
    folder.mkdir()
    assert "defaults are used" in load(folder).problems[0]


@pytest.mark.parametrize("view", VIEWS)
def test_the_view_is_remembered(isolated_home: Path, view: str) -> None:  # CAL-01
    assert remembered_view() == "week"
    remember_view(view)
    assert remembered_view() == view
    assert (isolated_home / "view").stat().st_mode & 0o077 == 0


def test_a_damaged_memory_is_no_problem(isolated_home: Path) -> None:
    write_private(isolated_home / "view", b"\xff")
    assert remembered_view() == "week"
    write_private(isolated_home / "view", b"year")
    assert remembered_view() == "week"


def test_remembering_never_stops_anybody(isolated_home: Path) -> None:
    isolated_home.parent.mkdir(exist_ok=True)
    isolated_home.write_bytes(b"a file in the way")
    remember_view("day")
    assert isolated_home.read_bytes() == b"a file in the way"


def test_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wants_color()
    monkeypatch.setenv("NO_COLOR", "1")
    assert os.environ["NO_COLOR"]
    assert not wants_color()
