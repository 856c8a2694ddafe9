from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couchcal.sync.google import mapping
from couchcal.sync.port import EventFields, RemoteEvent, When

NEW_YORK = "America/New_York"
AT = datetime(2026, 3, 3, 20, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def read(zone: str = "Europe/Berlin", **item: Any) -> RemoteEvent:
    times = {"start": {"dateTime": "2026-03-03T15:00:00-05:00"}, "end": {"dateTime": "2026-03-03T16:00:00-05:00"}}
    found = mapping.event({"id": "abc", "status": "confirmed", **times, **item}, zone)
    assert found is not None
    return found


def test_a_whole_event() -> None:
    found = read(
        etag='"1"', summary="Dentist", description="d", location="Town", transparency="transparent",
        start={"dateTime": "2026-03-03T21:00:00+01:00", "timeZone": NEW_YORK},
        end={"dateTime": "2026-03-03T22:00:00.999+01:00", "timeZone": NEW_YORK},
        extendedProperties={"private": {"couchcal": "tag"}},
        attendees=[{"email": "x@example.com", "responseStatus": "accepted"},
                   {"self": True, "responseStatus": "declined"}],
        hangoutLink="https://meet", color=7,
    )  # fmt: skip
    assert found == RemoteEvent(
        "abc", etag='"1"', when=When(AT, AT + HOUR, NEW_YORK), title="Dentist", description="d", place="Town",
        busy=False, declined=True, ours="tag",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("start", "calendar", "expected"),
    [
        ({"dateTime": "2026-03-03T21:00:00+01:00"}, "Europe/Berlin", "Europe/Berlin"),
        ({"dateTime": "2026-03-03T21:00:00+01:00", "timeZone": "GMT-05:00"}, "Europe/Berlin", "Europe/Berlin"),
        ({"dateTime": "2026-03-03T20:00:00Z", "timeZone": "Pacific Standard Time"}, "", "UTC"),
        ({"dateTime": "2026-03-03T15:00:00", "timeZone": NEW_YORK}, "Europe/Berlin", NEW_YORK),
        ({"dateTime": "2026-03-03T21:00:00"}, "Europe/Berlin", "Europe/Berlin"),
        ({"dateTime": "2026-03-03T15:00:00-05:00", "timeZone": "VTIMEZONE:x"}, "", "UTC"),
        ({"dateTime": "2026-03-03T15:00:00-05:00", "timeZone": 5}, "nowhere/at all", "UTC"),
    ],
)
def test_zones_are_those_declared_or_the_calendar_s(start: dict[str, Any], calendar: str, expected: str) -> None:
    found = read(calendar, start=start, end={"dateTime": "2026-03-03T16:00:00-05:00"})
    assert found.when == When(AT, AT + HOUR, expected)


def test_how_it_is_written_makes_no_difference() -> None:
    """The same instants in the calendar's zone, in UTC and with a fraction are the same."""
    ways = [
        ("2026-03-03T15:00:00-05:00", "2026-03-03T16:00:00-05:00"),
        ("2026-03-03T20:00:00Z", "2026-03-03T21:00:00.000Z"),
        ("2026-03-03T20:00:00+00:00", "2026-03-03T22:00:00+01:00"),
    ]
    found = {
        read(start={"dateTime": a, "timeZone": NEW_YORK}, end={"dateTime": b, "timeZone": NEW_YORK}).when
        for a, b in ways
    }
    assert found == {When(AT, AT + HOUR, NEW_YORK)}


def test_days() -> None:
    found = read(start={"date": "2026-03-02"}, end={"date": "2026-03-04"})
    assert found.when == When(date(2026, 3, 2), date(2026, 3, 4))
    assert read(start={"date": "2026-03-02"}, end={"date": "2026-03-02"}).when == When(
        date(2026, 3, 2), date(2026, 3, 3)
    )


@pytest.mark.parametrize(
    "times",
    [
        {"start": {"dateTime": "soon"}},
        {"start": {"dateTime": None}},
        {"start": {}},
        {"start": None},
        {"start": {"date": "2026-02-30"}, "end": {"date": "2026-03-04"}},
        {"start": {"date": "2026-03-04"}, "end": {"date": "2026-03-01"}},
        {"start": {"dateTime": "2026-03-03T15:00:00Z"}, "end": {"dateTime": "2026-03-03T14:00:00Z"}},
        {"start": {"dateTime": "0001-01-01T00:00:00+14:00"}, "end": {"dateTime": "0001-01-01T00:00:00+14:00"}},
        {"start": {"date": "9999-12-31"}, "end": {"date": "9999-12-31"}},
    ],
)
def test_what_cannot_be_read_is_unreadable_alone(times: dict[str, Any]) -> None:
    found = read(**times)
    assert found.unreadable
    assert found.when is None
    assert not found.cancelled


def test_tombstones_may_say_nothing() -> None:
    assert mapping.event({"id": "abc", "status": "cancelled"}) == RemoteEvent("abc", cancelled=True)
    assert read(status="cancelled", start={"dateTime": "?"}).unreadable == ""


@pytest.mark.parametrize(
    ("item", "master", "original"),
    [
        ({"id": "m_20260303T200000Z", "recurringEventId": "m"}, "m", AT),
        ({"id": "m_20260303t200000z", "recurringEventId": "m"}, "m", AT),
        ({"id": "m_20260303", "recurringEventId": "m"}, "m", date(2026, 3, 3)),
        ({"id": "m_20260303T200000Z", "recurringEventId": "m_R20260301T200000"}, "m_R20260301T200000", AT),
        ({"id": "m_20260303T200000Z"}, "", None),  # of m, or of what was split from it
        (
            {"id": "x", "recurringEventId": "m", "originalStartTime": {"dateTime": "2026-03-03T21:00:00+01:00"}},
            "m",
            AT,
        ),
        ({"id": "x", "recurringEventId": "m", "originalStartTime": {"date": "2026-03-03"}}, "m", date(2026, 3, 3)),
        ({"id": "m_20269903T200000Z", "recurringEventId": "m"}, "m", None),
        ({"id": "_6p33cd"}, "", None),
    ],
)
def test_what_an_instance_stands_for(item: dict[str, Any], master: str, original: object) -> None:
    found = mapping.event({"status": "cancelled", **item})
    assert found is not None
    assert (found.recurring_id, found.original_start) == (master, original)


def test_ids_of_instances_are_in_capitals_whatever_a_list_shows() -> None:
    assert read(id="m_20260303t200000z", recurringEventId="m").id == "m_20260303T200000Z"
    assert read(id="m_r20260303t200000").id == "m_R20260303T200000"
    assert read(id="_6p33_t20").id == "_6p33_t20"


def test_what_names_no_event_is_none() -> None:
    items: list[Any] = [None, 3, "x", [], {}, {"id": ""}, {"id": 7}]
    for item in items:
        assert mapping.event(item) is None


@pytest.mark.parametrize(("etag", "kept"), [('"3"', '"3"'), ("研", ""), ("a\r\nX: y", ""), ("\x00", ""), (7, "")])
def test_an_etag_is_what_a_header_can_have(etag: object, kept: str) -> None:
    found = mapping.event({"id": "x", "status": "cancelled", "etag": etag})
    assert found is not None
    assert found.etag == kept


@pytest.mark.parametrize("name", ["\ud800", "a\x00b", "x\udfffy"])
def test_a_calendar_whose_id_cannot_be_kept_is_none(name: str) -> None:
    assert mapping.calendar({"id": name, "summary": "x"}) is None
    assert not mapping.storable(name)
    assert mapping.storable("Kalender – Übergabe 研修 👩")


def test_texts_that_cannot_be_stored() -> None:
    assert read(summary="a\ud800b\x00c").title == "abc"
    assert read(summary={"x": 1}, description=3, recurrence="RRULE", attendees={"self": True}).title == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["cancelled", "2026-03-03", "2026-03-03T15:00:00Z", NEW_YORK, "m_20260303T200000Z"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["date", "dateTime", "timeZone", "private", "couchcal", "self"]), inner),
    max_leaves=12,
)  # fmt: skip
NAMES = [*mapping.EVENT_FIELDS.split(","), "kind"]


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_no_event_raises(item: dict[str, Any]) -> None:
    found = mapping.event({"id": "abc", **item}, "Europe/Berlin")
    if found is not None:
        assert found.cancelled or found.unreadable or found.when is not None
        if found.when is not None and not found.when.all_day:
            assert isinstance(found.when.start, datetime)
            assert found.when.start.tzinfo is UTC


