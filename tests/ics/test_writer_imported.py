"""Imported entries in an export."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from couchcal.ics.kept_lines import kept_lines
from couchcal.practice import appointments
from couchcal.store.connection import Database
from tests.support.ics_export import (
    NOW,
    clock,
    exported,
    lines,
    practice_of_one,
)
from tests.support.ics_files import calendar, imported, vevent
from tests.support.ics_reading import components, properties


@pytest.fixture
def practice(tmp_path: Path) -> Database:
    return practice_of_one(tmp_path)


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
        "BEGIN:VALARM", "TRIGGER:-PT5M", "END:VALARM",
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


def test_components_go_last_and_only_whole() -> None:
    alarm = ["BEGIN:VALARM", "ACTION:AUDIO", "TRIGGER:-PT5M", "BEGIN:X-IN", "END:X-IN", "END:VALARM"]
    text = "\n".join([*alarm, "CATEGORIES:A", "created:20250101T000000Z", "BEGIN:X-OPEN", "X-A:1", "END:X-OTHER"])
    assert kept_lines(text) == ({"CREATED": "created:20250101T000000Z"}, ["CATEGORIES:A", *alarm])


def test_properties_of_columns_are_not_repeated() -> None:
    assert kept_lines("LAST-MODIFIED:20250101T000000Z\nsummary;LANGUAGE=en:Old\nX-KEPT:1") == ({}, ["X-KEPT:1"])


def test_a_change_here_is_a_change_there(practice: Database) -> None:
    text = vevent(
        "DTSTART:20260401T100000Z", "DTEND:20260401T110000Z", "LAST-MODIFIED:20250102T000000Z", "SUMMARY:A"
    )
    imported(practice, calendar(text), now=NOW)
    with closing(practice.connect()) as connection:
        (row_id,) = connection.execute("SELECT id FROM appointment").fetchone()
    appointments.edit(practice, row_id, {"title": "B"}, clock=clock)
    data = exported(practice)
    assert properties(data, "LAST-MODIFIED") == ["LAST-MODIFIED:20260302T090000Z"]
    assert properties(data, "SEQUENCE") == ["SEQUENCE:1"]
