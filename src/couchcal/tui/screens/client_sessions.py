"""What the screens of clients read, each in one go for a thread worker."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from couchcal.practice import clients, services, sessions, usual
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


def read_list(database: Database, now: datetime, names: str) -> list[Listed]:
    """Every client, as `names` calls them. Blocks."""
    with closing(database.connect()) as connection:
        rows = clients.list_clients(connection, archived=True)
        seen = sessions.seen_by_client(connection, now)
    return [listed(row, seen.get(row.id, Seen()), names) for row in rows]


def read_record(database: Database, client_id: int, now: datetime, tz: tzinfo) -> LoadedRecord:
    """One client. Blocks.

    Raises:
        NotFound: there is no such client any more.
    """
    with closing(database.connect()) as connection:
        record = sessions.record_of(connection, client_id, now, tz)
        row = record.details.row
        places = {place.id: place.name for place in services.locations(connection, retired=True)}
        labels = {service.code: service.label for service in services.services(connection, retired=True)}
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
    """What a new session of this client begins with (APT-20): the usual service, place and length, the zone their
    sessions are in, and the next time of their habit. Blocks."""
    draft: dict[str, Any] = {"kind": "client_session", "client_id": row.id}
    with closing(database.connect()) as connection:
        slot = usual.slot_of(connection, row.id)
        offered = {service.code for service in services.services(connection)}
        start = sessions.next_usual_start(connection, row.id, now, tz)
    known = {"service": slot.service, "location_id": slot.location_id, "tz": slot.tz, "start": start}
    draft |= {name: value for name, value in known.items() if value is not None}
    if slot.service not in offered:
        draft.pop("service", None)
    if start is not None and slot.minutes:
        draft["end"] = start + timedelta(minutes=slot.minutes)
    return draft
