"""Answers to clients' requests: accepting, declining, letting them run out (REQ-04 to REQ-13).

An answer is final (INV-B3): undo stops before it, since the client is told. What it put on the calendar is an
ordinary appointment, and is cancelled or moved as one (REQ-12).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid, Refused, Stale
from couchcal.practice.draft import Draft
from couchcal.practice.outcome import Done
from couchcal.practice.requests import missing
from couchcal.store.connection import Database

if TYPE_CHECKING:
    from couchcal.practice.cadence import Repeat
    from couchcal.store.journal import JournalSession
    from couchcal.store.records import Appointment, BookingRequest, Client


def draft_of(database: Database, request_id: int) -> Draft:
    """What accepting would put on the calendar, to be looked at and changed before (REQ-07).

    Of somebody who is no client yet `client_id` is None: accepting adds them to the intake. Of a request to move
    an appointment it is that appointment at its new time. Writes nothing.

    Raises:
        NotFound: there is no such request.
    """
    from couchcal.practice import booking, row_drafts, rows, visit
    from couchcal.practice.door_claim import service_for, usual_place
    from couchcal.practice.event_types import one as event_type
    from couchcal.store.records import BookingRequest, Client
    from couchcal.store.session import write_session

    with write_session(database, "Looked at a request") as session:  # the helpers of writes read here, only
        request = session.get(BookingRequest, request_id)
        if request is None:
            raise missing()
        moved = _moved(session, request)
        if moved is not None:
            draft = row_drafts.draft_of(session, moved)
            draft.start, draft.end = request.start_utc, request.end_utc
            return draft
        client = session.get(Client, request.client_id) if request.client_id is not None else None
        kind = event_type(rows.raw_connection(session), request.event_type_id) if request.event_type_id else None
        minutes = int((request.end_utc - request.start_utc).total_seconds()) // 60
        draft = Draft(
            kind="client_session",
            start=request.start_utc,
            end=request.end_utc,
            tz=rows.practice_of(session).tz,
            client_id=request.client_id,
            service=request.service or service_for(session, kind, client, minutes),
            visit_type=request.visit_type,
            location_id=request.location_id or usual_place(session, client, request.visit_type),
        )
        draft = booking.with_reminders(session, draft)
        try:
            return visit.settled(session, draft)
        except Invalid:  # there is no place for such a visit any more: a person chooses another
            return draft


def accept(
    database: Database,
    request_id: int,
    draft: Draft | None = None,
    *,
    repeat: Repeat | None = None,
    name: str = "",
    expected_version: int | None = None,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Put a request on the calendar, as it is or as changed in `draft`, and tell the client (REQ-07, REQ-09).

    An overlap is counted in `Done.conflicts` and stops nothing: it is the practitioner's calendar (REQ-04).
    Somebody new joins the intake. Of a request to move an appointment that one moves.

    Args:
        repeat: the session is the first one of a series; not where an appointment moves (REC-02).
        name: what somebody new is called, if not as they wrote it.

    Raises:
        NotFound: there is no such request. Stale: it was answered, withdrawn or changed meanwhile.
        Invalid: a field of the draft is wrong. Refused: the appointment it would move is locked.
    """
    from couchcal.practice import booking, letters, rows
    from couchcal.store.records import Client
    from couchcal.store.session import write_session

    draft = draft or draft_of(database, request_id)
    with write_session(database, "Accepted a request", actor=actor, clock=clock) as session:
        request = _pending(session, request_id, expected_version)
        client = (
            session.get(Client, draft.client_id) if draft.client_id is not None else _client(session, request, name)
        )
        draft.client_id = client.id if client is not None else draft.client_id
        request.status, request.decided_at = "accepted", session.now
        session.flush()  # its time is free for the appointment
        row = _placed(session, request, draft, repeat)
        request.appointment_id, request.client_id = row.id, row.client_id
        label = f"Accepted {rows.title_of(session, row)} {rows.when_words(row)}"
        session.relabel(label)
        advice = booking.advice_for(session, row)
        if client is None or not letters.queue(
            session, "request_accepted", client=client, appointment=row, request=request
        ):
            advice = (*advice, "no e-mail address on file: the client is not told")
        return Done(label, row.id, 1, (), rows.count_conflicts(session, [row]), advice)


