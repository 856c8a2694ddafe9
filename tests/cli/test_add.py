from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.cli.conftest import Cli

FRIDAY = "2026-11-20T15:00:00Z"
"""Friday 20 November 2026, 10:00 in New York: the moment of the vectors of quick add."""


@pytest.mark.parametrize(
    ("text", "start", "end", "client", "service", "repeats"),
    [
        ("Tue 3pm 50m Jane D 90837", "2026-11-24T15:00", "2026-11-24T15:50", "C-0001", "90837", None),
        ("tomorrow 9:30 bob 90834-95 tele", "2026-11-21T09:30", "2026-11-21T10:15", "C-0003", "90834", None),
        ("fri 14:00-14:50 maria", "2026-11-20T14:00", "2026-11-20T14:50", "C-0004", "90834", None),
        ("fri 9am bob", "2026-11-27T09:00", "2026-11-27T09:50", "C-0003", "90834", None),
        ("next fri 3pm bob", "2026-11-27T15:00", "2026-11-27T15:50", "C-0003", "90834", None),
        ("3 maria weekly", "2026-11-20T15:00", "2026-11-20T15:50", "C-0004", "90834", "weekly"),
        ("+2w 4pm bob biweekly", "2026-12-04T16:00", "2026-12-04T16:50", "C-0003", "90834", "2w"),
        ("12/3 2-2:50pm bob", "2026-12-03T14:00", "2026-12-03T14:50", "C-0003", "90834", None),
        ("dec 3 11 jane doe 90791", "2026-12-03T11:00", "2026-12-03T12:00", "C-0001", "90791", None),
        ("2026-12-31 noon bob 1h30", "2026-12-31T12:00", "2026-12-31T13:30", "C-0003", "90837", None),
        ("lunch 12-1", "2026-11-20T12:00", "2026-11-20T13:00", None, None, None),
        ("block mon 9-11", "2026-11-23T09:00", "2026-11-23T11:00", None, None, None),
        ("call bob 5pm 15m", "2026-11-20T17:00", "2026-11-20T17:15", "C-0003", None, None),
    ],
)
def test_quick_add_lines(
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    start: str,
    end: str,
    client: str | None,
    service: str | None,
    repeats: str | None,
) -> None:
    monkeypatch.setenv("COUCHCAL_NOW", FRIDAY)
    entry = cli.json("add", *text.split())
    assert (entry["start"][:16], entry["end"][:16]) == (start, end)
    assert (
        datetime.fromisoformat(entry["start"]).utcoffset()
        == datetime.fromisoformat(start).replace(tzinfo=ZoneInfo("America/New_York")).utcoffset()
    )
    assert (entry["client"], entry["service"], entry["repeats"]) == (client, service, repeats)
    assert entry["location"] == (None if client is None else "Telehealth" if "tele" in text else "Office")
    assert cli.json("show", entry["id"]) == entry


def test_telehealth_brings_its_modifier_and_the_default_place_does_not(cli: Cli) -> None:  # MOD-01
    assert cli.json("add", "wed 9am bob 90834 tele")["modifiers"] == ["95"]
    assert cli.json("add", "thu 9am bob 90834-GT")["modifiers"] == ["GT"]


def test_an_ambiguous_name_is_refused_by_ids_only(cli: Cli) -> None:
    error = cli.json("add", "wed 9am jane 90834", code=1)["error"]
    assert error["code"] == "ambiguous_client"
    assert "C-0001, C-0002" in error["hint"]
    assert "Jane" not in str(error)
    assert cli.rows("SELECT * FROM appointment") == []


