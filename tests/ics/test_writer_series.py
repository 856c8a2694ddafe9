"""Series in an export: rules, exceptions, overrides, windows."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from couchcal.practice import appointments, marks, series
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from couchcal.store.connection import Database
from tests.support.ics_export import (
    NEW_YORK,
    NOW,
    at,
    clock,
    event,
    exported,
    practice_of_one,
    row_of,
    session,
)
from tests.support.ics_reading import components, properties


@pytest.fixture
def practice(tmp_path: Path) -> Database:
    return practice_of_one(tmp_path)


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
    marks.mark(practice, kept, "billing-started", clock=clock)
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


def test_occurrences_over_a_change_of_the_clocks_say_their_own_times(practice: Database) -> None:
    event_id = event(practice, "Night shift", at(10, 24, 23), at(10, 25, 7))
    series.start_repeating(practice, event_id, Repeat("weekly"), clock=clock)
    series.extend_all(practice, NOW, at(12, 1, 0), clock=clock)
    data = exported(practice)
    # Eight hours from 23:00 on 31 October end at 06:00, the clocks having been put back.
    assert properties(data, "RECURRENCE-ID") == ["RECURRENCE-ID;TZID=America/New_York:20261031T230000"]
    assert properties(data, "DTEND") == [
        "DTEND;TZID=America/New_York:20261025T070000",
        "DTEND;TZID=America/New_York:20261101T060000",
    ]


def test_a_first_occurrence_over_a_change_of_the_clocks_gives_the_length_to_the_others(practice: Database) -> None:
    event_id = event(practice, "Night shift", at(10, 31, 23), at(11, 1, 6))
    series.start_repeating(practice, event_id, Repeat("weekly"), clock=clock)
    data = exported(practice)
    assert properties(data, "DURATION") == ["DURATION:PT28800S"]
    assert properties(data, "DTEND") == ["DTEND;TZID=America/New_York:20261101T060000"]


def test_an_occurrence_at_a_time_that_the_clocks_skip_stands_alone(practice: Database) -> None:
    event_id = event(practice, "Night call", at(3, 7, 2, 30, year=2027), at(3, 7, 2, 50, year=2027))
    series.start_repeating(practice, event_id, Repeat("weekly"), clock=clock)
    series.extend_all(practice, NOW, at(4, 1, 0, year=2027), clock=clock)
    data = exported(practice)
    assert properties(data, "EXDATE") == ["EXDATE;TZID=America/New_York:20270314T023000"]
    assert properties(data, "DTSTART")[-1] == "DTSTART;TZID=America/New_York:20270314T033000"
    assert properties(data, "RECURRENCE-ID") == []
