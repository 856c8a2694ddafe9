"""What an export says, property by property."""

from __future__ import annotations

import io
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from couchcal.errors import Invalid, NotFound
from couchcal.ics.writer import export
from couchcal.practice import appointments, clients, series
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from couchcal.scheduling.wallclock import to_instant, zone
from couchcal.store.connection import Database
from couchcal.store.records import TimeOff
from couchcal.store.session import write_session
from tests.support.ics_files import calendar, imported, vevent
from tests.support.ics_reading import components, properties
from tests.support.practice import make_practice

NEW_YORK = "America/New_York"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def clock() -> datetime:
    return NOW


@pytest.fixture
def practice(tmp_path: Path) -> Database:
    database = make_practice(tmp_path, tz=NEW_YORK)
    clients.add(database, "Jane Doe", email="jane@example.com", clock=clock)
    return database


def exported(database: Database, **options: Any) -> bytes:
    out = io.BytesIO()
    export(database, out, **options)
    return out.getvalue()


def at(
    month: int, day: int, hour: int, minute: int = 0, *, year: int = 2026, fold: int = 0, tz: str = NEW_YORK
) -> datetime:
    return to_instant(datetime(year, month, day, hour, minute), zone(tz), fold=fold)  # noqa: DTZ001  wall clock


def session(
    database: Database,
    start: datetime,
    *,
    minutes: int = 50,
    repeat: Repeat | None = None,
    tz: str = NEW_YORK,
    **fields: Any,
) -> int:
    draft = Draft(
        "client_session", start, start + timedelta(minutes=minutes), tz, client_id=1, service="90837", **fields
    )
    done = appointments.book(database, draft, repeat=repeat, clock=clock)
    assert done.appointment_id is not None
    return done.appointment_id


def event(database: Database, title: str, start: datetime, end: datetime, **fields: Any) -> int:
    draft = Draft("other_event", start, end, NEW_YORK, title=title, **fields)
    done = appointments.book(database, draft, clock=clock)
    assert done.appointment_id is not None
    return done.appointment_id


def row_of(database: Database, key: str) -> int:
    """The id of the occurrence of the only series, or of the newest, with a key."""
    with closing(database.connect()) as connection:
        found = connection.execute(
            "SELECT id FROM appointment WHERE series_key = ? ORDER BY series_id DESC", (key,)
        ).fetchone()
    return int(found[0])


