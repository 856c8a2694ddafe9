from __future__ import annotations

from tests.cli.conftest import Cli


def test_added_and_listed(cli: Cli) -> None:  # EVT-01, VIS-01
    assert "No event types yet" in cli("event-type", "list").out
    assert cli("event-type", "add", "First", "visit", "--minutes", "80", "--visit", "telehealth").out == (
        "Added First visit (1)\n"
    )
    cli("event-type", "add", "Follow up", "--visit", "in-person", "--service", "90834")
    lines = cli("event-type", "list").out.splitlines()
    assert [line.split() for line in lines] == [
        ["1", "First", "visit", "80", "min,", "telehealth", "only"],
        ["2", "Follow", "up", "50", "min,", "in", "person", "only,", "90834"],
    ]


def test_everything_it_can_say(cli: Cli) -> None:  # EVT-01
    added = cli.json(
        "event-type", "add", "Long", "--minutes", "2h", "--visit", "both", "--description", "Two hours",
        "--buffer-before", "5", "--buffer-after", "10m", "--audience", "portal", "--notice", "1d",
        "--window", "unlimited", "--step", "session", "--max-per-day", "3", "--confirm", "request",
    )  # fmt: skip
    assert added == {
        "id": 1, "title": "Long", "minutes": 120, "visit_mode": "both", "description": "Two hours",
        "buffer_before": 5, "buffer_after": 10, "service": None, "position": 0, "active": True,
        "audience": "portal", "min_notice_min": 1440, "window_days": 0, "slot_step": 0, "max_per_day": 3,
        "confirm": "request",
    }  # fmt: skip
    assert (
        cli("event-type", "list")
        .out.rstrip()
        .endswith(
            "120 min, telehealth & in person, buffer 5/10 min, portal only, notice 1 d, any time ahead,"
            " one after the other, at most 3 sessions a day, on request"
        )
    )
    changed = cli.json("event-type", "edit", "long", "notice=", "window=30", "step=15", "confirm=", "buffer_after=")
    wanted = {"min_notice_min": None, "window_days": 30, "slot_step": 15, "confirm": None, "buffer_after": 0}
    assert {name: changed[name] for name in wanted} == wanted


def test_edit_by_number_title_or_its_beginning(cli: Cli) -> None:
    cli("event-type", "add", "Follow up")
    cli("event-type", "add", "Follow up")
    assert "choose by number: 1, 2" in cli("event-type", "edit", "follow up", "minutes=45", code=1).err
    assert cli("event-type", "edit", "2", "title=Couples", "minutes=90").out == "Changed Couples (2)\n"
    assert cli("event-type", "edit", "cou", "minutes=80").out == "Changed Couples (2)\n"
    assert cli("event-type", "edit", "cou", "minutes=80").out.startswith("Nothing changed")
    cli("event-type", "edit", "x", "minutes=80", code=1)
    cli("event-type", "edit", "", "minutes=80", code=1)
    cli("event-type", "edit", "cou", "minutes", code=1)
    cli("event-type", "edit", "cou", "position=1", code=1)
    assert "5 to 480 minutes" in cli("event-type", "edit", "cou", "minutes=4", code=1).err
    assert "is no number" in cli("event-type", "edit", "cou", "minutes=long", code=1).err
    assert "none of its values" in cli("event-type", "add", "Third", "--visit", "by-post", code=1).err


def test_the_order_is_the_clients(cli: Cli) -> None:
    for title in ("A", "B", "C"):
        cli("event-type", "add", title)

    def order() -> list[str]:
        return [row["title"] for row in cli.json("event-type", "list")]

    cli("event-type", "move", "C", "first")
    assert order() == ["C", "A", "B"]
    cli("event-type", "move", "C", "down")
    assert order() == ["A", "C", "B"]
    assert cli("event-type", "move", "A", "up").out.startswith("Nothing changed")
    cli("event-type", "move", "A", "sideways", code=2)


def test_removed_and_restored(cli: Cli) -> None:  # EVT-01
    cli("event-type", "add", "Intake")
    assert cli("event-type", "remove", "intake").out == "Removed Intake\n"
    assert cli.json("event-type", "list", "--removed") == []
    cli("event-type", "add", "Intake")
    cli("availability", "set", "mon", "9-12", "--event-types", "Intake")
    assert "can be restored" in cli("event-type", "remove", "intake").out
    assert cli.json("event-type", "list") == []
    assert cli("event-type", "list", "--removed").out.rstrip().endswith("[removed]")
    cli("event-type", "remove", "intake", code=1)
    assert cli.json("event-type", "restore", "intake")["active"] is True
    assert cli.json("event-type", "remove", "intake")["active"] is False


def test_fifteen_are_enough(cli: Cli) -> None:  # EVT-01
    with_fifteen = [("event-type", "add", f"Type {number}") for number in range(15)]
    for argv in with_fifteen:
        cli(*argv)
    assert cli.json("event-type", "add", "More", code=1)["error"]["code"] == "too_many"


def test_titles_cannot_act_on_the_terminal(cli: Cli) -> None:
    cli("event-type", "add", "[red]\x1b]52;x\x07y")
    assert "\x1b" not in cli("event-type", "list").out
