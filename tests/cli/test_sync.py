"""`couchcal sync` against the emulator, and everything that steers it."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from couchcal.cli import sync_turn
from couchcal.clock import system_clock
from couchcal.store.connection import Database
from couchcal.sync.lease import Lease, wanted
from couchcal.sync.port import Progress
from couchcal.worker import answers
from tests.cli.conftest import Cli, Terminal
from tests.support.connected import EMAIL, Online, online

NAMES = ("Jane", "Doe")
KEYS = {"status", "calendars", "pending", "blocked", "review", "last_ok", "next_try"}


@pytest.fixture
def google(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Online]:
    """The emulator, with which the practice is connected."""
    with online(tmp_path, monkeypatch) as found:
        found.connect(cli.database)
        yield found


def book(cli: Cli, when: str = "2026-03-04 15:00") -> str:
    """A session of Jane; its id."""
    return str(cli.json("add", when, "50m", "C-0001", "90834")["id"])


def on_calendar(google: Online) -> str:
    """The id of the calendar that was made."""
    return next(name for name in google.emulator.world.calendars if "@group" in name)


def drop_there(google: Online, event: str) -> None:
    """Delete an event as a person does in Google."""
    google.emulator.control(
        f"ui/{EMAIL}/delete", {"calendar": on_calendar(google), "event": event, "scope": "this"}
    )


def account(cli: Cli, **values: object) -> None:
    """Write to the account's row."""
    with closing(cli.database.connect()) as connection:
        for name, value in values.items():
            connection.execute(f"UPDATE calendar_account SET {name} = ?", (value,))


@pytest.mark.parametrize("argv", [(), ("--dry-run",), ("status",), ("pause",), ("reset",), ("one-way",)])
def test_without_an_account_it_says_how_to_connect(cli: Cli, argv: tuple[str, ...]) -> None:
    found = cli("sync", *argv, code=3)
    assert found.err == "couchcal: error: no Google account is connected; couchcal google connect\n"
    body = cli.json("sync", *argv, code=3)
    assert body["error"]["code"] == "needs_auth"


def test_a_cycle_sends_and_takes_over_and_is_told_as_the_contract_says(cli: Cli, google: Online) -> None:
    entry = book(cli)  # SYNC-01
    plan = cli("sync", "--dry-run")
    assert f"add     {entry}  session Wed 4 Mar 15:00\n" in plan.out
    assert google.events() == []
    report = cli.json("sync")
    assert set(report) == KEYS
    assert report["status"] == "ok"
    assert [set(calendar) for calendar in report["calendars"]] == [
        {"id", "name", "pulled", "pushed", "deleted", "requests"}
    ]
    assert report["calendars"][0]["pushed"] == 1
    assert report["next_try"] is None
    (event,) = google.events()
    assert event["start"]["wall"] == "2026-03-04T15:00:00"
    cli("cancel", entry, "--type", "no_show")
    assert cli("sync").out == "Tue 3 Mar 10:42 synced: 1 removed\n  couchcal: 1 removed\n"
    assert cli("sync").out == "Tue 3 Mar 10:42 synced: nothing new\n  couchcal: nothing new\n"


def test_words_name_nobody_unless_names_are_asked_for(cli: Cli, google: Online) -> None:
    entry = book(cli)
    asked: tuple[tuple[str, ...], ...] = ((), ("review",), ("log",), ("status",))
    plain = cli("sync", "--dry-run").out
    cli("sync")
    drop_there(google, google.events()[0]["id"])
    for argv in asked:
        plain += cli("sync", *argv).out + json.dumps(cli.json("sync", *argv))
    assert not any(name in plain for name in NAMES)
    assert "(Jane Doe)" in cli("sync", "review", "--names", "full").out
    assert entry not in cli("sync", "review").err


def test_a_deletion_there_is_reviewed_and_decided_on(cli: Cli, google: Online) -> None:  # SYNC-11
    book(cli)
    cli("sync")
    drop_there(google, google.events()[0]["id"])
    (item,) = cli.json("sync")["review"]
    assert (item["kind"], set(item)) == ("remote_deleted", {"id", "kind", "detail"})
    (row,) = cli.json("sync", "review")
    assert (row["id"], row["choices"]) == (item["id"], ["cancel", "restore", "unlink"])
    for argv in ((), ("sideways",)):
        refused = cli("sync", "resolve", item["id"], *argv, code=2).err
        assert "cancel: cancel it here, too, restore: put it back in google, unlink: " in refused
    told = cli("sync", "resolve", item["id"], "restore")
    assert not any(name in told.out for name in NAMES)
    assert cli.json("sync", "review") == []
    cli("sync")
    assert len(google.events()) == 1
    cli("sync", "resolve", "99", "restore", code=1)


