"""The golden cases: what Google was recorded to answer, value by value."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from tests.google.driving import EMAIL, Answer, Caller, timed
from tests.google.emulator import Emulator
from tests.google.messages import Request
from tests.google.model import Json

CHICAGO = "America/Chicago"
DAILY = timed("2025-03-24T07:30:00", "2025-03-24T08:30:00", CHICAGO, recurrence=["RRULE:FREQ=DAILY"])


def caller_in(zone: str, **toggles: Any) -> Caller:
    emulator = Emulator(**{"tombstones": "full", "write_burst_n": 1000, **toggles})
    emulator.add_user(EMAIL, zone)
    return Caller(emulator)


def inserted(caller: Caller, body: Json, calendar: str = "primary") -> Json:
    answer = caller.insert(calendar, body)
    assert answer.status == 200, answer.body
    return answer.body


def by_id(caller: Caller, **query: object) -> dict[str, Json]:
    return {row["id"]: row for row in caller.walk("primary", **query)[0]}


def test_1_this_and_following_with_other_content() -> None:
    caller = caller_in(CHICAGO)
    own = {"private": {"couchcal": "1"}, "shared": {"s": "2"}}
    master = inserted(caller, {**DAILY, "id": "abc00", "summary": "Old", "extendedProperties": own})
    token = caller.walk("primary")[1]
    caller.ui("edit", event="abc00_20250327T123000Z", scope="following", changes={"summary": "New"})
    rows = by_id(caller, syncToken=token)
    assert set(rows) == {"abc00", "abc00_R20250327T123000"}
    old, new = rows["abc00"], rows["abc00_R20250327T123000"]
    assert old["recurrence"] == ["RRULE:FREQ=DAILY;UNTIL=20250327T045959Z"]
    assert new["recurrence"] == ["RRULE:FREQ=DAILY"]
    assert new["iCalUID"] == "abc00_R20250327T123000@google.com"
    assert old["iCalUID"] == "abc00@google.com"
    assert new["etag"] == old["etag"] != master["etag"]
    assert new["updated"] == old["updated"]
    assert new["created"] == master["created"]
    assert (old["summary"], new["summary"], new["sequence"]) == ("Old", "New", 0)
    assert new["start"] == {"dateTime": "2025-03-27T07:30:00-05:00", "timeZone": CHICAGO}
    assert new["extendedProperties"] == own


def test_2_this_and_following_at_another_time() -> None:
    caller = caller_in(CHICAGO)
    master = inserted(caller, {**DAILY, "id": "abc00"})
    answer = caller.ui(
        "move_time",
        event="abc00_20250327T123000Z",
        scope="following",
        start="2025-03-27T08:00",
        end="2025-03-27T09:00",
    )
    rows = by_id(caller)
    new = rows[answer["event"]]
    assert len(new["id"]) == 26
    assert "_" not in new["id"]
    assert rows["abc00"]["recurrence"] == ["RRULE:FREQ=DAILY;UNTIL=20250327T045959Z"]
    assert new["sequence"] == 1
    assert new["created"] == master["created"]
    assert new["iCalUID"] == f"{new['id']}@google.com"
    assert new["etag"] == rows["abc00"]["etag"]
    assert new["start"]["dateTime"] == "2025-03-27T08:00:00-05:00"


def test_3_one_instance_deleted() -> None:
    caller = caller_in(CHICAGO, tombstones="recorded")
    times = timed("2025-03-24T08:00:00", "2025-03-24T09:00:00", CHICAGO)
    inserted(caller, {**DAILY, **times, "id": "abc00"})
    token = caller.walk("primary")[1]
    caller.ui("delete", event="abc00", original_start="2025-03-25T08:00", scope="this")
    rows = by_id(caller, syncToken=token)
    assert set(rows) == {"abc00", "abc00_20250325T130000Z"}
    gone = rows["abc00_20250325T130000Z"]
    assert gone["status"] == "cancelled"
    assert gone["originalStartTime"] == {"dateTime": "2025-03-25T08:00:00-05:00", "timeZone": CHICAGO}
    assert gone["recurringEventId"] == "abc00"
    assert gone["etag"] == rows["abc00"]["etag"]
    assert rows["abc00"]["recurrence"] == ["RRULE:FREQ=DAILY"]


@pytest.mark.parametrize(
    ("zone", "first", "split", "until"),
    [
        ("America/Los_Angeles", "2019-06-03", "2019-06-21", "20190621T065959Z"),
        ("Africa/Lagos", "2025-09-01", "2025-09-17", "20250916T225959Z"),
    ],
)
def test_4_truncation_by_the_local_day(zone: str, first: str, split: str, until: str) -> None:
    caller = caller_in(zone)
    body = timed(f"{first}T09:00:00", f"{first}T10:00:00", zone, recurrence=["RRULE:FREQ=DAILY"])
    master = inserted(caller, body)
    caller.ui("delete", event=master["id"], original_start=f"{split}T09:00", scope="following")
    assert caller.get("primary", master["id"]).body["recurrence"] == [f"RRULE:FREQ=DAILY;UNTIL={until}"]


def instance_ids(caller: Caller, zone: str, start: str, rule: str) -> list[str]:
    end = start[:11] + "23:00:00"
    master = inserted(caller, timed(start, end, zone, recurrence=[rule]))
    found = caller("GET", ["calendars", "primary", "events", master["id"], "instances"])
    return [row["id"].removeprefix(master["id"]) for row in found.items]


@pytest.mark.parametrize(
    ("zone", "day", "ids"),
    [
        ("Europe/Berlin", "2026-03-22", ["_20260322T080000Z", "_20260329T070000Z"]),
        ("America/New_York", "2026-03-01", ["_20260301T140000Z", "_20260308T130000Z"]),
        ("Australia/Lord_Howe", "2026-03-29", ["_20260328T220000Z", "_20260404T223000Z"]),
    ],
)
def test_5_ids_across_the_change_of_clocks(zone: str, day: str, ids: list[str]) -> None:
    caller = caller_in("Europe/Berlin")
    assert instance_ids(caller, zone, f"{day}T09:00:00", "RRULE:FREQ=WEEKLY;COUNT=2") == ids


@pytest.mark.parametrize(
    ("start", "stamp", "shown"),
    [
        ("2026-03-28", "20260329T013000Z", "2026-03-29T03:30:00+02:00"),
        ("2026-10-24", "20261025T003000Z", "2026-10-25T02:30:00+02:00"),
    ],
)
def test_6_gap_and_fold(start: str, stamp: str, shown: str) -> None:
    caller = caller_in("Europe/Berlin")
    body = timed(f"{start}T02:30:00", f"{start}T02:45:00", "Europe/Berlin", recurrence=["RRULE:FREQ=DAILY;COUNT=2"])
    master = inserted(caller, body)
    found = caller.get("primary", f"{master['id']}_{stamp}")
    assert found.status == 200
    assert found.body["start"]["dateTime"] == shown


@pytest.mark.parametrize(
    ("calendar_zone", "start", "shown"),
    [
        (
            "America/Los_Angeles",
            {"dateTime": "2026-09-25T20:59:00", "timeZone": "Etc/GMT+12"},
            {"dateTime": "2026-09-26T01:59:00-07:00", "timeZone": "Etc/GMT+12"},
        ),
        (
            "America/Los_Angeles",
            {"dateTime": "2026-09-25T20:59:00+09:00"},
            {"dateTime": "2026-09-25T04:59:00-07:00", "timeZone": "America/Los_Angeles"},
        ),
        (
            "Asia/Kolkata",
            {"dateTime": "2026-09-25T10:00:00.123", "timeZone": "Asia/Kolkata"},
            {"dateTime": "2026-09-25T10:00:00+05:30", "timeZone": "Asia/Kolkata"},
        ),
    ],
)
def test_7_rendering(calendar_zone: str, start: Json, shown: Json) -> None:
    caller = caller_in(calendar_zone)
    row = inserted(caller, {"start": start, "end": start})
    assert row["start"] == shown


def test_8_all_day_ends_after_its_last_day() -> None:
    caller = caller_in("Europe/Berlin")
    row = inserted(caller, {"start": {"date": "2026-03-02"}, "end": {"date": "2026-03-04"}})
    assert (row["start"], row["end"]) == ({"date": "2026-03-02"}, {"date": "2026-03-04"})
    times = timed("2026-03-02T09:00:00+01:00", "2026-03-02T10:00:00+01:00")
    refused = caller.patch("primary", row["id"], times)
    assert (refused.status, refused.message) == (400, "Invalid start time.")
    nulled = {slot: {**when, "date": None} for slot, when in times.items()}
    assert caller.patch("primary", row["id"], nulled).status == 200


def test_9_an_id_is_taken_for_good() -> None:
    caller = caller_in("Europe/Berlin")
    body = timed("2026-03-02T09:00:00+01:00", "2026-03-02T10:00:00+01:00", id="taken0")
    assert [caller.insert("primary", body).status for _ in range(2)] == [200, 409]
    assert caller.delete("primary", "taken0").status == 204
    assert caller.insert("primary", body).status == 409
    assert caller.get("primary", "taken0").body["status"] == "cancelled"
    back = caller.patch("primary", "taken0", {"status": "confirmed"})
    assert (back.status, back.body["status"]) == (200, "confirmed")


def test_10_deleting_twice_and_deleting_nothing() -> None:
    caller = caller_in("Europe/Berlin")
    inserted(caller, timed("2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z", id="gone00"))
    answers = [caller.delete("primary", id_) for id_ in ("gone00", "gone00", "never0")]
    assert [(answer.status, answer.reason) for answer in answers] == [
        (204, None),
        (410, "deleted"),
        (404, "notFound"),
    ]


def test_11_a_page_without_rows_is_not_the_end() -> None:
    caller = caller_in("Europe/Berlin", scan_page_size=2, order="by_updated")
    for number in range(4):
        inserted(caller, timed("2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z", id=f"event{number}"))
    caller.delete("primary", "event0")
    caller.delete("primary", "event1")
    for number in (2, 3):
        caller.patch("primary", f"event{number}", {"summary": "touched"})
    first = caller.events("primary")
    assert first.body["items"] == []
    assert "nextSyncToken" not in first.body
    second = caller.events("primary", pageToken=first.body["nextPageToken"])
    assert [row["id"] for row in second.items] == ["event2", "event3"]
    assert "nextPageToken" not in second.body
    assert second.body["nextSyncToken"]


def test_12_an_instance_of_the_rest_of_a_split_series() -> None:
    caller = caller_in(CHICAGO)
    inserted(caller, {**DAILY, "id": "abc00"})
    caller.ui("edit", event="abc00_20250327T123000Z", scope="following", changes={"summary": "New"})
    path = ["calendars", "primary", "events", "abc00_R20250327T123000", "instances"]
    found = caller("GET", path, originalStart="2025-04-01T07:30:00-05:00").items
    assert [(row["id"], row["recurringEventId"]) for row in found] == [
        ("abc00_20250401T123000Z", "abc00_R20250327T123000")
    ]
    assert caller.get("primary", "abc00_20250401T123000Z").body["summary"] == "New"
    assert caller.get("primary", "abc00_20250326T123000Z").body["recurringEventId"] == "abc00"
    assert caller.get("primary", "abc00_R20250327T123000_20250401T123000Z").status == 404


def test_13_two_clients_with_the_same_etag() -> None:
    one = caller_in("Europe/Berlin")
    other = Caller(one.emulator, client_id="other.apps.googleusercontent.com")
    row = inserted(one, timed("2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"))
    answers = [
        client.patch("primary", row["id"], {"summary": name}, row["etag"])
        for client, name in ((one, "A"), (other, "B"))
    ]
    assert [(answer.status, answer.reason) for answer in answers] == [(200, None), (412, "conditionNotMet")]


def test_14_a_sync_token_belongs_to_its_calendar() -> None:
    caller = caller_in("Europe/Berlin")
    other = caller("POST", "calendars", {"summary": "Other"}).body["id"]
    token = caller.walk("primary")[1]
    answer = caller.events(other, syncToken=token)
    assert (answer.status, answer.reason, answer.message) == (400, "invalid", "Invalid sync token value.")


def test_15_a_change_of_access_ends_the_token() -> None:
    caller = caller_in("Europe/Berlin")
    caller.emulator.add_user("bea@example.com", "Europe/Berlin")
    bea = Caller(caller.emulator, "bea@example.com")
    share = {"calendar": EMAIL, "email": "bea@example.com"}
    caller.emulator.control("share", {**share, "role": "reader"})
    token = bea.walk(EMAIL)[1]
    assert bea.events(EMAIL, syncToken=token).status == 200
    caller.emulator.control("share", {**share, "role": "writer"})
    answer = bea.events(EMAIL, syncToken=token)
    assert (answer.status, answer.reason) == (410, "fullSyncRequired")


def test_16_a_window_is_forgotten_by_the_token() -> None:
    caller = caller_in("Europe/Berlin")
    inserted(caller, timed("2026-03-20T09:00:00Z", "2026-03-20T10:00:00Z", id="inside0"))
    rows, token = caller.walk("primary", timeMin="2026-03-10T00:00:00Z")
    assert [row["id"] for row in rows] == ["inside0"]
    inserted(caller, timed("2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z", id="before0"))
    rows, _ = caller.walk("primary", syncToken=token)
    assert [row["id"] for row in rows] == ["before0"]


def refreshed(caller: Caller) -> Answer:
    secrets = caller.emulator.client_secrets("http://emulator.test", "caller.apps.googleusercontent.com")[
        "installed"
    ]
    form = (
        f"grant_type=refresh_token&refresh_token={caller.refresh_token.replace('/', '%2F')}"
        f"&client_id={secrets['client_id']}&client_secret={secrets['client_secret']}"
    )
    kind = {"content-type": "application/x-www-form-urlencoded", "host": "emulator.test"}
    response = caller.emulator.handle(Request("POST", "/token", kind, form.encode()))
    return Answer(response.status, response.headers, json.loads(response.body))


@pytest.mark.parametrize("how", ["revoked", "testing for eight days"])
def test_17_the_end_of_a_refresh_token(how: str) -> None:
    caller = caller_in("Europe/Berlin", testing_mode=how != "revoked")
    assert refreshed(caller).status == 200
    if how == "revoked":
        caller.emulator.control("revoke_grant", {"email": EMAIL})
    else:
        caller.emulator.control("clock", {"advance_s": 8 * 86_400})
    answer = refreshed(caller)
    assert answer.status == 400
    assert answer.body == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }


def test_18_app_created_reaches_its_own_calendars() -> None:
    caller = caller_in("Europe/Berlin")
    row = inserted(caller, timed("2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"))
    narrow = Caller(caller.emulator, scopes=["calendar.app.created"], client_id="narrow.apps.googleusercontent.com")
    own = narrow("POST", "calendars", {"summary": "Own"}).body["id"]
    assert narrow.events(own).status == 200
    assert (narrow.events(EMAIL).status, narrow.get(EMAIL, row["id"]).reason) == (404, "notFound")
    moved = narrow("POST", ["calendars", own, "events", "any00", "move"], destination=EMAIL)
    assert (moved.status, moved.reason) == (403, "insufficientPermissions")
    assert moved.message == "Request had insufficient authentication scopes."


def test_the_etag_is_twice_the_microseconds_of_updated() -> None:  # R-ETAG
    caller = caller_in("Europe/Berlin")
    caller.emulator.control("clock", {"set": "2025-09-13T00:57:55.565959Z"})
    row = inserted(caller, timed("2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"))
    micros = int(row["etag"].strip('"')) // 2
    assert row["updated"] == datetime.fromisoformat(row["updated"]).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    assert int(datetime.fromisoformat(row["updated"]).timestamp() * 1000) == micros // 1000
