"""What goes wrong between the program and Google, as a stranger checks it: exit codes, and that nothing is lost."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.sync.http.conftest import PlaceOf
from tests.sync.http.place import EMAIL, ZONE, Place
from tests.sync.http.processes import ALL

SESSION = "2026-12-01T15:00:00"


def week(place: Place, count: int = 10) -> list[str]:
    """A weekly series; the ids of its sessions."""
    first = place.add("2026-12-01 15:00")
    last = date(2026, 12, 1) + timedelta(weeks=count - 1)
    place.run("repeat", first, "weekly", "--until", last.isoformat())
    found = [row["id"] for row in place.json("agenda", "--from", "2026-12-01", "--to", "2027-12-01")]
    place.settled()
    assert len(place.events()) == len(found) == count
    return found


def test_a_sign_in_that_was_taken_back(place: Place) -> None:  # SYNC-25
    place.add("2026-12-01 15:00")
    place.settled()
    place.control("revoke_grant", email=EMAIL)
    place.control("expire_access", email=EMAIL)
    entry = place.add("2026-12-02 15:00")
    report = place.sync(code=3)
    assert (report["status"], report["pending"]) == ("needs_auth", 1)
    since = len(place.emulator.log)
    for argv in (("sync",), ("sync", "--dry-run"), ("google", "calendars")):
        assert place.run(*argv, code=3).err.endswith("couchcal google connect\n")
    assert place.requests(since=since) == 0, "nothing is asked after invalid_grant"
    status = place.json("sync", "status")
    assert (status["connected"], status["pending"]) == (False, 1)
    assert place.json("show", entry)["status"] == "scheduled"
    place.connected()
    place.settled()
    assert len(place.events()) == 2


NETWORK: list[tuple[str, dict[str, Any]]] = [
    ("drop_after", {}), ("captive_portal_200_html", {}),
    ("status", {"code": 429, "reason": "rateLimitExceeded", "headers": {"Retry-After": "3"}}),
]  # fmt: skip
REST: list[tuple[str, dict[str, Any]]] = [
    ("drop_before", {}), ("html_502", {}), ("garbage", {}), ("empty_200", {}), ("redirect", {}),
    ("truncate", {"bytes": 10}), ("bad_gzip", {}), ("hang", {}),
    ("status", {"code": 500, "reason": "backendError"}),
    ("status_after", {"code": 503}), ("status", {"code": 403, "reason": "userRateLimitExceeded"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "action"), NETWORK + (REST if ALL else []))
def test_a_network_that_does_not_work(place: Place, kind: str, action: dict[str, Any]) -> None:  # SYNC-19
    place.add("2026-12-01 15:00")
    place.settled()
    entry = place.add("2026-12-02 15:00")
    place.fault(kind, **action)
    report = place.sync(code=4)
    assert report["status"] == "retry"
    assert report["pending"] == 1
    assert datetime.fromisoformat(report["next_try"]) > datetime.fromisoformat(report["last_ok"])
    place.well()
    assert place.json("show", entry)["status"] == "scheduled"
    assert place.json("sync", "review") == []
    place.settled()
    assert len(place.events()) == 2


def test_what_did_not_get_through_is_sent_when_a_person_asks(place: Place) -> None:
    """Not only when the program itself would try again."""
    place.add("2026-12-01 15:00")
    place.fault("status", "events.insert", code=503)
    report = place.sync(code=4)
    assert (report["status"], report["pending"]) == ("retry", 1)
    place.well()
    report = place.sync()
    assert (report["pending"], [each["pushed"] for each in report["calendars"]]) == (0, [1])
    assert place.json("sync", "status")["last_error"] is None


def test_no_google_at_all(place: Place) -> None:
    place.add("2026-12-01 15:00")
    place.env["COUCHCAL_GOOGLE_API_URL"] = "http://127.0.0.1:9/calendar/v3"
    done = place.run("sync", code=4)
    assert re.fullmatch(
        r"couchcal: error: Google cannot be reached.*; nothing is lost, the next try is at .*\n", done.err
    )
    place.env["COUCHCAL_GOOGLE_API_URL"] = f"{place.server.base}/calendar/v3"
    assert place.sync()["next_try"] is None
    place.settled()
    assert len(place.events()) == 1


@pytest.mark.parametrize(
    "profile", ["recorded", "paranoid", "flaky", "strict-quota", "aging"] if ALL else ["paranoid", "flaky"]
)
def test_every_profile(place_of: PlaceOf, profile: str) -> None:
    """A small day under each; however often it takes."""
    place = place_of(profile)
    faults = place.emulator.faults.as_list()
    place.well()
    place.control("config", testing_mode=False)
    place.made()
    place.connected()
    for fault in faults:
        place.emulator.faults.add(fault)
    entries = [place.add(f"2026-12-0{day} 15:00") for day in range(1, 6)]

    def until_ok() -> None:
        for _ in range(12):
            running = place.start("sync", "--json")
            done = running.wait()
            assert done.code in (0, 4), done
            if done.code == 0 and done.json()["pending"] == 0:
                return
        raise AssertionError(done)

    until_ok()
    place.json("move", entries[0], "2026-12-01T10:00")
    place.json("cancel", entries[1], "--type", "no_show")
    ids = {when[:10]: event["id"] for when, event in place.live().items()}
    place.person("move_time", ids["2026-12-03"], by_minutes=30)
    place.person("delete", ids["2026-12-04"])
    until_ok()
    place.well()
    place.settled(8)
    assert {when[:16] for when in place.live()} == {"2026-12-01T10:00", "2026-12-03T15:30", "2026-12-05T15:00"}
    assert [item["kind"] for item in place.json("sync", "review")] == ["remote_deleted"]
    assert place.json("show", entries[2])["start"] == "2026-12-03T15:30:00-05:00"


def test_a_trial_writes_nothing(place: Place) -> None:  # SYNC-15
    place.add("2026-12-01 15:00")
    place.settled()
    place.person("move_time", place.events()[0]["id"], by_minutes=60)
    entry = place.add("2026-12-02 15:00")
    since, before = len(place.emulator.log), place.control("state", "GET")["calendars"]
    for _ in range(2):
        plan = place.json("sync", "--dry-run")
        assert plan["status"] == "ok"
    place.run("sync", "--dry-run")
    assert place.writes(since) == []
    assert place.control("state", "GET")["calendars"] == before
    assert place.json("sync", "status")["pending"] == 1
    assert place.json("agenda", "--from", "2026-12-01", "--to", "2026-12-02")[0]["start"].startswith(SESSION)
    assert entry in json.dumps(plan)
    place.settled()
    assert set(place.live()) == {"2026-12-01T16:00:00", "2026-12-02T15:00:00"}


@pytest.mark.parametrize("choice", ["discard", "restore", "apply"] if ALL else ["restore"])
def test_many_deletions_in_google_wait(place: Place, choice: str) -> None:  # SYNC-18
    week(place)
    for event in place.events()[:7]:
        place.person("delete", event["id"])
    report = place.sync(code=5)
    assert (report["status"], [item["kind"] for item in report["review"]]) == ("paused", ["mass_delete"])
    assert place.sync(code=5)["review"] == report["review"]
    assert place.run("sync", "resume", code=5)
    assert len(place.json("agenda", "--from", "2026-12-01", "--to", "2027-12-01")) == 10
    if choice == "discard":
        for gone in [
            row.id for row in place.emulator.world.calendars[place.target].events.values() if row.cancelled
        ]:
            place.person("restore", gone)
    place.json("sync", "resolve", report["review"][0]["id"], choice)
    place.sync()
    place.settled()
    assert len(place.json("agenda", "--from", "2026-12-01", "--to", "2027-12-01")) == 10
    assert len(place.events()) == (3 if choice == "apply" else 10)
    kinds = [item["kind"] for item in place.json("sync", "review")]
    assert kinds == (["remote_deleted"] * 7 if choice == "apply" else [])


@pytest.mark.parametrize("kind", ["empty_list", "short_list"] if ALL else ["short_list"])
def test_a_list_that_is_short_deletes_nothing(place: Place, kind: str) -> None:
    week(place)
    place.control("expire_sync_tokens", calendar=place.target)
    place.fault(kind, "events.list", keep=0.3)
    running = place.start("sync", "--json").wait()
    assert running.code in (4, 5)
    place.well()
    if running.code == 5:
        place.json("sync", "resolve", running.json()["review"][0]["id"], "discard")
    place.settled()
    assert place.json("sync", "review") == []
    assert len(place.events()) == 10
    assert place.writes(len(place.emulator.log) - 3) == []


@pytest.mark.parametrize("choice", ["apply", "discard"] if ALL else ["apply"])
def test_many_deletions_here_wait(place: Place, choice: str) -> None:  # SYNC-18
    ids = week(place, 16)
    place.run("delete", ids[2], "--scope", "future", "--yes")
    extra = place.add("2026-12-01 09:00")
    report = place.sync(code=5)
    assert (report["status"], [item["kind"] for item in report["review"]]) == ("paused", ["mass_delete"])
    assert len(place.events()) == 17, "what is no deletion goes on"
    done = place.run("sync", code=5)
    assert "many deletions at once wait for your decision; couchcal sync review" in done.err
    assert place.start("worker", "--once").wait().code == 5
    assert place.json("show", extra)["status"] == "scheduled"
    place.json("sync", "resolve", report["review"][0]["id"], choice)
    place.settled()
    assert len(place.events()) == (3 if choice == "apply" else 17)


def test_the_calendar_is_gone(place: Place) -> None:  # SYNC-16
    place.add("2026-12-01 15:00")
    place.settled()
    gone = place.target
    place.control("delete_calendar", calendar=gone)
    report = place.sync(code=5)
    assert [item["kind"] for item in report["review"]] == ["calendar_lost"]
    place.add("2026-12-02 15:00")
    assert place.sync(code=5)["status"] == "paused"
    assert len(place.json("agenda", "--from", "2026-12-01", "--to", "2026-12-03")) == 2
    place.json("sync", "resolve", report["review"][0]["id"], "recreate")
    place.settled()
    assert place.target != gone
    assert set(place.live()) == {SESSION, "2026-12-02T15:00:00"}
    place.control("delete_calendar", calendar=place.target)
    report = place.sync(code=5)
    place.json("sync", "resolve", report["review"][0]["id"], "disconnect")
    assert place.json("sync", code=3)["error"]["code"] == "needs_auth"
    place.connected()
    place.settled()
    assert len(place.events()) == 2


def test_another_calendar_is_read(place: Place) -> None:  # SYNC-10
    place.emulator.add_user("spouse@example.com", ZONE)
    place.control("calendars", owner="spouse@example.com", id="theirs@group.calendar.google.com", summary="Theirs",
                  timeZone=ZONE, acl={EMAIL: "reader"})  # fmt: skip
    place.person(
        "create", calendar=EMAIL, summary="Swimming", start={"dateTime": "2026-12-01T09:00:00-05:00"},
        end={"dateTime": "2026-12-01T10:00:00-05:00"}, recurrence=["RRULE:FREQ=DAILY;COUNT=3"],
    )  # fmt: skip
    place.settled()
    window = ("agenda", "--from", "2026-12-01", "--to", "2026-12-08", "--names", "full")
    assert place.json(*window) == []
    calendars = place.json("google", "calendars")
    assert {each["role"] for each in calendars} == {"target", "inbound"}
    place.json("google", "enable", "theirs@group.calendar.google.com", code=1)
    place.json("google", "enable", "nothing like it", code=1)
    place.json("google", "enable", EMAIL)
    before = json.dumps(place.control(f"expect?calendar={EMAIL}", "GET"))
    place.sync()
    place.settled()
    shown = place.json(*window)
    assert [(row["kind"], row["title"], row["start"][:10]) for row in shown] == [
        ("external", "Swimming", f"2026-12-0{day}") for day in (1, 2, 3)
    ]
    report = place.sync()
    assert {each["id"] for each in report["calendars"]} == {place.target, EMAIL}
    assert json.dumps(place.control(f"expect?calendar={EMAIL}", "GET")) == before, "others are never written to"
    place.json("google", "disable", EMAIL)
    assert place.json(*window) == []
    place.settled()
    place.json("google", "enable", EMAIL)
    place.settled()
    assert len(place.json(*window)) == 3
    place.run("google", "disable", place.target, code=1)


def test_names_are_what_the_practice_says(place: Place) -> None:  # SYNC-03, SYNC-04
    place.add("2026-12-01 15:00")
    place.settled()
    for mode, name in (
        ("initials", "W.A."),
        ("first", "Wilhelmina"),
        ("full", "Wilhelmina Ashgrove"),
        ("id", "C-0001"),
    ):
        place.run("settings", "set", "practice.identifier_mode", mode, "--yes")
        place.settled()
        (event,) = place.events()
        assert name in event["summary"].replace(" ", "" if mode == "initials" else " "), (mode, event)
        assert ("Ashgrove" in event["summary"]) == (mode == "full")


def test_one_way_and_back(place: Place) -> None:  # SYNC-14
    entry = place.add("2026-12-01 15:00")
    place.settled()
    place.json("sync", "one-way")
    place.person("move_time", place.events()[0]["id"], by_minutes=60)
    place.json("move", entry, "2026-12-02T09:00")
    place.sync()
    assert set(place.live()) == {"2026-12-02T09:00:00"}
    since = len(place.emulator.log)
    place.sync()
    assert place.requests("events.list", since) == 0
    place.json("sync", "two-way")
    place.settled()
    place.person("move_time", place.events()[0]["id"], by_minutes=60)
    place.settled()
    assert place.json("show", entry)["start"] == "2026-12-02T10:00:00-05:00"


@pytest.mark.parametrize("how", [(), ("--events",), ("--calendar",)] if ALL else [("--events",)])
def test_starting_over(place: Place, how: tuple[str, ...]) -> None:  # SYNC-20
    entries = [place.add(f"2026-12-0{day} 15:00") for day in (1, 2, 3)]
    place.settled()
    before, calendar = {event["id"] for event in place.events()}, place.target
    place.person("move_time", place.live()[SESSION]["id"], by_minutes=15)
    if how:
        place.run("sync", "reset", *how, code=2)
        assert {event["id"] for event in place.events()} == before
    report = place.json("sync", "reset", *how, "--yes")
    assert report["status"] == "ok"
    place.settled()
    after = {event["id"] for event in place.events()}
    assert len(after) == 3
    assert (after == before) == (not how)
    assert (place.target == calendar) == (how != ("--calendar",))
    assert {row["id"] for row in place.json("agenda", "--from", "2026-12-01", "--to", "2026-12-08")} == set(entries)
    assert place.json("sync", "review") == []


def test_disconnecting_and_coming_back_makes_no_doubles(place: Place) -> None:
    place.add("2026-12-01 15:00")
    place.settled()
    event = place.events()[0]["id"]
    place.run("google", "disconnect", code=2)
    assert place.json("google", "disconnect", "--yes") == {"account": EMAIL, "revoked": True}
    assert place.json("sync", code=3)["error"]["code"] == "needs_auth"
    place.json("google", "disconnect", "--yes", code=3)
    place.add("2026-12-02 15:00")
    place.person("move_time", event, by_minutes=30)
    place.connected()
    place.settled()
    assert set(place.live()) == {"2026-12-01T15:30:00", "2026-12-02T15:00:00"}
    assert place.live()["2026-12-01T15:30:00"]["id"] == event
    assert len(place.targets) == 1


def test_a_backup_that_is_put_back(place: Place) -> None:
    place.add("2026-12-01 15:00")
    place.settled()
    copy = place.directory / "copy"
    shutil.copytree(place.home, copy)
    entry = place.add("2026-12-02 15:00")
    place.settled()
    shutil.rmtree(place.home)
    shutil.copytree(copy, place.home)
    report = place.sync()
    assert [item["kind"] for item in report["review"]] == ["unknown_event"]
    assert len(place.events()) == 2
    place.json("show", entry, code=1)
    place.json("sync", "resolve", report["review"][0]["id"], "remove")
    place.settled()
    assert set(place.live()) == {SESSION}


def test_two_at_once(place: Place) -> None:  # SYNC-21
    for day in range(1, 9):
        place.add(f"2026-12-0{day} 15:00")
    runs = [place.start("sync", "--json") for _ in range(4)]
    reports = [place.ended(run).json() for run in runs]
    assert {report["status"] for report in reports} == {"ok"}
    assert len(place.events()) == 8
    assert place.requests("events.insert") == 8
    place.settled()
    assert place.lint() == []
