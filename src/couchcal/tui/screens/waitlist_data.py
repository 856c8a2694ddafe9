"""What the waitlist reads and writes in a thread: the list, a draft for a booking, and what came of it."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from couchcal.clock import Clock
from couchcal.practice import clients, event_types, openings, waitlist, waitlist_changes
from couchcal.practice.agenda import day_instant, horizon_reached, local_day
from couchcal.practice.outcome import Done
from couchcal.practice.usual import latest_services
from couchcal.practice.waitlist import Waiting
from couchcal.store.connection import Connection, Database

SEARCH_DAYS = 60
"""How far ahead a free time is looked for."""


class Listed(NamedTuple):
    """The waitlist, with those who have got a time at its end, and whom the freed time fits."""

    rows: list[Waiting]
    fitting: list[Waiting]


def read_list(database: Database, freed: tuple[datetime, datetime] | None, tz: tzinfo) -> Listed:
    """The list. Blocks."""
    with closing(database.connect()) as connection:
        rows = waitlist.waiting(connection, booked=True)
        return Listed(rows, waitlist.fitting(connection, freed[0], freed[1], tz) if freed is not None else [])


def prefilled(
    database: Database, row: Waiting, freed: tuple[datetime, datetime] | None, tz: tzinfo, now: datetime
) -> dict[str, Any]:
    """Draft fields of a session for `row` in the freed time, else at the first free time that suits. Blocks.

    There is no `start` where nothing suits within `SEARCH_DAYS`.
    """
    last = local_day(now, tz) + timedelta(days=SEARCH_DAYS)
    with closing(database.connect()) as connection:
        client = clients.get(connection, row.client_id)
        service = client.usual_service or latest_services(connection).get(client.id)
        if row.event_type_id is not None:
            service = event_types.one(connection, row.event_type_id).service or service
        if freed is not None:
            start = waitlist.first_fit(row, freed[0], freed[1], tz)
        else:
            until = day_instant(last + timedelta(days=1), tz)
            if not horizon_reached(connection, now, until):
                from couchcal.practice.series import extend_all

                extend_all(database, now, until)
            start = _first_free(connection, row, tz, now)
    draft = {"kind": "client_session", "client_id": client.id, "service": service}
    if client.usual_location_id is not None:
        draft["location_id"] = client.usual_location_id
    known: dict[str, Any] = {name: value for name, value in draft.items() if value is not None}
    return known if start is None else known | {"start": start, "end": start + timedelta(minutes=row.minutes)}


def _first_free(connection: Connection, row: Waiting, tz: tzinfo, now: datetime) -> datetime | None:
    first = local_day(now, tz)
    starts = openings.free_starts(
        connection, row.minutes, first=first, last=first + timedelta(days=SEARCH_DAYS), now=now, tz=tz
    )
    length = timedelta(minutes=row.minutes)
    return next((start for start in starts if waitlist.first_fit(row, start, start + length, tz) == start), None)


def booked(database: Database, row: Waiting, done: Done, clock: Clock) -> None:
    """Take `row` off the waiting ones if it is their client who was booked. Blocks."""
    with closing(database.connect()) as connection:
        found = connection.execute(
            "SELECT 1 FROM appointment WHERE id = ? AND client_id = ?", (done.appointment_id, row.client_id)
        ).fetchone()
    if found is not None:
        waitlist_changes.set_state(database, row.id, "booked", with_appointment=done.appointment_id, clock=clock)
