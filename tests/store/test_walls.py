"""The wall in the database: it stops what clients would put over something, and nothing else (BOOK-05, INV-B1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from couchcal.store.connection import Connection
from tests.support.database import is_constraint, refused
from tests.support.entries import insert_link
from tests.support.practice import make_practice

BASE = {"created_at": 0, "updated_at": 1000, "version": 1}
APPOINTMENT = {
    **BASE, "uid": "a", "kind": "other_event", "tz": "UTC", "all_day": 0, "status": "scheduled",
    "origin": "couchcal", "sequence": 0, "title": "x", "place": "", "busy": 1, "telehealth_url": "",
    "instructions": "", "collateral_name": "", "diagnoses": "", "remind_email": 1, "remind_text": 0,
    "remind_phone": 0, "feedback_requested": 0, "span": 0,
    "overridden": "", "billing_status": "none", "claim_status": "none",
}  # fmt: skip
REQUEST = {
    **BASE, "client_tz": "UTC", "message": "", "status": "pending", "decline_message": "", "ip_hash": "",
}  # fmt: skip
EXTERNAL = {
    **BASE, "link_id": 1, "remote_event_id": "e", "recurring_id": "", "rrule": "", "span": 0, "tz": "UTC",
    "all_day": 0, "title": "", "transparent": 0, "status": "confirmed", "etag": "", "raw_hash": "",
}  # fmt: skip
TIME_OFF = {**BASE, "uid": "t", "all_day": 0, "tz": "UTC", "reason": ""}
NUMBERS = iter(range(1_000_000))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with closing(make_practice(tmp_path).connect()) as connection:
        insert_link(connection)
        yield connection


def put(connection: Connection, table: str, start: int, end: int, **values: Any) -> None:
    defaults = {
        "appointment": APPOINTMENT, "booking_request": REQUEST, "external_event": EXTERNAL, "time_off": TIME_OFF,
    }[table]  # fmt: skip
    row = {**defaults, "start_utc": start, "end_utc": end, **values}
    if table == "booking_request":
        row |= {"uid": f"r{next(NUMBERS)}", "idempotency_key": f"k{next(NUMBERS)}"}
    names = ", ".join(row)
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in row)})", row)


def stopped(connection: Connection, start: int, end: int, **values: Any) -> bool:
    """Whether a request is; one that is not stays no longer than this look."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        put(connection, "booking_request", start, end, **values)
    except Exception as error:
        if not is_constraint(error) or str(error) != "slot_taken":
            raise
        return True
    finally:
        connection.execute("ROLLBACK")
    return False


BLOCKING: list[tuple[str, dict[str, Any], bool]] = [
    ("appointment", {}, True), ("appointment", {"status": "cancelled"}, False), ("appointment", {"busy": 0}, False),
    ("appointment", {"all_day": 1}, False), ("external_event", {}, True),
    ("external_event", {"transparent": 1}, False), ("external_event", {"status": "declined"}, False),
    ("external_event", {"rrule": "FREQ=DAILY"}, False), ("time_off", {}, True),
    ("booking_request", {}, True), ("booking_request", {"status": "declined"}, False),
    ("booking_request", {"status": "unverified", "hold_until": 1001}, True),
    ("booking_request", {"status": "unverified", "hold_until": 1000}, False),
]  # fmt: skip


SPANS = [(50, 101), (199, 300), (120, 130), (0, 500)]
APART = [(0, 100), (200, 300)]


@pytest.mark.parametrize(("table", "values", "blocks"), BLOCKING)
def test_clients_are_stopped_by_what_takes_time(
    connection: Connection, table: str, values: dict[str, Any], blocks: bool
) -> None:
    put(connection, table, 100, 200, **values)
    assert [stopped(connection, *span) for span in SPANS] == [blocks] * len(SPANS)
    assert [stopped(connection, *span) for span in APART] == [False] * len(APART)
    for origin in ("booking_page", "portal"):
        connection.execute("BEGIN IMMEDIATE")
        if blocks:
            with refused("slot_taken"):
                put(connection, "appointment", 150, 250, origin=origin)
        else:
            put(connection, "appointment", 150, 250, origin=origin)
        connection.execute("ROLLBACK")
    for origin in ("couchcal", "ics", "google"):
        put(connection, "appointment", 150, 250, origin=origin)
    put(connection, "appointment", 150, 250, origin="portal", version=2)  # what undo brings back


def test_long_entries_are_seen_whatever_their_class(connection: Connection) -> None:
    day = 86_400
    put(connection, "appointment", 0, 40 * day, span=6)
    assert stopped(connection, 39 * day, 39 * day + 60)
    assert not stopped(connection, 40 * day, 40 * day + 60)


def test_a_hold_that_becomes_a_request_is_looked_at_again(connection: Connection) -> None:
    put(connection, "booking_request", 100, 200, status="unverified", hold_until=2000)
    put(connection, "appointment", 150, 250)  # the practitioner is stopped by nothing
    connection.execute("UPDATE booking_request SET message = 'x'")
    with refused("slot_taken"):
        connection.execute("UPDATE booking_request SET status = 'pending'")
    connection.execute("UPDATE booking_request SET status = 'expired'")


def test_a_request_to_move_is_not_stopped_by_what_it_moves(connection: Connection) -> None:
    put(connection, "appointment", 100, 200, id=7)
    assert stopped(connection, 150, 250)
    assert not stopped(connection, 150, 250, replaces_appointment_id=7)


def test_what_undo_brings_back_is_stopped_by_holds_alone(connection: Connection) -> None:
    put(connection, "appointment", 100, 200)
    assert not stopped(connection, 100, 200, version=2)
    put(connection, "booking_request", 100, 200, version=2)
    assert stopped(connection, 150, 250, version=2)
