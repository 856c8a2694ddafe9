"""Clients and their sessions, read in one go for a thread worker."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, tzinfo

from couchcal.practice import clients, sessions
from couchcal.practice.clients import ClientRow
from couchcal.practice.sessions import ClientRecord, Seen
from couchcal.store.connection import Database


def read_list(database: Database, now: datetime) -> list[tuple[ClientRow, Seen]]:
    """Every client, archived ones last. Blocks."""
    with closing(database.connect()) as connection:
        rows = clients.list_clients(connection, archived=True)
        seen = sessions.seen_by_client(connection, now)
    rows.sort(key=lambda row: row.state == "archived")
    return [(row, seen.get(row.id, Seen())) for row in rows]


def read_record(database: Database, client_id: int, now: datetime, tz: tzinfo) -> ClientRecord:
    """One client. Blocks.

    Raises:
        NotFound: there is no such client any more.
    """
    with closing(database.connect()) as connection:
        return sessions.record_of(connection, client_id, now, tz)
