from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couchcal.errors import Invalid
from couchcal.practice import availability, event_types, undo
from couchcal.practice.availability import BlockRow
from couchcal.scheduling.hours import hours_words, parse_hours
from couchcal.store.connection import Connection
from tests.practice.conftest import Desk
from tests.support.database import dump, refused

MON, TUE, WED, SUN = 0, 1, 2, 6


def day(text: str, weekday: int = MON, **limits: Any) -> list[BlockRow]:
    return [BlockRow(weekday, start, end, **limits) for start, end in parse_hours(text)]


def put(desk: Desk, days: dict[int, list[BlockRow]]) -> str:
    return availability.set_days(desk.database, days, clock=desk.clock).label


def blocks(desk: Desk) -> list[BlockRow]:
    with closing(desk.database.connect()) as connection:
        return availability.weekly(connection)


def hours(desk: Desk) -> dict[int, str]:
    rows = blocks(desk)
    return {
        weekday: hours_words((row.start, row.end) for row in rows if row.weekday == weekday)
        for weekday in sorted({row.weekday for row in rows})
    }


def test_a_day_takes_several_blocks_in_order(desk: Desk) -> None:  # AVL-01
    label = put(desk, {MON: day("13-24, 9:10-12, 12-12:30")})
    assert label == "Monday: 9:10-12:00, 12:00-12:30, 13:00-24:00"
    assert hours(desk) == {MON: "9:10-12:00, 12:00-12:30, 13:00-24:00"}


def test_days_are_replaced_and_others_stay(desk: Desk) -> None:  # AVL-05
    put(desk, {MON: day("9-12"), TUE: day("9-12"), WED: day("8-10")})
    assert put(desk, {MON: day("10-12,14-15"), TUE: []}) == "Changed the hours of Mon and Tue"
    assert hours(desk) == {MON: "10:00-12:00, 14:00-15:00", WED: "8:00-10:00"}


def test_a_cleared_day_is_unavailable(desk: Desk) -> None:  # AVL-03
    put(desk, {SUN: day("9-12")})
    assert put(desk, {SUN: []}) == "Sunday: unavailable"
    assert blocks(desk) == []


def test_blocks_that_stay_are_the_same_rows(desk: Desk) -> None:
    put(desk, {MON: day("9-12, 13-17")})
    before = desk.rows("availability_block")
    put(desk, {MON: day("9-12, 14-17")})
    after = desk.rows("availability_block")
    assert [row for row in after.values() if row in before.values()] == [
        row for row in before.values() if row["start_time"].startswith("09:00")
    ]


def test_nothing_changed_is_no_undo_step(desk: Desk) -> None:
    put(desk, {MON: day("9-12")})
    before = desk.rows("change")
    assert put(desk, {MON: day("9-12"), TUE: []}) == "Nothing changed"
    assert desk.rows("change") == before


def test_copy_replaces_the_ticked_days_in_one_step(desk: Desk) -> None:  # AVL-02
    put(desk, {MON: day("9-12", visit_types=frozenset({"telehealth"})), TUE: day("8-20"), WED: []})
    before = dump(desk.database)
    done = availability.copy_day(desk.database, MON, [TUE, WED, MON], clock=desk.clock)
    assert done.label == "Copied Monday to Tue and Wed"
    assert hours(desk) == {MON: "9:00-12:00", TUE: "9:00-12:00", WED: "9:00-12:00"}
    assert {row.visit_types for row in blocks(desk)} == {frozenset({"telehealth"})}
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == before


def test_copying_an_empty_day_clears(desk: Desk) -> None:  # AVL-02, AVL-03
    put(desk, {TUE: day("8-20")})
    availability.copy_day(desk.database, MON, [TUE], clock=desk.clock)
    assert blocks(desk) == []


@pytest.mark.parametrize("targets", [[], [MON], [7]])
def test_copying_to_no_other_day_is_refused(desk: Desk, targets: list[int]) -> None:
    with pytest.raises(Invalid):
        availability.copy_day(desk.database, MON, targets, clock=desk.clock)


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([BlockRow(0, time(12), time(9))], "hours"),
        ([BlockRow(0, time(9), time(9))], "hours"),
        ([BlockRow(0, time(9), time(12)), BlockRow(0, time(11, 59), time(13))], "hours"),
        ([BlockRow(0, time(9, minute), time(9, minute + 1)) for minute in range(16)], "hours"),
        ([BlockRow(0, time(9), time(12), visit_types=frozenset({"by_post"}))], "visit_types"),
        ([BlockRow(0, time(9), time(12), event_types=frozenset({99}))], "event_types"),
    ],
)
def test_what_cannot_be_a_day_is_refused_whole(desk: Desk, rows: list[BlockRow], field: str) -> None:  # AVL-04
    put(desk, {TUE: day("9-12")})
    before = dump(desk.database)
    with pytest.raises(Invalid) as refused:
        put(desk, {MON: day("9-12"), TUE: rows})
    assert refused.value.field == field
    assert dump(desk.database) == before


