"""Work on appointment rows that several write functions share. Each runs inside a write session."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta, tzinfo
from typing import Any
from uuid import uuid4

from sqlmodel import Session, col, select

from couchcal.clock_words import day_words, inert, moment_words
from couchcal.errors import Invalid, NotFound, Refused, Stale
from couchcal.practice import agenda
from couchcal.practice.draft import DRAFT_FIELDS, REMOVED_BY_HAND, Draft
from couchcal.practice.fields import NOTE_FIELDS, TIME_FIELDS
from couchcal.practice.locks import refusal
from couchcal.practice.names import short_name
from couchcal.practice.services import with_automatic
from couchcal.scheduling.span import span_class
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
    Location,
    OutboxEmail,
    Practice,
    Record,
    Reminder,
    Room,
    ServiceCode,
)

NO_AUTO_MODIFIER = "auto_modifier"
"""In `overridden`: a person removed the automatic modifier, so it stays away (INV-L4)."""
TIME = "time"
"""In `overridden`: this occurrence was moved by hand."""
PLACES = frozenset({"location_id", "kind"})
"""Fields that decide the automatic modifier."""
PLAIN_FIELDS = tuple(sorted(DRAFT_FIELDS - {"start", "end", "modifiers"}))
"""Draft fields that are columns of the same name."""


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


def plain_draft(row: Appointment) -> Draft:
    """The row's fields as a draft that leaves the modifiers to the place."""
    return Draft(start=row.start_utc, end=row.end_utc, **{name: getattr(row, name) for name in PLAIN_FIELDS})


def draft_of(session: JournalSession, row: Appointment) -> Draft:
    """The row's fields as a draft, modifiers with their hand-removed marker."""
    draft = plain_draft(row)
    draft.modifiers = [modifier.code for modifier in modifiers_of(session, row)] + _removed_marker(session, row)
    return draft


def chosen_modifiers(session: JournalSession, row: Appointment) -> list[str]:
    """The codes a person chose for the row, with the marker of a removed automatic one."""
    codes = [modifier.code for modifier in modifiers_of(session, row) if modifier.source == "manual"]
    return codes + _removed_marker(session, row)


def _removed_marker(session: JournalSession, row: Appointment) -> list[str]:
    removed = NO_AUTO_MODIFIER in row.overridden.split()
    return [f"{REMOVED_BY_HAND}{automatic_modifier(session)}"] if removed else []


def apply_change(session: JournalSession, row: Appointment, draft: Draft, names: set[str]) -> None:
    """Write an edit of the fields `names` into a row, raising its SEQUENCE (INV-M4)."""
    if {"start", "end"} & names:
        row.moved_at = session.now
    row.sequence += 1
    apply_draft(session, row, draft)


def apply_draft(session: JournalSession, row: Appointment, draft: Draft) -> None:
    """Write a checked draft into a row; unchanged columns are not touched."""
    for name in PLAIN_FIELDS:
        put(row, name, getattr(draft, name))
    put(row, "start_utc", draft.start)
    put(row, "end_utc", draft.end)
    put(row, "span", span_class(int((draft.end - draft.start).total_seconds())))


def put(row: Any, name: str, value: object) -> None:
    """Assign only what differs, so that the journal records changes alone."""
    if getattr(row, name) != value:
        setattr(row, name, value)


def check_references(session: JournalSession, draft: Draft) -> None:
    """Raise Invalid where the draft names a client, service, place or room that is not there."""
    if draft.client_id is not None and session.get(Client, draft.client_id) is None:
        raise Invalid("there is no such client", "choose one of the list", field="client_id")
    if draft.service is not None and service_of(session, draft.service) is None:
        raise Invalid(f"there is no service '{draft.service}'", "use a code of your service list", field="service")
    if draft.location_id is not None and session.get(Location, draft.location_id) is None:
        raise Invalid("there is no such place", "choose one of the list", field="location_id")
    if draft.room_id is not None and session.get(Room, draft.room_id) is None:
        raise Invalid("there is no such room", "choose one of the list", field="room_id")


def service_of(session: JournalSession, code: str) -> ServiceCode | None:
    """The service with this code."""
    return session.exec(select(ServiceCode).where(ServiceCode.code == code)).first()


def practice_of(session: JournalSession) -> Practice:
    """The one practice row."""
    return session.exec(select(Practice)).one()