ZONES = st.sampled_from(
    ["", "UTC", NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "VTIMEZONE:own", "Nowhere/None"]
)
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC, microsecond=0)
)


@given(INSTANTS, st.integers(0, 3000), ZONES)
def test_times_that_are_sent_come_back(start: datetime, minutes: int, tz: str) -> None:
    fields = EventFields(When(start, start + timedelta(minutes=minutes), tz), "t", "d", "p", True)
    found = mapping.event(json.loads(json.dumps(mapping.new_event("abc", fields, "tag"))))
    assert found is not None
    known = tz not in ("", "VTIMEZONE:own", "Nowhere/None")
    assert found.when == fields.when._replace(tz=tz if known else "UTC")
    assert (found.title, found.description, found.place, found.busy, found.ours) == ("t", "d", "p", True, "tag")


def test_a_repeated_hour_is_told_by_its_offset() -> None:
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    sent = mapping.new_event("abc", EventFields(When(first, second, "Europe/Berlin"), "", "", "", True), "t")
    assert sent["start"] == {"dateTime": "2026-10-25T02:30:00+02:00", "timeZone": "Europe/Berlin"}
    assert sent["end"] == {"dateTime": "2026-10-25T02:30:00+01:00", "timeZone": "Europe/Berlin"}


def test_only_what_may_leave_is_sent() -> None:  # SYNC-27
    fields = EventFields(When(AT, AT + HOUR, NEW_YORK), "C-0001", "Managed by couchcal", "Office", False)
    assert mapping.new_event("abc", fields, "tag") == {
        "id": "abc", "summary": "C-0001", "description": "Managed by couchcal", "location": "Office",
        "start": {"dateTime": "2026-03-03T15:00:00-05:00", "timeZone": NEW_YORK},
        "end": {"dateTime": "2026-03-03T16:00:00-05:00", "timeZone": NEW_YORK},
        "transparency": "transparent", "visibility": "private",
        "extendedProperties": {"private": {"couchcal": "tag", "couchcal_v": "1"}},
    }  # fmt: skip


