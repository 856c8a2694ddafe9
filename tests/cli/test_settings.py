"""`couchcal settings`: both stores by one key."""

from __future__ import annotations

import pytest

from couchcal.paths import config_file, write_private
from couchcal.settings import load
from tests.cli.conftest import Cli


def test_everything_is_listed_with_its_value(bare: Cli) -> None:
    lines = bare("settings").out.splitlines()
    assert lines[0] == "This computer"
    assert ["theme", "couchcal-dark"] in [line.split() for line in lines]
    assert ["date_order", "(the", "locale", "decides)"] in [line.split() for line in lines]
    assert ["practice.tz", "America/New_York"] in [line.split() for line in lines]
    assert lines == bare("settings", "list").out.splitlines()


def test_json_tells_what_is_allowed(bare: Cli) -> None:
    found = {row["key"]: row for row in bare.json("settings", "list")}
    assert found["theme"]["allowed"] == ["couchcal-dark", "couchcal-light", "couchcal-contrast", "couchcal-ansi"]
    assert found["week_start"]["value"] is None
    assert found["practice.week_start"] == {
        "key": "practice.week_start",
        "value": "monday",
        "about": "Week begins: if this computer does not say",
        "allowed": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    }
    assert found["practice.max_per_day"]["value"] is None
    assert found["practice.window_days"]["value"] == 60


@pytest.mark.parametrize(
    ("key", "typed", "told"),
    [
        ("theme", "couchcal-light", "couchcal-light"),
        ("clock-24h", "no", False),
        ("week_start", "Sunday", "sunday"),
        ("row_minutes", "15", 15),
        ("second_time_zone", "Asia/Tokyo", "Asia/Tokyo"),
        ("date_order", "dmy", "dmy"),
        ("practice.tz", "Europe/Paris", "Europe/Paris"),
        ("practice.use_rooms", "on", True),
        ("practice.window_days", "unlimited", None),
        ("practice.max_per_day", "7", 7),
        ("practice.week_start", "sunday", "sunday"),
        ("practice.name", "The Quiet Room", "The Quiet Room"),
        ("practice.confirm_public", "request", "request"),
    ],
)
def test_a_setting_is_set_and_read_back(bare: Cli, key: str, typed: str, told: object) -> None:
    assert bare.json("settings", "set", key, *typed.split())["value"] == told
    assert bare.json("settings", "get", key)["value"] == told


def test_words_for_people(bare: Cli) -> None:
    assert bare("settings", "set", "names", "id").out == "Saved for this computer: names\n"
    assert bare("settings", "set", "practice.city", "Ithaca").out == "Changed the practice's setting City\n"
    assert bare("settings", "get", "practice.city").out == "Ithaca\n"
    assert bare("undo").code == 0
    assert bare("settings", "get", "practice.city").out == "\n"
    assert bare("settings", "set", "names", "").code == 0
    assert load().names == "full"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("get", "them"), "did you mean 'theme'?"),
        (("get", "practice.timezone"), "there is no setting"),
        (("set", "theme", "pink"), "use one of couchcal-dark"),
        (("set", "practice.slot_step", "7"), "use one of 5, 10, 15"),
        (("set", "practice.window_days", "0x10"), "a number from 0 to 3650"),
        (("set", "practice.telehealth_modifier", "955"), "at most 2 characters"),
    ],
)
def test_what_is_wrong_is_refused(bare: Cli, argv: tuple[str, ...], words: str) -> None:
    assert words in bare("settings", *argv, code=1).err
    assert not config_file().exists()


def test_a_broken_file_is_told_and_kept(bare: Cli) -> None:
    write_private(config_file(), b"them = 1\n")
    assert "config.toml line 1: there is no setting 'them'; did you mean 'theme'?" in bare("settings").err
    write_private(config_file(), b"theme =\n")
    assert "correct that line first" in bare("settings", "set", "theme", "couchcal-light", code=1).err
    assert config_file().read_bytes() == b"theme =\n"


def test_a_date_is_read_by_the_setting(cli: Cli) -> None:
    line = ("add", "12/3 2pm 50m C-0003 90834", "--dry-run")
    assert cli.json(*line)["start"].startswith("2026-12-03T14:00")
    cli("settings", "set", "date_order", "dmy")
    assert cli.json(*line)["start"].startswith("2026-03-12T14:00")
    assert cli.json("agenda", "--from", "12/3", "--to", "13/3") == []


def test_full_names_outside_are_asked_about(bare: Cli) -> None:  # SYNC-04
    key = "practice.identifier_mode"
    assert "protected health information" in bare("settings", "set", key, "full", code=2).err
    assert bare.json("settings", "get", key)["value"] == "id"
    bare("settings", "set", key, "full", "--yes")
    assert bare.json("settings", "get", key)["value"] == "full"
    bare("settings", "set", key, "full")
    bare("settings", "set", key, "first")
    assert bare.json("settings", "get", key)["value"] == "first"
