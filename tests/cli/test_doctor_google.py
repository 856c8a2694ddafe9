"""What the doctor says of the sync, and the probe at the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Terminal
from tests.cli.test_sync import account, book, drop_there
from tests.support.connected import EMAIL, Online, online


@pytest.fixture
def google(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Online]:
    with online(tmp_path, monkeypatch) as found:
        found.connect(cli.database)
        yield found


def states(cli: Cli, code: int = 0) -> dict[str, tuple[str, str]]:
    """State and detail of the checks of the sync."""
    return {row["check"]: (row["state"], row["detail"]) for row in cli.json("doctor", "google", code=code)}


def test_without_an_account_there_is_one_line(cli: Cli) -> None:
    assert states(cli) == {"google": ("ok", "not connected")}
    assert "google" in {row["check"] for row in cli.json("doctor")}


def test_what_is_well_and_what_is_not(cli: Cli, google: Online) -> None:  # SYNC-19
    assert states(cli)["sync"] == ("warn", "it never got through yet")
    book(cli)
    cli("sync")
    found = states(cli)
    assert found["google"] == ("ok", f"connected with {EMAIL}")
    assert found["google_token"] == ("warn", "the sign-in is kept in a database that is not encrypted")
    assert found["sync"] == ("ok", "the last one was at 2026-03-03T15:42+00:00")
    assert found["sync_waiting"] == ("ok", "0 to send, 0 blocked, 0 to review")
    assert found["worker"][1].startswith("not running")
    drop_there(google, google.events()[0]["id"])
    cli("sync")
    assert states(cli)["sync_waiting"] == ("warn", "0 to send, 0 blocked, 1 to review")
    account(cli, paused="user", failures=3, last_error="no network")
    found = states(cli)
    assert found["sync_waiting"][1].startswith("syncing is paused; ")
    assert found["sync"] == ("warn", "3 in a row did not get through: no network")
    account(cli, state="needs_auth")
    assert states(cli, code=1)["google"] == ("fail", "the sign-in is over")


def test_a_sync_that_did_not_get_through_for_long_is_told(
    cli: Cli, google: Online, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("sync")
    monkeypatch.setenv("COUCHCAL_NOW", "2026-03-05T15:42:00Z")
    assert states(cli)["sync"] == ("warn", "the last one was at 2026-03-03T15:42+00:00")


def test_the_probe_asks_first_and_reports_ten_points(
    cli: Cli, google: Online, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(google.emulator.world.calendars)
    assert "no terminal to ask at" in cli("doctor", "google", "--probe", code=2).err
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert cli("doctor", "google", "--probe").out == ""
    assert set(google.emulator.world.calendars) == before
    rows = cli.json("doctor", "google", "--probe", "--yes")
    assert [row["number"] for row in rows] == list(range(1, 11))
    assert [set(row) for row in rows] == [{"number", "question", "answer", "value"}] * 10
    out = cli("doctor", "google", "--probe", "--yes").out
    assert out.startswith(" 1  whether a change that changes nothing gives another etag\n")
    assert EMAIL not in out
    live = {name for name, calendar in google.emulator.world.calendars.items() if not calendar.deleted}
    assert live == before


def test_the_probe_says_what_went_wrong(cli: Cli, google: Online, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("couchcal.sync.waiter.TRIES", 1)
    assert "--probe is of google" in cli("doctor", "--probe", code=2).err
    google.emulator.control(
        "faults", {"id": "d", "match": {"op": "calendars.delete"}, "action": {"type": "status", "code": 503}}
    )
    found = cli("doctor", "google", "--probe", "--yes", code=4).err
    assert found.startswith("couchcal: error: the calendar 'couchcal probe ")
    assert found.endswith("could not be removed: Google did not do it; remove it in Google Calendar\n")
    google.emulator.control("revoke_grant", {"email": EMAIL})
    google.emulator.control("expire_access", {})
    cli("doctor", "google", "--probe", "--yes", code=3)


def test_the_probe_needs_an_account(cli: Cli) -> None:
    cli("doctor", "google", "--probe", "--yes", code=3)
