"""Writes of events over HTTP: ids, times, merging, etags, deleting, limits, moving, mail (§ writing)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.google.admin import put_event
from tests.google.driving import EMAIL, timed
from tests.google.emulator import Emulator
from tests.google.http_driving import HttpCaller
from tests.google.model import Json
from tests.google.server import EmulatorServer

BERLIN = "Europe/Berlin"
LABELS: dict[str, Any] = {"eventLabelVersion": 1}
DAILY = ["RRULE:FREQ=DAILY;COUNT=3"]


def event(**more: Any) -> Json:
    return timed("2026-03-05T10:00:00", "2026-03-05T11:00:00", BERLIN, summary="Session") | more


@pytest.fixture
def made(ada: HttpCaller) -> Json:
    return ada.insert("primary", event()).body


def test_what_an_insert_answers(ada: HttpCaller) -> None:
    body = ada.insert("primary", event(id="abcde01234", kind="x", created="y", locked=True, nonsense=1)).body
    assert body["id"] == "abcde01234"
    assert body["iCalUID"] == "abcde01234@google.com"
    assert body["organizer"] == {"email": EMAIL, "displayName": "Ada", "self": True}
    assert body["creator"]["email"] == EMAIL
    assert body["reminders"] == {"useDefault": True}
    assert (body["status"], body["sequence"], body["eventType"]) == ("confirmed", 0, "default")
    assert body["updated"].endswith("Z")
    assert not {"nonsense", "locked"} & set(body)
    server_id = ada.insert("primary", event()).body["id"]
    assert len(server_id) == 26
    assert set(server_id) <= set("0123456789abcdefghijklmnopqrstuv")


def test_toggles_refuse_what_is_ignored(ada: HttpCaller, emulator: Emulator) -> None:
    emulator.config.change({"unknown_fields": "400", "readonly_fields": "400", "unknown_params": "400"})
    assert ada.insert("primary", event(nonsense=1)).status == 400
    assert ada.insert("primary", event(etag="x")).status == 400
    assert ada.insert("primary", event(), nonsense=1).status == 400
    assert ada.insert("primary", event(), sendUpdates="none", quotaUser="q").status == 200


@pytest.mark.parametrize("id_", ["abcd", "abcdW", "abcdw", "abc_de", "", "abcde_20260305T090000Z", "a" * 1025])
def test_ids_are_base32hex(ada: HttpCaller, id_: str) -> None:
    answer = ada.insert("primary", event(id=id_))
    assert (answer.status, answer.message) == (400, "Invalid resource id value.")


def test_ids_and_uids_are_taken_for_ever(ada: HttpCaller) -> None:
    assert ada.insert("primary", event(id="taken")).status == 200
    for _ in range(2):
        assert ada.insert("primary", event(id="taken")).reason == "duplicate"
        assert ada.insert("primary", event(iCalUID="taken@google.com")).status == 409
        ada.delete("primary", "taken")
    assert ada.get("primary", "taken").body["status"] == "cancelled"
    assert ada.patch("primary", "taken", {"status": "confirmed"}).body["status"] == "confirmed"


def test_two_inserts_at_once_are_one(server: EmulatorServer) -> None:
    callers = [HttpCaller(server) for _ in range(6)]
    with ThreadPoolExecutor(len(callers)) as pool:
        statuses = list(pool.map(lambda caller: caller.insert("primary", event(id="atonce")).status, callers))
    assert sorted(statuses) == [200, *[409] * 5]


def wrong(start: Json | None, end: Json | None, **more: Any) -> Json:
    return {name: when for name, when in (("start", start), ("end", end)) if when is not None} | more


NOON, ONE = {"dateTime": "2026-03-05T12:00:00Z"}, {"dateTime": "2026-03-05T13:00:00Z"}


@pytest.mark.parametrize(
    ("body", "reason", "message"),
    [
        (wrong({"date": "2026-03-05"} | NOON, ONE), "invalid", "Invalid start time."),
        (wrong(NOON, {"date": "2026-03-05"} | ONE), "invalid", "Invalid end time."),
        (
            wrong(NOON | {"timeZone": "W. Europe Standard Time"}, ONE),
            "invalid",
            "Invalid time zone definition for start time.",
        ),
        (wrong(NOON, ONE | {"timeZone": "CEST"}), "invalid", "Invalid time zone definition for end time."),
        (wrong({"date": "2026-02-30"}, {"date": "2026-03-01"}), "badRequest", "Bad Request"),
        (wrong({"date": "2026-2-3"}, {"date": "2026-03-01"}), "badRequest", "Bad Request"),
        (wrong({"dateTime": "2026-03-05 12:00"}, ONE), "badRequest", "Bad Request"),
        (
            wrong({"dateTime": "2026-03-05T12:00:00"}, ONE),
            "required",
            "Missing time zone definition for start time.",
        ),
        (wrong(ONE, NOON), "timeRangeEmpty", "The specified time range is empty."),
        (wrong(NOON, None), "required", "Missing end time."),
        (wrong(None, NOON), "required", "Missing start time."),
        (
            wrong({"date": "2026-03-05"}, ONE),
            "invalid",
            "Start and end times must either both be date or both be dateTime.",
        ),
        (
            wrong(NOON, ONE, recurrence=["RRULE:FREQ=DAILY"]),
            "required",
            "Missing time zone definition for start time.",
        ),
    ],
)
def test_times_are_refused_in_googles_words(ada: HttpCaller, body: Json, reason: str, message: str) -> None:
    answer = ada.insert("primary", body)
    assert (answer.status, answer.reason, answer.message) == (400, reason, message)


def test_an_end_at_the_start_is_fine(ada: HttpCaller) -> None:
    assert ada.insert("primary", wrong(NOON, NOON)).status == 200


def test_rendering_follows_the_calendar_not_the_event(ada: HttpCaller, emulator: Emulator) -> None:
    body = ada.insert("primary", timed("2026-03-05T10:00:00.9", "2026-03-05T11:00:00", "Asia/Kolkata")).body
    assert body["start"] == {"dateTime": "2026-03-05T05:30:00+01:00", "timeZone": "Asia/Kolkata"}
    shown = ada.get("primary", body["id"], timeZone="America/New_York").body["start"]
    assert shown == {"dateTime": "2026-03-04T23:30:00-05:00", "timeZone": "Asia/Kolkata"}
    ada("PATCH", ["calendars", "primary"], {"timeZone": "UTC"})
    again = ada.get("primary", body["id"]).body
    assert again["start"]["dateTime"] == "2026-03-05T04:30:00Z"
    assert again["etag"] == body["etag"]
    emulator.config.change({"utc_suffix": "+00:00"})
    assert ada.get("primary", body["id"]).body["start"]["dateTime"] == "2026-03-05T04:30:00+00:00"


def test_patch_merges(ada: HttpCaller) -> None:
    private = {"private": {"a": "1", "b": "2"}, "shared": {"c": "3"}}
    id_ = ada.insert("primary", event(description="d", extendedProperties=private)).body["id"]
    body = ada.patch(
        "primary", id_, {"description": None, "extendedProperties": {"private": {"a": None, "z": "9"}}}
    ).body
    assert "description" not in body
    assert body["summary"] == "Session"
    assert body["extendedProperties"] == {"private": {"b": "2", "z": "9"}, "shared": {"c": "3"}}
    people = [{"email": "x@example.com"}, {"email": "y@example.com"}]
    ada.patch("primary", id_, {"attendees": people})
    assert len(ada.patch("primary", id_, {"attendees": people[:1]}).body["attendees"]) == 1


def test_timed_to_all_day_needs_null(ada: HttpCaller, made: Json) -> None:
    days = {"start": {"date": "2026-03-05"}, "end": {"date": "2026-03-06"}}
    answer = ada.patch("primary", made["id"], days)
    assert (answer.status, answer.message) == (400, "Invalid start time.")
    nulled = {name: when | {"dateTime": None, "timeZone": None} for name, when in days.items()}
    assert ada.patch("primary", made["id"], nulled).body["start"] == {"date": "2026-03-05"}


def test_put_clears_what_it_leaves_out(ada: HttpCaller) -> None:
    id_ = ada.insert("primary", event(description="d", location="l", recurrence=DAILY)).body["id"]
    body = ada("PUT", ["calendars", "primary", "events", id_], event(summary="new")).body
    assert body["summary"] == "new"
    assert not {"description", "location", "recurrence"} & set(body)
    assert ada("PUT", ["calendars", "primary", "events", id_], {"summary": "x"}).status == 400


@pytest.mark.parametrize(("noop", "same"), [("bump", False), ("keep", True)])
def test_a_patch_that_changes_nothing(
    ada: HttpCaller, emulator: Emulator, made: Json, noop: str, same: bool
) -> None:
    emulator.config.change({"noop_patch": noop})
    _, token = ada.walk("primary")
    assert (ada.patch("primary", made["id"], {"summary": "Session"}).body["etag"] == made["etag"]) is same
    assert len(ada.walk("primary", syncToken=token)[0]) == (0 if same else 1)


def test_the_sequence_counts_changes_of_time(ada: HttpCaller, made: Json) -> None:
    id_ = made["id"]
    assert ada.patch("primary", id_, {"summary": "x"}).body["sequence"] == 0
    later = {"end": {"dateTime": "2026-03-05T12:00:00+01:00"}}
    assert ada.patch("primary", id_, later).body["sequence"] == 1
    assert ada.patch("primary", id_, {"recurrence": DAILY}).body["sequence"] == 2
    answer = ada.patch("primary", id_, {"sequence": 1})
    assert (answer.status, answer.message.startswith("Invalid sequence value.")) == (400, True)
    assert ada.patch("primary", id_, {"sequence": 7}).body["sequence"] == 7


def test_if_match(ada: HttpCaller, emulator: Emulator, made: Json) -> None:
    id_, etag = made["id"], made["etag"]
    assert ada.patch("primary", id_, {"summary": "1"}, if_match=etag).status == 200
    stale = ada.patch("primary", id_, {"summary": "2"}, if_match=etag)
    assert (stale.status, stale.reason) == (412, "conditionNotMet")
    assert ada.delete("primary", id_, if_match=etag).status == 412
    assert ada.patch("primary", id_, {"summary": "3"}, if_match="*").status == 200
    now = ada.get("primary", id_).body["etag"]
    for weak in (f"W/{now}", now.strip('"')):
        assert ada.patch("primary", id_, {"summary": "4"}, if_match=weak).status == 412
    emulator.config.change({"weak_etag": "accept"})
    assert ada.patch("primary", id_, {"summary": "5"}, if_match=f"W/{now}").status == 200


def test_a_family_shares_its_etag(ada: HttpCaller, emulator: Emulator) -> None:
    emulator.config.change({"family_mode": "family"})
    series = ada.insert("primary", event(recurrence=DAILY)).body
    _, token = ada.walk("primary")
    moved = ada.patch("primary", f"{series['id']}_20260306T090000Z", {"summary": "other"}).body
    master = ada.get("primary", series["id"]).body
    assert master["etag"] == moved["etag"] != series["etag"]
    assert len(ada.walk("primary", syncToken=token)[0]) == 2
    assert ada.patch("primary", series["id"], {"summary": "x"}, if_match=series["etag"]).status == 412
    emulator.config.change({"family_mode": "independent"})
    alone = ada.patch("primary", moved["id"], {"summary": "again"}).body
    assert ada.get("primary", series["id"]).body["etag"] == master["etag"] != alone["etag"]


def test_deleting(ada: HttpCaller, made: Json) -> None:
    answer = ada.delete("primary", made["id"])
    assert (answer.status, answer.body) == (204, {})
    again = ada.delete("primary", made["id"])
    assert (again.status, again.reason, again.message) == (410, "deleted", "Resource has been deleted")
    assert ada.delete("primary", "never000").reason == "notFound"
    assert ada.patch("primary", made["id"], {"summary": "x"}).body["status"] == "cancelled"
    body = ada.get("primary", made["id"]).body
    assert (body["status"], body["summary"]) == ("cancelled", "x")


@pytest.mark.parametrize(("undelete", "status"), [("ok", 200), ("403", 403), ("403ui", 200)])
def test_coming_back(ada: HttpCaller, emulator: Emulator, made: Json, undelete: str, status: int) -> None:
    emulator.config.change({"undelete": undelete})
    ada.delete("primary", made["id"])
    assert ada.patch("primary", made["id"], {"status": "confirmed"}).status == status


def test_what_the_person_deleted_may_stay_deleted(ada: HttpCaller, emulator: Emulator, made: Json) -> None:
    emulator.config.change({"undelete": "403ui"})
    ada.ui("delete", calendar=EMAIL, event=made["id"])
    assert ada.patch("primary", made["id"], {"status": "confirmed"}).status == 403


def test_put_brings_back_too(ada: HttpCaller, made: Json) -> None:
    ada.delete("primary", made["id"])
    body = ada("PUT", ["calendars", "primary", "events", made["id"]], event()).body
    assert body["status"] == "confirmed"


@pytest.mark.parametrize(("emits", "rows"), [("master", 1), ("master+exceptions", 2)])
def test_deleting_a_series(ada: HttpCaller, emulator: Emulator, emits: str, rows: int) -> None:
    emulator.config.change({"series_delete_emits": emits, "family_mode": "family"})
    series = ada.insert("primary", event(recurrence=DAILY)).body["id"]
    instance = f"{series}_20260306T090000Z"
    ada.patch("primary", instance, {"summary": "other"})
    _, token = ada.walk("primary")
    ada.delete("primary", series)
    delta, _ = ada.walk("primary", syncToken=token)
    assert [row["status"] for row in delta] == ["cancelled"] * rows
    assert ada.get("primary", instance).body["status"] == "cancelled"
    assert ada.walk("primary")[0] == []


def test_instances_are_written_by_their_composed_id(ada: HttpCaller) -> None:
    series = ada.insert("primary", event(recurrence=DAILY)).body
    instance = f"{series['id']}_20260306T090000Z"
    virtual = ada.get("primary", instance).body
    assert virtual["etag"] == series["etag"]
    assert virtual["recurringEventId"] == series["id"]
    assert "recurrence" not in virtual
    changed = ada.patch("primary", instance, {"summary": "other"}).body
    assert (changed["sequence"], changed["iCalUID"]) == (0, series["iCalUID"])
    times = {"start": {"dateTime": "2026-03-06T15:00:00+01:00"}, "end": {"dateTime": "2026-03-06T16:00:00+01:00"}}
    moved = ada.patch("primary", instance, times).body
    assert (moved["id"], moved["sequence"]) == (instance, 1)
    assert moved["originalStartTime"] == {"dateTime": "2026-03-06T10:00:00+01:00", "timeZone": BERLIN}
    assert ada.patch("primary", instance, {"recurrence": DAILY}).status == 400
    assert ada.delete("primary", instance).status == 204
    assert ada.delete("primary", instance).status == 410
    assert ada.patch("primary", instance, {"status": "confirmed"}).body["status"] == "confirmed"
    for nowhere in ("20260306T100000Z", "20260320T090000Z", "20260306", "20260306T090000z", "x"):
        assert ada.patch("primary", f"{series['id']}_{nowhere}", {"summary": "x"}).status == 404


def test_a_series_becomes_single_and_back(ada: HttpCaller) -> None:
    series = ada.insert("primary", event(recurrence=DAILY)).body["id"]
    instance = f"{series}_20260306T090000Z"
    ada.patch("primary", instance, {"summary": "other"})
    single = ada.patch("primary", series, {"recurrence": None}).body
    assert "recurrence" not in single
    assert ada.get("primary", instance).body["status"] == "cancelled"
    assert ada.patch("primary", series, {"recurrence": DAILY}).body["recurrence"] == DAILY


@pytest.mark.parametrize(
    "lines",
    [
        ["DTSTART:20260305T100000Z", "RRULE:FREQ=DAILY"],
        ["RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"],
        ["RRULE:FREQ=DAILY;UNTIL=20260401"],
        ["RRULE:FREQ=DAILY;COUNT=2;UNTIL=20260401T000000Z"],
        ["RRULE:FREQ=NEVER"],
        [5],
    ],
)
def test_rules_that_cannot_be(ada: HttpCaller, lines: list[Any]) -> None:
    assert ada.insert("primary", event(recurrence=lines)).status == 400


def test_properties_are_cut_or_refused(ada: HttpCaller) -> None:
    given = {"private": {"k" * 45: "gone", "k" * 44: "v" * 1025}}
    body = ada.insert("primary", event(extendedProperties=given)).body
    assert body["extendedProperties"] == {"private": {"k" * 44: "v" * 1024}}
    for bad in (
        {"private": {"k": 1}},
        {"private": {f"k{number}": "v" for number in range(301)}},
        {"shared": {f"k{number}": "v" * 1024 for number in range(40)}},
    ):
        assert ada.insert("primary", event(extendedProperties=bad)).status == 400


@pytest.mark.parametrize(
    "more",
    [
        {"summary": "x" * 1025},
        {"description": "x" * 8193},
        {"recurrence": ["RDATE;VALUE=DATE:" + ",".join(["20260305"] * 4000)]},
    ],
)
def test_sizes(ada: HttpCaller, more: Json) -> None:
    answer = ada.insert("primary", event(**more))
    assert (answer.status, answer.message) == (400, "A provided value exceeds the allowed size limit.")


@pytest.mark.parametrize(
    "more",
    [
        {"colorId": "12"},
        {"summary": 5},
        {"transparency": "sometimes"},
        {"attendees": [{"email": "nobody"}]},
        {"reminders": {"useDefault": True, "overrides": [{"method": "popup", "minutes": 5}]}},
        {"reminders": {"useDefault": False, "overrides": [{"method": "sms", "minutes": 5}]}},
        {"sequence": True},
    ],
)
def test_members_that_cannot_be(ada: HttpCaller, more: Json) -> None:
    assert ada.insert("primary", event(**more)).status == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"summary=x"])
def test_bodies_that_are_no_object(ada: HttpCaller, server: EmulatorServer, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {ada.token}", "Content-Type": "application/json"}
    ada.connection.request("POST", "/calendar/v3/calendars/primary/events", body, headers)
    answer = ada.connection.getresponse()
    assert answer.status == 400
    assert b"parseError" in answer.read()


def test_event_types(ada: HttpCaller) -> None:
    assert ada.insert("primary", event(eventType="fromGmail")).reason == "eventTypeRestriction"
    focus = ada.insert("primary", event(eventType="focusTime")).body
    assert ada.patch("primary", focus["id"], {"eventType": "default"}).reason == "eventTypeRestriction"
    other = ada("POST", "calendars", {"summary": "Other"}).body["id"]
    assert ada.insert(other, event(eventType="focusTime")).status == 400
    path = ["calendars", "primary", "events", focus["id"], "move"]
    assert ada("POST", path, destination=other).reason == "eventTypeRestriction"
    days = {"start": {"date": "2026-03-05"}, "end": {"date": "2026-03-06"}, "visibility": "private"}
    birthday = days | {"eventType": "birthday", "transparency": "transparent", "recurrence": ["RRULE:FREQ=YEARLY"]}
    id_ = ada.insert("primary", birthday).body["id"]
    assert ada.patch("primary", id_, {"summary": "x"}).status == 200
    moved = {"start": {"date": "2026-03-06"}, "end": {"date": "2026-03-07"}}
    assert ada.patch("primary", id_, moved).reason == "eventTypeRestriction"


def test_conferences_need_their_version(ada: HttpCaller) -> None:
    wish = {"conferenceData": {"createRequest": {"requestId": "r"}}}
    assert "conferenceData" not in ada.insert("primary", event(**wish)).body
    body = ada.insert("primary", event(**wish), conferenceDataVersion=1).body
    assert body["hangoutLink"] == body["conferenceData"]["entryPoints"][0]["uri"]
    path = ["calendars", "primary", "events", body["id"]]
    kept = ada("PUT", path, event()).body
    assert kept["hangoutLink"] == body["hangoutLink"]
    assert "hangoutLink" not in ada("PUT", path, event(), conferenceDataVersion=1).body


def test_a_label_shadows_the_colour(ada: HttpCaller, emulator: Emulator, made: Json) -> None:
    emulator.config.change({"labels_mode": True})
    emulator.world.calendars[EMAIL].labels.append({"id": "red", "name": "Red", "colorId": "11"})
    path, version = ["calendars", "primary", "events", made["id"]], LABELS
    assert "eventLabelId" not in ada("PATCH", path, {"eventLabelId": "red"}).body
    assert ada("PATCH", path, {"eventLabelId": "red"}, **version).body["colorId"] == "11"
    assert ada("PATCH", path, {"colorId": "3"}).body["colorId"] == "11"
    assert ada("PATCH", path, {"colorId": "3", "eventLabelId": ""}, **version).body["colorId"] == "3"
    assert ada("PATCH", path, {"eventLabelId": "none"}, **version).status == 400


@pytest.mark.parametrize("shown", [True, False])
def test_reminders_change_the_etag_not_updated(
    ada: HttpCaller, emulator: Emulator, made: Json, shown: bool
) -> None:
    emulator.config.change({"reminder_in_delta": shown})
    _, token = ada.walk("primary")
    reminders = {"useDefault": False, "overrides": [{"method": "popup", "minutes": 3}]}
    body = ada.patch("primary", made["id"], {"reminders": reminders}).body
    assert body["updated"] == made["updated"]
    assert body["etag"] != made["etag"]
    assert len(ada.walk("primary", syncToken=token)[0]) == shown


def test_somebody_elses_event(ada: HttpCaller, emulator: Emulator) -> None:
    wire = event(id="invited", organizer={"email": "boss@example.com"}, attendees=[{"email": EMAIL}])
    put_event(emulator, emulator.world.calendars[EMAIL], wire)
    shared: list[Json] = [{"summary": "x"}, {"start": {"dateTime": "2026-03-05T09:00:00Z"}}, {"attendees": []}]
    for change in shared:
        answer = ada.patch("primary", "invited", change)
        assert (answer.status, answer.reason) == (403, "forbiddenForNonOrganizer")
    own = [{"email": EMAIL, "responseStatus": "accepted"}]
    free: list[Json] = [
        {"colorId": "3"},
        {"attendees": own},
        {"extendedProperties": {"private": {"a": "b"}}},
        {"reminders": {"useDefault": False}},
    ]
    for change in free:
        assert ada.patch("primary", "invited", change).status == 200
    assert ada.delete("primary", "invited").status == 204


@pytest.mark.parametrize("keeps", [True, False])
def test_moving(ada: HttpCaller, emulator: Emulator, keeps: bool) -> None:
    emulator.config.change({"move_keeps_private": keeps})
    other = ada("POST", "calendars", {"summary": "Other"}).body["id"]
    body = ada.insert("primary", event(extendedProperties={"private": {"a": "b"}})).body
    _, here = ada.walk("primary")
    _, there = ada.walk(other)
    path = ["calendars", "primary", "events", body["id"], "move"]
    assert ada("POST", path).status == 400
    assert ada("POST", path, destination="nowhere").status == 404
    assert ada("POST", path, destination=other, if_match='"1"').status == 412
    moved = ada("POST", path, destination=other, if_match=body["etag"])
    assert (moved.status, moved.body["status"], moved.body["id"]) == (200, "cancelled", body["id"])
    assert [row["status"] for row in ada.walk("primary", syncToken=here)[0]] == ["cancelled"]
    [row] = ada.walk(other, syncToken=there)[0]
    assert (row["status"], row["iCalUID"], row["organizer"]["email"]) == ("confirmed", body["iCalUID"], other)
    assert ("extendedProperties" in row) is keeps
    assert ada("POST", path, destination=other).status == 410


def test_importing(ada: HttpCaller) -> None:
    path = ["calendars", "primary", "events", "import"]
    assert ada("POST", path, event()).reason == "required"
    body = ada("POST", path, event(iCalUID="u@x", organizer={"email": "boss@example.com"})).body
    assert body["id"].startswith("_")
    assert body["organizer"]["email"] == "boss@example.com"
    again = ada("POST", path, event(iCalUID="u@x", summary="new")).body
    assert (again["id"], again["summary"]) == (body["id"], "new")


def test_quick_add(ada: HttpCaller) -> None:
    path = ["calendars", "primary", "events", "quickAdd"]
    body = ada("POST", path, text="Lunch").body
    assert (body["summary"], body["start"]["dateTime"]) == ("Lunch", "2026-03-02T10:00:00+01:00")
    assert ada("POST", path).status == 400


def test_every_mail_goes_to_the_outbox(ada: HttpCaller, emulator: Emulator) -> None:
    emulator.add_user("bob@example.com")
    people = [{"email": EMAIL}, {"email": "bob@example.com"}, {"email": "eve@elsewhere.example"}]
    assert ada.insert("primary", event(attendees=people)).status == 200
    assert ada.insert("primary", event(attendees=people), sendUpdates="none").status == 200
    assert emulator.control("outbox", method="GET") == {"outbox": []}
    assert ada.insert("primary", event(attendees=people), sendUpdates="loud").status == 400
    ada.insert("primary", event(attendees=people), sendUpdates="externalOnly")
    ada.insert("primary", event(attendees=people), sendUpdates="all")
    mails = [mail["to"] for mail in emulator.control("outbox", method="GET")["outbox"]]
    assert mails == ["eve@elsewhere.example", "bob@example.com", "eve@elsewhere.example"]