def lines(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").split("\r\n")


def test_a_session_is_an_event_with_a_zone_that_the_file_defines(practice: Database) -> None:
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


def test_the_repeated_hour_of_autumn(practice: Database) -> None:
    session(practice, at(11, 1, 1, 30, fold=1))
    data = exported(practice)
    assert properties(data, "DTSTART") == ["DTSTART:20261101T063000Z"]
    assert properties(data, "DTEND") == ["DTEND:20261101T072000Z"]
    assert b"VTIMEZONE" not in data
    session(practice, at(11, 1, 0, 30, fold=0))
    assert "DTSTART;TZID=America/New_York:20261101T003000" in properties(exported(practice), "DTSTART")


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


# REC-02: what repeats goes out as a rule.
@pytest.mark.parametrize(
    ("repeat", "rule"),
    [
        (Repeat("weekly"), "FREQ=WEEKLY;BYDAY=TU"),
        (Repeat("weekly", 2), "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;WKST=MO"),
        (Repeat("monthly"), "FREQ=MONTHLY;BYDAY=-1TU"),
        (Repeat("weekly", 1, date(2026, 4, 30)), "FREQ=WEEKLY;UNTIL=20260428T140000Z;BYDAY=TU"),
    ],
)
def test_a_series_is_a_rule(practice: Database, repeat: Repeat, rule: str) -> None:
    session(practice, at(3, 31, 10), repeat=repeat)
    data = exported(practice)
    assert properties(data, "RRULE")[-1] == f"RRULE:{rule}"
    assert properties(data, "DTSTART")[-1] == "DTSTART;TZID=America/New_York:20260331T100000"
    assert len(components(data)) == 1


def test_an_all_day_series_ends_on_a_date(practice: Database) -> None:
    draft = Draft(
        "other_event", datetime(2026, 3, 6, tzinfo=UTC), datetime(2026, 3, 7, tzinfo=UTC), NEW_YORK, all_day=True,
        title="Paperwork",
    )  # fmt: skip
    appointments.book(practice, draft, repeat=Repeat("weekly", 1, date(2026, 4, 2)), clock=clock)
    appointments.delete(practice, row_of(practice, "2026-03-20"), clock=clock)
    data = exported(practice)
    assert properties(data, "RRULE") == ["RRULE:FREQ=WEEKLY;UNTIL=20260327;BYDAY=FR"]
    assert properties(data, "EXDATE") == ["EXDATE;VALUE=DATE:20260320"]


# REC-04: an occurrence that differs is an override; CXL-01, DEL-01: one that is gone is an EXDATE.
def test_moved_cancelled_and_deleted_occurrences(practice: Database) -> None:
    session(practice, at(3, 3, 10), repeat=Repeat("weekly"))
    appointments.reschedule(practice, row_of(practice, "2026-03-24"), at(3, 25, 15), at(3, 25, 16), clock=clock)
    appointments.cancel(practice, row_of(practice, "2026-03-10"), "no_show", clock=clock)
    appointments.delete(practice, row_of(practice, "2026-03-17"), clock=clock)
    data = exported(practice)
    assert properties(data, "EXDATE") == [
        "EXDATE;TZID=America/New_York:20260310T100000",
        "EXDATE;TZID=America/New_York:20260317T100000",
    ]
    assert properties(data, "RECURRENCE-ID") == ["RECURRENCE-ID;TZID=America/New_York:20260324T100000"]
    master, override = components(data)
    assert "RRULE" in master
    assert override["UID"] == master["UID"]
    assert override["SEQUENCE"] >= master["SEQUENCE"]
    assert properties(data, "DTSTART")[-1] == "DTSTART;TZID=America/New_York:20260325T150000"


def test_the_first_occurrence_may_be_gone(practice: Database) -> None:
    first = session(practice, at(3, 3, 10), repeat=Repeat("weekly"))
    appointments.delete(practice, first, clock=clock)
    data = exported(practice)
    assert properties(data, "DTSTART")[-1] == "DTSTART;TZID=America/New_York:20260303T100000"
    assert properties(data, "EXDATE") == ["EXDATE;TZID=America/New_York:20260303T100000"]


def test_a_series_of_which_nothing_is_left_is_not_written(practice: Database) -> None:
    session(practice, at(3, 3, 10), repeat=Repeat("weekly", 1, date(2026, 3, 12)))
    for key in ("2026-03-03", "2026-03-10"):
        appointments.delete(practice, row_of(practice, key), clock=clock)
    assert components(exported(practice)) == []


def test_cancelled_ones_are_kept_on_request(practice: Database) -> None:
    session(practice, at(3, 3, 10), repeat=Repeat("weekly"))
    single = session(practice, at(3, 4, 10))
    appointments.cancel(practice, row_of(practice, "2026-03-10"), "late_cancel", reason="Flu", clock=clock)
    appointments.cancel(practice, single, "therapist_cancel", clock=clock)
    assert len(components(exported(practice))) == 1
    data = exported(practice, cancelled=True)
    marked = [found for found in components(data) if found.get("STATUS") == "CANCELLED"]
    assert [(str(found["SUMMARY"]), str(found["TRANSP"])) for found in marked] == [
        ("[cancelled] C-0001", "TRANSPARENT")
    ] * 2
    assert properties(data, "EXDATE") == []
    assert b"Flu" not in data


# REC-05: this and all following.
def test_a_split_series_is_two(practice: Database) -> None:
    session(practice, at(3, 3, 10), repeat=Repeat("weekly"))
    appointments.reschedule(
        practice, row_of(practice, "2026-03-24"), at(3, 26, 14), at(3, 26, 15), scope="future", clock=clock
    )
    data = exported(practice)
    old, new = components(data)
    assert old["UID"] != new["UID"]
    assert properties(data, "RRULE")[-2:] == [
        "RRULE:FREQ=WEEKLY;UNTIL=20260317T140000Z;BYDAY=TU",
        "RRULE:FREQ=WEEKLY;BYDAY=TH",
    ]
    assert properties(data, "DTSTART")[-1] == "DTSTART;TZID=America/New_York:20260326T140000"


# REC-09: what stays after the end of a series is no part of its rule any more.
def test_a_kept_row_beyond_the_rule_stands_alone(practice: Database) -> None:
    first = session(practice, at(3, 3, 10), repeat=Repeat("weekly"))
    kept = row_of(practice, "2026-03-24")
    appointments.mark(practice, kept, "billing-started", clock=clock)
    series.stop_repeating(practice, first, clock=clock)
    found = components(exported(practice))
    alone = [entry for entry in found if "RRULE" not in entry]
    with closing(practice.connect()) as connection:
        (uid,) = connection.execute("SELECT uid FROM appointment WHERE id = ?", (kept,)).fetchone()
    assert [str(entry["UID"]) for entry in alone] == [uid]
    assert not any("RECURRENCE-ID" in entry for entry in found)


def test_an_occurrence_made_all_day_stands_alone(practice: Database) -> None:
    event_id = event(practice, "Office", at(3, 6, 9), at(3, 6, 10))
    series.start_repeating(practice, event_id, Repeat("weekly"), clock=clock)
    appointments.edit(
        practice,
        row_of(practice, "2026-03-13"),
        {"all_day": True, "start": datetime(2026, 3, 13, tzinfo=UTC), "end": datetime(2026, 3, 14, tzinfo=UTC)},
        clock=clock,
    )
    data = exported(practice)
    assert properties(data, "EXDATE") == ["EXDATE;TZID=America/New_York:20260313T090000"]
    assert properties(data, "RECURRENCE-ID") == []
    assert properties(data, "DTSTART")[-1] == "DTSTART;VALUE=DATE:20260313"


def test_a_window_cuts_the_rule(practice: Database) -> None:
    session(practice, at(3, 3, 10), repeat=Repeat("weekly", 2))
    session(practice, at(2, 3, 10))
    session(practice, at(6, 3, 10))
    appointments.reschedule(practice, row_of(practice, "2026-03-31"), at(3, 20, 10), at(3, 20, 11), clock=clock)
    data = exported(practice, start=at(3, 10, 0), end=at(5, 1, 0))
    # 17 March to 28 April; the one of 31 March was moved to the 20th.
    assert properties(data, "DTSTART")[-2:] == [
        "DTSTART;TZID=America/New_York:20260317T100000",
        "DTSTART;TZID=America/New_York:20260320T100000",
    ]
    assert properties(data, "RRULE")[-1] == "RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20260428T140000Z;BYDAY=TU;WKST=MO"
    assert len(components(data)) == 2


def test_a_window_past_the_horizon_has_what_the_rule_says(practice: Database) -> None:
    session(practice, at(3, 3, 10), repeat=Repeat("weekly"))
    data = exported(practice, start=at(6, 1, 0, year=2031), end=at(6, 15, 0, year=2031))
    assert properties(data, "DTSTART")[-1] == "DTSTART;TZID=America/New_York:20310603T100000"
    assert properties(data, "RRULE")[-1] == "RRULE:FREQ=WEEKLY;UNTIL=20310610T140000Z;BYDAY=TU"


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


def test_imported_entries_go_out_whole(practice: Database) -> None:
    kept = [
        "CREATED:20250101T000000Z", "LAST-MODIFIED:20250102T000000Z", "CLASS:CONFIDENTIAL",
        "CATEGORIES:Work,Clinic", "ATTENDEE;CN=\"Reed, Bob\":mailto:bob@example.com", "X-ANY;X-P=1:free\\, text",
    ]  # fmt: skip
    alarm = ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Soon", "TRIGGER:-PT15M", "END:VALARM"]
    text = vevent(
        "DTSTART:20260401T100000Z", "DTEND:20260401T110000Z", "SUMMARY:Talk", "DESCRIPTION:Line\\nby line",
        "LOCATION:Hall", "STATUS:TENTATIVE", "TRANSP:TRANSPARENT", "SEQUENCE:4", *kept, *alarm,
    )  # fmt: skip
    imported(practice, calendar(text), now=NOW)
    data = exported(practice)
    written = lines(data)
    for line in [*kept, *alarm, *text.split("\n")]:
        if not line.startswith("DTSTAMP"):
            assert line in written
    assert properties(data, "DTSTAMP") == ["DTSTAMP:20250102T000000Z"]
    begin = written.index("BEGIN:VALARM")
    assert written[begin : begin + 6] == [*alarm, "END:VEVENT"]


def test_lines_that_would_spoil_the_file_stay_out(practice: Database) -> None:
    text = vevent(
        "DTSTART:20260401T100000Z", "SUMMARY:Talk", "this is no content line", "X-BAD;P:1", "CLASS:",
        "CREATED:2025", "URL:https://example.com/1", "URL:https://example.com/2",
        "X-WHEN;TZID=Nowhere/Known:20260101T000000",
        "BEGIN:VALARM", "TRIGGER:-PT5M", "END:VALARM", "BEGIN:X-OPEN", "X-A:1",
    )  # fmt: skip
    imported(practice, calendar(text), now=NOW)
    data = exported(practice)
    (found,) = components(data)
    assert sorted(found) == [
        "CLASS", "DTSTAMP", "DTSTART", "LAST-MODIFIED", "SEQUENCE", "STATUS", "SUMMARY", "TRANSP", "UID", "URL",
    ]  # fmt: skip
    assert found["URL"] == "https://example.com/1"
    assert found.subcomponents == []


def test_imported_series_keep_count_rdates_and_exceptions(practice: Database) -> None:
    head = ["DTEND;TZID=Europe/Berlin:20260401T110000", "SUMMARY:Course", "X-ROOM:4"]
    master = vevent(
        "DTSTART;TZID=Europe/Berlin:20260401T100000", *head, "RRULE:FREQ=DAILY;COUNT=5",
        "RDATE;TZID=Europe/Berlin:20260410T120000", "EXDATE;TZID=Europe/Berlin:20260402T100000",
    )  # fmt: skip
    override = vevent(
        "RECURRENCE-ID;TZID=Europe/Berlin:20260403T100000", "DTSTART;TZID=Europe/Berlin:20260403T150000",
        "DTEND;TZID=Europe/Berlin:20260403T160000", "SUMMARY:Course, later", "X-ROOM:5",
    )  # fmt: skip
    imported(practice, calendar(master, override), now=NOW)
    data = exported(practice)
    assert properties(data, "RRULE")[-1] == "RRULE:FREQ=DAILY;COUNT=5"
    assert properties(data, "RDATE") == ["RDATE;TZID=Europe/Berlin:20260410T120000"]
    assert properties(data, "EXDATE") == ["EXDATE;TZID=Europe/Berlin:20260402T100000"]
    assert properties(data, "RECURRENCE-ID") == ["RECURRENCE-ID;TZID=Europe/Berlin:20260403T100000"]
    assert properties(data, "X-ROOM") == ["X-ROOM:4", "X-ROOM:5"]


def test_a_zone_of_the_file_is_defined_as_the_file_did(practice: Database) -> None:
    definition = [
        "BEGIN:VTIMEZONE", "TZID:House, time", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0123",
        "TZOFFSETTO:+0123", "END:STANDARD", "END:VTIMEZONE",
    ]  # fmt: skip
    text = vevent('DTSTART;TZID="House, time":20260401T100000', "DURATION:PT1H", "SUMMARY:Odd")
    imported(practice, calendar("\n".join(definition), text), now=NOW)
    data = exported(practice)
    begin = lines(data).index("BEGIN:VTIMEZONE")
    assert lines(data)[begin : begin + len(definition)] == definition
    assert 'DTSTART;TZID="House, time":20260401T100000' in lines(data)
    assert 'DTEND;TZID="House, time":20260401T110000' in lines(data)


def test_two_calendars_may_share_a_uid_a_file_may_not(practice: Database) -> None:
    for name in ("Home", "Work"):
        text = vevent(
            "DTSTART:20260401T100000Z", "DTEND:20260401T110000Z", f"SUMMARY:{name}", uid="same@example.com"
        )
        imported(practice, calendar(text), now=NOW, name=name)
    assert [str(found["UID"]) for found in components(exported(practice))] == [
        "same@example.com",
        "same@example.com-2",
    ]
    assert [str(found["SUMMARY"]) for found in components(exported(practice, calendar="Work"))] == ["Work"]


def test_an_entry_without_length_has_no_end_and_one_without_title_has_one(practice: Database) -> None:
    imported(practice, calendar(vevent("DTSTART:20260401T100000Z")), now=NOW)
    data = exported(practice)
    assert properties(data, "DTEND") == []
    assert properties(data, "SUMMARY") == ["SUMMARY:Untitled"]


def test_a_large_calendar_passes_through_in_pieces(practice: Database) -> None:
    for number in range(1, 400):
        session(practice, at(4, 1, 10) + timedelta(hours=number))

    class Counting(io.BytesIO):
        pieces = 0

        def write(self, data: object) -> int:
            self.pieces += 1
            return super().write(data)  # type: ignore[arg-type]  # bytes

    out = Counting()
    assert export(practice, out) == 399
    assert out.pieces > 1
