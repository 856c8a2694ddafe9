"""Claiming a time for a client, inside a write session: the slot engine asked again, then the row (BOOK-05).

Two walls stand before a double booking: `recheck`, and the triggers of the database, which `walled` turns into the
same refusal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from sqlalchemy.exc import IntegrityError

from couchcal.clock import Clock
from couchcal.errors import CouchcalError, Invalid, NotFound
from couchcal.practice import booking, clients, event_types, openings, rows, usual
from couchcal.practice.agenda import horizon_reached, local_day
from couchcal.practice.door_shapes import Taken
from couchcal.practice.draft import Draft
from couchcal.practice.event_types import EventTypeRow
from couchcal.practice.openings import Key
from couchcal.practice.services import services
from couchcal.practice.visit import visit_of
from couchcal.scheduling.wallclock import zone_or_utc
from couchcal.store.connection import Database
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, Client, Location

NEXT_FREE = 5
"""How many other starts a refusal names."""
_LOOKED_AT = 21
"""Days after the wished one that are looked at for them."""
_FARTHEST = timedelta(days=800)
_DAY = timedelta(days=1)
Audience = Literal["public", "portal"]


def offered_type(session: JournalSession, event_type_id: int, audience: Audience) -> EventTypeRow:
    """The event type, if this audience is offered it.

    Raises:
        NotFound: it is not.
    """
    kind = event_types.one(rows.raw_connection(session), event_type_id)
    if not kind.active or kind.audience not in (audience, "both"):
        raise NotFound("that event type is not offered any more", "choose another one")
    return kind


def chosen_visit(kind: EventTypeRow, visit_type: str | None) -> str:
    """The visit type of a wish; where there is only one it need not be named (VIS-03).

    Raises:
        Invalid: it is missing, or none of this event type.
    """
    possible = ("in_person", "telehealth") if kind.visit_mode == "both" else (kind.visit_mode,)
    if visit_type is None and len(possible) == 1:
        return possible[0]
    if visit_type is None or visit_type not in possible:
        raise Invalid("choose how you want to meet", "in person or by telehealth", field="visit_type")
    return visit_type


def practice_zone(session: JournalSession) -> tzinfo:
    """The zone that decides which day a start is on."""
    return zone_or_utc(rows.practice_of(session).tz)


def recheck(
    session: JournalSession,
    event_type_id: int,
    visit_type: str | None,
    start: datetime,
    *,
    ignoring: Collection[Key] = (),
    now: datetime | None = None,
) -> None:
    """Raise Taken unless exactly this start is offered to clients now (AVL-07, BOOK-04, BOOK-05).

    Args:
        ignoring: what gives way to the claim: the appointment that moves, the client's own hold.
        now: the moment whose notice and window count, if not the present.
    """
    tz = practice_zone(session)
    try:
        day = local_day(start, tz)
        found = openings.offered(
            rows.raw_connection(session), event_type_id, visit_type, first=day - _DAY, last=day,
            now=now or session.now, tz=tz, ignoring=ignoring,
        )  # fmt: skip
    except OverflowError:
        raise Taken from None
    if start not in found:
        raise Taken


@contextmanager
def walled() -> Iterator[None]:
    """Turn the refusal of the database's own wall into Taken."""
    try:
        yield
    except IntegrityError as error:
        if "slot_taken" not in str(error.orig):
            raise
        raise Taken from None


def cover(database: Database, start: datetime, *, clock: Clock) -> None:
    """See to it that series have their rows at `start`: beyond their horizon time only looks free (INV-S6)."""
    now = clock()
    if not now <= start <= now + _FARTHEST:
        return
    with closing(database.connect()) as connection:
        reached = horizon_reached(connection, now, start + _DAY)
    if not reached:
        from couchcal.practice.series import extend_all

        extend_all(database, now, start + _DAY, clock=clock)


def next_free(
    database: Database, event_type_id: int, visit_type: str | None, start: datetime, now: datetime
) -> tuple[datetime, ...]:
    """The first starts that are offered from the local day of `start` on."""
    with closing(database.connect()) as connection:
        name = connection.execute("SELECT tz FROM practice ORDER BY id LIMIT 1").fetchone()[0]
        tz = zone_or_utc(name)
        try:
            first = max(local_day(start, tz), local_day(now, tz))
            found = openings.offered(
                connection, event_type_id, visit_type, first=first, last=first + timedelta(days=_LOOKED_AT),
                now=now, tz=tz,
            )  # fmt: skip
        except (OverflowError, CouchcalError):
            return ()
    return tuple(found[:NEXT_FREE])


@contextmanager
def telling_what_is_free(
    database: Database, event_type_id: int, visit_type: str | None, start: datetime, *, clock: Clock
) -> Iterator[None]:
    """Let a Taken that leaves the block say which starts are free."""
    try:
        yield
    except Taken as taken:
        if taken.next_free:
            raise
        raise Taken(next_free(database, event_type_id, visit_type, start, clock())) from None


def put_on_calendar(
    session: JournalSession, kind: EventTypeRow, visit_type: str, start: datetime, client: Client, origin: str
) -> Appointment:
    """The appointment of a client's own booking. `recheck` comes before.

    Raises:
        Taken: the database's wall stopped it. Invalid: the practice has no place for such a visit, or no service.
    """
    draft = Draft(
        kind="client_session",
        start=start,
        end=start + timedelta(minutes=kind.minutes),
        tz=rows.practice_of(session).tz,
        client_id=client.id,
        service=service_for(session, kind, client),
        visit_type=visit_type,
        location_id=usual_place(session, client, visit_type),
    )
    with walled():
        made, _ = booking.place(session, draft, None, origin)
    made[0].event_type_id = kind.id
    session.flush()
    return made[0]


def service_for(session: JournalSession, kind: EventTypeRow | None, client: Client | None, minutes: int = 0) -> str:
    """The service of an event type, else the client's usual one, else one that fits the length.

    Raises:
        Invalid: the practice has no service.
    """
    if kind is not None and kind.service is not None:
        return kind.service
    connection = rows.raw_connection(session)
    known = services(connection)
    length = kind.minutes if kind is not None else minutes
    if client is not None and client.id is not None:
        row = clients.get(connection, client.id)
        found = usual.service_for(row, length, usual.latest_services(connection), known)
    else:
        found = next((row.code for row in known if row.typical_min == length), None)
    if found is None and not known:
        raise Invalid("the practice has no service", "the practice has to add one first", field="event_type")
    return found or known[0].code


def usual_place(session: JournalSession, client: Client | None, visit_type: str | None) -> int | None:
    """The client's usual place if such a visit can be there; None leaves it to the practice's default."""
    if client is None or client.usual_location_id is None:
        return None
    place = session.get(Location, client.usual_location_id)
    fits = place is not None and place.active and visit_of(place) == visit_type
    return client.usual_location_id if fits else None


def whole(start: datetime) -> datetime:
    """A wished start as an instant of whole seconds, UTC.

    Raises:
        Invalid: it has no zone, or no such instant exists.
    """
    if start.tzinfo is None:
        raise Invalid("that is no time", "choose one of the list", field="start")
    try:
        return start.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise Invalid("that is no time", "choose one of the list", field="start") from None