def automatic_modifier(session: JournalSession) -> str:
    """The code that telehealth adds (setting, 95)."""
    return practice_of(session).telehealth_modifier


def modifiers_of(session: JournalSession, row: Appointment) -> list[AppointmentModifier]:
    """The row's modifiers in order."""
    statement = select(AppointmentModifier).where(AppointmentModifier.appointment_id == row.id)
    return sorted(session.exec(statement), key=lambda modifier: modifier.position)


def write_modifiers(session: JournalSession, subjects: list[Appointment], wanted: list[str] | None) -> None:
    """Bring the modifiers of stored rows in line with `wanted` codes and the place of service (MOD-01, INV-L4).

    None keeps what a person chose and lets the place decide the automatic one.
    """
    if not subjects:
        return
    automatic = automatic_modifier(session)
    current = modifiers_by_row(session, subjects)
    targets: list[tuple[Appointment, list[tuple[str, str]]]] = []
    for row in subjects:
        mine = current.get(_id(row), [])
        target = _target(session, row, mine, wanted, automatic)
        if [(modifier.code, modifier.source) for modifier in mine] == target:
            continue
        sources = dict(target)
        for modifier in mine:
            if sources.get(modifier.code) != modifier.source:
                session.delete(modifier)
        targets.append((row, target))
    session.flush()
    for row, target in targets:
        existing = {(modifier.code, modifier.source): modifier for modifier in current.get(_id(row), [])}
        for position, (code, source) in enumerate(target, start=1):
            if (code, source) in existing:
                put(existing[code, source], "position", position)
            else:
                session.add(
                    AppointmentModifier(appointment_id=_id(row), position=position, code=code, source=source)
                )


def _target(
    session: JournalSession,
    row: Appointment,
    current: list[AppointmentModifier],
    wanted: list[str] | None,
    automatic: str,
) -> list[tuple[str, str]]:
    if row.kind != "client_session":
        set_overridden(row, NO_AUTO_MODIFIER, on=False)
        return []
    removed = NO_AUTO_MODIFIER in row.overridden.split()
    sources = {modifier.code: modifier.source for modifier in current}
    if wanted is None:
        kept = list(sources.items())
    else:
        codes = [code for code in wanted if not code.startswith(REMOVED_BY_HAND)]
        removed = f"{REMOVED_BY_HAND}{automatic}" in wanted or (
            sources.get(automatic) == "auto" and automatic not in codes
        )
        kept = [(code, sources.get(code, "manual")) for code in codes]
    location = session.get(Location, row.location_id) if row.location_id is not None else None
    pos = location.pos if location is not None else None
    set_overridden(row, NO_AUTO_MODIFIER, on=removed)
    return with_automatic(kept, pos, automatic, removed_by_hand=removed)


def modifiers_by_row(
    session: JournalSession, subjects: Iterable[Appointment]
) -> dict[int, list[AppointmentModifier]]:
    """The modifiers of stored rows, in order, by the id of the row; a row without any is left out."""
    found: dict[int, list[AppointmentModifier]] = {}
    for batch in _batches([_id(row) for row in subjects]):
        statement = select(AppointmentModifier).where(col(AppointmentModifier.appointment_id).in_(batch))
        for modifier in session.exec(statement.order_by(col(AppointmentModifier.position))):
            found.setdefault(modifier.appointment_id, []).append(modifier)
    return found


def set_overridden(row: Appointment, name: str, *, on: bool) -> None:
    """Add a name to the row's `overridden` set, or take it out."""
    names = set(row.overridden.split())
    names = names | {name} if on else names - {name}
    put(row, "overridden", " ".join(sorted(names)))


def remove(session: JournalSession, *doomed: Appointment) -> None:
    """Delete rows and what hangs on them, each journalled, so that undo brings all of it back."""
    for batch in _batches([_id(row) for row in doomed]):
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


def _batches(ids: list[int]) -> list[list[int]]:
    return [ids[first : first + 500] for first in range(0, len(ids), 500)]


def _id(row: Appointment) -> int:
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
    return end > start and agenda.clashes(connection, ("appointment", _id(row)), start, end, row.group_key, tz)


def raw_connection(session: JournalSession) -> Connection:
    """The DB-API connection inside this session's transaction."""
    return session.raw


def length_minutes(row: Appointment) -> int:
    """The duration in whole minutes."""
    return (row.end_utc - row.start_utc) // timedelta(minutes=1)
