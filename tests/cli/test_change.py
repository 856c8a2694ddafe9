from __future__ import annotations

import pytest

from tests.cli.conftest import Cli, Terminal


def add(cli: Cli, text: str) -> str:
    """Book a line; the id."""
    return str(cli.json("add", text)["id"])


def span(entry: dict[str, str]) -> str:
    return f"{entry['start'][:16]}/{entry['end'][11:16]}"


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-03-05T15:00", "2026-03-05T15:00/15:45"),
        ("thu 3pm", "2026-03-05T15:00/15:45"),
        ("4pm", "2026-03-04T16:00/16:45"),  # a time keeps the day
        ("fri", "2026-03-06T09:00/09:45"),  # a day keeps the time
        ("+1d", "2026-03-05T09:00/09:45"),
        ("+1w", "2026-03-11T09:00/09:45"),  # the same wall clock after the change to summer time
        ("+30m", "2026-03-04T09:30/10:15"),
        ("-30m", "2026-03-04T08:30/09:15"),
        ("-1d", "2026-03-03T09:00/09:45"),
    ],
)
def test_move(cli: Cli, when: str, expected: str) -> None:
    ident = add(cli, "wed 9am bob 90834")
    moved = cli.json("move", ident, *when.split())
    assert span(moved) == expected
    assert cli.json("show", ident) == moved


def test_move_with_a_length_and_in_a_series(cli: Cli) -> None:
    ident = add(cli, "wed 9am bob 90834 weekly")
    assert span(cli.json("move", ident, "+1h", "--length", "60")) == "2026-03-04T10:00/11:00"
    _, second, third, *_ = cli.json("agenda", "--to", "+4w")
    assert span(second) == "2026-03-11T09:00/09:45"
    assert "and all following" in cli("move", second["id"], "thu 2pm", "--scope", "future").out
    moved = cli.json("agenda", "--to", "+3w")
    assert [span(entry) for entry in moved] == [
        "2026-03-04T10:00/11:00", "2026-03-05T14:00/14:45", "2026-03-12T14:00/14:45", "2026-03-19T14:00/14:45",
    ]  # fmt: skip
    assert {second["id"], third["id"]} < {entry["id"] for entry in moved}


def test_move_says_what_it_now_overlaps_by_ids(cli: Cli) -> None:
    other = add(cli, "thu 9am maria 90834")
    ident = add(cli, "wed 9am bob 90834")
    out = cli("move", ident, "+1d").out
    assert out.startswith("Moved C-0003 to Thu 5 Mar 9:00-9:45 Office")
    assert f"overlaps {other} (Thu 5 Mar 9:00-9:45)" in out


@pytest.mark.parametrize(
    "argv", [("banana",), ("25:61",), ("",), ("+1d", "--length", "0"), ("+1d", "--length", "-5"), ()]
)
def test_move_without_a_time_that_can_be_read_is_a_usage_error(cli: Cli, argv: tuple[str, ...]) -> None:
    ident = add(cli, "wed 9am bob 90834")
    cli("move", ident, *argv, code=2)
    assert cli.json("show", ident)["start"][:16] == "2026-03-04T09:00"


def test_a_claim_locks_the_time_and_the_way_out_is_named(cli: Cli) -> None:  # DND-04, LCK-01
    ident = add(cli, "2026-03-02 9am bob 90834")
    cli("mark", ident, "claim-submitted")
    error = cli.json("move", ident, "+1d", code=1)["error"]
    assert error == {
        "code": "locked_claim",
        "message": "the time cannot be changed: the claim is submitted or processed",
        "hint": "clear the claim first: couchcal mark ID claim-cleared",
    }
    cli("mark", ident, "claim-cleared")
    cli("move", ident, "+1d")


