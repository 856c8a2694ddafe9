"""Reports: the sums of the database against a plain count over the agenda, and what the tables mean."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couchcal.errors import Invalid
from couchcal.practice import agenda
from couchcal.practice.agenda import Entry, between, day_instant, local_day
from couchcal.practice.availability_time import available_seconds
from couchcal.practice.reports import Missed, WeekUse, missed, report
from couchcal.store.connection import Connection
from couchcal.store.records import AvailabilityBlock, TimeOff, epoch_seconds
from couchcal.store.session import write_session
from tests.practice.conftest import NEW_YORK, Desk
from tests.support.entries import insert
from tests.support.practice import make_practice

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SERVICES = ("90834", "90837", "90853")
ZONES = ("America/New_York", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kolkata", "UTC")
MIDNIGHTS = (date(2026, 3, 8), date(2026, 11, 1), date(2026, 3, 29), date(2018, 2, 18), date(2018, 11, 4),
             date(2011, 12, 31), date(2026, 1, 1), date(2026, 6, 15))  # fmt: skip
"""Days on which clocks change somewhere, at midnight or later, a day that was skipped, and plain ones."""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    database = make_practice(tmp_path_factory.mktemp("reports"))
    with closing(database.connect()) as connection:
        for number in (1, 2, 3):
            columns = [row[1] for row in connection.execute("PRAGMA table_info(client)") if row[3] and not row[5]]
            values = dict.fromkeys(columns, "") | {
                "created_at": 0, "updated_at": 0, "version": 1, "internal_id": f"C-{number}", "first": f"N{number}",
                "state": "active", "portal_state": "none", "self_scheduling": "inherit", "remind_email": 1,
                "remind_text": 0, "remind_phone": 0,
            }  # fmt: skip
            connection.execute(
                f"INSERT INTO client (id, {', '.join(values)}) VALUES ({number}, {', '.join('?' * len(values))})",
                tuple(values.values()),
            )
        yield connection
    database.dispose()


def row(start: int, minutes: int, **fields: Any) -> dict[str, Any]:
    return {"start_utc": start, "end_utc": start + 60 * minutes, **fields}


@st.composite
def practices(draw: st.DrawFn) -> tuple[tzinfo, date, date, list[dict[str, Any]], list[dict[str, Any]], int]:
    """A zone, a range around a day on which something happens, appointments and their cancellations."""
    tz = ZoneInfo(draw(st.sampled_from(ZONES)))
    middle = draw(st.sampled_from(MIDNIGHTS))
    first = middle - timedelta(days=draw(st.integers(0, 40)))
    until = middle + timedelta(days=draw(st.integers(0, 40)))
    noon = epoch_seconds(datetime.combine(middle, time(), UTC))
    rows, cancellations = [], []
    for number in range(1, draw(st.integers(0, 14)) + 1):
        start = noon + 900 * draw(st.one_of(st.integers(-80, 80), st.integers(-5000, 5000)))
        minutes = draw(st.sampled_from([15, 50, 60, 90, 600, 60 * 24 * 9]))
        kind = draw(st.sampled_from(["client_session", "client_session", "client_contact", "other_event"]))
        fields: dict[str, Any] = {"id": number, "kind": kind}
        if kind != "other_event":
            fields["client_id"] = draw(st.integers(1, 3))
        if kind == "client_session":
            fields["service"] = draw(st.sampled_from(SERVICES))
            if draw(st.integers(0, 3)) == 0:
                fields["status"] = "cancelled"
                kind_of = draw(st.sampled_from(["late_cancel", "no_show", "therapist_cancel", "other"]))
                fee = draw(st.one_of(st.none(), st.integers(0, 9000)))
                cancellations.append({"appointment_id": number, "type": kind_of, "fee_cents": fee})
            elif draw(st.booleans()):
                fields |= {"group_key": draw(st.sampled_from(["g", "h"])), "service": "90853"}
                start, minutes = noon + 3600 * draw(st.integers(-3, 3)), 90  # often the same time
        rows.append(row(start, minutes, **fields))
    return tz, first, until, rows, cancellations, draw(st.integers(0, 6))


def sessions(entries: list[Entry], first: date, until: date, tz: tzinfo) -> list[Entry]:
    return [
        entry for entry in entries if entry.kind == "client_session" and first <= local_day(entry.start, tz) < until
    ]


def week_of(day: date, week_start: int) -> date:
    return day - timedelta(days=(day.weekday() - week_start) % 7)


@settings(max_examples=60, deadline=None)
@given(practices())
def test_sums_are_those_of_a_plain_count_over_the_agenda(
    plain: Connection,
    made: tuple[tzinfo, date, date, list[dict[str, Any]], list[dict[str, Any]], int],
) -> None:
    tz, first, until, rows, cancellations, week_start = made
    plain.execute("BEGIN IMMEDIATE")
    try:
        insert(plain, "appointment", rows)
        plain.executemany(
            "INSERT INTO cancellation (created_at, updated_at, version, appointment_id, type, cancelled_by, reason,"
            " fee_cents, note, at, notified)"
            " VALUES (0, 0, 1, :appointment_id, :type, 'client', '', :fee_cents, '', 0, false)",
            cancellations,
        )
        found = report(plain, first, until, tz, NOW, week_start=week_start)
        listed = missed(plain, first, until, tz)
        start, end = day_instant(first, tz), day_instant(until, tz)
        entries = between(plain, start, end, tz, cancelled=True) if first < until else []
    finally:
        plain.execute("ROLLBACK")
    mine = sessions(entries, first, until, tz)
    kept = [entry for entry in mine if not entry.cancelled]

    spent: dict[str | None, set[tuple[object, ...]]] = defaultdict(set)
    for entry in kept:
        spent[entry.service].add((entry.group_key or entry.row_id, entry.start, entry.end))
    seconds = {
        service: int(sum((end - start).total_seconds() for _, start, end in times))  # type: ignore[operator]
        for service, times in spent.items()
    }
    assert {line.code: (line.sessions, line.seconds) for line in found.hours} == {
        service: (count, seconds[service]) for service, count in Counter(entry.service for entry in kept).items()
    }
    assert sum(line.share for line in found.hours) == pytest.approx(1 if kept else 0)

    weeks = {week_of(first + timedelta(days=n), week_start): [0, 0, 0] for n in range((until - first).days)}
    for entry in mine:
        counts = weeks[week_of(local_day(entry.start, tz), week_start)]
        counts[2 if entry.cancelled else entry.end > NOW] += 1
    assert {line.week: [line.kept, line.upcoming, line.cancelled] for line in found.weeks} == weeks

    booked = dict.fromkeys(weeks, 0)
    busy = [entry for entry in entries if entry.client_id is not None and not entry.cancelled]
    edges = sorted({edge for entry in busy for edge in (entry.start, entry.end)} | {start, end} | {
        day_instant(week, tz) for week in weeks
    })  # fmt: skip
    for opens, closes in pairwise(edges):
        if opens >= start and closes <= end and any(entry.start <= opens < entry.end for entry in busy):
            booked[week_of(local_day(opens, tz), week_start)] += int((closes - opens).total_seconds())
    assert {line.week: line.booked for line in found.utilisation} == booked

    wanted = [entry for entry in mine if entry.cancel_type in ("late_cancel", "no_show")]
    assert [entry.id for entry in listed] == [entry.id for entry in wanted]
    by_month: dict[tuple[date, int | None], list[int]] = defaultdict(lambda: [0, 0, 0])
    for entry in wanted:
        line = by_month[local_day(entry.start, tz).replace(day=1), entry.client_id]
        line[entry.cancel_type == "no_show"] += 1
        line[2] += entry.cancel_fee_cents or 0
    assert {
        (line.month, line.client_id): [line.late_cancels, line.no_shows, line.fee_cents]
        for line in found.cancellations
    } == by_month


def test_months_break_at_local_midnight_not_at_that_of_utc(desk: Desk) -> None:
    last = desk.book("2026-03-31 23:30")  # already April in UTC
    over = desk.book("2026-02-28 23:30", 60)
    for row_id in (last, over):
        desk.cancel(row_id, "no_show", fee_cents=2500)
    with closing(desk.database.connect()) as connection:
        found = report(connection, date(2026, 2, 1), date(2026, 5, 1), NEW_YORK, NOW)
    assert [(line.month, line.no_shows, line.fee_cents) for line in found.cancellations] == [
        (date(2026, 2, 1), 1, 2500),
        (date(2026, 3, 1), 1, 2500),
    ]
    assert found.cancellations[0] == Missed(date(2026, 2, 1), desk.ann, "C-0001", "Ann", "Sample", 0, 1, 2500)


def test_a_group_takes_one_hour_and_is_as_many_sessions_as_it_has_members(desk: Desk) -> None:
    for client in (desk.ann, desk.bob):
        desk.book("2026-03-03 15:00", 60, client_id=client, service="90853", group_key="evening")
    desk.book("2026-03-03 16:00", 60)
    with closing(desk.database.connect()) as connection:
        found = report(connection, date(2026, 3, 1), date(2026, 4, 1), NEW_YORK, NOW)
    assert [(line.code, line.sessions, line.seconds) for line in found.hours] == [
        ("90834", 1, 3600),
        ("90853", 2, 3600),
    ]
    assert [line.share for line in found.hours] == [0.5, 0.5]
    assert sum(line.booked for line in found.utilisation) == 7200


def test_fees_are_those_of_the_service_list_and_none_where_it_has_none(desk: Desk) -> None:
    for hour in (10, 11):
        desk.book(f"2026-03-03 {hour}:00", 50, service="90837")
    desk.book("2026-03-03 12:00")
    with closing(desk.database.connect()) as connection:
        connection.execute("UPDATE service_code SET fee_cents = 15000 WHERE code = '90837'")
        found = report(connection, date(2026, 3, 1), date(2026, 4, 1), NEW_YORK, NOW)
    assert [(line.code, line.fee_cents) for line in found.hours] == [("90837", 30000), ("90834", None)]


def hours(desk: Desk, *blocks: tuple[int, int, int]) -> None:
    with write_session(desk.database, "hours") as session:
        for weekday, start, end in blocks:
            session.add(AvailabilityBlock(weekday=weekday, start_time=time(start), end_time=time(end % 24)))


def off(desk: Desk, start: datetime, end: datetime, *, all_day: bool) -> None:
    with write_session(desk.database, "off") as session:
        session.add(TimeOff(start_utc=start, end_utc=end, all_day=all_day, tz="America/New_York"))


def test_utilisation_is_booked_of_available_less_time_off(desk: Desk) -> None:  # AVL-01, TOF-01
    hours(desk, *((weekday, 9, 17) for weekday in range(5)))
    off(desk, desk.at("2026-03-03 00:00"), desk.at("2026-03-03 13:00"), all_day=False)
    off(desk, desk.at("2026-03-03 12:00"), desk.at("2026-03-03 14:00"), all_day=False)  # overlaps the other
    off(desk, datetime(2026, 3, 6, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC), all_day=True)
    desk.book("2026-03-04 09:00", 60)
    desk.book("2026-03-04 09:30", 60)  # overlaps: counts once
    desk.book("2026-03-05 20:00", 30)  # outside the hours
    desk.book("2026-03-05 12:00", 60, kind="other_event")
    with closing(desk.database.connect()) as connection:
        found = report(connection, date(2026, 3, 2), date(2026, 3, 10), NEW_YORK, NOW).utilisation
    available = (5 * 8 - 5 - 8) * 3600
    assert found == [WeekUse(date(2026, 3, 2), 7200, available), WeekUse(date(2026, 3, 9), 0, 8 * 3600)]
    assert found[0].share == 7200 / available
    assert found[1].share == 0


def test_without_availability_there_is_nothing_to_compare_with(desk: Desk) -> None:
    desk.book("2026-03-04 09:00", 60)
    with closing(desk.database.connect()) as connection:
        [line] = report(connection, date(2026, 3, 2), date(2026, 3, 9), NEW_YORK, NOW).utilisation
    assert (line.booked, line.available, line.share) == (3600, None, None)


def test_a_block_over_a_change_of_the_clocks_is_as_long_as_it_really_is(desk: Desk) -> None:
    hours(desk, (6, 0, 24), (6, 5, 6))
    days = [date(2026, 3, 1), date(2026, 3, 8), date(2026, 11, 1), date(2026, 11, 2)]
    with closing(desk.database.connect()) as connection:
        found = available_seconds(connection, days, NEW_YORK)
    assert found is not None
    assert [seconds // 3600 for seconds in found.values()] == [24, 23, 25, 0]


def test_an_empty_range_has_empty_tables_and_a_long_one_is_refused(desk: Desk) -> None:
    with closing(desk.database.connect()) as connection:
        found = report(connection, date(2026, 3, 2), date(2026, 3, 2), NEW_YORK, NOW)
        assert not any((found.hours, found.utilisation, found.cancellations, found.weeks))
        with pytest.raises(Invalid):
            report(connection, date(2016, 3, 2), date(2026, 4, 2), NEW_YORK, NOW)
        for first, until in ((date.min, date(2, 1, 1)), (date(9999, 1, 1), date.max)):
            assert len(report(connection, first, until, NEW_YORK, NOW, week_start=6).weeks) in (53, 54)


def test_listed_cancellations_are_entries_of_the_agenda(desk: Desk) -> None:
    row_id = desk.book("2026-03-04 09:00")
    desk.cancel(row_id, "late_cancel")
    desk.cancel(desk.book("2026-03-04 11:00"), "therapist_cancel")
    with closing(desk.database.connect()) as connection:
        assert missed(connection, date(2026, 3, 1), date(2026, 4, 1), NEW_YORK) == [
            agenda.one(connection, row_id, NEW_YORK)
        ]
