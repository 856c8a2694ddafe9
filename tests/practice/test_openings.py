"""`offered` and `free_starts` against the slow way, and their invariants, on a database."""

from __future__ import annotations

import os
import time as process_time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couchcal.practice import agenda, client_changes, openings
from couchcal.practice.openings import Key
from couchcal.store.connection import Connection, Database
from tests.support.openings import Hours, Kind, Scenario, Taken, blocks_clients, put, slowly_offered, span_of, store
from tests.support.practice import make_practice

PLACES = {
    "America/New_York": ("2026-03-08", "2026-11-01", "2026-06-17"),
    "Europe/London": ("2026-03-29", "2026-10-25"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "Asia/Kathmandu": ("2026-05-14",),
    "Pacific/Apia": ("2011-12-30", "2021-04-04", "2020-09-27"),
    "Africa/Casablanca": ("2026-02-15", "2026-03-22"),
    "America/Sao_Paulo": ("2018-11-04", "2018-02-18"),
}
"""Zones, and local days around which to look: most of them are not 24 hours long."""
DAY = timedelta(days=1)
GRID = timedelta(minutes=5)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    made = make_practice(tmp_path_factory.mktemp("openings"))
    client_changes.add(made, "Ann Sample")
    made.dispose()
    return made


@pytest.fixture(scope="module")
def connection(database: Database) -> Iterator[Connection]:
    with closing(database.connect()) as made:
        yield made


@contextmanager
def practice(connection: Connection, scenario: Scenario) -> Iterator[Connection]:
    """A practice as the scenario says, for as long as it takes to look at it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        store(connection, scenario)
        yield connection
    finally:
        connection.execute("ROLLBACK")


def offered(connection: Connection, scenario: Scenario, ignoring: tuple[Key, ...] = ()) -> list[datetime]:
    return openings.offered(
        connection, 1, scenario.visit, first=scenario.first, last=scenario.last, now=scenario.now, tz=scenario.tz,
        ignoring=ignoring,
    )  # fmt: skip


def free(connection: Connection, scenario: Scenario, minutes: int = 50, step: int | None = None) -> list[datetime]:
    return list(
        openings.free_starts(
            connection,
            minutes,
            first=scenario.first,
            last=scenario.last,
            now=scenario.now,
            tz=scenario.tz,
            step=step,
        )
    )


def _instants(around: datetime) -> st.SearchStrategy[datetime]:
    return st.integers(-288, 3 * 288).map(lambda steps: around + steps * GRID)


def _clocks() -> st.SearchStrategy[time]:
    return st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))


KINDS = st.builds(
    Kind,
    minutes=st.sampled_from([5, 30, 50, 50, 90]),
    before=st.sampled_from([0, 0, 10, 30]),
    after=st.sampled_from([0, 0, 15, 60]),
    visit_mode=st.sampled_from(["both", "both", "both", "telehealth", "in_person"]),
    notice=st.sampled_from([None, None, 0, 600]),
    window=st.sampled_from([None, None, 0, 2]),
    step=st.sampled_from([None, 0, 20, 60]),
    cap=st.sampled_from([None, None, None, 1, 3]),
)


@st.composite
def days_of_hours(draw: st.DrawFn) -> tuple[Hours, ...]:
    found = []
    for weekday in range(7):
        edges = sorted(draw(st.lists(_clocks(), min_size=draw(st.integers(0, 3)), max_size=5, unique=True)))
        ends = [*edges[1:], time()] if draw(st.booleans()) else edges[1:]
        for start, end in zip(edges, ends, strict=False):
            if start != time() or end != time():
                kinds = draw(st.sampled_from([frozenset[int](), frozenset[int](), {1}, {1, 2}, {2}]))
                visits = draw(st.sampled_from([frozenset[str](), frozenset[str](), {"telehealth"}, {"in_person"}]))
                if draw(st.integers(0, 3)):
                    found.append(Hours(weekday, start, end, frozenset(kinds), frozenset(visits)))
    return tuple(found)


@st.composite
def takings(draw: st.DrawFn, around: datetime, now: datetime) -> Taken:
    table = draw(st.sampled_from(["appointment", "appointment", "external_event", "time_off", "booking_request"]))
    start = draw(_instants(around))
    end = start + draw(st.sampled_from([25, 50, 480, 3000])) * timedelta(minutes=1)
    kind = draw(st.sampled_from([None, 1, 2]))
    if table == "booking_request":
        status = draw(st.sampled_from(["pending", "unverified", "declined", "expired", "withdrawn", "accepted"]))
        until = now + draw(st.sampled_from([-20, 0, 20])) * timedelta(minutes=1)
        return Taken(table, start, min(end, start + DAY), status=status, kind=kind, hold_until=until)
    all_day = draw(st.integers(0, 4)) == 0
    if all_day:
        first = datetime.combine(start.date(), time(), UTC)
        start, end = first, first + draw(st.integers(1, 2)) * DAY
    if table == "time_off":
        return Taken(table, start, end, all_day)
    busy = draw(st.integers(0, 3)) > 0
    if table == "external_event":
        status = draw(st.sampled_from(["scheduled", "tentative", "cancelled", "declined"]))
        return Taken(table, start, end, all_day, status, busy)
    status = draw(st.sampled_from(["scheduled", "completed", "tentative", "cancelled"]))
    session = not all_day and draw(st.booleans())
    return Taken(table, start, end, all_day, status, busy or session, session, None if all_day else kind)


@st.composite
def times_off(draw: st.DrawFn, around: datetime) -> Taken:
    if draw(st.booleans()):
        first = datetime.combine(draw(_instants(around)).date(), time(), UTC)
        return Taken("time_off", first, first + draw(st.integers(1, 2)) * DAY, all_day=True)
    start = draw(_instants(around))
    return Taken("time_off", start, start + draw(st.integers(1, 288)) * GRID)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    zone = draw(st.sampled_from(sorted(PLACES)))
    day = date.fromisoformat(draw(st.sampled_from(PLACES[zone])))
    first = day + draw(st.integers(-2, 0)) * DAY
    now = datetime.combine(first, time(12), UTC) + draw(st.integers(-288, 96)) * GRID
    return Scenario(
        zone,
        now,
        first,
        first + draw(st.integers(0, 4)) * DAY,
        kinds=(draw(KINDS), draw(KINDS)),
        hours=draw(days_of_hours()),
        taken=tuple(draw(st.lists(takings(datetime.combine(first, time(12), UTC), now), max_size=8))),
        visit=draw(st.sampled_from(["telehealth", "in_person"])),
        rules={
            "min_notice_min": draw(st.sampled_from([0, 0, 30, 1440])),
            "window_days": draw(st.sampled_from([0, 1, 60])),
            "slot_step": draw(st.sampled_from([5, 15, 30])),
            "max_per_day": draw(st.sampled_from([None, None, 2])),
        },
    )


@settings(max_examples=60, deadline=None)
@given(scenarios())
def test_the_offer_is_what_the_slow_way_finds(connection: Connection, scenario: Scenario) -> None:
    """INV-A1, INV-A3, INV-A5, INV-A9, AVL-07, TOF-02, C-13: all rules at once."""
    with practice(connection, scenario):
        assert offered(connection, scenario) == slowly_offered(scenario)


@settings(max_examples=25, deadline=None)
@given(scenarios(), st.data())
def test_what_takes_time_never_adds_slots(
    connection: Connection, scenario: Scenario, data: st.DataObject
) -> None:  # INV-A2
    noon = datetime.combine(scenario.first, time(12), UTC)
    more = data.draw(takings(noon, scenario.now))
    with practice(connection, replace(scenario, taken=(*scenario.taken, more))):
        fewer_clients, fewer = offered(connection, scenario), free(connection, scenario)
    with practice(connection, scenario):
        assert set(fewer_clients) <= set(offered(connection, scenario))
        assert set(fewer) <= set(free(connection, scenario))


@settings(max_examples=25, deadline=None)
@given(scenarios(), st.data())
def test_neighbours_without_buffers_stay_offered(
    connection: Connection, scenario: Scenario, data: st.DataObject
) -> None:  # INV-A5
    plain = replace(scenario, kinds=(Kind(notice=0, step=0), Kind()), rules={"window_days": 0}, visit="telehealth")
    with practice(connection, plain):
        before = offered(connection, plain)
    if not before:
        return
    start, length = data.draw(st.sampled_from(before)), timedelta(minutes=50)
    taken = Taken("appointment", start, start + length, session=True, kind=1)
    with practice(connection, replace(plain, taken=(*plain.taken, taken))):
        assert offered(connection, plain) == [other for other in before if abs(other - start) >= length]


@settings(max_examples=25, deadline=None)
@given(scenarios(), st.data())
def test_time_off_takes_slots_and_nothing_else(
    connection: Connection, scenario: Scenario, data: st.DataObject
) -> None:  # INV-A8, TOF-02, TOF-03
    taken = tuple(item for item in scenario.taken if item.table != "time_off")
    scenario = replace(scenario, taken=taken)
    noon = datetime.combine(scenario.first, time(12), UTC)
    off = data.draw(times_off(noon))
    begins, ends = span_of(off, scenario.zone)
    with practice(connection, scenario):
        clients, own = offered(connection, scenario), free(connection, scenario)
        appointments = connection.execute("SELECT * FROM appointment ORDER BY id").fetchall()
        put(connection, (off,))
        length = timedelta(minutes=50)
        assert free(connection, scenario) == [
            start for start in own if begins == ends or start + length <= begins or start >= ends
        ]
        assert not [start for start in offered(connection, scenario) if begins <= start < ends]
        assert connection.execute("SELECT * FROM appointment ORDER BY id").fetchall() == appointments
        connection.execute("DELETE FROM time_off")
        assert (offered(connection, scenario), free(connection, scenario)) == (clients, own)


@settings(max_examples=25, deadline=None)
@given(scenarios())
def test_holds_keep_clients_away_and_nobody_else(connection: Connection, scenario: Scenario) -> None:
    """INV-A7, REQ-04, C-13."""
    without = replace(scenario, taken=tuple(item for item in scenario.taken if item.table != "booking_request"))
    lo, hi = (datetime.combine(scenario.first, time(), UTC) + days * DAY for days in (-2, 7))
    with practice(connection, scenario):
        own_view, clients = free(connection, scenario), offered(connection, scenario)
        clashes = {(e.table, e.row_id) for e in agenda.between(connection, lo, hi, scenario.tz) if e.conflict}
        holds = tuple(
            ("booking_request", number)
            for number, item in enumerate(scenario.taken, start=1)
            if item.table == "booking_request"
        )
        replaced = offered(connection, scenario, ignoring=holds)
    assert "booking_request" not in {table for table, _ in clashes}
    with practice(connection, without):
        assert free(connection, scenario) == own_view
        assert offered(connection, scenario) == replaced
    length = timedelta(minutes=scenario.kinds[0].minutes)
    for item in scenario.taken:
        if item.table == "booking_request" and blocks_clients(item, scenario.now):
            assert not [start for start in clients if start < item.end and item.start < start + length]


@settings(max_examples=25, deadline=None)
@given(scenarios(), st.data())
def test_what_is_not_busy_takes_nothing(
    connection: Connection, scenario: Scenario, data: st.DataObject
) -> None:  # INV-A1, INV-A9
    noon = datetime.combine(scenario.first, time(12), UTC)
    start = data.draw(_instants(noon))
    loose = data.draw(
        st.sampled_from(
            [
                Taken("appointment", start, start + 9 * GRID, busy=False),
                Taken("appointment", start, start + 9 * GRID, status="cancelled", session=True),
                Taken("external_event", start, start + 9 * GRID, busy=False),
                Taken("external_event", start, start + 9 * GRID, status="cancelled"),
                Taken("external_event", start, start + 9 * GRID, status="declined"),
                Taken("booking_request", start, start + 9 * GRID, status="declined"),
                Taken("booking_request", start, start + 9 * GRID, status="unverified", hold_until=scenario.now),
            ]
        )
    )
    with practice(connection, replace(scenario, taken=(*scenario.taken, loose))):
        with_it = offered(connection, scenario), free(connection, scenario)
    with practice(connection, scenario):
        assert (offered(connection, scenario), free(connection, scenario)) == with_it


@settings(max_examples=25, deadline=None)
@given(scenarios(), st.sampled_from([None, 15, 60]), st.sampled_from([20, 50, 200]))
def test_free_starts_are_the_slow_way_without_the_rules_for_clients(
    connection: Connection, scenario: Scenario, step: int | None, minutes: int
) -> None:  # C-13
    plain = replace(
        scenario,
        kinds=(Kind(minutes, notice=0, step=step or scenario.rules["slot_step"]),),
        hours=tuple(replace(hours, kinds=frozenset(), visits=frozenset()) for hours in scenario.hours),
        taken=tuple(replace(item, kind=None) for item in scenario.taken if item.table != "booking_request"),
        rules={"window_days": 0},
    )
    if not scenario.hours:
        return
    with practice(connection, scenario):
        assert free(connection, scenario, minutes, step) == slowly_offered(plain)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
def test_nothing_but_the_practices_zone_matters(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:  # INV-A4
    held = datetime(2026, 3, 8, 6, tzinfo=UTC)
    scenario = Scenario(
        "America/New_York",
        datetime(2026, 3, 6, 15, tzinfo=UTC),
        date(2026, 3, 6),
        date(2026, 3, 10),
        hours=tuple(Hours(weekday, time(0), time(4)) for weekday in range(7)),
        taken=(Taken("booking_request", held, held + DAY / 24, status="pending"),),
    )
    with practice(connection, scenario):
        expected = offered(connection, scenario)
        connection.execute("UPDATE client SET tz = ?", (zone,))
        connection.execute("UPDATE booking_request SET client_tz = ?", (zone,))
        monkeypatch.setitem(os.environ, "TZ", zone)
        process_time.tzset()
        try:
            assert offered(connection, replace(scenario, now=scenario.now.astimezone(ZoneInfo(zone)))) == expected
        finally:
            monkeypatch.undo()
            process_time.tzset()
    # The night has an hour less: 0:00 to 4:00 is 05:00 to 08:00 UTC.
    assert [start.hour for start in expected if start.day == 8] == [5, 7]


def test_an_hour_of_the_calendar_is_far_less_than_all_of_it(connection: Connection) -> None:
    """The next free start is read some weeks at a time, however far the search may go."""
    base = datetime(2026, 3, 2, 12, tzinfo=UTC)
    taken = tuple(Taken("appointment", base + n * DAY, base + n * DAY + DAY) for n in range(300))
    scenario = Scenario(
        "America/New_York", base, date(2026, 3, 2), date(9999, 12, 31), taken=taken,
        hours=tuple(Hours(weekday, time(9), time(17)) for weekday in range(7)),
    )  # fmt: skip
    with practice(connection, scenario):
        starts = openings.free_starts(
            connection, 50, first=scenario.first, last=scenario.last, now=base, tz=scenario.tz
        )
        found = list(islice(starts, 2))
    assert found == [datetime(2026, 12, 27, 14, tzinfo=UTC), datetime(2026, 12, 27, 14, 30, tzinfo=UTC)]
    assert span_of(taken[-1], scenario.zone)[1] == datetime(2026, 12, 27, 12, tzinfo=UTC)
