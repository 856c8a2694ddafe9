"""What people do in the web page and with phones, as the API then shows it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.google import expect, seed
from tests.google.driving import EMAIL, Caller, timed
from tests.google.emulator import Emulator
from tests.google.model import Json

BERLIN = "Europe/Berlin"
WEEKLY = timed("2026-03-02T09:00:00", "2026-03-02T09:50:00", BERLIN, recurrence=["RRULE:FREQ=WEEKLY;COUNT=8"])
ICS = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:abc@phone
DTSTART;TZID=Europe/Berlin:20260302T090000
DURATION:PT50M
RRULE:FREQ=WEEKLY;COUNT=3
SUMMARY:Long\\, folded
  name
BEGIN:VALARM
TRIGGER:-PT5M
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:abc@phone
RECURRENCE-ID;TZID=Europe/Berlin:20260309T090000
DTSTART;TZID=Europe/Berlin:20260310T100000
DTEND;TZID=Europe/Berlin:20260310T105000
SUMMARY:Moved
END:VEVENT
END:VCALENDAR
"""


def caller(**toggles: Any) -> Caller:
    emulator = Emulator(**{"tombstones": "full", "write_burst_n": 1000, **toggles})
    emulator.add_user(EMAIL, BERLIN)
    return Caller(emulator)


def single(one: Caller, **more: Any) -> Json:
    body = timed("2026-03-03T09:00:00", "2026-03-03T09:50:00", BERLIN, id="single0", summary="s", **more)
    return one.insert("primary", body).body


def weekly(one: Caller) -> None:
    assert one.insert("primary", {**WEEKLY, "id": "series0"}).status == 200


def get(one: Caller, id_: str = "single0") -> Json:
    return one.get("primary", id_).body


def occurrences(one: Caller) -> list[str]:
    view = expect.view(one.emulator, EMAIL)
    return [row["start"].get("wall") or row["start"]["date"] for row in view["occurrences"]]


def test_times_zone_and_days() -> None:
    one = caller()
    before = single(one)
    one.ui("move_time", event="single0", by_minutes=30)
    moved = get(one)
    assert moved["start"]["dateTime"] == "2026-03-03T09:30:00+01:00"
    assert (moved["sequence"], moved["etag"] != before["etag"]) == (1, True)
    one.ui("set_timezone", event="single0", timeZone="Asia/Kolkata")
    assert get(one)["start"] == {"dateTime": "2026-03-03T05:00:00+01:00", "timeZone": "Asia/Kolkata"}
    one.ui("toggle_allday", event="single0")
    assert (get(one)["start"], get(one)["end"]) == ({"date": "2026-03-03"}, {"date": "2026-03-04"})
    one.ui("toggle_allday", event="single0")
    assert get(one)["start"] == {"dateTime": "2026-03-03T09:00:00+01:00", "timeZone": BERLIN}
    etag = get(one)["etag"]
    one.ui("set_timezone", timeZone="America/New_York")
    shown = get(one)
    assert (shown["start"]["dateTime"], shown["etag"]) == ("2026-03-03T03:00:00-05:00", etag)


def test_dragging_quickly_bumps_every_time() -> None:
    one = caller()
    single(one)
    rev = one.emulator.world.calendars[EMAIL].rev
    one.ui("drag_quick", event="single0", n=4, by_minutes=15)
    assert one.emulator.world.calendars[EMAIL].rev == rev + 4
    assert get(one)["start"]["dateTime"] == "2026-03-03T10:00:00+01:00"


def test_content_colours_guests() -> None:
    one = caller()
    single(one)
    one.ui("notes", event="single0", html="<b>hi</b>")
    one.ui("make_private", event="single0")
    one.ui("color", event="single0", colorId="11")
    one.ui("add_guest", event="single0", guest="x@example.com", send=True)
    one.ui("add_meet", event="single0")
    row = get(one)
    assert (row["description"], row["visibility"], row["colorId"]) == ("<b>hi</b>", "private", "11")
    assert [person["email"] for person in row["attendees"]] == [EMAIL, "x@example.com"]
    assert row["hangoutLink"].startswith("https://meet.google.com/")
    assert [mail["to"] for mail in one.emulator.outbox] == ["x@example.com"]
    one.ui("color", event="single0", label="work", colorId="4")
    assert get(one)["colorId"] == "4"