def test_what_is_blocked_is_tried_again_when_asked(cli: Cli, google: Online) -> None:
    entry = book(cli)
    google.emulator.control(
        "faults", {"id": "no", "match": {"op": "events.insert"}, "action": {"type": "status", "code": 400}}
    )
    report = cli.json("sync")
    assert [row["id"] for row in report["blocked"]] == [entry]
    assert f"  {entry} is not taken: " in cli("sync").out
    google.emulator.control("faults", method="DELETE")
    assert "retry: send it again" in cli("sync", "resolve", entry, code=2).err
    cli("sync", "resolve", entry, "retry")
    assert cli.json("sync")["blocked"] == []
    assert len(google.events()) == 1
    cli("sync", "resolve", entry, "retry", code=1)


def test_pause_and_resume(cli: Cli, google: Online) -> None:
    book(cli)
    cli("sync", "pause")
    assert cli.json("sync", code=5)["status"] == "paused"
    assert cli("sync", code=5).err == "couchcal: error: syncing is paused; couchcal sync resume\n"
    assert google.events() == []
    cli("sync", "resume")
    assert cli.json("sync")["calendars"][0]["pushed"] == 1


def test_what_waits_for_a_decision_is_not_resumed(cli: Cli, google: Online) -> None:
    account(cli, paused="mass_delete")
    assert cli.json("sync", code=5)["status"] == "paused"
    assert "couchcal sync review" in cli("sync", "resume", code=5).err
    assert cli("sync", "pause").code == 0
    assert cli.rows("SELECT paused FROM calendar_account") == [("mass_delete",)]


def test_a_sign_in_that_is_over_has_exit_code_3(cli: Cli, google: Online) -> None:  # SYNC-25
    google.emulator.control("revoke_grant", {"email": EMAIL})
    entry = book(cli)
    assert cli.json("sync", code=3)["status"] == "needs_auth"
    found = cli("sync", code=3)
    assert found.err.startswith("couchcal: error: sign in again")
    assert found.err.endswith("couchcal google connect\n")
    assert cli("sync", "status").out.splitlines()[0] == f"account   {EMAIL}, sign in again: couchcal google connect"
    assert cli.json("show", entry)["id"] == entry


def test_trouble_has_exit_code_4_and_loses_nothing(
    cli: Cli, google: Online, monkeypatch: pytest.MonkeyPatch
) -> None:  # SYNC-19
    monkeypatch.setattr("couchcal.sync.waiter.TRIES", 1)
    book(cli)
    google.emulator.control("faults", {"id": "off", "match": {}, "action": {"type": "status", "code": 503}})
    report = cli.json("sync", code=4)
    assert (report["status"], report["pending"]) == ("retry", 1)
    assert report["next_try"] is not None
    assert "nothing is lost, the next try is at Tue 3 Mar" in cli("sync", code=4).err
    assert "trouble   " in cli("sync", "status").out
    google.emulator.control("faults", method="DELETE")
    assert cli.json("sync")["pending"] == 0


def test_starting_over_in_three_depths(
    cli: Cli, google: Online, monkeypatch: pytest.MonkeyPatch
) -> None:  # SYNC-13, SYNC-20
    book(cli)
    cli("sync")
    first, calendar = google.events()[0]["id"], on_calendar(google)
    assert cli.json("sync", "reset")["status"] == "ok"
    assert [event["id"] for event in google.events()] == [first]
    assert "there is no terminal to ask at" in cli("sync", "reset", "--events", code=2).err
    terminal = Terminal("n\n")
    monkeypatch.setattr("sys.stdin", terminal)
    cli("sync", "reset", "--events")
    assert [event["id"] for event in google.events()] == [first]
    cli("sync", "reset", "--events", "--yes")
    (event,) = google.events()
    assert event["id"] != first
    cli("sync", "reset", "--calendar", "--yes")
    assert len(google.events()) == 1
    live = [name for name, each in google.emulator.world.calendars.items() if "@group" in name and not each.deleted]
    assert len(live) == 1
    assert calendar not in live


