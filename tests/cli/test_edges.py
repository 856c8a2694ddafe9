"""Values at their edges: the end of the calendar, texts that are too long, words in another spelling."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli


@pytest.mark.parametrize(
    "argv",
    [
        ("add", "9999-12-31 9:00 bob 90834 weekly"),
        ("add", "9999-12-31 23:30 bob 90834"),
        ("time-off", "add", "9999-12-31"),
        ("time-off", "add", "9999-12-31T23:00", "24:00"),
        ("time-off", "add", "2026-03-05", "9999-12-31"),
    ],
)
def test_the_end_of_the_calendar_is_a_refusal(cli: Cli, argv: tuple[str, ...]) -> None:
    assert "the calendar ends" in cli(*argv, code=1).err
    assert cli.rows("SELECT (SELECT count(*) FROM appointment) + (SELECT count(*) FROM time_off)") == [(0,)]


@pytest.mark.parametrize(
    ("pair", "field", "stored"),
    [
        ("visit=in-person", "visit_type", "in_person"),  # VIS-04
        ("visit-type=Telehealth", "visit_type", "telehealth"),
        ("type=Other-Event", "kind", "other_event"),
        ("type=client-contact", "kind", "client_contact"),
    ],
)
def test_words_with_hyphens_and_capitals(cli: Cli, pair: str, field: str, stored: str) -> None:
    ident = cli.json("add", "thu 9am bob 90834")["id"]
    cli("edit", ident, pair)
    assert cli.rows(f"SELECT {field} FROM appointment") == [(stored,)]


@pytest.mark.parametrize("kind", ["", "banana"])
def test_a_type_that_is_none(cli: Cli, kind: str) -> None:
    ident = cli.json("add", "thu 9am bob 90834")["id"]
    cli("edit", ident, f"type={kind}", code=1)
    cli("edit", ident, f"type={kind}", "foo=1", code=1)


def test_a_field_that_a_type_has_not_is_named_as_it_is_written(cli: Cli) -> None:  # APT-03
    ident = cli.json("add", "lunch thu 12-1")["id"]
    err = cli("edit", ident, "link=https://meet.example/a", code=1).err
    assert "other event has no field 'link'; fields are type, place, start, end" in err
    assert "diagnoses" not in err
    assert "couchcal: error: there is no field 'foo'; fields are id, first," in (
        cli("client", "edit", "C-0001", "foo=1", code=1).err
    )


@pytest.mark.parametrize("argv", [("X" * 61,), ("X Y", "--phone", "5" * 33), ("X Y", "--id", "i" * 25)])
def test_nothing_of_a_client_is_cut_off(cli: Cli, argv: tuple[str, ...]) -> None:
    assert "characters; shorten it" in cli("client", "add", *argv, code=1).err
    cli("client", "add", "X" * 60, "--phone", "5" * 32)


def test_the_record_after_a_change_has_its_sessions(cli: Cli) -> None:
    start = cli.json("add", "thu 9am bob 90834")["start"]
    assert cli.json("client", "edit", "C-0003", "phone=555")["next_session"] == start
    assert cli.json("client", "merge", "C-0003", "C-0001")["next_session"] == start  # INT-04


def test_show_tells_every_field_and_what_is_private_only_with_names(cli: Cli) -> None:
    # APT-08, APT-09, APT-14 to APT-17, EDT-02
    ident = cli.json("add", "thu 9am bob 90834")["id"]
    cli("edit", ident, "visit=telehealth", "link=https://meet.example/abc", "diagnoses=F41.1", "group=g1")
    cli("edit", ident, "instructions=ring twice", "remind_text=yes", "feedback=yes")
    shown = cli("show", ident, "--names", "full").out
    for words in ("https://meet.example/abc", "F41.1", "ring twice", "e-mail, text", "feedback", "telehealth"):
        assert words in shown
    plain = cli("show", ident).out
    assert "https://meet.example/abc" in plain
    assert not any(words in plain for words in ("F41.1", "ring twice"))
    cli("edit", ident, "type=collateral_contact", "with=spouse", "collateral_name=Zoe Canary")
    shown = cli("show", ident, "--names", "full").out
    assert "spouse" in shown
    assert "Zoe Canary" in shown
    assert "F41.1" not in shown  # APT-03
    assert "Canary" not in cli("show", ident).out


def test_stop_takes_no_last_day(cli: Cli) -> None:  # REC-09
    ident = cli.json("add", "thu 9am bob 90834 weekly")["id"]
    assert "stop is from now on" in cli("repeat", ident, "stop", "--until", "2026-04-01", code=2).err
    assert cli.json("show", ident)["repeats"] == "weekly"


def test_the_beginning_of_a_title_removes_no_event_type(cli: Cli) -> None:  # EVT-01
    for title in ("Intake", "Intake long"):
        cli("event-type", "add", title)
    cli("event-type", "remove", "Intake")
    cli("event-type", "remove", "Int", code=1)
    assert [row["title"] for row in cli.json("event-type", "list")] == ["Intake long"]


def test_find_leaves_nothing_out(cli: Cli) -> None:
    ident = cli.json("add", "2020-01-06 9am bob 90834 weekly")["id"]
    entries = cli.json("agenda", "--from", "2020-01-01", "--to", "2026-04-01")
    assert len(entries) > 200
    assert cli.json("find", "bob")[: len(entries)] == entries
    assert entries[0]["id"] == ident