def test_all_day_events_move_by_days_only(cli: Cli) -> None:
    ident = add(cli, "lunch wed 12-1")
    cli("edit", ident, "all_day=yes", "end=+3d")
    assert (cli.json("show", ident)["start"], cli.json("show", ident)["end"]) == ("2026-03-04", "2026-03-06")
    moved = cli.json("move", ident, "+1w")
    assert (moved["start"], moved["end"], moved["all_day"]) == ("2026-03-11", "2026-03-13", True)
    assert cli.json("move", ident, "2026-03-20")["start"] == "2026-03-20"
    for words in (("3pm",), ("+30m",), ("+1d", "--length", "30")):
        cli("move", ident, *words, code=1)
    timed = cli.json("edit", ident, "all_day=no", "start=2026-03-20T15:00", "length=30")
    assert (span(timed), timed["all_day"]) == ("2026-03-20T15:00/15:30", False)


def test_cancel_and_restore(cli: Cli) -> None:  # CXL-01…08
    ident = add(cli, "wed 9am bob 90834")
    cancelled = cli.json("cancel", ident, "--type", "late_cancel", "--fee", "25", "--reason", "ill\x1b[2J")
    assert cancelled["status"] == "cancelled"
    assert cancelled["cancellation"] == {"type": "late_cancel", "reason": "ill[2J", "fee": 25.0}
    assert cli.json("cancel", ident, "--type", "other", code=1)["error"]["code"] == "refused"
    assert cli.json("restore", ident)["cancellation"] is None
    assert "not cancelled" in cli("restore", ident, code=1).err
    assert cli.json("cancel", ident, "--type", "other")["cancellation"] == {
        "type": "other", "reason": None, "fee": None,
    }  # fmt: skip


@pytest.mark.parametrize("options", [(), ("--type", "sleepy"), ("--type", "other", "--fee", "much")])
def test_cancel_needs_a_type_and_a_fee_that_is_an_amount(cli: Cli, options: tuple[str, ...]) -> None:
    ident = add(cli, "wed 9am bob 90834")
    cli("cancel", ident, *options, code=2)
    assert cli.json("show", ident)["status"] == "scheduled"


def test_notify_without_an_address_says_so(cli: Cli) -> None:  # CXL-05
    ident = add(cli, "wed 9am bob 90834")
    assert "no e-mail address" in cli("cancel", ident, "--type", "other", "--notify").out
    cli("restore", ident)
    cli("client", "edit", "C-0003", "email=bob@example.org")
    cli("cancel", ident, "--type", "other", "--notify")
    assert cli.rows("SELECT kind, recipient FROM outbox_email") == [
        ("cancelled_by_practitioner", "bob@example.org")
    ]


@pytest.mark.parametrize(("command", "told"), [(("move", "+1d"), 0), (("move", "+1d", "--notify"), 1),
    (("edit", "start=thu 3pm", "--notify"), 1), (("edit", "instructions=ring twice", "--notify"), 0)])  # fmt: skip
def test_a_move_is_told_if_it_is_said(cli: Cli, command: tuple[str, ...], told: int) -> None:
    cli("client", "edit", "C-0003", "email=bob@example.org")
    ident = add(cli, "wed 9am bob 90834")
    verb, *rest = command
    cli(verb, ident, *rest)
    assert (
        cli.rows("SELECT recipient FROM outbox_email WHERE kind = 'rescheduled'") == [("bob@example.org",)] * told
    )


def test_delete_needs_yes_where_nobody_can_be_asked(cli: Cli) -> None:  # DEL-01
    ident = add(cli, "wed 9am bob 90834")
    assert "--yes" in cli("delete", ident, code=2).err
    out = cli("delete", ident, "--yes").out
    assert out == "Deleted C-0003 Wed 4 Mar 9:00-9:45\n"
    assert "not_found" in cli("show", ident, "--json", code=1).out


