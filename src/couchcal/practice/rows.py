"""Work on appointment rows that several write functions share. Each runs inside a write session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta, tzinfo
from typing import Any
from uuid import uuid4

from sqlmodel import Session, col, select

from couchcal.clock_words import day_words, inert, moment_words
from couchcal.errors import NotFound, Refused, Stale
from couchcal.practice import agenda
from couchcal.practice.clashes import clashes
from couchcal.practice.fields import NOTE_FIELDS, TIME_FIELDS
from couchcal.practice.locks import refusal
from couchcal.practice.names import short_name
from couchcal.scheduling.wallclock import to_local, zone_or_utc
from couchcal.store.connection import Connection
from couchcal.store.journal import JournalSession
from couchcal.store.records import (
    Appointment,
    AppointmentIcs,
    AppointmentModifier,
    BookingRequest,
    Cancellation,
    Client,
    Feedback,
    OutboxEmail,
    Practice,
    Record,
    Reminder,
    ServiceCode,
)

TIME = "time"
"""In `overridden`: this occurrence was moved by hand."""
PLACES = frozenset({"location_id", "kind"})
"""Fields that decide the automatic modifier."""


def new_uid() -> str:
    """A random UID, fixed for life (RFC 7986 5.3)."""
    return f"{uuid4()}@couchcal"


def load(session: Session, appointment_id: int, expected_version: int | None = None) -> Appointment:
    """The row.

    Raises:
        NotFound: there is none.
        Stale: it is not at `expected_version` any more.
    """
    row = session.get(Appointment, appointment_id)
    if row is None:
        raise NotFound("that appointment is not there any more", "it may have been deleted in another window")
    refuse_stale(row, expected_version)
    return row


def refuse_stale(row: Record, expected_version: int | None) -> None:
    """Raise Stale if the row is not at the version that its editor saw; None takes any."""
    if expected_version is not None and row.version != expected_version:
        raise Stale("it was changed by somebody else meanwhile", "look at it again, then save")


def refuse_if_locked(row: Appointment, action: str) -> None:
    """Raise Refused naming the lock and the way out (EDT-01)."""
    lock = refusal(row, action)
    if lock is not None:
        raise Refused(f"{_VERBS[action]}: {lock.reason}", lock.way_out, code=f"locked_{lock.name}")


_VERBS = {
    "time": "the time cannot be changed",
    "details": "it cannot be changed",
    "notes": "it cannot be changed",
    "cancel": "it cannot be cancelled",
    "restore": "it cannot be restored",
    "delete": "it cannot be deleted",
}


def actions_of(names: set[str]) -> set[str]:
    """Which lock actions a set of changed field names needs."""
    actions = set()
    if names & TIME_FIELDS:
        actions.add("time")
    if names & NOTE_FIELDS:
        actions.add("notes")
    if names - TIME_FIELDS - NOTE_FIELDS:
        actions.add("details")
    return actions


def put(row: Any, name: str, value: object) -> None:
    """Assign only what differs, so that the journal records changes alone."""
    if getattr(row, name) != value:
        setattr(row, name, value)


def put_all(row: Any, values: Mapping[str, object]) -> bool:
    """`put` several; whether any of them differed."""
    differing = [name for name, value in values.items() if getattr(row, name) != value]
    for name in differing:
        setattr(row, name, values[name])
    return bool(differing)


def service_of(session: JournalSession, code: str) -> ServiceCode | None:
    """The service with this code."""
    return session.exec(select(ServiceCode).where(ServiceCode.code == code)).first()


def practice_of(session: JournalSession) -> Practice:
    """The one practice row."""
    return session.exec(select(Practice)).one()


def remove(session: JournalSession, *doomed: Appointment) -> None:
    """Delete rows and what hangs on them, each journalled, so that undo brings all of it back."""
    for batch in batches([stored_id(row) for row in doomed]):
        for kind in (AppointmentModifier, Cancellation, AppointmentIcs, Reminder, Feedback):
            for child in session.exec(select(kind).where(col(kind.appointment_id).in_(batch))):
                session.delete(child)
        for mail in session.exec(select(OutboxEmail).where(col(OutboxEmail.appointment_id).in_(batch))):
            if mail.state == "queued":
                mail.state = "cancelled"
            mail.appointment_id = None
        for request in session.exec(select(BookingRequest).where(col(BookingRequest.appointment_id).in_(batch))):
            request.appointment_id = None
        for request in session.exec(
            select(BookingRequest).where(col(BookingRequest.replaces_appointment_id).in_(batch))
        ):
            request.replaces_appointment_id = None
    session.flush()
    for row in doomed:
        session.delete(row)


def batches(ids: list[int]) -> list[list[int]]:
    """The ids in lists that a statement takes."""
    return [ids[first : first + 500] for first in range(0, len(ids), 500)]


def stored_id(row: Appointment) -> int:
    """The id of a stored row."""
    if row.id is None:
        raise RuntimeError("the row is not stored yet")
    return row.id


def title_of(session: Session, row: Appointment) -> str:
    """`Jane D.` or the event's title, for labels."""
    if row.client_id is not None:
        client = session.get(Client, row.client_id)
        if client is not None:
            return inert(short_name(client.internal_id, client.preferred or client.first, client.last))
    return inert(row.title) or "the event"


def when_words(row: Appointment) -> str:
    """`Tue 3 Mar 15:00`, on the row's own wall clock, for labels (`clock_words`)."""
    if row.all_day:
        return day_words(row.start_utc)
    return moment_words(to_local(row.start_utc, zone_or_utc(row.tz)))


def count_conflicts(session: JournalSession, rows: list[Appointment]) -> int:
    """How many of `rows` overlap another busy entry, as the calendar will mark them (CNF-01)."""
    session.flush()
    connection = raw_connection(session)
    tz = zone_or_utc(practice_of(session).tz)
    return sum(_clashes(connection, row, tz) for row in rows if row.busy and row.status != "cancelled")


def _clashes(connection: Connection, row: Appointment, tz: tzinfo) -> bool:
    start, end = row.start_utc, row.end_utc
    if row.all_day:
        start, end = agenda.day_instant(start.date(), tz), agenda.day_instant(end.date(), tz)
    return end > start and clashes(connection, ("appointment", stored_id(row)), start, end, row.group_key, tz)


def raw_connection(session: JournalSession) -> Connection:
    """The DB-API connection inside this session's transaction."""
    return session.raw


def length_minutes(row: Appointment) -> int:
    """The duration in whole minutes."""
    return (row.end_utc - row.start_utc) // timedelta(minutes=1)
