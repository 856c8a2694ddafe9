"""The contract as a stranger checks it: from nothing to a connected practice, and all that people do then."""

from __future__ import annotations

import json
import stat
from datetime import datetime
from pathlib import Path

import pytest

from tests.sync.http.conftest import PlaceOf
from tests.sync.http.place import EMAIL, Place, browse, consent, get
from tests.sync.http.processes import Interpreters


@pytest.mark.parametrize("encrypted", [True, False])
def test_from_nothing_to_an_event_in_google(place_of: PlaceOf, encrypted: bool) -> None:  # SYNC-07, SYNC-08
    place = place_of()
    if encrypted:
        place.starter = Interpreters()
        place.env["COUCHCAL_PASSPHRASE"] = "four words for you"
    place.run("init", "--tz", "America/New_York", "--yes", *(() if encrypted else ("--no-encryption",)))
    assert place.json("sync", code=3)["error"]["code"] == "needs_auth"
    place.connected()
    place.json("client", "add", "Wilhelmina Ashgrove")
    entry = place.json("add", "2026-12-01", "15:00", "50m", "C-0001", "90834")
    report = place.sync()
    assert (report["status"], report["pending"], report["blocked"], report["review"]) == ("ok", 0, [], [])
    (event,) = place.events()
    assert datetime.fromisoformat(entry["start"]) == datetime.fromisoformat(event["start"]["instant"])
    assert event["transparency"] == "opaque"
    assert "Ashgrove" not in json.dumps(place.control("state", "GET"))
    asked = place.requests("oauth.token")
    place.sync()
    assert place.requests("oauth.token") == asked == 1, "the access token of the sign-in is kept"
    assert place.lint() == []
    for path in place.home.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    if encrypted:
        secret = place.emulator.world.grants[0].refresh_token
        assert secret is not None
        assert not [
            path for path in place.home.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()
        ]


def test_a_browser_that_asks_for_more_than_it_is_told(place_of: PlaceOf, tmp_path: Path) -> None:
    place = place_of(favicon_first=True)
    place.made()
    running = place.start("google", "connect", "--no-browser", "--port", "0")
    url = place.address(running)
    back = consent(url)
    origin = back.split("?")[0]
    assert get(f"{origin}favicon.ico")[0] == 404
    assert get(origin)[0] == 200
    assert get(back.replace("state=", "state=x"))[0] == 400
    assert running.poll() is None
    assert get(back)[0] == 200
    done = place.ended(running)
    assert f"Connected to {EMAIL}" in done.out
    assert place.emulator.codes == {} or place.requests("oauth.token") == 1


def test_a_fixed_port_and_one_that_is_taken(place_of: PlaceOf) -> None:
    place = place_of()
    place.made()
    running = place.start("google", "connect", "--no-browser")
    url = place.address(running)
    port = url.split("127.0.0.1%3A")[-1].split("%2F")[0]
    assert port.isdecimal()
    error = place.run("google", "connect", "--no-browser", "--port", port, code=1).err
    assert f"port {port} cannot be used" in error
    for wrong in ("x", "-1", "70000"):
        place.run("google", "connect", "--no-browser", "--port", wrong, code=2)
    browse(url)
    place.ended(running)
    again = place.start("google", "connect", "--no-browser", "--port", port)
    assert f"127.0.0.1%3A{port}%2F" in place.address(again)
    place.ended(place.connecting(again))
    assert len(place.targets) == 1


@pytest.mark.parametrize(
    ("consent_given", "words"),
    [
        ("deny", "you did not allow it"),
        ({"uncheck": ["https://www.googleapis.com/auth/calendar.app.created"]}, "tick 'Make secondary"),
        ({"uncheck": ["https://www.googleapis.com/auth/calendar.calendarlist.readonly"]}, "tick 'See the list"),
    ],
)
def test_a_person_who_does_not_allow_it(place_of: PlaceOf, consent_given: object, words: str) -> None:
    place = place_of()
    place.made()
    place.control("consent", consent=consent_given)
    running = place.connecting(place.start("google", "connect", "--no-browser"))
    assert words in place.ended(running, 1).err
    assert place.json("sync", code=3)["error"]["code"] == "needs_auth"


