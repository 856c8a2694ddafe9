"""What the screens of clients read, each in one go for a thread worker."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from couchcal.practice import clients, services, sessions
from couchcal.practice.agenda import Entry
from couchcal.practice.clients import ClientRow
from couchcal.practice.sessions import ClientRecord, Seen, Side
from couchcal.store.connection import Database
from couchcal.tui.screens.clients_lines import Listed, listed


class LoadedRecord(NamedTuple):
    """A record with the first pages of sessions and the name of the usual place."""

    record: ClientRecord
    coming: list[Entry]
    past: list[Entry]
    usual_place: str
    usual_service: str
    """Code and label."""


def read_list(database: Database, now: datetime) -> list[Listed]:
    """Every client. Blocks."""
    with closing(database.connect()) as connection:
        rows = clients.list_clients(connection, archived=True)
        seen = sessions.seen_by_client(connection, now)
    return [listed(row, seen.get(row.id, Seen())) for row in rows]


def read_record(database: Database, client_id: int, now: datetime, tz: tzinfo) -> LoadedRecord:
    """One client. Blocks.

    Raises:
        NotFound: there is no such client any more.
    """
    with closing(database.connect()) as connection:
        record = sessions.record_of(connection, client_id, now, tz)
        row = record.details.row
        places = {place.id: place.name for place in services.locations(connection)}
        labels = {service.code: service.label for service in services.services(connection)}
        return LoadedRecord(
            record,
            sessions.page(connection, client_id, "coming", now, tz),
            sessions.page(connection, client_id, "past", now, tz),
            places.get(row.usual_location_id or 0, ""),
            f"{row.usual_service} {labels.get(row.usual_service, '')}".strip() if row.usual_service else "",
        )


def read_page(
    database: Database, client_id: int, side: Side, now: datetime, tz: tzinfo, after: Entry
) -> list[Entry]:
    """The page of sessions that follows `after`. Blocks."""
    with closing(database.connect()) as connection:
        return sessions.page(connection, client_id, side, now, tz, after=after)


def new_session(database: Database, row: ClientRow, now: datetime, tz: tzinfo) -> dict[str, Any]:
    """What a new session of this client begins with: their usual service, place, zone and time (APT-20). Blocks."""
    draft: dict[str, Any] = {"kind": "client_session", "client_id": row.id}
    if row.usual_service:
        draft["service"] = row.usual_service
    if row.usual_location_id is not None:
        draft["location_id"] = row.usual_location_id
    if row.tz:
        draft["tz"] = row.tz
    with closing(database.connect()) as connection:
        start = sessions.next_usual_start(connection, row.id, now, tz)
    if start is not None:
        draft["start"] = start
    return draft
