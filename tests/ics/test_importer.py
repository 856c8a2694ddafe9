"""Importing: identity, revisions, what is kept, one step of undo, dry runs, cancelling, memory of zones."""

from __future__ import annotations

import io
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from couchcal.errors import Invalid, NotFound
from couchcal.ics.importer import import_file
from couchcal.practice import custom_zones
from couchcal.practice.series import extend_all
from couchcal.practice.undo import redo, undo
from couchcal.scheduling import wallclock
from couchcal.store.connection import Database
from couchcal.store.records import Appointment
from couchcal.store.session import write_session
from tests.ics.test_quirks import END, NOW, NY, ODD, SERIES, START, TEN_TUESDAY, TO_ELEVEN, TUESDAYS, WEEKLY
from tests.support.ics_files import at, calendar, imported, instances, large_calendar, starts, vevent
from tests.support.practice import make_practice

TABLES = ("calendar", "custom_zone", "series", "series_exdate", "series_ics", "appointment", "appointment_ics")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return make_practice(tmp_path)


def rows(database: Database, statement: str, *values: object) -> list[tuple[object, ...]]:
    with closing(database.connect()) as connection:
        return connection.execute(statement, values).fetchall()


def counts(database: Database) -> dict[str, object]:
    return {table: rows(database, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


def snapshot(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """All rows, without bookkeeping that only grows."""
    kept = {}
    with closing(database.connect()) as connection:
        for table in TABLES:
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            wanted = ", ".join(name for name in names if name not in ("updated_at", "version", "sequence"))
            kept[table] = connection.execute(f"SELECT {wanted} FROM {table} ORDER BY id").fetchall()
    return kept


MIXED = calendar(
    ODD,
    vevent(TEN_TUESDAY, TO_ELEVEN, "SUMMARY:Single", "CATEGORIES:A,B", uid="single@example.com"),
    vevent("DTSTART;TZID=Customized Time Zone:20261105T100000", uid="odd@example.com"),
    SERIES.replace("one@", "series@").replace("SUMMARY", f"EXDATE{NY}20261124T100000\nSUMMARY"),
    vevent(f"RECURRENCE-ID{NY}20261110T100000", f"DTSTART{NY}20261112T130000", uid="series@example.com"),
)


def test_the_same_file_twice_adds_nothing(database: Database) -> None:
    first = imported(database, MIXED, now=NOW)
    assert (first.read, first.added, first.unchanged, first.skipped) == (4, 4, 0, [])
    before = snapshot(database)
    again = imported(database, MIXED, now=NOW + timedelta(days=1))
    assert (again.read, again.added, again.updated, again.unchanged) == (4, 0, 0, 4)
    assert snapshot(database) == before


def test_undo_takes_all_of_it_back_and_redo_brings_it_again(database: Database) -> None:
    empty = counts(database)
    imported(database, MIXED, now=NOW)
    full = snapshot(database)
    assert undo(database) == "Undid: Imported 4 events from Sample"
    assert counts(database) == empty
    redo(database)
    assert snapshot(database) == full


def test_entries_are_events_of_a_local_calendar(database: Database) -> None:  # SYNC-06
    imported(database, MIXED, now=NOW)
    found = rows(
        database,
        "SELECT DISTINCT a.kind, a.origin, c.name FROM appointment a JOIN calendar c ON c.id = a.calendar_id",
    )
    assert found == [("other_event", "ics", "Sample")]


def test_a_calendar_is_called_as_asked_else_as_its_file_says_else_as_the_file(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "from disk.ics"
    path.write_bytes(calendar(SERIES))
    named = tmp_path / "named.ics"
    named.write_bytes(calendar(SERIES, head=r"X-WR-CALNAME:Work\, mine"))
    assert import_file(database, path, clock=at(NOW)).calendar == "from disk"
    assert import_file(database, named, clock=at(NOW)).calendar == "Work, mine"
    assert import_file(database, named, calendar="Asked", clock=at(NOW)).calendar == "Asked"
    assert [name for (name,) in rows(database, "SELECT name FROM calendar ORDER BY id")] == [
        "from disk",
        "Work, mine",
        "Asked",
    ]


def test_a_dry_run_writes_nothing_and_reports_the_same(database: Database) -> None:
    empty = counts(database)
    dry = imported(database, MIXED, now=NOW, dry_run=True)
    assert counts(database) == empty
    assert rows(database, "SELECT count(*) FROM change WHERE actor = 'import'") == [(0,)]
    assert imported(database, MIXED, now=NOW) == dry


def test_progress_may_stop_it_and_nothing_is_written(database: Database) -> None:
    empty = counts(database)
    seen: list[tuple[int, int, int]] = []

    def stop_later(done: int, total: int, events: int) -> bool:
        seen.append((done, total, events))
        return events < 500

    data = b"".join(large_calendar(2_000))
    report = import_file(database, io.BytesIO(data), clock=at(NOW), progress=stop_later)
    assert report.cancelled
    assert counts(database) == empty
    assert {total for _, total, _ in seen} == {len(data)}
    assert [events for _, _, events in seen] == [100, 200, 300, 400, 500]


def test_a_newer_revision_changes_the_row_in_place(database: Database) -> None:
    imported(database, calendar(vevent(TEN_TUESDAY, TO_ELEVEN, "SUMMARY:Old", "SEQUENCE:1")), now=NOW)
    before = rows(database, "SELECT id FROM appointment")
    newer = calendar(vevent(f"DTSTART{NY}20261104T100000", "SUMMARY:New", "SEQUENCE:2", "X-MORE:1"))
    report = imported(database, newer, now=NOW)
    assert (report.added, report.updated) == (0, 1)
    assert rows(database, "SELECT id, title FROM appointment") == [(*before[0], "New")]
    assert rows(database, "SELECT extra FROM appointment_ics") == [("X-MORE:1",)]
    undo(database)
    assert rows(database, "SELECT title FROM appointment") == [("Old",)]


@pytest.mark.parametrize(
    ("old", "new", "wins"),
    [
        (("SEQUENCE:1",), ("SEQUENCE:0",), False),
        (("SEQUENCE:1",), ("SEQUENCE:1",), False),
        (("LAST-MODIFIED:20260101T000000Z",), ("LAST-MODIFIED:20260102T000000Z",), True),
        (("LAST-MODIFIED:20260102T000000Z",), ("LAST-MODIFIED:20260101T000000Z",), False),
        (("SEQUENCE:2", "LAST-MODIFIED:20260101T000000Z"), ("SEQUENCE:1", "LAST-MODIFIED:20260301T000000Z"), False),
    ],
)
def test_which_revision_wins(database: Database, old: tuple[str, ...], new: tuple[str, ...], wins: bool) -> None:
    imported(database, calendar(vevent(TEN_TUESDAY, "SUMMARY:Old", *old)), now=NOW)
    report = imported(database, calendar(vevent(TEN_TUESDAY, "SUMMARY:New", *new)), now=NOW)
    assert rows(database, "SELECT title FROM appointment") == [("New" if wins else "Old",)]
    assert (report.updated, report.unchanged) == (int(wins), int(not wins))


def test_a_newer_series_moves_its_rows_and_keeps_what_was_changed_by_hand(database: Database) -> None:
    imported(database, calendar(SERIES), now=NOW)
    with write_session(database, "Edit", clock=at(NOW)) as session:
        row = session.get(Appointment, 2)
        assert row is not None
        row.title, row.overridden = "By hand", "title"
    newer = vevent(TEN_TUESDAY, TO_ELEVEN, "RRULE:FREQ=WEEKLY;COUNT=3", "SUMMARY:Renamed", "SEQUENCE:1")
    report = imported(database, calendar(newer), now=NOW)
    assert (report.updated, report.added) == (1, 0)
    assert rows(database, "SELECT id, title FROM appointment ORDER BY id") == [
        (1, "Renamed"),
        (2, "By hand"),
        (3, "Renamed"),
    ]
    undo(database)
    assert starts(database, START, END) == TUESDAYS


def test_an_override_alone_finds_the_series_that_is_there(database: Database) -> None:
    imported(database, calendar(SERIES), now=NOW)
    moved = vevent(f"RECURRENCE-ID{NY}20261110T100000", f"DTSTART{NY}20261112T130000", "SUMMARY:Moved")
    report = imported(database, calendar(moved), now=NOW)
    assert (report.added, report.updated) == (1, 0)
    assert starts(database, START, END) == [TUESDAYS[0], "2026-11-12T13:00", *TUESDAYS[2:]]
    assert imported(database, calendar(moved), now=NOW).unchanged == 1
    assert rows(database, "SELECT count(*) FROM appointment") == [(4,)]


def test_a_cancellation_message_cancels(database: Database) -> None:
    single = vevent("DTSTART:20261104T150000Z", uid="single@example.com")
    imported(database, calendar(SERIES, single), now=NOW)
    cancel = calendar(
        vevent(TEN_TUESDAY, "SEQUENCE:1"),
        vevent("DTSTART:20261104T150000Z", uid="single@example.com"),
        head="METHOD:CANCEL",
    )
    report = imported(database, cancel, now=NOW)
    assert report.updated == 2
    assert starts(database, START, END) == []
    assert imported(database, cancel, now=NOW).unchanged == 2


def test_a_single_event_may_become_a_series_and_back(database: Database) -> None:
    imported(database, calendar(vevent(TEN_TUESDAY)), now=NOW)
    imported(database, calendar(vevent(TEN_TUESDAY, WEEKLY, "SEQUENCE:1")), now=NOW)
    assert starts(database, START, END) == TUESDAYS
    imported(database, calendar(vevent(TEN_TUESDAY, "SEQUENCE:2")), now=NOW)
    assert starts(database, START, END) == TUESDAYS[:1]
    undo(database)
    assert starts(database, START, END) == TUESDAYS


def test_our_own_events_are_never_changed_by_a_file(database: Database) -> None:  # APT-01
    with write_session(database, "Own", clock=at(NOW)) as session:
        session.add(
            Appointment(
                uid="mine@couchcal",
                kind="other_event",
                title="Mine",
                start_utc=datetime(2026, 11, 3, 15, tzinfo=UTC),
                end_utc=datetime(2026, 11, 3, 16, tzinfo=UTC),
            )
        )
    for lines in ((), (WEEKLY,), (f"RECURRENCE-ID{NY}20261103T100000",)):
        changed = vevent(f"DTSTART{NY}20261105T100000", "SEQUENCE:99", *lines, uid="mine@couchcal")
        report = imported(database, calendar(changed), now=NOW)
        assert (report.unchanged, report.added, report.updated) == (1, 0, 0)
    assert rows(database, "SELECT title, count(*) FROM appointment") == [("Mine", 1)]


def test_one_uid_for_different_events_loses_none(database: Database) -> None:
    days = [vevent(f"DTSTART{NY}202611{day:02}T100000", uid="same") for day in (3, 4, 5)]
    assert imported(database, calendar(*days), now=NOW).added == 3
    assert starts(database, START, END) == ["2026-11-03T10:00", "2026-11-04T10:00", "2026-11-05T10:00"]
    assert imported(database, calendar(*days), now=NOW).unchanged == 3


def test_what_has_no_column_is_kept_word_for_word(database: Database) -> None:
    kept = [
        'ATTENDEE;CN="Roe: Jo";ROLE=CHAIR:mailto:jo@example.com',
        "X-THING;A=b:c\\,d",
        "CATEGORIES:Work,Clinic",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Reminder",
        "TRIGGER:-PT15M",
        "END:VALARM",
    ]
    imported(
        database,
        calendar(vevent(TEN_TUESDAY, "SUMMARY:x", *kept), vevent(TEN_TUESDAY, WEEKLY, *kept, uid="s")),
        now=NOW,
    )
    assert rows(database, "SELECT extra FROM appointment_ics") == [("\n".join(kept),)]
    assert rows(database, "SELECT extra FROM series_ics") == [("\n".join(kept),)]


def test_parts_left_open_are_closed_and_stray_ends_dropped(database: Database) -> None:
    lines = ["END:VALARM", "BEGIN:VALARM", "BEGIN:X-PART", "TRIGGER:-PT5M"]
    imported(database, calendar(vevent(TEN_TUESDAY, *lines)), now=NOW)
    ((extra,),) = rows(database, "SELECT extra FROM appointment_ics")
    assert str(extra).split("\n") == [*lines[1:], "END:X-PART", "END:VALARM"]


def test_a_definition_is_that_of_its_own_calendar(database: Database) -> None:
    event = "DTSTART;TZID=Customized Time Zone:20261103T100000"
    first = calendar(ODD, vevent(event, uid="first"))
    second = calendar(ODD.replace("-0420", "-0520"), vevent(event, uid="second"))
    imported(database, first + second, now=NOW)
    assert starts(database, START, END) == ["2026-11-03T09:20", "2026-11-03T10:20"]


def test_exceptions_of_a_series_are_read_in_its_own_zone(database: Database) -> None:
    zone = ";TZID=Customized Time Zone:"
    rule = ("RRULE:FREQ=DAILY;COUNT=3", f"EXDATE{zone}20261104T100000")
    moved = vevent(f"RECURRENCE-ID{zone}20261105T100000", f"DTSTART{zone}20261105T120000", uid="first")
    first = calendar(ODD, vevent(f"DTSTART{zone}20261103T100000", *rule, uid="first"), moved)
    second = calendar(ODD.replace("-0420", "-0520"), vevent(f"DTSTART{zone}20261103T100000", uid="second"))
    imported(database, first + second, now=NOW)
    assert starts(database, START, END) == ["2026-11-03T09:20", "2026-11-03T10:20", "2026-11-05T11:20"]


def test_an_endless_series_goes_on_where_somebody_looks(database: Database) -> None:
    data = calendar(vevent(f"DTSTART{NY}20100105T100000", "RRULE:FREQ=WEEKLY;BYDAY=TU,TH", uid="endless"))
    imported(database, data, now=NOW)
    weeks = [datetime(2010, 1, 5, 10) + timedelta(weeks=n, days=d) for n in range(1_300) for d in (0, 2)]  # noqa: DTZ001
    for year in (2026, 2030, 2010):
        lo, hi = datetime(year, 1, 1, 5, tzinfo=UTC), datetime(year + 1, 1, 1, 5, tzinfo=UTC)
        extend_all(database, lo, hi, clock=at(NOW))
        assert starts(database, lo, hi) == [f"{day:%Y-%m-%dT%H:%M}" for day in weeks if day.year == year]


def test_rows_reach_back_and_ahead_within_bounds(database: Database) -> None:
    rule = "RRULE:FREQ=DAILY"
    imported(database, calendar(vevent(f"DTSTART{NY}19990101T100000", rule)), now=NOW)
    ((count, first, last),) = rows(database, "SELECT count(*), min(start_utc), max(start_utc) FROM appointment")
    assert isinstance(count, int)
    assert isinstance(first, int)
    assert isinstance(last, int)
    assert 950 <= count <= 1_200
    ((lo, hi),) = rows(database, "SELECT materialised_from, materialised_to FROM series")
    assert isinstance(lo, int)
    assert isinstance(hi, int)
    assert lo <= first < lo + 86_400 * 2
    assert hi - 86_400 * 2 <= last < hi
    assert hi >= int((NOW + timedelta(days=60)).timestamp())


def test_a_finite_series_is_complete(database: Database) -> None:
    imported(database, calendar(SERIES), now=datetime(2020, 1, 1, tzinfo=UTC))
    assert extend_all(database, START, END, clock=at(NOW)) == 0
    assert starts(database, START, END) == TUESDAYS


def test_a_private_zone_is_known_again_in_another_process(database: Database) -> None:
    zone_file = calendar(ODD, vevent("DTSTART;TZID=Customized Time Zone:20261103T100000", "RRULE:FREQ=DAILY"))
    imported(database, zone_file, now=NOW)
    other = ODD.replace("-0420", "+0333")
    second = calendar(other, vevent("DTSTART;TZID=Customized Time Zone:20261103T100000", uid="second"))
    imported(database, second, now=NOW)
    names = [name for (name,) in rows(database, "SELECT name FROM custom_zone ORDER BY id")]
    assert names == ["Customized Time Zone", "Customized Time Zone (2)"]
    wallclock._custom_zones.clear()
    with closing(database.connect()) as connection:
        assert custom_zones.register_stored(connection) == 2
    zone = wallclock.zone("VTIMEZONE:Customized Time Zone (2)")
    assert wallclock.to_instant(datetime(2026, 11, 3, 10), zone) == datetime(2026, 11, 3, 6, 27, tzinfo=UTC)  # noqa: DTZ001
    lo, hi = datetime(2028, 1, 1, 5, tzinfo=UTC), datetime(2028, 1, 3, 5, tzinfo=UTC)
    extend_all(database, lo, hi, clock=at(NOW))
    assert starts(database, lo, hi) == ["2028-01-01T09:20", "2028-01-02T09:20"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello\nworld\n",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"<html><body>Sign in</body></html>",
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Somebody\r\nEND:VCARD\r\n",
        b"BEGIN:VCAL",
    ],
)
def test_what_is_no_calendar_is_refused(database: Database, data: bytes) -> None:
    with pytest.raises(Invalid, match="no calendar") as refusal:
        imported(database, data, now=NOW)
    assert (refusal.value.code, refusal.value.exit_code) == ("not_a_calendar", 1)


def test_a_vcalendar_1_is_refused_by_its_name(database: Database) -> None:
    data = calendar(SERIES).replace(b"VERSION:2.0", b"VERSION:1.0")
    with pytest.raises(Invalid, match=r"vCalendar 1\.0"):
        imported(database, data, now=NOW)


def test_a_missing_file_is_said_to_be_missing(database: Database, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="cannot be read"):
        import_file(database, tmp_path / "none.ics")


def test_tasks_only_means_nothing_to_import(database: Database) -> None:
    data = calendar(
        "BEGIN:VTODO\nUID:t\nEND:VTODO", "BEGIN:VTODO\nUID:u\nEND:VTODO", "BEGIN:VJOURNAL\nEND:VJOURNAL"
    )
    report = imported(database, data, now=NOW)
    assert (report.read, report.other) == (0, {"VTODO": 2, "VJOURNAL": 1})
    assert [note.reason for note in report.notes] == ["nothing to import: 1 VJOURNAL, 2 VTODO"]
    assert rows(database, "SELECT count(*) FROM calendar") == [(0,)]


def test_a_bad_component_is_reported_with_its_line_and_uid(database: Database) -> None:
    data = calendar(
        vevent(TEN_TUESDAY, f"DESCRIPTION:{'x' * 60}\r\n folded", uid="good"), vevent("DTSTART:x", uid="bad")
    )
    (problem,) = imported(database, data, now=NOW).skipped
    line = data.split(b"\r\n")[problem.line - 1 : problem.line + 1]
    assert line == [b"BEGIN:VEVENT", b"UID:bad"]
    assert problem.uid == "bad"
    assert "DTSTART" in problem.reason


def test_the_report_is_that_of_the_contract(database: Database) -> None:
    report = imported(database, calendar(vevent("DTSTART:x"), SERIES), now=NOW).as_json()
    assert {name: report[name] for name in ("read", "added", "updated", "unchanged")} == {
        "read": 2,
        "added": 1,
        "updated": 0,
        "unchanged": 0,
    }
    assert [sorted(skipped) for skipped in report["skipped"]] == [["line", "reason", "uid"]]


def test_status_and_transparency(database: Database) -> None:
    events = [
        vevent(TEN_TUESDAY, f"STATUS:{status}", f"TRANSP:{transp}", uid=status)
        for status, transp in (("TENTATIVE", "OPAQUE"), ("CANCELLED", "TRANSPARENT"), ("confirmed", "opaque"))
    ]
    imported(database, calendar(*events), now=NOW)
    found = {one.uid: (one.status, one.transp) for one in instances(database, START, END, "America/New_York")}
    assert found == {
        "TENTATIVE": ("TENTATIVE", "OPAQUE"),
        "CANCELLED": ("CANCELLED", "TRANSPARENT"),
        "confirmed": ("", "OPAQUE"),
    }


def test_years_1_and_9999(database: Database) -> None:
    events = [
        vevent(f"DTSTART:{year}T100000Z", "DURATION:PT1H", rule, uid=f"{year}{rule}")
        for year in ("00010101", "99991231")
        for rule in ("X-A:b", "RRULE:FREQ=YEARLY", "RRULE:FREQ=DAILY;COUNT=5")
    ]
    report = imported(database, calendar(*events), now=NOW)
    assert report.added == 6


def test_the_checks_of_the_store_hold_for_imported_rows(database: Database) -> None:
    imported(database, MIXED, now=NOW)
    with closing(database.connect()) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_the_store_checks_each_row_again_after_an_import(database: Database) -> None:
    imported(database, MIXED, now=NOW)
    with pytest.raises(IntegrityError), write_session(database, "Bad", clock=at(NOW)) as session:
        session.add(Appointment(uid="x", kind="other_event", status="nonsense", start_utc=NOW, end_utc=NOW))


def test_an_encrypted_practice_takes_an_import(tmp_path: Path) -> None:
    database = make_practice(tmp_path / "encrypted", encrypt=True)
    assert imported(database, MIXED, now=NOW).added == 4
    assert imported(database, MIXED, now=NOW).unchanged == 4
