"""What a client sees of themselves: an allow-list of fields, read on the DB-API connection. No ORM."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from couchcal.practice import clients, feeds
from couchcal.practice.door_movable import CONTACT, Own, Policy, all_of, may, policy, type_to_move
from couchcal.practice.door_page import address
from couchcal.practice.door_shapes import ClientKey, OwnRequest, OwnSession, OwnSessions
from couchcal.practice.event_types import one
from couchcal.practice.services import is_telehealth
from couchcal.store.connection import Connection
from couchcal.store.public_id import encode

PAST = timedelta(days=365)
"""How far back the portal shows sessions and requests."""
FEEDBACK_FOR = timedelta(days=30)
"""How long after a session feedback can be given (APT-17)."""
_WORDS = {"client_session": "Session", "client_contact": "Call", "collateral_contact": "Call"}
_REQUESTS = """
SELECT r.id, r.start_utc, r.end_utc, r.client_tz, t.title, r.visit_type, r.status, r.decline_message,
       r.replaces_appointment_id
FROM booking_request r LEFT JOIN event_type t ON t.id = r.event_type_id
WHERE r.client_id = ? AND r.start_utc >= ? AND r.status <> 'unverified'
  AND NOT (r.status = 'accepted' AND r.confirm = 'instant')
ORDER BY r.start_utc DESC, r.id DESC
"""


class _House(NamedTuple):
    tz: str
    address: str
    confirm_portal: str


def sessions(connection: Connection, client: ClientKey, *, now: datetime) -> OwnSessions:
    """All that the portal shows of a client (PORTAL-01): what is scheduled, the last year, their requests.

    With a link to one appointment only that one is there.

    Raises:
        NotFound: there is no such client any more.
    """
    details = clients.details(connection, client.client_id)
    rules = policy(connection, client)
    tz, offered, confirm, *place = connection.execute(
        "SELECT tz, reminders_on, confirm_portal, street, city, region, postal_code FROM practice"
        " ORDER BY id LIMIT 1"
    ).fetchone()
    house = _House(tz, address(*place), confirm)
    zone = details.row.tz or house.tz
    found = [
        (own.end > now, _shown(connection, own, rules, house, zone, now))
        for own in all_of(connection, client, now - PAST)
    ]
    reminders = details.remind_email and details.unsubscribed_at is None
    return OwnSessions(
        called="" if client.only else details.row.called,
        zone=zone,
        may_book=rules.self_scheduling and not client.only,
        notice_hours=rules.notice // timedelta(hours=1),
        reminders=reminders,
        reminders_offered=bool(offered),
        subscribed=not client.only and feeds.made(connection, client.client_id),
        upcoming=tuple(shown for coming, shown in found if coming),
        past=tuple(shown for coming, shown in reversed(found) if not coming),
        requests=() if client.only else tuple(_requests(connection, client, now)),
    )


def _shown(connection: Connection, own: Own, rules: Policy, house: _House, zone: str, now: datetime) -> OwnSession:
    allowed = may(own, rules, now=now)
    kind = type_to_move(connection, own) if allowed.move else None
    remote = is_telehealth(own.pos)
    over = own.end <= now or own.status == "cancelled"
    wanted = own.feedback_requested and not own.has_feedback and own.status in ("scheduled", "completed")
    return OwnSession(
        key=own.key,
        start=own.start,
        end=own.end,
        zone=zone,
        what=own.event_type or _WORDS.get(own.kind, "Session"),
        visit_type=own.visit_type or (None if own.pos is None else "telehealth" if remote else "in_person"),
        place="" if remote or own.pos is None else own.address or house.address,
        join_url=own.telehealth_url if remote and not over else "",
        status=own.status,
        can_move=kind is not None,
        can_cancel=allowed.cancel,
        refusal=allowed.refusal or (CONTACT if not allowed.cancel else ""),
        event_type_id=kind,
        move_asks=kind is not None and (one(connection, kind).confirm or house.confirm_portal) == "request",
        asks_feedback=wanted and own.end <= now < own.end + FEEDBACK_FOR,
    )


def _requests(connection: Connection, client: ClientKey, now: datetime) -> list[OwnRequest]:
    since = int((now - PAST).timestamp())
    found = []
    for row in connection.execute(_REQUESTS, (client.client_id, since)):
        row_id, start_s, end_s, zone, title, visit_type, status, message, replaces = row
        start = datetime.fromtimestamp(start_s, UTC)
        live = status == "pending" and start > now
        found.append(
            OwnRequest(
                key=encode("booking_request", row_id),
                start=start,
                end=datetime.fromtimestamp(end_s, UTC),
                zone=zone,
                what=title or "Session",
                visit_type=visit_type,
                status="expired" if status == "pending" and not live else status,
                message=message,
                replaces="" if replaces is None else encode("appointment", replaces),
                can_withdraw=live,
            )
        )
    return found