@pytest.mark.parametrize(
    "text", ["wed 9am Zorro Unknown 90834", "wed 9am 90834", "bob 90834", "wed 9am bob 99999", "wed 25:00 bob"]
)
def test_what_is_not_understood_is_refused_without_repeating_names(cli: Cli, text: str) -> None:
    result = cli("add", text, code=1)
    assert result.out == ""
    assert result.err.startswith("couchcal: error: ")
    assert result.err.count("\n") == 1
    assert "Zorro" not in result.err
    assert ("couchcal client add NAME" in result.err) == ("Zorro" in text)
    assert cli.rows("SELECT * FROM appointment") == []


def test_the_service_is_the_clients_usual_one_their_latest_one_or_fits_the_length(cli: Cli) -> None:
    assert cli.json("add", "wed 9am 30m bob")["service"] == "90832"
    assert cli.json("add", "wed 10am 60m bob")["service"] == "90832"  # the latest
    cli("client", "edit", "C-0003", "usual_service=90847")
    assert cli.json("add", "wed 11am bob")["service"] == "90847"
    assert cli.json("add", "wed 1pm 60m maria")["service"] == "90837"


def test_the_usual_place_of_a_client_comes_before_the_default_one(cli: Cli) -> None:
    cli("client", "edit", "C-0003", "usual_location=telehealth")
    assert cli.json("add", "wed 9am bob 90834")["location"] == "Telehealth"
    assert cli.json("add", "wed 10am bob 90834 office")["location"] == "Office"


def test_dry_run_tells_and_stores_nothing(cli: Cli) -> None:
    cli("add", "wed 9am bob 90834")
    before = cli.rows("SELECT count(*) FROM change")
    entry = cli.json("add", "--dry-run", "wed 9:30 maria 90834 tele weekly")
    assert (entry["id"], entry["uid"]) == (None, None)
    assert (entry["conflict"], entry["repeats"], entry["modifiers"]) == (True, "weekly", ["95"])
    out = cli("add", "--dry-run", "wed 9:30 maria 90834").out
    assert out.startswith("Would book C-0004 Wed 4 Mar 9:30-10:15 90834 Office\n")
    assert "overlaps 9e3779b1" in out
    assert cli.rows("SELECT count(*) FROM appointment") == [(1,)]
    assert cli.rows("SELECT count(*) FROM change") == before


def test_strict_refuses_a_conflict_before_anything_is_stored(cli: Cli) -> None:
    cli("add", "wed 9am bob 90834")
    error = cli.json("add", "wed 9:30 maria 90834", "--strict", code=1)["error"]
    assert error["code"] == "conflict"
    assert "9e3779b1" in error["message"]
    assert cli.rows("SELECT count(*) FROM appointment") == [(1,)]
    cli("add", "wed 9:45 maria 90834", "--strict")  # back to back
    assert cli("add", "wed 9:30 jane doe 90834").out.count("overlaps") == 1  # a warning without --strict


def test_strict_looks_at_later_dates_of_a_series_too(cli: Cli) -> None:
    cli("add", "2026-03-25 9am bob 90834")
    error = cli.json("add", "wed 9:30 maria 90834 weekly", "--strict", code=1)["error"]
    assert error["message"].startswith("Wed 25 Mar 9:30-10:15 overlaps 9e3779b1")
    assert cli.rows("SELECT count(*) FROM series") == [(0,)]


def test_advice_is_printed_and_never_blocks(cli: Cli) -> None:
    assert "advice: needs 53 min for 90837" in cli("add", "wed 9am 50m bob 90837").out
    result = cli("add", "thu 9am 50m bob 90837", "--json")
    assert "advice: needs 53 min for 90837" in result.err


def test_dates_are_read_by_the_locale(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli.json("add", "12/3 9am bob 90834", "--dry-run")["start"][:10] == "2026-12-03"
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert cli.json("add", "12/3 9am bob 90834", "--dry-run")["start"][:10] == "2026-03-12"
    assert cli.json("agenda", "--from", "4/3", "--to", "5/3") == []


def test_words_that_are_no_text_are_refused(cli: Cli) -> None:
    assert "no valid text" in cli("add", "wed 9am \udcff", code=2).err