def test_one_way_reads_nothing_and_clears_what_came(cli: Cli, google: Online) -> None:  # SYNC-14
    google.emulator.control(
        f"ui/{EMAIL}/create",
        {
            "calendar": on_calendar(google), "summary": "Dentist",
            "start": {"dateTime": "2026-03-05T09:00:00-05:00"}, "end": {"dateTime": "2026-03-05T10:00:00-05:00"},
        },
    )  # fmt: skip
    window = ("agenda", "--from", "2026-03-05", "--to", "2026-03-06")
    cli("sync")
    assert [entry["kind"] for entry in cli.json(*window)] == ["external"]
    cli("sync", "one-way")
    assert cli.json(*window) == []
    before = google.requests("events.list")
    cli("sync")
    assert google.requests("events.list") == before
    cli("sync", "two-way")
    cli("sync")
    assert len(cli.json(*window)) == 1


def test_the_log_has_the_last_lines(cli: Cli, google: Online) -> None:  # SYNC-19
    book(cli)
    cli("sync")
    lines = cli.json("sync", "log")
    assert [set(line) for line in lines] == [{"at", "level", "text"}] * len(lines)
    assert lines[-1]["text"] == "taken over 0, sent 1, removed 0"
    assert cli("sync", "log", "--lines", "1").out == "Tue 3 Mar 10:42  taken over 0, sent 1, removed 0\n"
    assert "between 1 and 1000" in cli("sync", "log", "--lines", "none", code=2).err


class Elsewhere:
    """Another process that syncs just now: what it does once somebody asks it."""

    def __init__(self, database: Database, act: Callable[[Lease, int], None]) -> None:
        self.lease = Lease(database, clock=system_clock, pid=os.getppid())
        assert self.lease.take()
        self._database, self._act = database, act
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        with closing(self._database.connect()) as connection:
            end = time.monotonic() + 20
            while not (question := wanted(connection)) and time.monotonic() < end:
                time.sleep(0.01)
        self._act(self.lease, question)

    def join(self) -> None:
        self._thread.join()


def test_who_finds_another_at_work_reports_what_that_one_did(cli: Cli, google: Online) -> None:  # SYNC-20
    def answer(lease: Lease, question: int) -> None:
        with sync_turn_engine(cli.database, lease) as engine:
            answers.give(cli.database, lease, question, engine.cycle())

    book(cli)
    elsewhere = Elsewhere(cli.database, answer)
    report = cli.json("sync")
    elsewhere.join()
    assert set(report) == KEYS
    assert report["calendars"][0]["pushed"] == 1
    assert len(google.events()) == 1


def test_who_finds_another_that_goes_away_does_the_work(
    cli: Cli, google: Online, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_turn, "TAKE_S", 0.0)
    book(cli)
    elsewhere = Elsewhere(cli.database, lambda lease, _question: lease.release())
    assert cli.json("sync")["calendars"][0]["pushed"] == 1
    elsewhere.join()


def test_who_gets_no_answer_says_so(cli: Cli, google: Online, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_turn, "LONGEST_S", 0.0)
    lease = Lease(cli.database, clock=system_clock, pid=os.getppid())
    assert lease.take()
    assert "did not answer" in cli("sync", code=4).err
    assert cli.json("sync", code=4)["error"]["code"] == "retry"
    assert "another process is syncing" in cli("sync", "reset", code=4).err


def sync_turn_engine(database: Database, lease: Lease) -> Any:
    """The engine as another process would have it."""

    class Place:
        pass

    place: Any = Place()
    place.database = database
    return sync_turn.engine(place, lease)


def test_watching_prints_a_line_a_cycle_until_it_is_interrupted(
    cli: Cli, google: Online, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[None] = []

    def nap(_seconds: float) -> None:
        naps.append(None)
        if len(naps) > 1:
            raise KeyboardInterrupt
        book_quietly(cli.database)

    monkeypatch.setattr("couchcal.cli.sync.time.sleep", nap)
    out = cli("sync", "--watch").out.splitlines()
    assert out == ["Tue 3 Mar 10:42 synced: nothing new", "Tue 3 Mar 10:42 synced: 1 sent"]


def book_quietly(database: Database) -> None:
    from tests.support.demo import at, session

    session(database, 1, at(4, 9))


def test_progress_is_shown_to_a_person_only(
    cli: Cli, google: Online, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sync_turn._progress() is None
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("couchcal.cli.sync_turn.time.monotonic", iter(range(100)).__next__)
    show = sync_turn._progress()
    assert show is not None
    show(Progress("sending", 20, 200))
    assert terminal.getvalue() == "\rsending 20 of 200\x1b[K\r"