def test_fifteen_blocks_can_become_fifteen_others_and_back(desk: Desk) -> None:  # AVL-04
    first = [BlockRow(0, time(hour), time(hour, 30)) for hour in range(15)]
    second = [BlockRow(0, time(hour, 30), time(hour + 1)) for hour in range(15)]
    put(desk, {MON: first})
    put(desk, {MON: second})
    undo.undo(desk.database, clock=desk.clock)
    assert blocks(desk) == first
    undo.redo(desk.database, clock=desk.clock)
    assert blocks(desk) == second


def test_limits_name_event_types_retired_ones_too(desk: Desk) -> None:  # AVL-07
    event_types.add(desk.database, {"title": "Intake"}, clock=desk.clock)
    limited = day("9-12", event_types=frozenset({1}), visit_types=frozenset({"in_person"}))
    put(desk, {MON: limited})
    event_types.remove(desk.database, 1, clock=desk.clock)
    assert blocks(desk) == limited
    put(desk, {TUE: limited})
    assert [row.event_types for row in blocks(desk)] == [frozenset({1})] * 2


def insert_raw(connection: Connection, weekday: int, hours: Iterable[int]) -> None:
    connection.executemany(
        "INSERT INTO availability_block (created_at, updated_at, version, weekday, start_time, end_time,"
        " event_types, visit_types) VALUES (0, 0, 1, ?, ?, ?, '', '')",
        [(weekday, f"{hour:02}:00:00.000000", f"{hour:02}:30:00.000000") for hour in hours],
    )


def test_no_writer_can_store_a_sixteenth_block(desk: Desk) -> None:  # AVL-04
    with closing(desk.database.connect()) as connection:
        insert_raw(connection, MON, range(15))
        insert_raw(connection, TUE, [1])
        with refused("at most 15 blocks a day"):
            insert_raw(connection, MON, [20])
        with refused("at most 15 blocks a day"):
            connection.execute("UPDATE availability_block SET weekday = 0 WHERE weekday = 1")
        connection.execute("UPDATE availability_block SET end_time = '00:45:00' WHERE start_time < '00:01'")
        counts = connection.execute("SELECT weekday, count(*) FROM availability_block GROUP BY 1").fetchall()
    assert counts == [(MON, 15), (TUE, 1)]


@st.composite
def weeks(draw: st.DrawFn) -> dict[int, list[BlockRow]]:
    found: dict[int, list[BlockRow]] = {}
    for weekday in draw(st.sets(st.integers(0, 6), min_size=1, max_size=4)):
        edges = sorted(draw(st.lists(st.integers(0, 48), max_size=8, unique=True)))
        limits = draw(st.sampled_from([frozenset[str](), frozenset({"telehealth"})]))
        found[weekday] = [
            BlockRow(weekday, _clock(start), _clock(end), visit_types=limits)
            for start, end in zip(edges[::2], edges[1::2], strict=False)
        ]
    return found


def _clock(half_hours: int) -> time:
    return time(half_hours // 2 % 24, half_hours % 2 * 30)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(weeks(), min_size=1, max_size=3))
def test_what_is_set_is_what_is_there_and_undo_takes_it_back(
    desk: Desk, changes: list[dict[int, list[BlockRow]]]
) -> None:  # AVL-01, AVL-06
    for week in changes:
        before = blocks(desk)
        done = availability.set_days(desk.database, week, clock=desk.clock)
        wanted = [row for row in before if row.weekday not in week]
        wanted += [row for rows in week.values() for row in rows]
        wanted.sort(key=lambda row: row[:2])
        assert blocks(desk) == wanted
        if done.changed:
            undo.undo(desk.database, clock=desk.clock)
            assert blocks(desk) == before
            undo.redo(desk.database, clock=desk.clock)
            assert blocks(desk) == wanted