@pytest.mark.parametrize("copies", [True, False])
def test_a_duplicate(copies: bool) -> None:
    one = caller(ui_duplicate_copies_props=copies)
    single(one, extendedProperties={"private": {"couchcal": "1"}})
    copy = get(one, one.ui("duplicate", event="single0")["event"])
    assert copy["iCalUID"] == f"{copy['id']}@google.com"
    assert ("extendedProperties" in copy) == copies


def test_bin_and_back_and_emptied() -> None:
    one = caller()
    weekly(one)
    one.ui("delete", event="series0", original_start="2026-03-09T09:00", scope="this")
    one.ui("edit", event="series0_20260316T080000Z", scope="this", changes={"summary": "own"})
    one.ui("delete", event="series0", scope="all")
    assert occurrences(one) == []
    assert get(one, "series0_20260316T080000Z")["status"] == "cancelled"
    one.ui("restore", event="series0")
    assert len(occurrences(one)) == 7
    assert get(one, "series0_20260316T080000Z")["summary"] == "own"
    one.ui("delete", event="series0", scope="all")
    one.ui("empty_bin")
    assert one.get("primary", "series0").status == 404
    assert one.insert("primary", {**WEEKLY, "id": "series0"}).status == 409


def test_undo_goes_back_step_by_step() -> None:
    one = caller()
    weekly(one)
    before, etag = occurrences(one), get(one, "series0")["etag"]
    one.ui("edit", event="series0_20260316T080000Z", scope="following", changes={"summary": "new"})
    one.ui("delete", event="series0_20260309T080000Z", scope="this")
    one.ui("undo")
    one.ui("undo")
    assert occurrences(one) == before
    assert get(one, "series0")["etag"] != etag
    assert get(one, "series0_R20260316T080000")["status"] == "cancelled"


def test_another_calendar() -> None:
    one = caller()
    own = one("POST", "calendars", {"summary": "Other"}).body["id"]
    weekly(one)
    one.patch("primary", "series0_20260309T080000Z", {"summary": "own"})
    one.ui("change_calendar", event="series0", to=own)
    assert get(one, "series0")["status"] == "cancelled"
    there = one.get(own, "series0").body
    assert (there["status"], there["iCalUID"]) == ("confirmed", "series0@google.com")
    assert one.get(own, "series0_20260309T080000Z").body["summary"] == "own"


def test_from_a_file_and_from_a_phone() -> None:
    one = caller()
    made = one.ui("import_ics", ics=ICS)
    row = get(one, made["event"])
    assert (row["id"][0], row["iCalUID"], row["summary"]) == ("_", "abc@phone", "Long, folded name")
    assert occurrences(one) == ["2026-03-02T09:00:00", "2026-03-10T10:00:00", "2026-03-16T09:00:00"]
    assert one.ui("import_ics", ics=ICS)["event"] == made["event"]
    put = get(one, one.ui("caldav_put", start="2026-03-05T09:00", summary="phone")["event"])
    assert put["id"].startswith("_")
    one.ui("caldav_put", event=put["id"], changes={"summary": "again"})
    again = get(one, put["id"])
    assert (again["summary"], again["start"]["timeZone"]) == ("again", "UTC")
    assert again["start"]["dateTime"] == put["start"]["dateTime"]
    assert again["sequence"] >= put["sequence"] + 3


def test_an_invitation_is_somebody_elses() -> None:
    one = caller()
    id_ = one.ui("invite_from", organizer="bo@example.com", start="2026-03-05T09:00", summary="x")["event"]
    assert get(one, id_)["organizer"] == {"email": "bo@example.com"}
    refused = one.patch("primary", id_, {"summary": "mine"})
    assert (refused.status, refused.reason) == (403, "forbiddenForNonOrganizer")


@pytest.mark.parametrize("how", ["drop", "carry"])
def test_exceptions_after_a_split(how: str) -> None:  # split_exceptions
    one = caller(split_exceptions=how)
    weekly(one)
    own, gone = "series0_20260323T080000Z", "series0_20260330T070000Z"
    one.patch("primary", own, {"location": "here"})
    one.delete("primary", gone)
    one.ui("edit", event="series0_20260316T080000Z", scope="following", changes={"summary": "new"})
    row = get(one, own)
    assert (row["recurringEventId"], row["summary"]) == ("series0_R20260316T080000", "new")
    assert row.get("location") == ("here" if how == "carry" else None)
    assert get(one, gone)["status"] == ("cancelled" if how == "carry" else "confirmed")
    assert get(one, "series0_R20260316T080000")["recurrence"] == ["RRULE:FREQ=WEEKLY;COUNT=6"]


