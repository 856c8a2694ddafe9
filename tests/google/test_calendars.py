"""Calendars, the list of a user, sharing, free/busy, colours, settings over HTTP (§ calendars)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.google.driving import EMAIL, timed
from tests.google.emulator import Emulator
from tests.google.http_driving import HttpCaller
from tests.google.model import Json
from tests.google.server import EmulatorServer

BOB = "bob@example.com"


@pytest.fixture
def bob(server: EmulatorServer) -> HttpCaller:
    server.emulator.add_user(BOB)
    return HttpCaller(server, BOB)


@pytest.fixture
def other(ada: HttpCaller) -> str:
    return str(ada("POST", "calendars", {"summary": "Practice", "timeZone": "UTC"}).body["id"])


def listed(caller: HttpCaller, **query: Any) -> dict[str, Json]:
    answer = caller("GET", ["users", "me", "calendarList"], **query)
    assert answer.status == 200, answer.body
    return {item["id"]: item for item in answer.items}


def test_a_new_calendar(ada: HttpCaller, other: str) -> None:
    assert other.endswith("@group.calendar.google.com")
    assert len(other.partition("@")[0]) == 26
    body = ada("GET", ["calendars", other]).body
    assert (body["summary"], body["timeZone"], body["dataOwner"]) == ("Practice", "UTC", EMAIL)
    entry = ada("GET", ["users", "me", "calendarList", other]).body
    assert entry["accessRole"] == "owner"
    assert entry["etag"] != body["etag"]
    assert ada("POST", "calendars", {}).reason == "required"
    assert ada("POST", "calendars", {"summary": "x", "timeZone": "Berlin"}).status == 400


def test_the_primary_calendar_has_an_alias(ada: HttpCaller) -> None:
    assert ada("GET", ["calendars", "primary"]).body["id"] == EMAIL
    assert listed(ada)[EMAIL]["primary"] is True


def test_ids_with_odd_characters_have_to_be_encoded(ada: HttpCaller, emulator: Emulator) -> None:
    id_ = "en.german#holiday@group.v.calendar.google.com"
    given = {"owner": EMAIL, "id": id_, "acl": {EMAIL: "reader"}}
    emulator.control("calendars", given)
    assert ada.events(id_).status == 200
    ada.connection.request(
        "GET", f"/calendar/v3/calendars/{id_}/events", headers={"Authorization": f"Bearer {ada.token}"}
    )
    assert ada.connection.getresponse().read() is not None
    assert emulator.log[-1].status == 404


def test_quota_of_calendars_is_never_given_back(ada: HttpCaller, emulator: Emulator) -> None:
    emulator.config.change({"max_calendars_created": 2})
    first = ada("POST", "calendars", {"summary": "1"}).body["id"]
    ada("DELETE", ["calendars", first])
    assert ada("POST", "calendars", {"summary": "2"}).status == 200
    answer = ada("POST", "calendars", {"summary": "3"})
    assert (answer.status, answer.reason, answer.message) == (
        403,
        "quotaExceeded",
        "Calendar usage limits exceeded.",
    )


def test_a_fresh_calendar_may_refuse_for_a_while(ada: HttpCaller, emulator: Emulator) -> None:
    emulator.config.change({"fresh_calendar_403_ms": 2000})
    id_ = ada("POST", "calendars", {"summary": "1"}).body["id"]
    assert ada.events(id_).reason == "requiredAccessLevel"
    emulator.control("clock", {"advance_s": 2})
    assert ada.events(id_).status == 200


def test_changing_a_calendar(ada: HttpCaller, other: str) -> None:
    path = ["calendars", other]
    etag = ada("GET", path).body["etag"]
    assert ada("PATCH", path, {"summary": "Practice"}).body["etag"] == etag
    changed = ada("PATCH", path, {"summary": "New", "description": "d"}, if_match=etag).body
    assert changed["etag"] != etag
    assert ada("PATCH", path, {"summary": "x"}, if_match=etag).status == 412
    assert "description" not in ada("PUT", path, {"summary": "Put"}).body
    assert ada("PUT", path, {}).status == 400
    assert ada("PATCH", path, {"timeZone": "CEST"}).status == 400


def test_deleting_and_clearing(ada: HttpCaller, other: str) -> None:
    token = ada("GET", ["users", "me", "calendarList"]).body["nextSyncToken"]
    assert ada("POST", ["calendars", other, "clear"]).status == 400
    ada.insert("primary", timed("2026-03-05T10:00:00Z", "2026-03-05T11:00:00Z"))
    assert ada("POST", ["calendars", "primary", "clear"]).status == 204
    assert ada.walk("primary")[0] == []
    assert ada("DELETE", ["calendars", "primary"]).reason == "cannotDeletePrimaryCalendar"
    assert ada("DELETE", ["calendars", other]).status == 204
    assert ada.events(other).reason == "notFound"
    delta = listed(ada, syncToken=token)
    assert delta[other] == {"kind": "calendar#calendarListEntry", "id": other, "deleted": True} | {
        "etag": delta[other]["etag"]
    }
    assert other in listed(ada, showDeleted=True)
    assert other not in listed(ada)


def test_the_list_of_calendars(ada: HttpCaller, emulator: Emulator, bob: HttpCaller, other: str) -> None:
    emulator.control("share", {"calendar": other, "email": BOB, "role": "reader"})
    path = ["users", "me", "calendarList", other]
    assert listed(bob).keys() == {BOB, other}
    assert listed(bob, minAccessRole="writer").keys() == {BOB}
    assert bob("PATCH", path, {"hidden": True, "summaryOverride": "Ada's"}).body["hidden"] is True
    assert listed(bob).keys() == {BOB}
    assert listed(bob, showHidden=True)[other]["summaryOverride"] == "Ada's"
    assert bob.events(other).body["summary"] == "Ada's"
    body = bob("PATCH", path, {"colorId": "3", "backgroundColor": "#000000"}).body
    assert (body["colorId"], body["backgroundColor"]) == ("3", "#f83a22")
    rgb = bob("PATCH", path, {"backgroundColor": "#123456"}, colorRgbFormat=True).body
    assert rgb["backgroundColor"] == "#123456"
    assert "summaryOverride" not in bob("PUT", path, {}).body
    assert bob("DELETE", path).status == 204
    assert bob("GET", path).status == 404
    assert bob("POST", ["users", "me", "calendarList"], {"id": other}).body["accessRole"] == "reader"
    assert ada("DELETE", path).status == 403
    assert bob("PATCH", path, {"colorId": "99"}).status == 400
    assert bob("PATCH", path, {"colorId": "4"}, if_match='"1"').status == 412


def test_tokens_of_the_list(ada: HttpCaller, emulator: Emulator, other: str) -> None:
    path = ["users", "me", "calendarList"]
    first = ada("GET", path, maxResults=1)
    assert "nextSyncToken" not in first.body
    token = ada("GET", path, maxResults=1, pageToken=first.body["nextPageToken"]).body["nextSyncToken"]
    assert listed(ada, syncToken=token) == {}
    emulator.control("rename_calendar", {"calendar": other, "summary": "Renamed"})
    assert listed(ada, syncToken=token)[other]["summary"] == "Renamed"
    assert ada("GET", path, syncToken=token, minAccessRole="owner").status == 400
    assert ada("GET", path, syncToken="x").message == "Invalid sync token value."
    emulator.control("expire_sync_tokens")
    assert ada("GET", path, syncToken=token).reason == "fullSyncRequired"


def test_sharing(ada: HttpCaller, bob: HttpCaller, other: str) -> None:
    rules = ["calendars", other, "acl"]
    assert bob.events(other).status == 404
    _, mine = ada.walk(other)
    body = {"role": "reader", "scope": {"type": "user", "value": BOB}}
    rule = ada("POST", rules, body).body
    assert rule["id"] == f"user:{BOB}"
    _, token = bob.walk(other)
    assert bob("GET", rules).reason == "requiredAccessLevel"
    assert bob.insert(other, timed("2026-03-05T10:00:00Z", "2026-03-05T11:00:00Z")).message == (
        "You need to have writer access to this calendar."
    )
    assert ada("PATCH", [*rules, rule["id"]], {"role": "writer"}, if_match=rule["etag"]).body["role"] == "writer"
    assert bob.events(other, syncToken=token).reason == "fullSyncRequired"
    assert bob.insert(other, timed("2026-03-05T10:00:00Z", "2026-03-05T11:00:00Z")).status == 200
    assert ada.events(other, syncToken=mine).status == 200
    listing = ada("GET", rules)
    assert {item["id"] for item in listing.items} == {f"user:{EMAIL}", f"user:{BOB}"}
    assert ada("GET", [*rules, rule["id"]]).body["role"] == "writer"
    assert ada("DELETE", [*rules, rule["id"]]).status == 204
    assert bob.events(other).status == 404
    delta = ada("GET", rules, syncToken=listing.body["nextSyncToken"])
    assert [(item["id"], item["role"]) for item in delta.items] == [(f"user:{BOB}", "none")]
    assert ada("PUT", [*rules, f"user:{EMAIL}"], {"role": "reader"}).reason == "cannotChangeOwnerAcl"
    assert ada("POST", rules, {"role": "king", "scope": {"type": "user", "value": BOB}}).status == 400
    assert ada("POST", rules, {"role": "reader", "scope": {"type": "default"}}).body["id"] == "default"
    assert bob.events(other).status == 200


def test_free_busy(ada: HttpCaller, other: str) -> None:
    def body(*ids: str) -> dict[str, object]:
        items = [{"id": id_} for id_ in ids]
        return {"timeMin": "2026-03-05T00:00:00Z", "timeMax": "2026-03-08T00:00:00Z", "items": items}

    zone = "Europe/Berlin"
    ada.insert(
        "primary",
        timed("2026-03-05T10:00:00", "2026-03-05T11:00:00", zone, recurrence=["RRULE:FREQ=DAILY;COUNT=2"]),
    )
    ada.insert("primary", timed("2026-03-05T10:30:00", "2026-03-05T12:00:00", zone))
    ada.insert("primary", timed("2026-03-06T20:00:00", "2026-03-06T21:00:00", zone, transparency="transparent"))
    ada.insert("primary", {"start": {"date": "2026-03-07"}, "end": {"date": "2026-03-08"}})
    calendars = ada("POST", "freeBusy", body(EMAIL, other, "nowhere")).body["calendars"]
    assert calendars[EMAIL]["busy"] == [
        {"start": "2026-03-05T09:00:00Z", "end": "2026-03-05T11:00:00Z"},
        {"start": "2026-03-06T09:00:00Z", "end": "2026-03-06T10:00:00Z"},
        {"start": "2026-03-06T23:00:00Z", "end": "2026-03-07T23:00:00Z"},
    ]
    assert calendars[other] == {"busy": []}
    assert calendars["nowhere"]["errors"] == [{"domain": "global", "reason": "notFound"}]
    many = [f"c{number}" for number in range(51)]
    assert ada("POST", "freeBusy", body(*many)).reason == "tooManyCalendarsRequested"
    assert ada("POST", "freeBusy", {"timeMin": "2026-03-05T00:00:00Z"}).reason == "required"


def test_colours_and_settings(ada: HttpCaller) -> None:
    colors = ada("GET", "colors").body
    assert sorted(colors["event"], key=int) == [str(number) for number in range(1, 12)]
    assert sorted(colors["calendar"], key=int) == [str(number) for number in range(1, 25)]
    settings = {item["id"]: item["value"] for item in ada("GET", ["users", "me", "settings"]).items}
    assert settings.keys() >= {"timezone", "weekStart", "locale", "format24HourTime"}
    assert ada("GET", ["users", "me", "settings", "timezone"]).body["value"] == "Europe/Berlin"
    assert ada("GET", ["users", "me", "settings", "nothing"]).status == 404
