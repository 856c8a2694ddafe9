from __future__ import annotations

import pytest

from tests.cli.conftest import Cli


@pytest.fixture
def session(cli: Cli) -> str:
    """The id of a session on Wednesday at 9."""
    return str(cli.json("add", "wed 9am bob 90834")["id"])


@pytest.fixture
def event(cli: Cli) -> str:
    """The id of a meeting on Wednesday at 9."""
    return str(cli.json("add", "meeting wed 9-10am")["id"])


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ("client=C-0001", "client", "C-0001"),
        ("client=maria", "client", "C-0004"),
        ("service=90837", "service", "90837"),
        ("modifiers=95,GT", "modifiers", ["95", "GT"]),
        ("place=tele", "location", "Telehealth"),
        ("location=Telehealth", "location", "Telehealth"),
        ("place=", "location", None),
        ("start=10:30", "start", "2026-03-04T10:30:00-05:00"),
        ("start=thu", "start", "2026-03-05T09:00:00-05:00"),
        ("start=+1d", "start", "2026-03-05T09:00:00-05:00"),
        ("end=10am", "end", "2026-03-04T10:00:00-05:00"),
        ("end=+15m", "end", "2026-03-04T10:00:00-05:00"),
        ("length=60", "end", "2026-03-04T10:00:00-05:00"),
        ("tz=Europe/Berlin", "time_zone", "Europe/Berlin"),
        ("type=client_contact", "kind", "client_contact"),
    ],
)
def test_fields_of_a_session(cli: Cli, session: str, change: str, key: str, value: object) -> None:
    assert cli.json("edit", session, change)[key] == value
    assert cli.json("show", session)[key] == value


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ("title=Peer group", "title", "Peer group"),
        ("place=Room 2", "location", "Room 2"),
        ("where=Room 2", "location", "Room 2"),
        ("busy=no", "busy", False),
        ("all_day=yes", "start", "2026-03-04"),
    ],
)
def test_fields_of_an_event(cli: Cli, event: str, change: str, key: str, value: object) -> None:
    assert cli.json("edit", event, change)[key] == value


@pytest.mark.parametrize(
    ("change", "column", "value"),
    [
        ("instructions=Bring the form", "instructions", "Bring the form"),
        ("link=https://example.org/x", "telehealth_url", "https://example.org/x"),
        ("diagnoses=F41.1", "diagnoses", "F41.1"),
        ("visit=telehealth", "visit_type", "telehealth"),
        ("group=wednesday", "group_key", "wednesday"),
        ("remind_text=yes", "remind_text", 1),
        ("remind-email=off", "remind_email", 0),
        ("feedback=on", "feedback_requested", 1),
    ],
)
def test_fields_that_json_does_not_show(cli: Cli, session: str, change: str, column: str, value: object) -> None:
    cli("edit", session, change)
    assert cli.rows(f"SELECT {column} FROM appointment") == [(value,)]


def test_start_keeps_the_length_and_start_with_end_sets_both(cli: Cli, session: str) -> None:
    moved = cli.json("edit", session, "start=2pm")
    assert moved["end"] == "2026-03-04T14:45:00-05:00"
    both = cli.json("edit", session, "start=3pm", "end=4pm", "service=90837")
    assert (both["start"][11:16], both["end"][11:16], both["service"]) == ("15:00", "16:00", "90837")


def test_several_changes_are_one_step_of_undo(cli: Cli, session: str) -> None:
    before = cli.json("show", session)
    cli("edit", session, "service=90837", "start=2pm", "place=tele")
    cli("undo")
    assert cli.json("show", session) == before


def test_edits_of_a_series_from_here_on(cli: Cli) -> None:  # REC-04
    cli("add", "wed 9am bob 90834 weekly")
    first, second, *_ = cli.json("agenda", "--to", "+3w")
    assert "and all following" in cli("edit", second["id"], "service=90837", "--scope", "future").out
    assert [entry["service"] for entry in cli.json("agenda", "--to", "+3w")] == ["90834", "90837", "90837"]
    assert first["series"]


def test_nothing_changed_is_said(cli: Cli, session: str) -> None:
    assert cli("edit", session, "service=90834").out.startswith("Nothing changed: C-0003")


@pytest.mark.parametrize(
    "change",
    [
        "colour=red",
        "service",
        "service=12345",
        "service=",
        "modifiers=1",
        "modifiers=1,2,3,4,5",
        "place=nowhere",
        "room=7",
        "busy=no",  # sessions have no such field
        "title=Hello",
        "tz=Mars/Base",
        "client=nobody",
        "client=jane",
        "length=0",
        "length=long",
        "end=8am",  # before it begins
        "type=party",
        "remind_text=perhaps",
        "visit=by boat",
    ],
)
def test_values_that_cannot_be_are_refused_and_nothing_changes(cli: Cli, session: str, change: str) -> None:
    before = cli.json("show", session)
    result = cli("edit", session, change, code=1)
    assert result.err.startswith("couchcal: error: ")
    assert cli.json("show", session) == before


@pytest.mark.parametrize("change", ["start=whenever", "end=never"])
def test_times_that_cannot_be_read_are_usage_errors(cli: Cli, session: str, change: str) -> None:
    cli("edit", session, change, code=2)


def test_events_have_no_client_and_all_day_no_length(cli: Cli, event: str) -> None:
    cli("edit", event, "client=C-0001", code=1)
    cli("edit", event, "all_day=yes")
    cli("edit", event, "length=30", code=1)
    cli("edit", event, "all_day=no", code=1)  # no time yet
