"""Reads cost what they show, not what the practice has collected over the years: the plans of their statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from couchcal.practice import catalogue, reports, sessions, waitlist, waitlist_changes
from couchcal.store.session import engine_of
from tests.practice.conftest import NEW_YORK, Desk

pytestmark = pytest.mark.sqlite_only("how SQLite plans")


@contextmanager
def plans_of(connection: Any) -> Iterator[list[str]]:
    """The plan of every SELECT that `connection` runs, a text for each."""
    statements: list[str] = []
    found: list[str] = []
    connection.set_trace_callback(statements.append)
    yield found
    connection.set_trace_callback(None)
    for statement in statements:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
        found.append(" / ".join(row[3] for row in plan))


def test_whom_a_freed_time_fits_asks_only_for_those_who_wait(desk: Desk) -> None:
    waitlist_changes.add(desk.database, desk.ann, clock=desk.clock)
    start = desk.at("2026-03-04 15:00")
    with closing(desk.database.connect()) as connection, plans_of(connection) as plans:
        assert waitlist.fitting(connection, start, start + timedelta(minutes=50), NEW_YORK)
    assert not any("(client_id>?)" in plan or "SCAN appointment" in plan for plan in plans), plans


def test_who_is_seen_next_reads_one_row_of_each_client(desk: Desk) -> None:
    with closing(desk.database.connect()) as connection, plans_of(connection) as plans:
        sessions.seen_by_client(connection, desk.now)
    assert not any("(client_id>?)" in plan or "SCAN appointment" in plan for plan in plans), plans


def test_missed_sessions_are_found_by_their_time(desk: Desk) -> None:
    first = desk.day("2026-03-01")
    with closing(desk.database.connect()) as connection, plans_of(connection) as plans:
        reports.report(connection, first, first + timedelta(days=31), NEW_YORK, desk.now)
        reports.missed(connection, first, first + timedelta(days=31), NEW_YORK)
    assert not any("SCAN x" in plan for plan in plans), plans


@pytest.mark.parametrize("sessions_there", [3, 23])
def test_another_place_of_service_asks_once_for_all_modifiers(desk: Desk, sessions_there: int) -> None:
    office = desk.places["11"]
    for number in range(sessions_there):
        desk.book(f"2026-03-{3 + number:02} 15:00", location_id=office)
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT appointment_modifier"):
            asked.append(statement)

    engine = engine_of(desk.database)
    event.listen(engine, "before_cursor_execute", note)
    try:
        done = catalogue.edit(desk.database, "place", office, {"pos": "10"}, clock=desk.clock)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert done.changed == 1 + sessions_there
    assert len(asked) <= 2
