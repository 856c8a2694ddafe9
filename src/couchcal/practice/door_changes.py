"""What a client changes of their own: cancel, move, withdraw, reminders, feedback. One write transaction each.

The practitioner's undo does not take these back: they are journalled as the client's.
"""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

from sqlmodel import select

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid, NotFound, Refused
from couchcal.practice import appointments, client_changes, editing, feeds, letters, rows, tokens
from couchcal.practice.door_booking import refuse_a_fourth
from couchcal.practice.door_claim import cover, recheck, telling_what_is_free, walled, whole
from couchcal.practice.door_fields import key_of, text_of, zone_of
from couchcal.practice.door_movable import Own, may, of_client, policy, type_to_move
from couchcal.practice.door_own import FEEDBACK_FOR
from couchcal.practice.door_shapes import ClientKey, LinkOver, Outcome
from couchcal.practice.editing import Edit
from couchcal.store.connection import Database
from couchcal.store.journal import JournalSession
from couchcal.store.public_id import decode
from couchcal.store.records import BookingRequest, EventType, Feedback
from couchcal.store.session import write_session


def cancel_own(
    database: Database, client: ClientKey, key: str, *, reason: str = "", clock: Clock = system_clock
) -> None:
    """Cancel an appointment, with the practice's notice (CXL-06, PORTAL-04, INV-B6); the practitioner is told.

    Raises:
        NotFound: it is not theirs. Refused: too late, or not open to them.
    """
    words = text_of("reason", reason)
    with write_session(database, "Cancelled", actor=_actor(client), clock=clock) as session:
        own = _allowed(session, client, key)
        appointments.cancel_in(session, own.id, "other", reason=words, by="client")
        person, row = client_changes.load(session, client.client_id), rows.load(session, own.id)
        letters.queue(session, "cancelled_by_client", client=person, practitioner=True, appointment=row)
        _withdraw_moves(session, own.id)


def move_own(
    database: Database,
    client: ClientKey,
    key: str,
    start: datetime,
    *,
    zone: str,
    idempotency_key: str,
    note: str = "",
    clock: Clock = system_clock,
) -> Outcome:
    """Move an appointment to another offered start (PORTAL-03, C-07), at once or as a request (C-06).

    The new time is claimed and the old one released in one transaction: who loses the new one keeps the old
    (INV-B5). The `uid` of the outcome is that of the appointment, or of the request.

    Raises:
        NotFound: it is not theirs. Refused: too late, or not open to them. Taken: the new time is not free.
        TooMany: three requests of theirs wait already.
    """
    begin, words, shown = whole(start), text_of("note", note), zone_of(zone)
    digest = tokens.digest(f"{client.client_id}\n{key_of(idempotency_key)}")
    cover(database, begin, clock=clock)
    with closing(database.connect()) as connection:
        known = of_client(connection, client, key)
        wanted = type_to_move(connection, known)
    with (
        telling_what_is_free(database, wanted or 0, known.visit_type, begin, clock=clock),
        write_session(database, "Moved", actor=_actor(client), clock=clock) as session,
    ):
        earlier = session.exec(select(BookingRequest).where(BookingRequest.idempotency_key == digest)).first()
        if earlier is not None:
            return Outcome("booked" if earlier.confirm == "instant" else "pending", earlier.uid)
        own = _allowed(session, client, key, moving=True)
        kind_id = type_to_move(rows.raw_connection(session), own)
        kind = session.get(EventType, kind_id) if kind_id is not None else None
        if kind is None:
            raise Refused("this session is moved by the practice", "please contact the office", code="not_allowed")
        recheck(session, kind.id or 0, own.visit_type, begin, ignoring=[("appointment", own.id)])
        request = BookingRequest(
            uid=rows.new_uid(), client_id=client.client_id, event_type_id=kind.id, service=own.service,
            visit_type=own.visit_type, location_id=rows.load(session, own.id).location_id, start_utc=begin,
            end_utc=begin + (own.end - own.start), client_tz=shown, message=words, idempotency_key=digest,
            replaces_appointment_id=own.id, confirm=kind.confirm or rows.practice_of(session).confirm_portal,
        )  # fmt: skip
        return _move_now(session, request, own) if request.confirm == "instant" else _ask(session, request, own)


def _move_now(session: JournalSession, request: BookingRequest, own: Own) -> Outcome:
    row, was = rows.load(session, own.id), own.start
    editing.apply(session, row, Edit({"start": request.start_utc, "end": request.end_utc}), "Moved")
    request.status, request.appointment_id, request.decided_at = "accepted", own.id, session.now
    request.replaces_appointment_id = None
    session.add(request)
    _withdraw_moves(session, own.id)
    person = client_changes.load(session, own.client_id)
    letters.tell_moved(session, row, was)
    letters.queue(
        session, "moved_by_client", client=person, practitioner=True, appointment=row,
        facts={"was": was.isoformat()},
    )  # fmt: skip
    return Outcome("booked", request.uid)


