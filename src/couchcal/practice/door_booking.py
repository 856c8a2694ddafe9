"""Booking through the door: a stranger's hold that a mailed link confirms, a client's request or session.

One write transaction each: limits, the slot engine again, the rows, the letters. An answer to a stranger says the
same whether the practice knows the address or not; whose it is matters only once they have shown that it is theirs.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement
from sqlmodel import col, func, select

from couchcal.clock import Clock, system_clock
from couchcal.errors import NotFound, Refused
from couchcal.practice import client_changes, clients, letters, rows, tokens
from couchcal.practice.door_claim import (
    chosen_visit,
    cover,
    offered_type,
    put_on_calendar,
    recheck,
    telling_what_is_free,
    usual_place,
    walled,
    whole,
)
from couchcal.practice.door_fields import applicant_of, key_of, text_of, zone_of
from couchcal.practice.door_shapes import Applicant, ClientKey, LinkOver, Outcome, Taken, TooMany, Wish
from couchcal.practice.event_types import EventTypeRow
from couchcal.store.connection import Database
from couchcal.store.journal import JournalSession
from couchcal.store.records import BookingRequest, Client, PortalToken
from couchcal.store.session import write_session

HOLD = timedelta(minutes=20)
"""How long a stranger's hold waits for its link (spec: bad faith must not block the calendar)."""
MOST_UNVERIFIED = 10
MOST_UNPROVEN = 10
"""Requests of strangers that may wait where no mail can prove an address."""
MOST_LIVE = 3
"""Requests of one address that may wait at a time."""
STRANGER = "client:0"
"""The actor of somebody who is nobody's client yet."""
_TOO_MANY = ("too many requests wait for an answer", "try again later, or contact the practice")


def book(database: Database, wish: Wish, *, mail: bool, clock: Clock = system_clock) -> Outcome:
    """Ask for a time, or book it (BOOK-03 to -05, PORTAL-05, C-06).

    Args:
        mail: whether mail can be sent. Without it nobody can verify an address: what strangers ask for waits for
            the practice's decision.

    Raises:
        Taken: not free, or not offered. TooMany: a limit of live holds is reached. Invalid: a field is wrong.
        NotFound: no such event type for this audience. Refused: the client may not book by themselves.
    """
    start = whole(wish.start)
    key_of(wish.idempotency_key)
    note, zone = text_of("note", wish.note), zone_of(wish.zone)
    who = applicant_of(wish.applicant) if isinstance(wish.applicant, Applicant) else wish.applicant
    cover(database, start, clock=clock)
    telling = telling_what_is_free(database, wish.event_type_id, wish.visit_type, start, clock=clock)
    actor = f"client:{who.client_id}" if isinstance(who, ClientKey) else STRANGER
    with telling, write_session(database, "Asked for a time", actor=actor, clock=clock) as session:
        subject = str(who.client_id) if isinstance(who, ClientKey) else who.email.casefold()
        key = tokens.digest(f"{subject}\n{wish.idempotency_key}")
        known = session.exec(select(BookingRequest).where(BookingRequest.idempotency_key == key)).first()
        if known is not None:
            return _outcome(known)
        kind = offered_type(session, wish.event_type_id, "portal" if isinstance(who, ClientKey) else "public")
        visit = chosen_visit(kind, wish.visit_type)
        request = BookingRequest(
            uid=rows.new_uid(), event_type_id=kind.id, service=kind.service, visit_type=visit, start_utc=start,
            end_utc=start + timedelta(minutes=kind.minutes), client_tz=zone, message=note, idempotency_key=key,
            ip_hash=wish.ip_hash[:64],
        )  # fmt: skip
        if isinstance(who, ClientKey):
            return _for_client(session, request, kind, _self_scheduling(session, who))
        return _for_stranger(session, request, kind, who, mail=mail)


def _outcome(request: BookingRequest) -> Outcome:
    """What was answered to the wish that made it, however far it has come since (INV-B2)."""
    if request.hold_until is not None:
        return Outcome("verify", request.uid)
    return Outcome("booked" if request.confirm == "instant" else "pending", request.uid)


def _for_stranger(
    session: JournalSession, request: BookingRequest, kind: EventTypeRow, who: Applicant, *, mail: bool
) -> Outcome:
    request.first, request.last = clients.split_name(who.name)
    request.email, request.phone = who.email, who.phone
    if not mail:
        unproven = (BookingRequest.status == "pending", col(BookingRequest.client_id).is_(None))
        _refuse_beyond(session, MOST_UNPROVEN, *unproven)
        _refuse_beyond(session, MOST_LIVE, *unproven, _of_address(who.email))
        request.status = "pending"
    else:
        _release_earlier(session, who.email)
        _refuse_beyond(session, MOST_UNVERIFIED, *_unverified(session))
        request.status, request.hold_until = "unverified", session.now + HOLD
        request.confirm = kind.confirm or rows.practice_of(session).confirm_public
    _hold(session, request)
    if mail:
        letters.queue(session, "request_verify", recipient=who.email, request=request)
    else:
        letters.about_request(session, request, None)
    return _outcome(request)


def _for_client(session: JournalSession, request: BookingRequest, kind: EventTypeRow, client: Client) -> Outcome:
    request.client_id = client.id
    request.confirm = kind.confirm or rows.practice_of(session).confirm_portal
    if request.confirm == "instant":
        recheck(session, kind.id, request.visit_type, request.start_utc)
        row = put_on_calendar(session, kind, request.visit_type or "", request.start_utc, client, "portal")
        request.status, request.appointment_id, request.decided_at = "accepted", row.id, session.now
        session.add(request)
        letters.about_booking(session, row, client)
    else:
        refuse_a_fourth(session, client)
        request.status, request.location_id = "pending", usual_place(session, client, request.visit_type)
        _hold(session, request)
        letters.about_request(session, request, client)
    return _outcome(request)