@pytest.mark.parametrize(("answer", "left"), [("y\n", 0), ("yes\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
def test_delete_asks_at_a_terminal(cli: Cli, monkeypatch: pytest.MonkeyPatch, answer: str, left: int) -> None:
    ident = add(cli, "wed 9am bob 90834")
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    assert f"Delete C-0003 Wed 4 Mar 9:00-9:45 ({ident})?" in cli("delete", ident).err
    assert len(cli.json("agenda")) == left


def test_delete_of_a_series_from_here_keeps_and_tells_worked_on_dates(cli: Cli) -> None:  # REC-05, REC-09
    add(cli, "wed 9am bob 90834 weekly")
    first, second, third, fourth, *_ = cli.json("agenda", "--to", "+5w")
    cli("mark", third["id"], "billing-started")
    out = cli("delete", second["id"], "--scope", "future", "--yes").out
    assert f"kept as it was: {third['id']}: billing has started" in out
    assert "Bob" not in out
    assert [entry["id"] for entry in cli.json("agenda", "--to", "+20w")] == [first["id"], third["id"]]
    assert fourth["id"] not in out


def test_delete_says_in_json_what_went(cli: Cli) -> None:
    ident = add(cli, "wed 9am bob 90834")
    assert cli.json("delete", ident, "--yes") == {"deleted": ident, "changed": 1, "kept": 0}


def test_repeat_and_stop(cli: Cli) -> None:  # REC-02, REC-03
    ident = add(cli, "wed 9am bob 90834")
    assert cli.json("repeat", ident, "2w", "--until", "2026-04-15")["repeats"] == "2w"
    dates = [entry["start"][:10] for entry in cli.json("agenda", "--to", "+10w")]
    assert dates == ["2026-03-04", "2026-03-18", "2026-04-01", "2026-04-15"]
    assert "repeats already" in cli("repeat", ident, "weekly", code=1).err
    out = cli("repeat", ident, "stop").out
    assert out.startswith("Stopped repeating")
    assert cli.json("agenda", "--to", "+10w") == []
    cli("undo")
    assert len(cli.json("agenda", "--to", "+10w")) == 4


@pytest.mark.parametrize("cadence", ["daily", "5w", "0w", "often"])
def test_repeat_takes_the_cadences_of_the_practice_only(cli: Cli, cadence: str) -> None:
    cli("repeat", add(cli, "wed 9am bob 90834"), cadence, code=2)


@pytest.mark.parametrize("cadence", ["weekly", "2w", "3w", "4w", "monthly"])
def test_every_cadence_comes_back_in_json(cli: Cli, cadence: str) -> None:
    assert cli.json("repeat", add(cli, "wed 9am bob 90834"), cadence)["repeats"] == cadence


def test_marks_go_through_their_states(cli: Cli) -> None:  # LCK-01…03
    ident = add(cli, "2026-03-02 9am bob 90834")
    cli("mark", ident, "note-signed")
    assert "signed already" in cli("mark", ident, "note-signed", code=1).err
    assert cli.json("edit", ident, "service=90832", code=1)["error"]["code"] == "locked_note_signed"
    cli("edit", ident, "instructions=bring the form")  # notes stay open
    for mark in ("note-unlocked", "billing-started", "paid", "refunded", "billing-cancelled"):
        assert cli.json("mark", ident, mark)["id"] == ident
    for mark in ("claim-submitted", "claim-processed", "claim-cleared"):
        cli("mark", ident, mark)
    assert cli.json("show", ident)["locked"] == []
    cli("mark", ident, "shredded", code=2)


def test_an_id_that_is_not_there_is_not_found_everywhere(cli: Cli) -> None:
    for argv in (
        ("show", "12345678"),
        ("move", "12345678", "+1d"),
        ("edit", "12345678", "title=x"),
        ("cancel", "12345678", "--type", "other"),
        ("restore", "12345678"),
        ("delete", "12345678", "--yes"),
        ("repeat", "12345678", "weekly"),
        ("mark", "12345678", "paid"),
    ):
        assert cli.json(*argv, code=1)["error"]["code"] == "not_found"
