"""When clients were last and will next be seen; read on the DB-API connection."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

from couchcal.practice import agenda, clients
from couchcal.practice.agenda import Entry
from couchcal.practice.clients import ClientRow
from couchcal.store.connection import Database

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


def read_list(database: Database, now: datetime) -> list[tuple[ClientRow, Seen]]:
    """Every client, archived ones last. Blocks; for a thread worker."""
    connection = database.connect()
    try:
        rows = clients.list_clients(connection, archived=True)
        spans = {
            client_id: Seen(_instant(last), _instant(following))
            for client_id, last, following in connection.execute(_SPANS, (int(now.timestamp()),))
        }
    finally:
        connection.close()
    rows.sort(key=lambda row: row.state == "archived")
    return [(row, spans.get(row.id, Seen())) for row in rows]


def read_record(database: Database, client_id: int, now: datetime, tz: tzinfo, *, limit: int = 5) -> ClientRecord:
    """One client. Blocks; for a thread worker.

    Raises:
        NotFound: there is no such client any more.
    """
    connection = database.connect()
    try:
        client = clients.get(connection, client_id)
        found = [
            [
                entry
                for (row_id,) in connection.execute(statement, (client_id, int(now.timestamp()), limit))
                if (entry := agenda.one(connection, row_id, tz)) is not None
            ]
            for statement in (_NEXT, _LAST)
        ]
    finally:
        connection.close()
    return ClientRecord(client, *found)


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
