"""Clients' requests as the practitioner sees them (REQ-03, REQ-10); `request_answers` answers them. No ORM."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from couchcal.errors import NotFound
from couchcal.store.connection import Connection, database_errors
from couchcal.store.public_id import encode

_COLUMNS = """
SELECT r.id, r.uid, r.status, r.client_id, c.internal_id,
       coalesce(nullif(trim(c.preferred), ''), c.first, r.first), coalesce(c.last, r.last),
       coalesce(nullif(c.email, ''), r.email), coalesce(nullif(c.phone, ''), r.phone),
       r.start_utc, r.end_utc, r.client_tz, t.title, coalesce(r.service, t.service), r.visit_type, l.name,
       r.message, r.decline_message, r.created_at, r.decided_at, r.appointment_id, r.replaces_appointment_id,
       p.start_utc, r.version, c.state
FROM booking_request r
LEFT JOIN client c ON c.id = r.client_id
LEFT JOIN event_type t ON t.id = r.event_type_id
LEFT JOIN location l ON l.id = r.location_id
LEFT JOIN appointment p ON p.id = r.replaces_appointment_id
"""
_INSTANTS = ("start", "end", "asked_at", "decided_at", "replaces_start")


class RequestRow(NamedTuple):
    """A request. Of somebody who is no client yet `client_id` and `internal_id` are None, and the name and address
    are as they were typed. `replaces_appointment_id` is what it would move, which starts at `replaces_start`."""

    id: int
    uid: str
    status: str
    client_id: int | None
    internal_id: str | None
    first: str
    last: str
    email: str
    phone: str
    start: datetime
    end: datetime
    tz: str
    event_type: str | None
    service: str | None
    visit_type: str | None
    location: str | None
    message: str
    decline_message: str
    asked_at: datetime
    decided_at: datetime | None
    appointment_id: int | None
    replaces_appointment_id: int | None
    replaces_start: datetime | None
    version: int
    client_state: str | None
    """`intake`, `active` or `archived`; None of somebody who is no client yet."""

    @property
    def newcomer(self) -> bool:
        """Whether they are new to the practice: no client yet, or one of the intake."""
        return self.client_state in (None, "intake")

    @property
    def public_id(self) -> str:
        """The id people and scripts see."""
        return encode("booking_request", self.id)


def requests(connection: Connection, *, past: bool = False) -> list[RequestRow]:
    """Requests that wait for an answer, the earliest time first; with `past` the others, the latest answered first
    (REQ-10). Holds whose address is not confirmed are no requests yet."""
    where = "NOT IN ('pending', 'unverified')" if past else "= 'pending'"
    order = "coalesce(r.decided_at, r.created_at) DESC, r.id DESC" if past else "r.start_utc, r.id"
    unproven = " AND (r.hold_until IS NULL OR r.verified_at IS NOT NULL)" if past else ""
    with database_errors():
        found = connection.execute(f"{_COLUMNS} WHERE r.status {where}{unproven} ORDER BY {order}").fetchall()
    return [_row(row) for row in found]


def one(connection: Connection, request_id: int) -> RequestRow:
    """One request, answered or not.

    Raises:
        NotFound: there is none.
    """
    row = connection.execute(f"{_COLUMNS} WHERE r.id = ?", (request_id,)).fetchone()
    if row is None:
        raise missing()
    return _row(row)


def _row(row: tuple[Any, ...]) -> RequestRow:
    made = RequestRow._make(row)
    instants: dict[str, Any] = {}
    for name in _INSTANTS:
        seconds = getattr(made, name)
        instants[name] = None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    return made._replace(**instants)


def anything_over(connection: Connection, now: datetime) -> bool:
    """Whether `expire` has something to do."""
    row = connection.execute(
        "SELECT EXISTS(SELECT 1 FROM booking_request WHERE status = 'unverified' AND hold_until <= ?1)"
        " OR EXISTS(SELECT 1 FROM booking_request WHERE status = 'pending' AND start_utc <= ?1)"
        " OR EXISTS(SELECT 1 FROM portal_token WHERE expires_at < ?1 - 172800)",
        (int(now.timestamp()),),
    ).fetchone()
    return bool(row[0])


def missing() -> NotFound:
    """What is said of a request that is not there."""
    return NotFound("there is no such request", "couchcal request list shows them")