def _ask(session: JournalSession, request: BookingRequest, own: Own) -> Outcome:
    _withdraw_moves(session, own.id)
    person = client_changes.load(session, own.client_id)
    refuse_a_fourth(session, person)
    with walled():
        session.add(request)
        session.flush()
    letters.about_request(session, request, person)
    return Outcome("pending", request.uid)


def _withdraw_moves(session: JournalSession, appointment_id: int) -> None:
    """An appointment waits for one new time at most, and for none when it is cancelled or moved."""
    waiting = select(BookingRequest).where(
        BookingRequest.replaces_appointment_id == appointment_id, BookingRequest.status == "pending"
    )
    for request in session.exec(waiting).all():
        request.status, request.decided_at = "withdrawn", session.now
    session.flush()


def _allowed(session: JournalSession, client: ClientKey, key: str, *, moving: bool = False) -> Own:
    connection = rows.raw_connection(session)
    own = of_client(connection, client, key)
    allowed = may(own, policy(connection, client), now=session.now)
    if not (allowed.move if moving else allowed.cancel):
        raise Refused(allowed.refusal or "please contact the office", code="not_allowed")
    return own


def withdraw(database: Database, client: ClientKey, key: str, *, clock: Clock = system_clock) -> None:
    """Take a request back while it waits; its time is free at once (REQ-11).

    Raises:
        NotFound: it is not theirs. Refused: it is decided, or its time has passed.
    """
    with write_session(database, "Withdrew a request", actor=_actor(client), clock=clock) as session:
        digits = key[1:] if key.startswith("r") and len(key) == 9 else ""
        known = digits and all(c in "0123456789abcdef" for c in digits) and not client.only
        request = session.get(BookingRequest, decode(digits)) if known else None
        if request is None or request.client_id != client.client_id:
            raise NotFound("there is no such request", "look at your requests again")
        if request.status != "pending" or request.start_utc <= session.now:
            raise Refused("this request is decided already", "look at your sessions", code="decided")
        request.status, request.decided_at = "withdrawn", session.now


def reminders(database: Database, client: ClientKey, on: bool, *, clock: Clock = system_clock) -> None:
    """Have reminders by e-mail, or none for all sessions to come (REM-05)."""
    with write_session(database, "Chose reminders", actor=_actor(client), clock=clock) as session:
        person = client_changes.load(session, client.client_id)
        rows.put(person, "unsubscribed_at", None if on else person.unsubscribed_at or session.now)
        if on:
            rows.put(person, "remind_email", True)


def unsubscribe(database: Database, token: str, *, clock: Clock = system_clock) -> None:
    """The link in a reminder: none any more (REM-05, RFC 8058). Done twice it is done.

    Raises:
        LinkOver: no such link.
    """
    with write_session(database, "Unsubscribed", actor="client:0", clock=clock) as session:
        found = tokens.find(session, "unsubscribe", token)
        if found is None or found.client_id is None:
            raise LinkOver
        person = client_changes.load(session, found.client_id)
        rows.put(person, "unsubscribed_at", person.unsubscribed_at or session.now)


def feedback(
    database: Database,
    client: ClientKey,
    key: str,
    *,
    rating: int,
    heard: int,
    text: str = "",
    clock: Clock = system_clock,
) -> None:
    """What a client says of a session that is over, once, if they are asked (APT-17).

    Args:
        rating: how it was, 1 to 5. heard: whether they felt heard, 1 to 5. text: 1000 characters at most.

    Raises:
        Invalid: a number is none of those. NotFound: not theirs. Refused: not asked for, or given already.
    """
    for name, value in (("rating", rating), ("heard", heard)):
        if not 1 <= value <= 5:
            raise Invalid("choose one of five", "1 is the least, 5 the most", field=name)
    words = text_of("text", text)
    with write_session(database, "Gave feedback", actor=_actor(client), clock=clock) as session:
        own = of_client(rows.raw_connection(session), client, key)
        if own.has_feedback:
            raise Refused("you have said it already", "thank you", code="given")
        asked = own.feedback_requested and own.status in ("scheduled", "completed")
        if not asked or not own.end <= session.now < own.end + FEEDBACK_FOR:
            raise Refused("nobody asks for that", "look at your sessions", code="not_allowed")
        session.add(Feedback(appointment_id=own.id, rating=rating, heard=heard, text=words, at=session.now))


def make_feed(database: Database, client: ClientKey, *, clock: Clock = system_clock) -> str:
    """A calendar feed of the client's own sessions; the one before ends. Its token, known only now.

    Raises:
        Refused: they hold a link to one appointment only.
    """
    _whole_portal(client)
    return feeds.make(database, client.client_id, clock=clock)


def end_feed(database: Database, client: ClientKey, *, clock: Clock = system_clock) -> None:
    """End the client's calendar feed; where there is none it stays so.

    Raises:
        Refused: they hold a link to one appointment only.
    """
    _whole_portal(client)
    feeds.revoke(database, client.client_id, clock=clock)


def _whole_portal(client: ClientKey) -> None:
    if client.only:
        raise Refused("this link opens one appointment", "sign in to the portal", code="not_allowed")


def _actor(client: ClientKey) -> str:
    return f"client:{client.client_id}"
