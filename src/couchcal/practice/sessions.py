"""When clients were last and will next be seen; read on the DB-API connection."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

from couchcal.practice import agenda, clients
from couchcal.practice.agenda import Entry
from couchcal.practice.clients import ClientRow

_SPANS = """
SELECT client_id,
       max(CASE WHEN start_utc <= ?1 THEN start_utc END), min(CASE WHEN start_utc > ?1 THEN start_utc END)
FROM appointment WHERE client_id IS NOT NULL AND status <> 'cancelled' GROUP BY client_id
"""
_NEXT = "SELECT id FROM appointment WHERE client_id = ? AND start_utc > ? ORDER BY start_utc LIMIT ?"
_LAST = "SELECT id FROM appointment WHERE client_id = ? AND start_utc <= ? ORDER BY start_utc DESC LIMIT ?"


class Seen(NamedTuple):
    """Starts of the last and the next appointment of a client that is not cancelled."""

    last: datetime | None = None
    next: datetime | None = None


class ClientRecord(NamedTuple):
    """A client with their nearest appointments, cancelled ones among them."""

    client: ClientRow
    upcoming: list[Entry]
    recent: list[Entry]


def seen_by_client(connection: sqlite3.Connection, now: datetime) -> dict[int, Seen]:
    """By client id when they were seen; clients without an appointment are left out."""
    rows = connection.execute(_SPANS, (int(now.timestamp()),))
    return {client_id: Seen(_instant(last), _instant(following)) for client_id, last, following in rows}


def record_of(
    connection: sqlite3.Connection, client_id: int, now: datetime, tz: tzinfo, *, limit: int = 5
) -> ClientRecord:
    """One client with up to `limit` appointments on either side of `now` (APT-20).

    Raises:
        NotFound: there is no such client any more.
    """
    client = clients.get(connection, client_id)
    upcoming, recent = (
        [
            entry
            for (row_id,) in connection.execute(statement, (client_id, int(now.timestamp()), limit)).fetchall()
            if (entry := agenda.one(connection, row_id, tz)) is not None
        ]
        for statement in (_NEXT, _LAST)
    )
    return ClientRecord(client, upcoming, recent)


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