def _hold(session: JournalSession, request: BookingRequest) -> None:
    recheck(session, request.event_type_id or 0, request.visit_type, request.start_utc)
    with walled():
        session.add(request)
        session.flush()


def _self_scheduling(session: JournalSession, key: ClientKey) -> Client:
    """The client, if they may book by themselves (PORTAL-02).

    Raises:
        Refused: they may not.
    """
    details = clients.details(rows.raw_connection(session), key.client_id)
    if key.only or details.row.state == "archived" or not details.may_self_schedule:
        raise Refused("booking here is not open to you", "please contact the office", code="not_allowed")
    return client_changes.load(session, key.client_id)


def _unverified(session: JournalSession) -> tuple[ColumnElement[bool], ...]:
    return (
        col(BookingRequest.status) == "unverified",
        col(BookingRequest.hold_until) > session.now,
    )


def _of_address(email: str) -> ColumnElement[bool]:
    return func.lower(col(BookingRequest.email)) == email.lower()


def _release_earlier(session: JournalSession, email: str) -> None:
    """An address has one unverified hold: the one before is given up for the new one."""
    for earlier in session.exec(select(BookingRequest).where(*_unverified(session), _of_address(email))).all():
        earlier.status, earlier.decided_at = "expired", session.now
    session.flush()


def _refuse_beyond(session: JournalSession, most: int, *conditions: ColumnElement[bool] | bool) -> None:
    if session.exec(select(func.count()).select_from(BookingRequest).where(*conditions)).one() >= most:
        raise TooMany(*_TOO_MANY)


def refuse_a_fourth(session: JournalSession, client: Client) -> None:
    """Raise TooMany if three requests of a client wait already."""
    mine = col(BookingRequest.client_id) == client.id
    _refuse_beyond(session, MOST_LIVE, mine, col(BookingRequest.status) == "pending")


def verify(database: Database, token: str, *, clock: Clock = system_clock) -> Outcome:
    """The link in the mail was followed and its button pressed: the address is proven (INT-01, C-06).

    The hold becomes an appointment or a request, of the one client with that address, else of a new one of the
    intake. Pressed twice it answers the same.

    Raises:
        LinkOver: used up, too late, or no such link. Taken: the practice took the time meanwhile; the hold is
        released. TooMany: three requests of theirs wait already.
    """
    with write_session(database, "Confirmed an address", actor=STRANGER, clock=clock) as session:
        link = tokens.find(session, "verify", token)
        request = session.get(BookingRequest, int(link.subject)) if link is not None else None
        if link is None or request is None:
            raise LinkOver
        if request.verified_at is not None:
            return _verified(request)
        if request.status != "unverified" or request.hold_until is None or request.hold_until <= session.now:
            raise LinkOver
        outcome = _settle(session, request, link)
    if outcome is None:
        wished = (request.event_type_id or 0, request.visit_type, request.start_utc)
        with telling_what_is_free(database, *wished, clock=clock):
            raise Taken
    return outcome


def _verified(request: BookingRequest) -> Outcome:
    return Outcome("booked" if request.confirm == "instant" else "pending", request.uid)


def _settle(session: JournalSession, request: BookingRequest, link: PortalToken) -> Outcome | None:
    """Turn a proven hold into what it was made for; None if it lost its time, which is released then."""
    link.used_at = session.now
    own = ("booking_request", request.id or 0)
    try:
        kind = offered_type(session, request.event_type_id or 0, "public")
        recheck(session, kind.id, request.visit_type, request.start_utc, ignoring=[own], now=request.created_at)
    except (Refused, NotFound):
        request.status, request.decided_at = "expired", session.now
        return None
    client = _owner(session, request)
    request.verified_at = session.now
    if request.confirm == "instant":
        request.client_id, request.status, request.decided_at = client.id, "accepted", session.now
        session.flush()  # before the appointment: the hold must not be in its way
        row = put_on_calendar(session, kind, request.visit_type or "", request.start_utc, client, "booking_page")
        request.appointment_id = row.id
        letters.about_booking(session, row, client)
    else:
        refuse_a_fourth(session, client)
        request.client_id = client.id
        request.location_id = usual_place(session, client, request.visit_type)
        with walled():
            request.status = "pending"
            session.flush()
        letters.about_request(session, request, client)
    return _verified(request)


def _owner(session: JournalSession, request: BookingRequest) -> Client:
    """The one active client with the proven address, else the one of the intake, else a new one there (INT-01)."""
    same = func.lower(col(Client.email)) == request.email.lower()
    for state in ("active", "intake"):
        found = session.exec(select(Client).where(same, Client.state == state)).all()
        if len(found) == 1:
            return found[0]
    return new_client(session, request)


def new_client(session: JournalSession, request: BookingRequest, name: str = "") -> Client:
    """Somebody new, of the intake, called `name` or as they called themselves (INT-01)."""
    made = client_changes.add_within(
        session, name or (f"{request.last}, {request.first}" if request.last else request.first),
        email=request.email, phone=request.phone, tz=_own_zone(session, request),
    )  # fmt: skip
    client = client_changes.load(session, made.id)
    client.state = "intake"
    session.flush()
    return client


def _own_zone(session: JournalSession, request: BookingRequest) -> str:
    """The client's zone where it is not the practice's."""
    return "" if request.client_tz == rows.practice_of(session).tz else request.client_tz
