"""Masters with exceptions: how the parts find each other, and series that split."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from couchcal.practice.series import extend_all
from couchcal.store.connection import Database
from tests.ics.test_quirks import END, NOW, NY, SERIES, START, TEN_TUESDAY, TO_ELEVEN, TUESDAYS
from tests.support.ics_files import at, calendar, imported, starts, vevent
from tests.support.practice import make_practice


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return make_practice(tmp_path)


def rows(database: Database, statement: str) -> list[tuple[object, ...]]:
    with closing(database.connect()) as connection:
        return connection.execute(statement).fetchall()


def turn(key: str, start: str, *lines: str) -> str:
    """A component that changes an occurrence and all that follow."""
    return vevent(f"RECURRENCE-ID;RANGE=THISANDFUTURE{NY}{key}", f"DTSTART{NY}{start}", *lines)


ENDLESS = vevent(TEN_TUESDAY, TO_ELEVEN, "RRULE:FREQ=WEEKLY;BYDAY=TU", "SUMMARY:Weekly")


def test_a_turn_keeps_on_beyond_the_rows_there_are(database: Database) -> None:
    imported(database, calendar(ENDLESS, turn("20261117T100000", "20261117T083000", "SUMMARY:Early")), now=NOW)
    lo, hi = datetime(2028, 2, 1, tzinfo=UTC), datetime(2028, 2, 15, tzinfo=UTC)
    extend_all(database, lo, hi, clock=at(NOW))
    assert starts(database, lo, hi) == ["2028-02-01T08:30", "2028-02-08T08:30"]
    assert starts(database, START, datetime(2026, 11, 26, tzinfo=UTC)) == [
        "2026-11-03T10:00",
        "2026-11-10T10:00",
        "2026-11-17T08:30",
        "2026-11-24T08:30",
    ]


def test_a_turn_makes_two_series_the_first_with_an_end(database: Database) -> None:
    imported(database, calendar(ENDLESS, turn("20261117T100000", "20261117T083000")), now=NOW)
    assert rows(database, "SELECT uid, rrule, parent_series_id FROM series ORDER BY id") == [
        ("one@example.com", "FREQ=WEEKLY;UNTIL=20261117T145959Z;BYDAY=TU", None),
        ("one_R20261117T100000@example.com", "FREQ=WEEKLY;BYDAY=TU", 1),
    ]


def test_count_goes_on_after_a_turn(database: Database) -> None:
    imported(database, calendar(SERIES, turn("20261110T100000", "20261110T120000")), now=NOW)
    assert starts(database, START, END) == [
        TUESDAYS[0],
        "2026-11-10T12:00",
        "2026-11-17T12:00",
        "2026-11-24T12:00",
    ]


def test_two_turns_and_exceptions_by_their_original_starts(database: Database) -> None:
    """Keys always name what the rule gives, whichever turn moved it (RFC 5545 3.8.4.4)."""
    master = SERIES.replace("COUNT=4", f"COUNT=6\nEXDATE{NY}20261201T100000")
    once = vevent(f"RECURRENCE-ID{NY}20261117T100000", f"DTSTART{NY}20261119T180000")
    events = [turn("20261124T100000", "20261125T070000"), once, turn("20261110T100000", "20261110T090000"), master]
    report = imported(database, calendar(*events), now=NOW)
    assert report.added == 4
    assert starts(database, START, END) == [
        "2026-11-03T10:00",
        "2026-11-10T09:00",
        "2026-11-19T18:00",
        "2026-11-25T07:00",
        "2026-12-09T07:00",
    ]
    assert imported(database, calendar(*events), now=NOW).unchanged == 4


def test_a_turn_in_a_later_file_splits_the_series_that_is_there(database: Database) -> None:
    imported(database, calendar(SERIES), now=NOW)
    turned = calendar(SERIES, turn("20261117T100000", "20261117T083000", "SEQUENCE:1"))
    report = imported(database, turned, now=NOW)
    assert (report.added, report.updated) == (1, 1)
    assert starts(database, START, END) == [*TUESDAYS[:2], "2026-11-17T08:30", "2026-11-24T08:30"]


def test_a_monthly_rule_that_moves_to_another_day_becomes_dates(database: Database) -> None:
    master = vevent(f"DTSTART{NY}20261105T100000", "RRULE:FREQ=MONTHLY;BYDAY=1TH")
    imported(database, calendar(master, turn("20261203T100000", "20261204T100000")), now=NOW)
    lo, hi = START, datetime(2027, 4, 1, tzinfo=UTC)
    extend_all(database, lo, hi, clock=at(NOW))
    assert starts(database, lo, hi) == [
        "2026-11-05T10:00",
        "2026-12-04T10:00",
        "2027-01-08T10:00",
        "2027-02-05T10:00",
        "2027-03-05T10:00",
    ]


def test_an_override_of_no_occurrence_is_an_event_of_its_own(database: Database) -> None:
    stray = vevent(f"RECURRENCE-ID{NY}20261111T100000", f"DTSTART{NY}20261111T150000")
    imported(database, calendar(SERIES, stray), now=NOW)
    assert starts(database, START, END) == [*TUESDAYS[:2], "2026-11-11T15:00", *TUESDAYS[2:]]
    assert rows(database, "SELECT series_key FROM appointment WHERE series_id IS NULL") == [
        ("2026-11-11T10:00:00",)
    ]


def test_so_is_one_that_comes_later(database: Database) -> None:
    imported(database, calendar(SERIES), now=NOW)
    stray = vevent(f"RECURRENCE-ID{NY}20261111T100000", f"DTSTART{NY}20261111T150000")
    imported(database, calendar(stray), now=NOW)
    assert starts(database, START, END) == [*TUESDAYS[:2], "2026-11-11T15:00", *TUESDAYS[2:]]
    assert rows(database, "SELECT series_key FROM appointment WHERE series_id IS NULL") == [
        ("2026-11-11T10:00:00",)
    ]
    assert imported(database, calendar(stray), now=NOW).unchanged == 1


def test_an_exception_newer_than_the_override_takes_it_away(database: Database) -> None:
    moved = vevent(f"RECURRENCE-ID{NY}20261110T100000", f"DTSTART{NY}20261111T100000", "SEQUENCE:1")
    newer = SERIES.replace("SUMMARY", f"SEQUENCE:2\nEXDATE{NY}20261110T100000\nSUMMARY")
    imported(database, calendar(newer, moved), now=NOW)
    assert starts(database, START, END) == [TUESDAYS[0], *TUESDAYS[2:]]


def test_of_two_overrides_the_newer_then_the_later_counts(database: Database) -> None:
    def moved(hour: int, sequence: int) -> str:
        return vevent(
            f"RECURRENCE-ID{NY}20261110T100000", f"DTSTART{NY}20261110T{hour}0000", f"SEQUENCE:{sequence}"
        )

    imported(database, calendar(moved(13, 2), moved(14, 2), moved(15, 1), SERIES), now=NOW)
    assert starts(database, START, END)[1] == "2026-11-10T14:00"


def test_an_all_day_series_with_a_timed_override_and_exchange_midnights(database: Database) -> None:
    master = vevent(
        "DTSTART;VALUE=DATE:20261103",
        "RRULE:FREQ=WEEKLY;UNTIL=20261125T000000Z",
        "EXDATE;TZID=W. Europe Standard Time:20261117T000000",
    )
    timed = vevent("RECURRENCE-ID;VALUE=DATE:20261110", f"DTSTART{NY}20261110T140000")
    imported(database, calendar(master, timed), now=NOW)
    assert starts(database, START, END) == ["2026-11-03", "2026-11-10T14:00", "2026-11-24"]


def test_what_an_override_changes_is_marked(database: Database) -> None:
    changed = vevent(
        f"RECURRENCE-ID{NY}20261110T100000", TEN_TUESDAY.replace("1103", "1110"), "SUMMARY:Other", "DURATION:PT1H"
    )
    moved = vevent(
        f"RECURRENCE-ID{NY}20261117T100000", f"DTSTART{NY}20261118T100000", "SUMMARY:Weekly", "DURATION:PT1H"
    )
    imported(database, calendar(SERIES, changed, moved), now=NOW)
    assert rows(database, "SELECT overridden FROM appointment ORDER BY series_key") == [
        ("",),
        ("title",),
        ("time",),
        ("",),
    ]


def test_two_rules_are_one_series(database: Database) -> None:
    master = vevent(TEN_TUESDAY, "RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=2", "RRULE:FREQ=WEEKLY;BYDAY=TH;COUNT=1")
    imported(database, calendar(master), now=NOW)
    assert starts(database, START, END) == ["2026-11-03T10:00", "2026-11-05T10:00", "2026-11-10T10:00"]


def test_an_exdate_on_the_only_occurrence_leaves_nothing(database: Database) -> None:
    report = imported(database, calendar(vevent(TEN_TUESDAY, f"EXDATE{NY}20261103T100000")), now=NOW)
    assert [problem.reason for problem in report.skipped] == ["its only occurrence is excluded by EXDATE"]


@pytest.mark.parametrize(
    "rule", ["FREQ=NEVER", "FREQ=WEEKLY;UNTL=20261201", "COUNT=3", "FREQ=HOURLY;BYMINUTE=1,2,3"]
)
def test_a_rule_that_cannot_be_kept_is_reported(database: Database, rule: str) -> None:
    (problem,) = imported(database, calendar(vevent(TEN_TUESDAY, f"RRULE:{rule}")), now=NOW).skipped
    assert problem.uid == "one@example.com"
    assert problem.line == 4


def test_a_long_description_does_not_multiply(database: Database) -> None:
    master = vevent(f"DTSTART{NY}20100105T100000", "RRULE:FREQ=DAILY", f"DESCRIPTION:{'x' * 50_000}")
    imported(database, calendar(master), now=NOW)
    ((size,),) = rows(database, "SELECT sum(length(instructions)) FROM appointment")
    assert isinstance(size, int)
    assert size < 15_000_000