@pytest.mark.parametrize("how", ["drop", "carry"])
def test_exceptions_after_a_split_at_another_time(how: str) -> None:
    one = caller(split_exceptions=how)
    weekly(one)
    one.patch("primary", "series0_20260323T080000Z", {"location": "here"})
    moved = one.ui("move_time", event="series0_20260316T080000Z", scope="following", by_minutes=60)
    assert get(one, "series0_20260323T080000Z")["status"] == "cancelled"
    new = get(one, f"{moved['event']}_20260323T090000Z")
    assert new.get("location") == ("here" if how == "carry" else None)


def test_all_after_a_split_reaches_both_parts() -> None:
    one = caller()
    weekly(one)
    one.ui("edit", event="series0_20260316T080000Z", scope="following", changes={"summary": "new"})
    one.ui("edit", event="series0", scope="all", changes={"location": "there"})
    rows = [get(one, id_) for id_ in ("series0", "series0_R20260316T080000")]
    assert [row["location"] for row in rows] == ["there", "there"]
    assert len({row["etag"] for row in rows}) == 1


@pytest.mark.parametrize("mode", ["family", "independent"])
def test_an_edit_in_the_page_touches_the_split_sibling(mode: str) -> None:  # R-FAMILY
    one = caller(family_mode=mode)
    weekly(one)
    rest = one.ui("move_time", event="series0_20260316T080000Z", scope="following", by_minutes=60)["event"]
    etag = get(one, rest)["etag"]
    one.ui("delete", event="series0_20260309T080000Z", scope="this")
    assert (get(one, rest)["etag"] != etag) == (mode == "family")


def test_an_all_day_series_split() -> None:
    one = caller()
    body = {"start": {"date": "2026-03-02"}, "end": {"date": "2026-03-03"}, "recurrence": ["RRULE:FREQ=WEEKLY"]}
    one.insert("primary", {**body, "id": "series0"})
    one.ui("edit", event="series0_20260316", scope="following", changes={"summary": "new"})
    assert get(one, "series0")["recurrence"] == ["RRULE:FREQ=WEEKLY;UNTIL=20260315"]
    assert get(one, "series0_R20260316")["start"] == {"date": "2026-03-16"}


def test_a_series_that_does_not_repeat_any_more() -> None:  # R-SINGLE
    one = caller()
    weekly(one)
    one.patch("primary", "series0_20260309T080000Z", {"summary": "own"})
    one.ui("edit", event="series0", scope="all", changes={"recurrence": None})
    assert occurrences(one) == ["2026-03-02T09:00:00"]
    assert "recurrence" not in get(one, "series0")
    assert get(one, "series0_20260309T080000Z")["status"] == "cancelled"


def test_a_weekly_series_moved_to_another_day() -> None:
    one = caller()
    body = {**WEEKLY, "id": "series0", "recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3"]}
    one.insert("primary", body)
    one.ui("move_time", event="series0", scope="all", start="2026-03-04T10:00", end="2026-03-04T10:50")
    assert occurrences(one) == [f"2026-03-{day:02}T10:00:00" for day in (4, 11, 18)]


@pytest.mark.parametrize(("inherit", "shown"), [("snapshot", "old"), ("live", "new")])
def test_what_an_exception_inherits(inherit: str, shown: str) -> None:  # exception_inherit
    one = caller(exception_inherit=inherit)
    one.insert("primary", {**WEEKLY, "id": "series0", "summary": "old"})
    one.patch("primary", "series0_20260309T080000Z", {"location": "here"})
    one.patch("primary", "series0", {"summary": "new", "location": "elsewhere"})
    row = get(one, "series0_20260309T080000Z")
    assert (row["summary"], row["location"]) == (shown, "here")


def test_an_odd_account() -> None:
    one = caller()
    odd = seed.odd_account(one.emulator, EMAIL)
    rows = {row["id"]: row for row in one.walk(odd["secondary"])[0]}
    events = odd["events"]
    assert events["caldav"].startswith("_6")
    assert events["rest"] == f"{events['split']}_R20250327T123000"
    assert rows[events["cancelled_instance"]]["recurringEventId"] == events["rest"]
    assert one.events(odd["holidays"]).body["accessRole"] == "reader"
    assert set(events["weekly"]) == set(seed.ZONES)