def test_a_day_of_changes(place: Place) -> None:  # SYNC-01, SYNC-02, SYNC-17
    first = place.add("2026-12-01 15:00")
    second = place.add("2026-12-02 09:00", "45m C-0002 90834")
    place.settled()
    assert {"2026-12-01T15:00:00", "2026-12-02T09:00:00"} == set(place.live())
    ids = {when: event["id"] for when, event in place.live().items()}

    place.json("move", first, "2026-12-03T11:00", "--length", "90")
    report = place.sync()
    assert [calendar["pushed"] for calendar in report["calendars"] if calendar["id"] == place.target] == [1]
    moved = place.live()["2026-12-03T11:00:00"]
    assert moved["id"] == ids["2026-12-01T15:00:00"]
    assert moved["end"]["wall"] == "2026-12-03T12:30:00"

    place.json("cancel", first, "--type", "late_cancel", "--fee", "25.00")
    report = place.sync()
    assert [calendar["deleted"] for calendar in report["calendars"] if calendar["id"] == place.target] == [1]
    assert set(place.live()) == {"2026-12-02T09:00:00"}
    place.run("restore", first)
    place.settled()
    assert set(place.live()) == {"2026-12-02T09:00:00", "2026-12-03T11:00:00"}

    place.run("delete", second, "--yes")
    place.settled()
    assert set(place.live()) == {"2026-12-03T11:00:00"}
    place.run("undo")
    place.settled()
    assert set(place.live()) == {"2026-12-02T09:00:00", "2026-12-03T11:00:00"}

    place.run("repeat", second, "weekly", "--until", "2026-12-31")
    place.settled()
    weekly = {f"2026-12-{day:02}T09:00:00" for day in (2, 9, 16, 23, 30)}
    assert set(place.live()) == weekly | {"2026-12-03T11:00:00"}
    agenda = place.json("agenda", "--from", "2026-12-01", "--to", "2027-01-01")
    assert len(agenda) == len(place.live())
    later = next(row["id"] for row in agenda if row["start"].startswith("2026-12-16"))
    place.json("move", later, "2026-12-17T10:00", "--scope", "future")
    place.settled()
    walls = {"2026-12-02T09", "2026-12-09T09", "2026-12-17T10", "2026-12-24T10", "2026-12-31T10", "2026-12-03T11"}
    assert {when[:13] for when in place.live()} == walls
    place.run("repeat", second, "stop")
    place.settled()
    shown = place.json("agenda", "--from", "2026-12-01", "--to", "2027-02-01")
    assert len(place.live()) == len(shown)


def test_what_a_person_does_in_google_comes_back(place: Place) -> None:  # SYNC-09
    entry = place.add("2026-12-01 15:00")
    place.settled()
    event = place.events()[0]["id"]
    place.person(
        "move_time",
        event,
        start={"dateTime": "2026-12-01T16:00:00-05:00"},
        end={"dateTime": "2026-12-01T16:50:00-05:00"},
    )
    report = place.sync()
    assert [calendar["pulled"] for calendar in report["calendars"] if calendar["id"] == place.target] == [1]
    assert place.json("show", entry)["start"] == "2026-12-01T16:00:00-05:00"
    place.settled()
    place.run("undo", code=1)  # what a person does in Google is undone there, or moved back here
    place.json("move", entry, "2026-12-01T15:00")
    place.settled()
    assert set(place.live()) == {"2026-12-01T15:00:00"}
    place.person("edit", event, changes={"summary": "Me", "description": "mine", "location": "Moon"})
    place.person("color", event, colorId="5")
    place.person("add_meet", event)
    place.person("drag_quick", event, n=4)
    place.settled()
    assert place.json("show", entry)["start"] == "2026-12-01T16:00:00-05:00"
    assert place.json("show", entry)["title"] == "C-0001"
    assert place.events()[0]["summary"] == "Me", "a title changed there is not repaired"


