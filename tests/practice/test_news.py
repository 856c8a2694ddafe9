"""What clients did is told once, and what the practitioner does is no news."""

from __future__ import annotations

from contextlib import closing

import pytest

from couchcal.practice import door, request_answers
from couchcal.practice.news import Item, latest, news
from tests.practice.conftest import Desk
from tests.practice.door import Door

TUESDAY = "2026-03-03 10:00"


@pytest.fixture
def at(desk: Desk) -> Door:
    return Door(desk)


def told(at: Door, since: int) -> list[Item]:
    with closing(at.database.connect()) as connection:
        return news(connection, since)


def now(at: Door) -> int:
    with closing(at.database.connect()) as connection:
        return latest(connection)


def test_requests_and_what_becomes_of_them(at: Door) -> None:  # REQ-03
    start = now(at)
    client = at.known()
    at.book(TUESDAY, client)
    request = at.requests()[0]["id"]
    assert told(at, start) == [Item("asked", request)]
    before = now(at)
    (own,) = at.sessions(client).requests
    door.withdraw(at.database, client, own.key, clock=at.desk.clock)
    assert told(at, before) == [Item("withdrawn", request)]
    at.desk.book("2026-03-05 10:00")
    assert told(at, now(at)) == []
    at.book("2026-03-04 10:00", client)
    request_answers.decline(at.database, at.requests()[1]["id"], clock=at.desk.clock)
    assert [item[0] for item in told(at, start)] == ["asked", "withdrawn", "asked"]


def test_a_hold_is_news_once_its_address_is_proven(at: Door) -> None:
    at.practice(confirm_public="request")
    start = now(at)
    at.book(TUESDAY)
    assert told(at, start) == []
    at.verify(at.secrets("request_verify").token)
    assert [item[0] for item in told(at, start)] == ["asked"]


def test_sessions_that_clients_book_move_and_cancel(at: Door) -> None:  # NOTIF-01, NOTIF-03
    at.practice(confirm_portal="instant")
    client = at.known()
    start = now(at)
    at.book(TUESDAY, client)
    (row_id,) = at.desk.rows()
    at.desk.now = at.desk.at("2026-03-01 08:00")
    (own,) = at.sessions(client).upcoming
    door.move_own(
        at.database, client, own.key, at.desk.at("2026-03-05 10:00"), zone="America/New_York",
        idempotency_key="move", clock=at.desk.clock,
    )  # fmt: skip
    door.cancel_own(at.database, client, own.key, clock=at.desk.clock)
    assert told(at, start) == [("booked", row_id), ("moved", row_id), ("cancelled", row_id)]
