"""A client's record as JSON; by the name mode of the command line, ids only unless names are asked for."""

from __future__ import annotations

from datetime import datetime

from couchcal.cli.context import Practice
from couchcal.practice import clients
from couchcal.practice.clients import ClientRow
from couchcal.practice.names import client_label
from couchcal.practice.services import locations
from couchcal.practice.sessions import Seen


def record(practice: Practice, row: ClientRow, *, seen: Seen | None = None) -> dict[str, object]:
    """The record; without full names only what tells nobody who it is. Absent values are null."""
    places = {place.id: place.name for place in locations(practice.connection, retired=True)}
    details = clients.details(practice.connection, row.id)
    full = practice.names == "full"
    return {
        "id": row.internal_id,
        "name": client_label(row.internal_id, row.called, row.last, practice.names),
        "first": row.first if full else None,
        "last": row.last if full else None,
        "preferred": (row.preferred or None) if full else None,
        "email": (row.email or None) if full else None,
        "phone": (row.phone or None) if full else None,
        "time_zone": row.tz or None,
        "state": row.state,
        "usual_service": row.usual_service,
        "usual_location": places.get(row.usual_location_id or 0),
        "portal": details.portal_state,
        "self_scheduling": details.self_scheduling,
        "remind_email": details.remind_email,
        "remind_text": details.remind_text,
        "remind_phone": details.remind_phone,
        "unsubscribed": _moment(details.unsubscribed_at, practice),
        "last_session": _moment(seen.last if seen is not None else None, practice),
        "next_session": _moment(seen.next if seen is not None else None, practice),
        "notes_admin": (details.notes_admin or None) if full else None,
    }


def _moment(instant: datetime | None, practice: Practice) -> str | None:
    return None if instant is None else instant.astimezone(practice.tz).isoformat()