@pytest.mark.parametrize("choice", ["cancel", "restore", "unlink"])
def test_what_is_deleted_there_is_asked_about(place: Place, choice: str) -> None:  # SYNC-11
    entry = place.add("2026-12-01 15:00")
    place.settled()
    place.person("delete", place.events()[0]["id"])
    report = place.sync()
    assert [item["kind"] for item in report["review"]] == ["remote_deleted"]
    assert place.json("show", entry)["status"] == "scheduled"
    (item,) = place.json("sync", "review")
    assert item["id"] == report["review"][0]["id"]
    assert choice in item["choices"]
    assert "Ashgrove" not in item["detail"]
    assert place.sync()["review"] == report["review"], "it is asked until it is answered"
    place.run("sync", "resolve", item["id"], "nonsense", code=2)
    place.json("sync", "resolve", item["id"], choice)
    place.json("sync", "resolve", item["id"], choice)
    place.settled()
    assert place.json("sync", "review") == []
    assert len(place.events()) == (choice == "restore")
    assert place.json("show", entry)["status"] == ("cancelled" if choice == "cancel" else "scheduled")
    place.json("move", entry, "2026-12-04T10:00") if choice != "cancel" else None
    place.settled()
    assert len(place.events()) == (choice == "restore")


def test_a_decision_taken_in_google(place: Place) -> None:
    place.add("2026-12-01 15:00")
    place.settled()
    event = place.events()[0]["id"]
    place.person("delete", event)
    assert len(place.sync()["review"]) == 1
    place.person("restore", event)
    assert place.sync()["review"] == []
    place.settled()
    assert [each["id"] for each in place.events()] == [event]


def test_both_sides_moved_it(place: Place) -> None:  # SYNC-12
    entry = place.add("2026-12-01 15:00")
    place.settled()
    event = place.events()[0]["id"]
    for choice, wall in (("keep", "2026-12-02T10:00:00"), ("take", "2026-12-03T12:00:00")):
        place.json("move", entry, "2026-12-02T10:00" if choice == "keep" else "2026-12-02T11:00")
        hour = {"keep": 11, "take": 12}[choice]
        place.person(
            "move_time", event, start={"dateTime": f"2026-12-03T{hour}:00:00-05:00"},
            end={"dateTime": f"2026-12-03T{hour}:50:00-05:00"},
        )  # fmt: skip
        report = place.sync()
        assert [item["kind"] for item in report["review"]] == ["conflict"]
        assert place.json("show", entry)["start"][:19] == (
            "2026-12-02T10:00:00" if choice == "keep" else "2026-12-02T11:00:00"
        )
        place.json("sync", "resolve", report["review"][0]["id"], choice)
        place.settled()
        assert set(place.live()) == {wall}
        assert place.json("show", entry)["start"].startswith(wall)


def test_events_made_by_hand(place: Place) -> None:
    place.person(
        "create", summary="Dentist", start={"dateTime": "2026-12-01T09:00:00-05:00"},
        end={"dateTime": "2026-12-01T10:00:00-05:00"},
    )  # fmt: skip
    made = place.add("2026-12-01 11:00")
    place.settled()
    rows = place.json("agenda", "--from", "2026-12-01", "--to", "2026-12-02", "--names", "full")
    assert [(row["kind"], row["origin"]) for row in rows] == [
        ("external", "google"),
        ("client_session", "couchcal"),
    ]
    assert rows[0]["busy"] is True
    place.run("move", rows[0]["id"], "2026-12-01T12:00", code=1)
    place.run("delete", rows[0]["id"], "--yes", code=1)
    ours = place.live()["2026-12-01T11:00:00"]["id"]
    place.person("duplicate", ours)
    place.settled()
    assert place.sync()["review"] == []
    rows = place.json("agenda", "--from", "2026-12-01", "--to", "2026-12-02")
    assert [row["kind"] for row in rows].count("external") == 2
    assert [row["id"] for row in rows if row["kind"] == "client_session"] == [made]
    for event in place.events():
        if event["id"] != ours:
            place.person("delete", event["id"])
    place.settled()
    assert len(place.json("agenda", "--from", "2026-12-01", "--to", "2026-12-02")) == 1
