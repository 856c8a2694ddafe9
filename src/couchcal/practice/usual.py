"""What a quick-add line or a new form leaves out: service, place and length that a client's session usually has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from couchcal.practice.clients import ClientRow
from couchcal.practice.services import TIME_BASED, LocationRow, ServiceRow
from couchcal.store.connection import Connection


def latest_services(connection: Connection) -> dict[int, str]:
    """By client id the service of their latest session, of the clients for whom no usual one is set."""
    rows = connection.execute(
        "SELECT c.id, (SELECT a.service FROM appointment a WHERE a.client_id = c.id AND a.kind = 'client_session'"
        " AND a.service IS NOT NULL ORDER BY a.start_utc DESC LIMIT 1) FROM client c WHERE c.usual_service IS NULL"
    )
    return {client_id: service for client_id, service in rows if service is not None}


class UsualSlot(NamedTuple):
    """What a client's sessions are like; None where nothing is known. `remind_text` and `remind_phone` say whether
    the client wants such reminders."""

    service: str | None = None
    location_id: int | None = None
    minutes: int | None = None
    tz: str | None = None
    remind_text: bool = False
    remind_phone: bool = False


def slot_of(connection: Connection, client_id: int) -> UsualSlot:
    """The usual service and place of the client's record, what it leaves open as in their latest session, length
    and zone as in that one."""
    record = connection.execute(
        "SELECT usual_service, usual_location_id, remind_text, remind_phone FROM client WHERE id = ?", (client_id,)
    ).fetchone() or (None, None, False, False)
    latest = connection.execute(
        "SELECT service, location_id, (end_utc - start_utc) / 60, tz FROM appointment WHERE client_id = ?"
        " AND kind = 'client_session' AND status <> 'cancelled' ORDER BY start_utc DESC LIMIT 1",
        (client_id,),
    ).fetchone() or (None, None, None, None)
    service, place = record[0] or latest[0], record[1] if record[1] is not None else latest[1]
    minutes = latest[2] if latest[0] == service else None
    return UsualSlot(service, place, minutes, latest[3], bool(record[2]), bool(record[3]))


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
