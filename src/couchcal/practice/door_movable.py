"""A client's own appointments: which they are, and whether the client may move or cancel them. No ORM.

One function decides for the page, which shows the buttons, and for the change, which asks it again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from couchcal.errors import NotFound
from couchcal.practice import clients
from couchcal.practice.door_shapes import ClientKey
from couchcal.store.connection import Connection
from couchcal.store.public_id import decode, encode

CONTACT = "please contact the office"
_SELECT = """
SELECT a.id, a.uid, a.client_id, a.start_utc, a.end_utc, a.status, a.visit_type, a.event_type_id, a.service, a.kind,
       a.telehealth_url, a.claim_status, a.origin, a.sequence, a.version, a.feedback_requested, l.pos, l.address,
       t.title, EXISTS(SELECT 1 FROM feedback f WHERE f.appointment_id = a.id)
FROM appointment a LEFT JOIN location l ON l.id = a.location_id LEFT JOIN event_type t ON t.id = a.event_type_id
"""
_TYPE = """
SELECT id FROM event_type WHERE active AND audience IN ('portal', 'both') AND minutes = ?1
  AND (visit_mode = 'both' OR ?2 IS NULL OR visit_mode = ?2)
ORDER BY service IS NOT ?3, position, id LIMIT 1
"""


class Own(NamedTuple):
    """An appointment of a client, as the rules need it."""

    id: int
    uid: str
    client_id: int
    start: datetime
    end: datetime
    status: str
    visit_type: str | None
    event_type_id: int | None
    service: str | None
    kind: str
    telehealth_url: str
    claim_status: str
    origin: str
    sequence: int
    version: int
    feedback_requested: bool
    pos: str | None
    address: str
    event_type: str
    has_feedback: bool

    @property
    def key(self) -> str:
        """What pages call it."""
        return encode("appointment", self.id)


class Policy(NamedTuple):
    """What the practice and the client's record allow a client (PORTAL-02, C-07)."""

    self_scheduling: bool
    allow_reschedule: bool
    notice: timedelta


class May(NamedTuple):
    """Whether an appointment may be cancelled and moved by its client; `refusal` says why neither."""

    cancel: bool
    move: bool
    refusal: str


def of_client(connection: Connection, client: ClientKey, key: str) -> Own:
    """The appointment of this client with this key.

    Raises:
        NotFound: there is none, it is somebody else's, or not the one that the client's link opens.
    """
    row = None
    if len(key) == 8 and all(c in "0123456789abcdef" for c in key) and client.only in ("", key):
        row = connection.execute(
            f"{_SELECT} WHERE a.id = ? AND a.client_id = ?", (decode(key), client.client_id)
        ).fetchone()
    if row is None:
        raise NotFound("there is no such session", "it may have been changed; look at your sessions again")
    return own(row)


def all_of(connection: Connection, client: ClientKey, since: datetime) -> list[Own]:
    """The client's appointments from `since` on, by time; with a link to one, that one."""
    rows = connection.execute(
        f"{_SELECT} WHERE a.client_id = ? AND a.start_utc >= ? ORDER BY a.start_utc, a.id",
        (client.client_id, int(since.timestamp())),
    )
    found = (own(row) for row in rows)
    return [row for row in found if client.only in ("", row.key)]


def own(row: tuple[object, ...]) -> Own:
    """A row of the statement with instants and flags as such."""
    made = Own._make(row)
    return made._replace(
        start=datetime.fromtimestamp(int(row[3]), UTC),  # type: ignore[call-overload]  # an integer column
        end=datetime.fromtimestamp(int(row[4]), UTC),  # type: ignore[call-overload]
        feedback_requested=bool(made.feedback_requested),
        address=made.address or "",
        event_type=made.event_type or "",
        has_feedback=bool(made.has_feedback),
    )


def policy(connection: Connection, client: ClientKey) -> Policy:
    """What this client may do.

    Raises:
        NotFound: there is no such client any more.
    """
    details = clients.details(connection, client.client_id)
    allow, hours = connection.execute(
        "SELECT allow_reschedule, cancel_notice_h FROM practice ORDER BY id LIMIT 1"
    ).fetchone()
    allowed = details.may_self_schedule and details.row.state != "archived"
    return Policy(allowed, bool(allow), timedelta(hours=hours))


def may(row: Own, rules: Policy, *, now: datetime) -> May:
    """Whether the client may cancel and move the appointment now (CXL-06, C-07, INV-B6).

    The notice counts in elapsed hours and the last moment is in time. What a visitor booked themselves they may
    cancel without being a client of the portal.
    """
    if row.status != "scheduled":
        return May(False, False, "it is cancelled" if row.status == "cancelled" else CONTACT)
    if row.start <= now:
        return May(False, False, "it has begun already")
    if not (rules.self_scheduling or row.origin in ("booking_page", "portal")):
        return May(False, False, CONTACT)
    if row.start - now < rules.notice:
        hours = rules.notice // timedelta(hours=1)
        return May(False, False, f"it is less than {hours} hours ahead: {CONTACT}")
    if row.claim_status in ("submitted", "processed"):
        return May(False, False, CONTACT)
    return May(True, rules.allow_reschedule and row.kind == "client_session", "")


def type_to_move(connection: Connection, row: Own) -> int | None:
    """The event type whose starts an appointment can move to: its own, else one of the same length, with the same
    service if there is one; None if it can only be moved by the practice."""
    if row.event_type_id is not None:
        found = connection.execute(
            "SELECT id FROM event_type WHERE id = ? AND active AND minutes * 60 = ?",
            (row.event_type_id, (row.end - row.start).total_seconds()),
        ).fetchone()
        if found is not None:
            return int(found[0])
    minutes = (row.end - row.start) / timedelta(minutes=1)
    found = connection.execute(_TYPE, (minutes, row.visit_type, row.service)).fetchone()
    return None if found is None else int(found[0])
