"""Events of remote calendars case by case: splits, ids, horizons, what cannot be shown, what takes no time."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from couchcal.errors import Refused
from couchcal.practice import agenda, external, openings, search, series
from couchcal.practice.agenda import Entry
from couchcal.practice.entries_by_id import entries_by_id
from couchcal.practice.external import External, Family, Stored
from couchcal.practice.locks import lock_reasons
from couchcal.store.session import write_session
from tests.practice.conftest import NEW_YORK, Desk
from tests.support.entries import insert, insert_link

DAY = timedelta(days=1)
WEEKLY = ("RRULE:FREQ=WEEKLY",)


@pytest.fixture
def linked(desk: Desk) -> Desk:
    """A practice that reads one remote calendar."""
    with closing(desk.database.connect()) as connection:
        insert_link(connection)
    return desk


def store(desk: Desk, *events: External) -> Stored:
    with write_session(desk.database, "Read", actor="google", clock=desk.clock) as session:
        return external.store(session, 1, events, clock=desk.clock)


def remove(desk: Desk, *ids: str) -> Stored:
    with write_session(desk.database, "Read", actor="google", clock=desk.clock) as session:
        return external.remove(session, 1, ids, clock=desk.clock)


def event(desk: Desk, name: str, local: str, minutes: int = 50, **fields: Any) -> External:
    start = desk.at(local)
    values: dict[str, Any] = {"title": name, "tz": "America/New_York", **fields}
    return External(name, start=start, end=start + timedelta(minutes=minutes), **values)


def entries(desk: Desk, first: str, last: str) -> list[Entry]:
    found = agenda.between(desk.reading, desk.at(f"{first} 00:00"), desk.at(f"{last} 00:00"), NEW_YORK)
    return [entry for entry in found if entry.kind == "external"]


def days(desk: Desk, first: str = "2026-03-01", last: str = "2026-05-01") -> list[str]:
    return [f"{entry.start.astimezone(NEW_YORK):%m-%d %H:%M}" for entry in entries(desk, first, last)]


def test_a_split_series_keeps_its_exceptions_apart(linked: Desk) -> None:
    store(linked, event(linked, "base", "2026-03-02 09:00", recurrence=WEEKLY))
    assert days(linked, last="2026-03-31") == [
        "03-02 09:00",
        "03-09 09:00",
        "03-16 09:00",
        "03-23 09:00",
        "03-30 09:00",
    ]
    rest = "base_R20260316T130000"
    truncated = event(linked, "base", "2026-03-02 09:00", recurrence=("RRULE:FREQ=WEEKLY;UNTIL=20260316T035959Z",))
    moved = replace_id(
        event(linked, "x", "2026-03-24 10:00"), "base_20260323T130000Z", rest, linked.at("2026-03-23 09:00")
    )
    store(linked, moved, event(linked, rest, "2026-03-16 09:00", recurrence=WEEKLY), truncated)
    assert days(linked, last="2026-03-31") == [
        "03-02 09:00",
        "03-09 09:00",
        "03-16 09:00",
        "03-24 10:00",
        "03-30 09:00",
    ]
    # A bare tombstone names the base, whichever part the occurrence is in.
    assert store(linked, External("base_20260330T130000Z", cancelled=True)).deleted == 1
    assert days(linked, last="2026-03-31") == ["03-02 09:00", "03-09 09:00", "03-16 09:00", "03-24 10:00"]
    assert external.ids(linked.reading, 1)[rest].exceptions == {"base_20260323T130000Z", "base_20260330T130000Z"}
    store(linked, External("base", cancelled=True))
    assert days(linked, last="2026-03-31") == ["03-16 09:00", "03-24 10:00"]


def test_an_id_that_a_later_part_of_a_series_has_is_not_taken_by_an_earlier_one(linked: Desk) -> None:
    there = replace_id(
        event(linked, "x", "2026-03-24 10:00"), "base_20260323T130000Z", "base_R20260316T130000",
        linked.at("2026-03-23 09:00"),
    )  # fmt: skip
    store(linked, there)
    for title in ("first", "second"):
        store(linked, event(linked, "base", "2026-03-02 09:00", title=title, recurrence=WEEKLY))
        assert days(linked, last="2026-03-25") == ["03-02 09:00", "03-09 09:00", "03-16 09:00", "03-24 10:00"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
def test_an_all_day_series_is_there_on_its_day_in_every_zone(linked: Desk, zone: str) -> None:
    first = date(2020, 3, 2)
    store(linked, External("d", start=first, end=first, recurrence=("RRULE:FREQ=DAILY",)))
    for day in (date(2022, 7, 1), date(2031, 1, 5), date(2060, 12, 31)):
        start, end = (agenda.day_instant(at, ZoneInfo(zone)) for at in (day, day + DAY))
        series.extend_all(linked.database, start, end, clock=linked.clock)
        found = agenda.between(linked.reading, start, end, ZoneInfo(zone))
        assert [entry.first_day for entry in found] == [day]


def replace_id(exception: External, name: str, master: str, original: datetime | date) -> External:
    return External(
        name, start=exception.start, end=exception.end, tz=exception.tz, title=exception.title, recurring_id=master,
        original_start=original,
    )  # fmt: skip


def test_an_exception_replaces_by_its_original_start_not_by_its_id(linked: Desk) -> None:
    store(linked, event(linked, "m", "2026-03-02 09:00", recurrence=WEEKLY))
    original = linked.at("2026-03-09 09:00")
    store(linked, replace_id(event(linked, "x", "2026-03-10 11:00"), "m_20260309t130000z", "m", original))
    assert days(linked, last="2026-03-17") == ["03-02 09:00", "03-10 11:00", "03-16 09:00"]
    store(linked, External("m_20260309T130000Z", cancelled=True))
    assert days(linked, last="2026-03-17") == ["03-02 09:00", "03-16 09:00"]
    assert len(external.ids(linked.reading, 1)["m"].exceptions) == 1


def test_an_all_day_exception_goes_by_its_date(linked: Desk) -> None:
    first = date(2026, 3, 2)
    store(linked, External("d", start=first, end=first + DAY, title="Day", recurrence=WEEKLY))
    there = External(
        "d_x", start=first + 8 * DAY, end=first + 9 * DAY, recurring_id="d", original_start=first + 7 * DAY
    )
    store(linked, there)
    found = entries(linked, "2026-03-01", "2026-03-17")
    assert [entry.first_day for entry in found] == [date(2026, 3, 2), date(2026, 3, 10), date(2026, 3, 16)]
    # Midnight in a zone to the east of UTC is still that date.
    odd = External(
        "d_y", start=first + 15 * DAY, end=first + 16 * DAY, tz="Asia/Tokyo", recurring_id="d",
        original_start=datetime(2026, 3, 15, 15, tzinfo=UTC),
    )  # fmt: skip
    store(linked, odd)
    found = entries(linked, "2026-03-11", "2026-03-20")
    assert [entry.first_day for entry in found] == [date(2026, 3, 17)]


def test_an_exception_without_its_master_is_a_single_event(linked: Desk) -> None:
    orphan = replace_id(
        event(linked, "x", "2026-03-10 11:00"), "m_20260309T130000Z", "m", linked.at("2026-03-09 09:00")
    )
    assert store(linked, orphan) == Stored(1, 0)
    assert days(linked) == ["03-10 11:00"]
    assert external.ids(linked.reading, 1) == {"m": Family("m", False, True, frozenset({orphan.id}))}
    store(linked, event(linked, "m", "2026-03-02 09:00", recurrence=WEEKLY))
    assert days(linked, last="2026-03-17") == ["03-02 09:00", "03-10 11:00", "03-16 09:00"]
    assert store(linked, External("m", cancelled=True)).deleted == 1
    assert days(linked) == []


def test_tombstones_of_the_unknown_are_nothing(linked: Desk) -> None:
    gone = [
        External("a", cancelled=True),
        External("b_20260309T130000Z", cancelled=True),
        External("", cancelled=True),
    ]
    assert store(linked, *gone) == Stored(0, 0)
    assert linked.rows("external_event") == {}


def test_what_goes_without_a_tombstone(linked: Desk) -> None:
    store(linked, event(linked, "m", "2026-03-02 09:00", recurrence=WEEKLY), event(linked, "s", "2026-03-03 09:00"))
    store(linked, External("m_20260309T130000Z", cancelled=True))
    assert remove(linked, "m_20260309T130000Z", "m_20260316T130000Z", "nobody") == Stored(0, 1)
    assert days(linked, last="2026-03-17") == ["03-02 09:00", "03-03 09:00", "03-09 09:00", "03-16 09:00"]
    assert remove(linked, "m") == Stored(0, 1)
    assert days(linked) == ["03-03 09:00"]
    with write_session(linked.database, "Off", actor="google", clock=linked.clock) as session:  # SYNC-14
        assert external.clear(session, 1) == 1
    assert linked.rows("external_event") == {}


def test_rows_follow_whatever_window_is_looked_at(linked: Desk) -> None:
    store(linked, event(linked, "m", "2020-03-02 09:00", recurrence=("RRULE:FREQ=DAILY",)))
    store(linked, event(linked, "done", "2026-03-05 12:00", recurrence=("RRULE:FREQ=DAILY;COUNT=2",)))
    windows = [
        ("2027-05-03", "2027-05-10"), ("2028-06-05", "2028-06-12"), ("2023-01-02", "2023-01-09"),
        ("2091-01-01", "2091-01-08"), ("2020-02-27", "2020-03-05"), ("1999-01-01", "1999-01-08"),
    ]  # fmt: skip
    for number, (first, last) in enumerate(windows):
        start, end = linked.at(f"{first} 00:00"), linked.at(f"{last} 00:00")
        assert agenda.horizon_reached(linked.reading, start, end) == (number == 0)
        series.extend_all(linked.database, start, end, clock=linked.clock)
        expected = {"1999-01-01": 0, "2020-02-27": 3}.get(first, 7)
        assert len(entries(linked, first, last)) == expected, first
        assert series.extend_all(linked.database, start, end, clock=linked.clock) == 0
    store(linked, event(linked, "m", "2020-03-02 10:00", recurrence=("RRULE:FREQ=DAILY",)))
    assert {entry.start.astimezone(NEW_YORK).hour for entry in entries(linked, "2019-01-01", "2092-01-01")} <= {
        10,
        12,
    }


def test_an_occurrence_that_lasts_into_the_window_is_there(linked: Desk) -> None:
    long = event(linked, "long", "2020-01-01 09:00", minutes=40 * 1440, recurrence=("RRULE:FREQ=YEARLY",))
    store(linked, long)
    start, end = linked.at("2024-02-05 00:00"), linked.at("2024-02-06 00:00")
    series.extend_all(linked.database, start, end, clock=linked.clock)
    assert len(entries(linked, "2024-02-05", "2024-02-06")) == 1


def test_a_window_of_too_many_is_refused(linked: Desk) -> None:
    store(linked, event(linked, "m", "2026-03-02 09:00", recurrence=("RRULE:FREQ=HOURLY",)))
    with pytest.raises(Refused, match="too many occurrences"):
        series.extend_all(linked.database, linked.now, linked.now + 15_000 * DAY, clock=linked.clock)


def test_an_event_of_a_thousand_years_each_week_is_told_and_not_stored(linked: Desk) -> None:
    long = event(linked, "m", "1013-03-02 09:00", minutes=1013 * 366 * 1440, recurrence=("RRULE:FREQ=WEEKLY",))
    skipped = store(linked, long).skipped
    assert skipped == (("m", "more than 50,000 occurrences"),)
    (stored,) = linked.reading.execute("SELECT count(*) FROM external_event").fetchone()
    assert stored == 1


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("RRULE:FREQ=SECONDLY", "more than 10,000 times a year"),
        ("RRULE:FREQ=MINUTELY;INTERVAL=20", "more than 10,000 times a year"),
        ("RRULE:FREQ=FORTNIGHTLY", "its rule cannot be read"),
    ],
)
def test_a_rule_that_cannot_be_shown_is_told(linked: Desk, rule: str, reason: str) -> None:
    good, other = event(linked, "m", "2026-03-02 09:00", recurrence=WEEKLY), event(linked, "s", "2026-03-03 09:00")
    store(linked, good, other)
    bad = event(linked, "m", "2026-03-02 09:00", title="Secret name", recurrence=(rule,))
    skipped = store(linked, bad).skipped
    assert [name for name, _ in skipped] == ["m"]
    assert reason in skipped[0][1]
    assert "Secret" not in skipped[0][1]
    assert days(linked) == ["03-03 09:00"]
    far = linked.now + 3000 * DAY
    assert agenda.horizon_reached(linked.reading, linked.now, far)
    store(linked, good)
    assert len(days(linked)) == 10


def test_what_cannot_be_read_stays_as_it_was(linked: Desk) -> None:
    good = event(linked, "s", "2026-03-03 09:00")
    store(linked, good)
    broken = (
        External("s", unreadable="no start"),
        External("t"),
        External("u", start=linked.now, end=date(2026, 3, 3)),
    )
    found = store(linked, *broken)
    assert found[:2] == (0, 0)
    assert [name for name, _ in found.skipped] == ["s", "t", "u"]
    assert days(linked) == ["03-03 09:00"]
    assert store(linked, External("s", cancelled=True, unreadable="no start")).deleted == 1


def test_nothing_is_written_if_nothing_is_new(linked: Desk) -> None:
    whole = [
        event(linked, "m", "2026-03-02 09:00", recurrence=(*WEEKLY, "EXDATE:20260309T130000Z"), etag="1"),
        event(linked, "s", "2026-03-03 09:00", tz="", declined=True),
        External("d", start=date(2026, 3, 3), end=date(2026, 3, 4), recurrence=("RRULE:FREQ=YEARLY",)),
        External("m_20260316T130000Z", cancelled=True, recurring_id="m"),
    ]
    store(linked, *whole)
    before = linked.reading.execute("PRAGMA data_version").fetchone()
    linked.now += 40 * DAY
    assert store(linked, *whole) == Stored(0, 0)
    assert store(linked, event(linked, "s", "2026-03-03 09:00", tz="", declined=True, etag="2")) == Stored(0, 0)
    assert linked.reading.execute("PRAGMA data_version").fetchone() == before


def test_a_public_id_outlives_a_change(linked: Desk) -> None:
    store(linked, event(linked, "m", "2026-03-02 09:00", recurrence=WEEKLY))
    before = {entry.start: entry.id for entry in entries(linked, "2026-03-01", "2026-06-01")}
    store(linked, event(linked, "m", "2026-03-02 09:00", title="Renamed", recurrence=WEEKLY))
    found = entries(linked, "2026-03-01", "2026-06-01")
    assert {entry.start: entry.id for entry in found} == before
    assert {entry.title for entry in found} == {"Renamed"}
    hits = search.find(linked.reading, "renamed", NEW_YORK, now=linked.now)
    assert {entry.id for entry in hits} >= set(before.values())
    assert search.find(linked.reading, "m_2026", NEW_YORK, now=linked.now) == []


def test_what_takes_time_and_what_does_not(linked: Desk) -> None:  # SYNC-22, INV-A9
    session = linked.book("2026-03-03 09:00")
    types = {"default": True, "outOfOffice": True, "focusTime": True, "fromGmail": True, "newKind": True,
             "workingLocation": False, "birthday": False}  # fmt: skip
    for kind, busy in types.items():
        for transparent in (False, True):
            store(linked, event(linked, "s", "2026-03-03 09:00", event_type=kind, busy=not transparent))
            (entry,) = entries(linked, "2026-03-03", "2026-03-04")
            assert entry.busy == entry.conflict == linked.entry(session).conflict == (busy and not transparent)
    store(linked, event(linked, "s", "2026-03-03 09:00", declined=True, tentative=True))
    (entry,) = entries(linked, "2026-03-03", "2026-03-04")
    assert (entry.status, entry.busy, entry.conflict, entry.off, entry.cancelled) == (
        "declined",
        False,
        False,
        True,
        False,
    )
    assert [lock.name for lock in lock_reasons(entry)] == ["google"]
    assert not linked.entry(session).conflict
    store(linked, event(linked, "s", "2026-03-03 09:00", tentative=True))
    (entry,) = entries(linked, "2026-03-03", "2026-03-04")
    assert (entry.status, entry.busy, entry.conflict) == ("tentative", True, True)


def test_declined_events_block_nothing_however_they_are_stored(linked: Desk) -> None:  # INV-A9
    start = int(linked.at("2026-03-03 09:00").timestamp())
    session = linked.book("2026-03-03 09:00")
    with closing(linked.database.connect()) as connection:
        rows = [{"start_utc": start, "end_utc": start + 3000, "status": "declined", "transparent": False}]
        insert(connection, "external_event", rows)
        found = agenda.between(connection, linked.at("2026-03-03 00:00"), linked.at("2026-03-04 00:00"), NEW_YORK)
        assert [(entry.busy, entry.conflict) for entry in found if entry.kind == "external"] == [(False, False)]
        assert not any(entry.conflict for entry in found)
        assert not any(entry.conflict for entry in entries_by_id(connection, [session], [1], NEW_YORK))
        free = openings.free_starts(
            connection, 50, first=date(2026, 3, 3), last=date(2026, 3, 3), now=linked.now, tz=NEW_YORK,
            ignoring=[("appointment", session)],
        )  # fmt: skip
        assert linked.at("2026-03-03 09:00") in list(islice(free, 3))


def test_busy_time_without_a_title(linked: Desk) -> None:
    store(linked, event(linked, "s", "2026-03-03 09:00", title="", place="Room 5"))
    store(linked, event(linked, "t", "2026-03-03 10:00", title=" \x00 ", busy=False))
    found = entries(linked, "2026-03-03", "2026-03-04")
    assert [(entry.title, entry.place) for entry in found] == [("Busy", "Room 5"), ("Free", "")]


def test_text_that_no_database_takes(linked: Desk) -> None:
    store(linked, event(linked, "s", "2026-03-03 09:00", title="a\ud800\x1b[31m b" + "x" * 5000, place="\udfff"))
    (entry,) = entries(linked, "2026-03-03", "2026-03-04")
    assert entry.title.startswith("a [31m b")
    assert len(entry.title) == 1024


@pytest.mark.parametrize("zone", ["", "Pacific Standard Time", "VTIMEZONE:x", "../etc/passwd"])
def test_a_zone_that_is_not_known_is_the_calendars(linked: Desk, zone: str) -> None:
    with closing(linked.database.connect()) as connection:
        connection.execute("UPDATE calendar_link SET time_zone = 'America/New_York'")
    store(linked, event(linked, "m", "2026-03-02 09:00", tz=zone, recurrence=WEEKLY))
    assert days(linked, last="2026-03-17") == ["03-02 09:00", "03-09 09:00", "03-16 09:00"]


def test_undo_knows_nothing_of_it(linked: Desk) -> None:
    store(linked, event(linked, "m", "2026-03-02 09:00", recurrence=WEEKLY))
    changes = linked.rows("change")
    store(linked, event(linked, "m", "2026-03-02 10:00", recurrence=WEEKLY))
    series.extend_all(linked.database, linked.now, linked.now + 1500 * DAY, clock=linked.clock)
    assert linked.rows("change") == changes
