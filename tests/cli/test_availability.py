from __future__ import annotations

import pytest

from tests.cli.conftest import Cli


def show(cli: Cli) -> dict[str, str]:
    """The hours by day, as they are printed."""
    lines = cli("availability", "show").out.splitlines()
    return {line[:3]: line[5:] for line in lines}


def test_hours_are_set_and_shown(cli: Cli) -> None:  # AVL-01, AVL-03
    assert show(cli) == dict.fromkeys(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), "Unavailable")
    result = cli("availability", "set", "mon", "9:00-12:00,13:00-17:00")
    assert result.out == "Mon  9:00-12:00, 13:00-17:00\n"
    cli("availability", "set", "tue", "9:10-12", "13-24")
    assert show(cli)["Tue"] == "9:10-12:00, 13:00-24:00"
    assert cli("availability", "set", "tue", "9:10-12", "13-24").out.startswith("Nothing changed\n")
    for nothing in ("off", ""):
        cli("availability", "set", "mon", "9-10")
        assert cli("availability", "set", "mon", nothing).out == "Mon  Unavailable\n"


@pytest.mark.parametrize(
    ("days", "names"),
    [
        ("mon,wed", "Mon Wed"),
        ("mon-fri", "Mon Tue Wed Thu Fri"),
        ("sat-mon", "Mon Sat Sun"),
        ("tu,SUNDAY", "Tue Sun"),
        ("weekend", "Sat Sun"),
        ("weekdays", "Mon Tue Wed Thu Fri"),
        ("all", "Mon Tue Wed Thu Fri Sat Sun"),
    ],
)
def test_days_are_named_in_many_ways(cli: Cli, days: str, names: str) -> None:
    cli("availability", "set", days, "9-12")
    assert " ".join(day for day, hours in show(cli).items() if hours != "Unavailable") == names
    cli("undo")
    assert set(show(cli).values()) == {"Unavailable"}


def test_copy_replaces_days_in_one_step(cli: Cli) -> None:  # AVL-02
    cli("availability", "set", "mon", "9-12")
    cli("availability", "set", "thu", "8-20")
    out = cli("availability", "copy", "mon", "wed,thu", "fri").out
    assert out == "Wed  9:00-12:00\nThu  9:00-12:00\nFri  9:00-12:00\n"
    cli("undo")
    assert (show(cli)["Wed"], show(cli)["Thu"]) == ("Unavailable", "8:00-20:00")


def test_blocks_carry_limits(cli: Cli) -> None:  # AVL-07
    cli("event-type", "add", "Intake")
    cli("availability", "set", "mon", "9-12")
    limited = ("--event-types", "intake", "--visit-types", "in-person")
    out = cli("availability", "set", "mon", "13-15", "--add", *limited).out
    assert out == "Mon  9:00-12:00\n     13:00-15:00  only Intake, in person\n"
    monday = cli.json("availability", "show")[0]
    assert monday == {
        "day": "mon",
        "blocks": [
            {"start": "09:00", "end": "12:00", "event_types": [], "visit_types": []},
            {"start": "13:00", "end": "15:00", "event_types": [1], "visit_types": ["in_person"]},
        ],
    }
    cli("event-type", "remove", "intake")
    assert "only Intake (removed), in person" in cli("availability", "show").out
    cli("availability", "set", "mon", "9-12", "--event-types", "nothing", code=1)
    cli("availability", "set", "mon", "9-12", "--visit-types", "by-post", code=1)
    cli("availability", "set", "mon", "14-16", "--add", code=1)
    assert cli.json("availability", "show")[0] == monday


def test_midnight_is_said_in_json(cli: Cli) -> None:
    answer = cli.json("availability", "set", "sun", "20-24")
    assert answer[6]["blocks"][0]["end"] == "24:00"


def test_what_is_wrong_is_said_in_a_line(cli: Cli) -> None:  # AVL-04
    assert "5 is not after 9" in cli("availability", "set", "mon", "9-5", code=1).err
    assert "overlaps" in cli("availability", "set", "mon", "9-12,11-13", code=1).err
    many = ",".join(f"{hour}:00-{hour}:30" for hour in range(16))
    assert "at most 15" in cli("availability", "set", "mon", many, code=1).err
    assert "names no day" in cli("availability", "set", "mox", "9-12", code=2).err
    cli("availability", "set", "m", "9-12", code=2)
    cli("availability", "set", "mon", code=2)
    cli("availability", "copy", "mon-tue", "wed", code=2)
    cli("availability", "copy", "mon", "mon", code=1)
    cli("availability", code=2)
    assert cli.json("availability", "set", "mon", "9-5", code=1)["error"]["code"] == "invalid"


@pytest.mark.parametrize(
    "command",
    [
        ("availability", "show"), ("availability", "set"), ("availability", "copy"), ("event-type", "add"),
        ("event-type", "list"), ("event-type", "edit"), ("event-type", "move"), ("event-type", "remove"),
        ("event-type", "restore"), ("time-off", "add"), ("time-off", "list"), ("time-off", "remove"),
    ],
)  # fmt: skip
def test_every_action_has_help_with_an_example(cli: Cli, command: tuple[str, str]) -> None:
    out = cli(*command, "--help").out
    assert f"example:\n  couchcal {command[0]} {command[1]}" in out


def test_the_shell_completes_actions(cli: Cli) -> None:
    out = cli("completion", "fish").out
    for command, action in (("availability", "copy"), ("event-type", "edit"), ("time-off", "add")):
        assert f"__couchcal_just {command}' -a {action}" in out