def test_a_patch_takes_out_the_other_kind_of_time() -> None:
    days = mapping.changed_event({"when": When(date(2026, 3, 2), date(2026, 3, 3))}, revive=False)
    assert days["start"] == {"date": "2026-03-02", "dateTime": None, "timeZone": None}
    timed = mapping.changed_event({"when": When(AT, AT + HOUR, "UTC"), "busy": True}, revive=True)
    assert timed["end"] == {"dateTime": "2026-03-03T21:00:00+00:00", "timeZone": "UTC", "date": None}
    assert (timed["status"], timed["transparency"]) == ("confirmed", "opaque")
    assert mapping.changed_event({"title": "x"}, revive=False) == {"summary": "x"}


@pytest.mark.parametrize("changes", [{"attendees": "x"}, {"title": 3}, {"busy": "yes"}, {"when": "now"}])
def test_a_patch_knows_its_fields_alone(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="has no field"):
        mapping.changed_event(changes, revive=False)


def test_offsets_of_old_local_time_are_sent_as_utc() -> None:
    when = When(datetime(1880, 1, 1, tzinfo=UTC), datetime(1880, 1, 2, tzinfo=UTC), "Europe/Berlin")
    sent = mapping.new_event("abc", EventFields(when, "", "", "", True), "t")
    assert sent["start"]["dateTime"] == "1880-01-01T00:00:00+00:00"
