"""Event types: what clients can book, how long it is and by which rules. EVT-01, VIS-01.

Reading needs no ORM. At most 15 are offered at a time; one that is named anywhere is retired instead of deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid, NotFound, Refused
from couchcal.practice.event_type_values import checked
from couchcal.practice.outcome import Done
from couchcal.store.connection import Connection, Database

if TYPE_CHECKING:
    from couchcal.store.journal import JournalSession
    from couchcal.store.records import EventType

MAX_ACTIVE = 15
"""Event types that can be offered at a time (EVT-01)."""


class EventTypeRow(NamedTuple):
    """An event type. Lengths, buffers, notice and step are minutes.

    None leaves `min_notice_min`, `window_days` (0 is unlimited), `slot_step` (0 is the session's length),
    `max_per_day` and `confirm` to the practice.
    """

    id: int
    title: str
    minutes: int
    visit_mode: str
    description: str
    buffer_before: int
    buffer_after: int
    service: str | None
    position: int
    active: bool
    audience: str
    min_notice_min: int | None
    window_days: int | None
    slot_step: int | None
    max_per_day: int | None
    confirm: str | None
    version: int


_READ = f"SELECT {', '.join(EventTypeRow._fields)} FROM event_type"  # noqa: S608  our own names
_USES = """
SELECT EXISTS(SELECT 1 FROM booking_request WHERE event_type_id = :id)
    OR EXISTS(SELECT 1 FROM waitlist WHERE event_type_id = :id)
    OR EXISTS(SELECT 1 FROM availability_block WHERE ' ' || event_types || ' ' LIKE '% ' || :id || ' %')
    OR EXISTS(SELECT 1 FROM appointment WHERE event_type_id = :id)
"""


def event_types(connection: Connection, *, inactive: bool = False) -> list[EventTypeRow]:
    """Event types in the order clients see them; with `inactive` the retired ones after them."""
    condition = "" if inactive else " WHERE active"
    rows = connection.execute(f"{_READ}{condition} ORDER BY active DESC, position, id")
    return [_row(row) for row in rows]


def one(connection: Connection, event_type_id: int) -> EventTypeRow:
    """One event type, retired or not.

    Raises:
        NotFound: there is none.
    """
    row = connection.execute(f"{_READ} WHERE id = ?", (event_type_id,)).fetchone()
    if row is None:
        raise _missing()
    return _row(row)


def _row(row: tuple[Any, ...]) -> EventTypeRow:
    found = EventTypeRow._make(row)
    return found._replace(active=bool(found.active))


def add(database: Database, values: Mapping[str, Any], *, actor: str = "user", clock: Clock = system_clock) -> Done:
    """Add an event type at the end of the list. `values` are columns; `title` is needed, the rest has defaults.

    Raises:
        Invalid: a value cannot be right (`field` names it). Refused: there are 15 already.
    """
    from couchcal.practice.rows import service_of
    from couchcal.store.records import EventType
    from couchcal.store.session import write_session

    found = checked(values)
    if "title" not in found:
        raise Invalid("an event type needs a title", "give it one, such as Intake", field="title")
    label = f"Added {found['title']}"
    with write_session(database, label, actor=actor, clock=clock) as session:
        if found.get("service") is not None and service_of(session, found["service"]) is None:
            raise _no_service(found["service"])
        offered = _offered(session)
        _refuse_too_many(offered)
        session.add(EventType(position=len(offered), **found))
        session.flush()
        return Done(label)


def edit(
    database: Database,
    event_type_id: int,
    changes: Mapping[str, Any],
    *,
    expected_version: int | None = None,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Change columns of an event type. What is booked already stays as it was booked.

    Raises:
        NotFound: there is none. Stale: it is not at `expected_version` any more. Invalid: a value cannot be right.
    """
    from couchcal.practice.rows import put_all, refuse_stale, service_of
    from couchcal.store.session import write_session

    values = checked(changes)
    with write_session(database, "Changed an event type", actor=actor, clock=clock) as session:
        row = _load(session, event_type_id)
        refuse_stale(row, expected_version)
        service = values.get("service")
        if service is not None and service != row.service and service_of(session, service) is None:
            raise _no_service(service)
        if not put_all(row, values):
            return Done("Nothing changed", changed=0)
        label = f"Changed {row.title}"
        session.relabel(label)
        session.flush()
        return Done(label)


def remove(database: Database, event_type_id: int, *, actor: str = "user", clock: Clock = system_clock) -> Done:
    """Take an event type away (EVT-01).

    One that an appointment, a request, the waitlist or a block of the weekly hours names is retired: it keeps
    its row, so that a block meant for it alone does not open to all. Any other is deleted.

    Raises:
        NotFound: there is none. Refused: it is retired already.
    """
    from couchcal.practice.rows import put, raw_connection
    from couchcal.store.session import write_session

    with write_session(database, "Removed an event type", actor=actor, clock=clock) as session:
        row = _load(session, event_type_id)
        if not row.active:
            raise Refused(f"{row.title} is removed already", "it stays where it is named; it can be restored")
        used = raw_connection(session).execute(_USES, {"id": event_type_id}).fetchone()[0]
        if used:
            row.active = False
        else:
            session.delete(row)
        session.flush()
        for position, other in enumerate(_offered(session)):
            put(other, "position", position)
        label = f"Removed {row.title}"
        session.relabel(label)
        session.flush()
        advice = ("it is named elsewhere, so it is kept, and can be restored",) if used else ()
        return Done(label, advice=advice)


def restore(database: Database, event_type_id: int, *, actor: str = "user", clock: Clock = system_clock) -> Done:
    """Offer a retired event type again, at the end of the list.

    Raises:
        NotFound: there is none. Refused: it is offered, or there are 15 already.
    """
    from couchcal.store.session import write_session

    with write_session(database, "Restored an event type", actor=actor, clock=clock) as session:
        row = _load(session, event_type_id)
        if row.active:
            raise Refused(f"{row.title} is not removed", "nothing was changed")
        offered = _offered(session)
        _refuse_too_many(offered)
        row.active, row.position = True, len(offered)
        label = f"Restored {row.title}"
        session.relabel(label)
        session.flush()
        return Done(label)


def move(
    database: Database, event_type_id: int, by: int, *, actor: str = "user", clock: Clock = system_clock
) -> Done:
    """Move an event type up (negative) or down the list, as far as there is room.

    Raises:
        NotFound: there is none. Refused: it is retired.
    """
    from couchcal.practice.rows import put
    from couchcal.store.session import write_session

    with write_session(database, "Moved an event type", actor=actor, clock=clock) as session:
        row = _load(session, event_type_id)
        offered = _offered(session)
        if row not in offered:
            raise Refused(f"{row.title} is removed", "restore it first")
        at = offered.index(row)
        to = min(max(0, at + by), len(offered) - 1)
        if to == at:
            return Done("Nothing changed", changed=0)
        offered.insert(to, offered.pop(at))
        for position, other in enumerate(offered):
            put(other, "position", position)
        label = f"Moved {row.title} {'up' if to < at else 'down'}"
        session.relabel(label)
        session.flush()
        return Done(label)


def _load(session: JournalSession, event_type_id: int) -> EventType:
    from couchcal.store.records import EventType

    row = session.get(EventType, event_type_id)
    if row is None:
        raise _missing()
    return row


def _offered(session: JournalSession) -> list[EventType]:
    from sqlmodel import col, select

    from couchcal.store.records import EventType

    statement = select(EventType).where(EventType.active).order_by(col(EventType.position), col(EventType.id))
    return list(session.exec(statement))


def _refuse_too_many(offered: list[EventType]) -> None:
    if len(offered) >= MAX_ACTIVE:
        raise Refused(f"there are {MAX_ACTIVE} event types already", "remove one first", code="too_many")


def _missing() -> NotFound:
    return NotFound("that event type is not there any more", "it may have been removed in another window")


def _no_service(code: str) -> Invalid:
    return Invalid(f"there is no service '{code}'", "use a code of your service list", field="service")