def _placed(session: JournalSession, request: BookingRequest, draft: Draft, repeat: Repeat | None) -> Appointment:
    from dataclasses import asdict

    from couchcal.practice import booking, editing

    moved = _moved(session, request)
    if moved is not None:
        editing.apply(session, moved, editing.Edit(asdict(draft)), "Moved")
        session.flush()
        return moved
    made, _ = booking.place(session, draft, repeat)
    made[0].event_type_id = request.event_type_id
    session.flush()
    return made[0]


def _moved(session: JournalSession, request: BookingRequest) -> Appointment | None:
    """The appointment that a request would move; None if there is none, or it was cancelled meanwhile."""
    from couchcal.store.records import Appointment

    if request.replaces_appointment_id is None:
        return None
    row = session.get(Appointment, request.replaces_appointment_id)
    return None if row is None or row.status == "cancelled" else row


def _client(session: JournalSession, request: BookingRequest, name: str) -> Client:
    """Whose request it is; somebody who asked without a proven address becomes one of the intake (INT-01)."""
    from couchcal.practice import client_changes
    from couchcal.practice.door_booking import new_client

    if request.client_id is not None:
        return client_changes.load(session, request.client_id)
    return new_client(session, request, name)


def decline(
    database: Database,
    request_id: int,
    message: str = "",
    *,
    expected_version: int | None = None,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Decline a request, with a few words if you like; its time is free at once (REQ-08, REQ-09, REQ-13).

    Raises:
        NotFound: there is no such request. Stale: it was answered, withdrawn or changed meanwhile.
        Invalid: the message has more than 500 characters.
    """
    from couchcal.practice import letters
    from couchcal.practice.door_fields import text_of
    from couchcal.store.records import Client
    from couchcal.store.session import write_session

    words = text_of("message", message)
    with write_session(database, "Declined a request", actor=actor, clock=clock) as session:
        request = _pending(session, request_id, expected_version)
        request.status, request.decided_at, request.decline_message = "declined", session.now, words
        client = session.get(Client, request.client_id) if request.client_id is not None else None
        told = letters.queue(
            session, "request_declined", client=client, recipient=request.email if client is None else "",
            request=request,
        )  # fmt: skip
        return Done(
            "Declined the request",
            None,
            1,
            (),
            0,
            () if told else ("no e-mail address on file: the client is not told",),
        )


def expire(database: Database, *, clock: Clock = system_clock) -> int:
    """Let go of holds whose link was not followed in time, and of requests whose time has come unanswered: those
    clients are told. Forgets tokens that are over. Returns how many requests it was."""
    from sqlmodel import col, or_, select

    from couchcal.practice import letters, tokens
    from couchcal.store.records import BookingRequest, Client
    from couchcal.store.session import write_session

    with write_session(database, "Requests ran out", actor="worker", clock=clock) as session:
        over = or_(
            (col(BookingRequest.status) == "unverified") & (col(BookingRequest.hold_until) <= session.now),
            (col(BookingRequest.status) == "pending") & (col(BookingRequest.start_utc) <= session.now),
        )
        found = session.exec(select(BookingRequest).where(over)).all()
        for request in found:
            told = request.status == "pending"
            request.status, request.decided_at = "expired", session.now
            client = session.get(Client, request.client_id) if request.client_id is not None else None
            if told and client is not None:
                letters.queue(session, "request_expired", client=client, request=request)
        tokens.sweep(session)
        return len(found)


def _pending(session: JournalSession, request_id: int, expected_version: int | None) -> BookingRequest:
    """The request, if it waits still: the write transaction makes this look and the change one step."""
    from couchcal.practice import rows
    from couchcal.store.records import BookingRequest

    request = session.get(BookingRequest, request_id)
    if request is None:
        raise missing()
    if request.status == "unverified":
        raise Refused("the address is not confirmed yet", "it is a request once they follow the link")
    if request.status != "pending":
        raise Stale(f"this request is {request.status} already", "look at the list again", code="decided")
    rows.refuse_stale(request, expected_version)
    return request
