"""Who is told what: letters are queued in the transaction of their cause, and sent by the worker after it.

A letter waits for fifteen seconds (`[mail] wait`), so that undo can drop it; what somebody waits for at their
screen goes at once.
What is stored of it are ids and facts: no words, no name, and no secret. The links in a letter are made when it is
sent (`secrets`), so that nothing that opens anything is ever stored or journalled.

| kind | to | about |
|---|---|---|
| booking_confirmed | client, practitioner | an appointment (NOTIF-01), maybe restored after a told cancellation |
| request_received | practitioner; the client as a receipt | a request (REQ-02, NOTIF-05) |
| request_accepted | client | the appointment and the request (REQ-09) |
| request_declined, request_expired | client | the request; `decline_message` is on it (REQ-09) |
| rescheduled | client | an appointment with a new time; `following` later ones moved with it |
| cancelled_by_practitioner | client | an appointment, maybe deleted: all is in the payload (NOTIF-02) |
| cancelled_by_client, moved_by_client | practitioner | an appointment (CXL-07, NOTIF-03) |
| portal_invite, sign_in, request_verify | client | a link, and for `sign_in` a code |
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlmodel import col, select

from couchcal.practice import tokens
from couchcal.settings import load as load_settings
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, BookingRequest, Client, OutboxEmail, PortalToken, Practice

AT_ONCE = frozenset({"sign_in", "request_verify"})
"""Kinds that somebody waits for."""
_MANAGED = frozenset({"booking_confirmed", "request_accepted", "rescheduled"})
"""Kinds that let the client manage the appointment."""


class Secrets(NamedTuple):
    """What opens something in a letter. Both are empty where a letter has none, or has nothing to open any more."""

    token: str = ""
    code: str = ""


def queue(
    session: JournalSession,
    kind: str,
    *,
    client: Client | None = None,
    recipient: str = "",
    practitioner: bool = False,
    appointment: Appointment | None = None,
    request: BookingRequest | None = None,
    facts: Mapping[str, Any] | None = None,
) -> bool:
    """Queue a letter to a client, an address or the practitioner; False if there is no address to send it to.

    The payload is JSON: of an appointment `uid`, `sequence`, `start`, `end`, `tz`, of a request `request` (its id),
    `start`, `end`, `tz`, of both `event_type_id` and `visit_type`, and `facts`. Instants are ISO 8601, `tz` is the
    reader's zone.
    """
    if not practitioner:
        recipient = recipient or (client.email if client is not None else "")
        if not recipient:
            return False
    session.flush()
    tz = _zone(session, client, appointment, practitioner=practitioner)
    payload = (
        _of_request(request, tz, practitioner=practitioner) | _of_appointment(appointment, tz) | dict(facts or {})
    )
    sequence = appointment.sequence if appointment is not None else 0
    appointment_id = appointment.id if appointment is not None else None
    if appointment_id is not None and _queued(session, kind, appointment_id, sequence, recipient):
        return True
    session.add(
        OutboxEmail(
            kind=kind, recipient=recipient, client_id=client.id if client is not None else None,
            to_practitioner=practitioner, appointment_id=appointment_id, sequence=sequence,
            payload=json.dumps(payload, sort_keys=True),
            not_before=session.now + _wait(kind),
        )
    )  # fmt: skip
    session.flush()
    return True


def _wait(kind: str) -> timedelta:
    """How long a letter can still be dropped by undo."""
    return timedelta() if kind in AT_ONCE else timedelta(seconds=load_settings().mail.wait)


def _queued(session: JournalSession, kind: str, appointment_id: int, sequence: int, recipient: str) -> bool:
    same = select(OutboxEmail.id).where(
        OutboxEmail.kind == kind, OutboxEmail.appointment_id == appointment_id,
        OutboxEmail.sequence == sequence, OutboxEmail.recipient == recipient,
    )  # fmt: skip
    return session.exec(same).first() is not None


def _zone(
    session: JournalSession, client: Client | None, appointment: Appointment | None, *, practitioner: bool
) -> str:
    if not practitioner and client is not None and client.tz:
        return client.tz
    if not practitioner and appointment is not None and appointment.tz:
        return appointment.tz
    return session.exec(select(Practice.tz)).first() or "UTC"


def _of_appointment(row: Appointment | None, tz: str) -> dict[str, Any]:
    if row is None:
        return {}
    return {
        "uid": row.uid, "sequence": row.sequence, "start": row.start_utc.isoformat(),
        "end": row.end_utc.isoformat(), "tz": tz, "event_type_id": row.event_type_id, "visit_type": row.visit_type,
    }  # fmt: skip


def _of_request(row: BookingRequest | None, tz: str, *, practitioner: bool) -> dict[str, Any]:
    if row is None:
        return {}
    return {
        "request": row.id, "start": row.start_utc.isoformat(), "end": row.end_utc.isoformat(),
        "tz": tz if practitioner else row.client_tz, "event_type_id": row.event_type_id,
        "visit_type": row.visit_type,
    }  # fmt: skip


def about_booking(session: JournalSession, row: Appointment, client: Client) -> None:
    """A new booking: practitioner yes, client yes (NOTIF-01)."""
    queue(session, "booking_confirmed", client=client, appointment=row)
    queue(session, "booking_confirmed", client=client, practitioner=True, appointment=row)


def about_request(session: JournalSession, request: BookingRequest, client: Client | None) -> None:
    """A new request: practitioner yes, and a receipt to the client whose address is known to be theirs (REQ-02)."""
    queue(session, "request_received", client=client, practitioner=True, request=request)
    if client is not None:
        queue(session, "request_received", client=client, request=request)


def has_address(session: JournalSession, client_id: int) -> bool:
    """Whether a client can be told anything by mail."""
    client = session.get(Client, client_id)
    return client is not None and bool(client.email)


def tell_moved(session: JournalSession, row: Appointment, was: datetime, following: int = 0) -> bool:
    """Tell the client that an appointment has another time; `following` ones of its series have, too."""
    client = session.get(Client, row.client_id) if row.client_id is not None else None
    if client is None:
        return False
    facts = {"was": was.isoformat(), "following": following}
    return queue(session, "rescheduled", client=client, appointment=row, facts=facts)


def tell_cancelled(session: JournalSession, row: Appointment) -> bool:
    """Tell the client that the practitioner cancelled (CXL-05, NOTIF-02)."""
    client = session.get(Client, row.client_id) if row.client_id is not None else None
    return client is not None and queue(session, "cancelled_by_practitioner", client=client, appointment=row)


def tell_gone(session: JournalSession, row: Appointment, client: Client) -> bool:
    """The same of an appointment that is deleted with its client (INT-03): the letter refers to neither."""
    facts = _of_appointment(row, _zone(session, client, row, practitioner=False)) | {"sequence": row.sequence + 1}
    return queue(session, "cancelled_by_practitioner", recipient=client.email, facts=facts)


def take_back_cancellation(session: JournalSession, row: Appointment) -> None:
    """After a restore: a letter of the cancellation that waits still is dropped; one that went is corrected."""
    told = session.exec(
        select(OutboxEmail)
        .where(OutboxEmail.appointment_id == row.id, OutboxEmail.kind == "cancelled_by_practitioner")
        .order_by(col(OutboxEmail.id).desc())
    ).first()
    if told is None or told.state == "failed" or (told.state == "cancelled" and not told.error):
        return  # one that was dismissed may have arrived all the same
    if told.state == "queued":
        told.state = "cancelled"
        return
    client = session.get(Client, row.client_id) if row.client_id is not None else None
    if client is not None:
        queue(session, "booking_confirmed", client=client, appointment=row)


def secrets(session: JournalSession, mail: OutboxEmail) -> Secrets:
    """Make the link (and code) of a letter that is about to be sent, in the transaction that claims it.

    A kind that is nothing without its link (`portal_invite`, `sign_in`, `request_verify`) and gets none here has
    been overtaken by events: it is not to be sent.
    """
    facts: dict[str, Any] = json.loads(mail.payload or "{}")
    if mail.to_practitioner:
        return Secrets()
    if mail.kind == "request_verify":
        return _verify(session, facts)
    if mail.kind == "sign_in":
        return _sign_in(session, mail, facts)
    if mail.kind == "portal_invite":
        client = session.get(Client, mail.client_id)
        if client is None or client.portal_state != "invited":
            return Secrets()
        expires = session.now + tokens.INVITE_LIFE
        return Secrets(tokens.issue(session, "invite", client_id=client.id, expires_at=expires))
    if mail.kind in _MANAGED and mail.appointment_id is not None:
        return _manage(session, mail, mail.appointment_id)
    return Secrets()


def _verify(session: JournalSession, facts: Mapping[str, Any]) -> Secrets:
    request = session.get(BookingRequest, facts["request"])
    if request is None or request.status != "unverified" or request.hold_until is None:
        return Secrets()
    if request.hold_until <= session.now:
        return Secrets()
    return Secrets(tokens.issue(session, "verify", subject=str(request.id), expires_at=request.hold_until))


def _sign_in(session: JournalSession, mail: OutboxEmail, facts: Mapping[str, Any]) -> Secrets:
    browser = session.get(PortalToken, facts["browser"])
    client = session.get(Client, mail.client_id)
    if browser is None or browser.used_at is not None or browser.expires_at <= session.now:
        return Secrets()
    if client is None or client.portal_state not in ("invited", "accepted"):
        return Secrets()
    token = tokens.issue(
        session, "sign_in", client_id=client.id, subject=str(browser.id), expires_at=browser.expires_at
    )
    return Secrets(token, tokens.issue_code(session, browser))


def _manage(session: JournalSession, mail: OutboxEmail, appointment_id: int) -> Secrets:
    row = session.get(Appointment, appointment_id)
    if row is None or row.client_id != mail.client_id or row.status == "cancelled":
        return Secrets()
    expires = row.start_utc + tokens.MANAGE_AFTER
    if expires <= session.now:
        return Secrets()
    subject = manage_subject(row)
    return Secrets(tokens.issue(session, "manage", client_id=row.client_id, subject=subject, expires_at=expires))


def manage_subject(row: Appointment) -> str:
    """What a link to one appointment is bound to: it dies when the appointment gets another time."""
    return f"{row.id}@{int(row.start_utc.timestamp())}"
