"""What a quick-add line leaves out: the service and the place that a client's session usually has."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from couchcal.practice.clients import ClientRow
from couchcal.practice.services import TIME_BASED, LocationRow, ServiceRow


def latest_services(connection: sqlite3.Connection) -> dict[int, str]:
    """By client id the service of their latest session, of the clients for whom no usual one is set."""
    rows = connection.execute(
        "SELECT c.id, (SELECT a.service FROM appointment a WHERE a.client_id = c.id AND a.kind = 'client_session'"
        " AND a.service IS NOT NULL ORDER BY a.start_utc DESC LIMIT 1) FROM client c WHERE c.usual_service IS NULL"
    )
    return {client_id: service for client_id, service in rows if service is not None}


def service_for(
    client: ClientRow, minutes: int, latest: Mapping[int, str], services: Sequence[ServiceRow]
) -> str | None:
    """The client's usual service, else their latest one, else the time-based code that `minutes` fit."""
    usual = client.usual_service or latest.get(client.id)
    if usual is not None and any(row.code == usual for row in services):  # a retired one is no choice any more
        return usual
    for row in services:
        if row.code in TIME_BASED and (row.billable_min or 0) <= minutes <= (row.billable_max or minutes):
            return row.code
    return None


def place_for(client: ClientRow | None, hint: str | None, places: Sequence[LocationRow]) -> LocationRow | None:
    """The place that `hint` (`telehealth` or `office`) asks for, None if there is no such place; without a hint
    the client's usual one, else the practice's default, else its first."""
    if hint is not None:
        return next((row for row in places if row.telehealth == (hint == "telehealth")), None)
    usual = client.usual_location_id if client is not None else None
    known = next((row for row in places if row.id == usual), None) or next(
        (row for row in places if row.is_default), None
    )
    return known or (places[0] if places else None)
