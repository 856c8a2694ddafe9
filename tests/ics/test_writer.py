"""What an export says, property by property."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from couchcal.errors import Invalid, NotFound
from couchcal.ics.writer import export
from couchcal.practice import appointments
from couchcal.practice.cadence import Repeat
from couchcal.store.connection import Database
from couchcal.store.records import TimeOff
from couchcal.store.session import write_session
from tests.support.ics_export import (
    NEW_YORK,
    NOW,
    at,
    clock,
    event,
    exported,
    lines,
    practice_of_one,
    row_of,
    session,
)
from tests.support.ics_files import imported, large_calendar
from tests.support.ics_reading import components, properties


@pytest.fixture
def practice(tmp_path: Path) -> Database:
    return practice_of_one(tmp_path)


def test_a_session_is_an_event_with_a_zone_that_the_file_defines(practice: Database) -> None:  # SYNC-16
    session(practice, at(3, 3, 10))
    data = exported(practice)
    assert lines(data)[:3] == ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//couchcal//couchcal 0.1.0//EN"]
    assert data.endswith(b"END:VEVENT\r\nEND:VCALENDAR\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert data.index(b"BEGIN:VTIMEZONE") < data.index(b"BEGIN:VEVENT")
    (found,) = components(data)
    assert found["DTSTART"].params["TZID"] == NEW_YORK
    assert properties(data, "DTSTART")[-1] == "DTSTART;TZID=America/New_York:20260303T100000"
    assert properties(data, "DTEND") == ["DTEND;TZID=America/New_York:20260303T105000"]
    for name, value in {
        "SUMMARY": "C-0001", "CLASS": "PRIVATE", "STATUS": "CONFIRMED", "TRANSP": "OPAQUE", "SEQUENCE": "0",
        "DTSTAMP": "20260302T090000Z", "LAST-MODIFIED": "20260302T090000Z",
    }.items():  # fmt: skip
        assert properties(data, name) == [f"{name}:{value}"]


def test_the_file_is_the_same_whenever_it_is_made(practice: Database) -> None:
    session(practice, at(3, 3, 10), repeat=Repeat("weekly"))
    session(practice, at(3, 3, 10))
    assert exported(practice) == exported(practice)


def test_events_are_in_order_of_start_and_uid(practice: Database) -> None:
    for day in (9, 5, 7):
        session(practice, at(3, day, 10))
        session(practice, at(3, day, 10))
    order = [(str(found["DTSTART"].dt), str(found["UID"])) for found in components(exported(practice))]
    assert order == sorted(order)


# SYNC-03: the identifier mode decides what a client is called, and what else leaves.
@pytest.mark.parametrize(
    ("names", "summary"), [("id", "C-0001"), ("initials", "J.D."), ("first", "Jane"), ("full", "Jane Doe")]
)
def test_clients_are_called_by_the_mode(practice: Database, names: str, summary: str) -> None:
    secret: dict[str, Any] = {
        "location_id": 1, "telehealth_url": "https://example.com/room", "instructions": "Ring twice",
        "diagnoses": "F41.1",
    }  # fmt: skip
    session(practice, at(3, 3, 10), repeat=Repeat("weekly"), **secret)
    appointments.edit(practice, row_of(practice, "2026-03-10"), {"instructions": "Side door"}, clock=clock)
    data = exported(practice, names=names)
    assert set(properties(data, "SUMMARY")) == {f"SUMMARY:{summary}"}
    assert bool(properties(data, "LOCATION")) == (names == "full")
    for word in (b"example.com", b"Ring", b"Side door", b"F41", b"90837", b"DESCRIPTION", b"CATEGORIES"):
        assert word not in data
    if names != "full":
        assert b"Doe" not in data
    # A change of what is not written is no change of the file's events.
    assert len(components(data)) == 1


def test_other_events_keep_title_and_place(practice: Database) -> None:
    event(
        practice, "Team; weekly, \\o/\nroom 2", at(3, 4, 9), at(3, 4, 10), place="Main Street 4, back door",
        instructions="Bring the budget", busy=False,
    )  # fmt: skip
    data = exported(practice)
    (found,) = components(data)
    assert found["SUMMARY"] == "Team; weekly, \\o/ room 2"
    assert found["LOCATION"] == "Main Street 4, back door"
    assert found["TRANSP"] == "TRANSPARENT"
    assert b"budget" not in data


def test_all_day_events_are_dates_with_the_end_excluded(practice: Database) -> None:
    event(practice, "Conference", datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 4, tzinfo=UTC), all_day=True)
    data = exported(practice)
    assert properties(data, "DTSTART") == ["DTSTART;VALUE=DATE:20260701"]
    assert properties(data, "DTEND") == ["DTEND;VALUE=DATE:20260704"]
    assert b"VTIMEZONE" not in data


def test_time_off_is_busy_and_says_no_reason(practice: Database) -> None:
    with write_session(practice, "Time off", clock=clock) as write:
        write.add(
            TimeOff(
                start_utc=datetime(2026, 8, 3, tzinfo=UTC), end_utc=datetime(2026, 8, 15, tzinfo=UTC), tz=NEW_YORK,
                reason="Surgery",
            )
        )  # fmt: skip
        write.add(TimeOff(start_utc=at(9, 1, 13), end_utc=at(9, 1, 17), all_day=False, tz=NEW_YORK, reason="Court"))
    data = exported(practice, names="full")
    assert [str(found["SUMMARY"]) for found in components(data)] == ["Time off", "Time off"]
    assert properties(data, "DTSTART")[-2:] == [
        "DTSTART;VALUE=DATE:20260803",
        "DTSTART;TZID=America/New_York:20260901T130000",
    ]
    assert properties(data, "TRANSP") == ["TRANSP:OPAQUE"] * 2
    assert b"Surgery" not in data
    assert b"Court" not in data


@pytest.mark.parametrize(("fold", "start"), [(0, "20261101T053000Z"), (1, "20261101T063000Z")])
def test_the_repeated_hour_of_autumn_is_in_utc(practice: Database, fold: int, start: str) -> None:
    session(practice, at(11, 1, 1, 30, fold=fold), minutes=20)
    data = exported(practice)
    assert properties(data, "DTSTART") == [f"DTSTART:{start}"]
    assert properties(data, "DTEND")[0].endswith("5000Z")
    assert b"VTIMEZONE" not in data
    session(practice, at(10, 31, 23, 30))
    assert "DTSTART;TZID=America/New_York:20261031T233000" in properties(exported(practice), "DTSTART")


def test_each_zone_in_use_is_defined_once_and_no_other(practice: Database) -> None:
    session(practice, at(3, 3, 10, tz="Europe/Dublin"), tz="Europe/Dublin")
    session(practice, at(3, 4, 10, tz="Europe/Dublin"), tz="Europe/Dublin")
    session(practice, at(3, 5, 10, tz="UTC"), tz="UTC")
    assert properties(exported(practice), "TZID") == ["TZID:Europe/Dublin"]
    assert properties(exported(practice), "DTSTART")[-1] == "DTSTART:20260305T100000Z"


def test_an_empty_calendar_has_a_component(practice: Database) -> None:
    data = exported(practice)
    assert properties(data, "TZID") == ["TZID:America/New_York"]
    assert components(data) == []


def test_all_day_events_lie_in_a_window_by_their_local_days(practice: Database) -> None:
    event(practice, "Retreat", datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 2, tzinfo=UTC), all_day=True)
    # 1 July in New York ends at 04:00 UTC of the 2nd.
    assert len(components(exported(practice, start=at(7, 1, 23)))) == 1
    assert len(components(exported(practice, start=at(7, 2, 0)))) == 0
    assert len(components(exported(practice, end=at(7, 1, 0)))) == 0


def test_what_makes_no_sense_is_refused(practice: Database) -> None:
    with pytest.raises(Invalid):
        exported(practice, names="nickname")
    with pytest.raises(Invalid):
        exported(practice, start=at(3, 3, 0), end=at(3, 2, 0))
    with pytest.raises(NotFound):
        exported(practice, calendar="Nowhere")


def test_a_large_calendar_passes_through_in_pieces(practice: Database) -> None:
    class Counting(io.BytesIO):
        pieces = 0

        def write(self, data: object) -> int:
            self.pieces += 1
            return super().write(data)  # type: ignore[arg-type]  # bytes

    imported(practice, b"".join(large_calendar(400)), now=NOW)
    out = Counting()
    assert export(practice, out) == 400
    assert out.pieces > 1
