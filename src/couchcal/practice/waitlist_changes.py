"""Changing the waitlist: putting clients on it, what they wish, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import time
from typing import TYPE_CHECKING, Any

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid, NotFound, Refused
from couchcal.practice.names import short_name
from couchcal.practice.outcome import Done
from couchcal.practice.waitlist import NOTE_LIMIT, STATES, WEEKDAYS, read_days
from couchcal.store.connection import Database

if TYPE_CHECKING:
    from couchcal.store.journal import JournalSession
    from couchcal.store.records import Client, Waitlist

_EDITABLE = ("event_type_id", "days", "from_time", "to_time", "note")


def add(
    database: Database,
    client_id: int,
    *,
    event_type_id: int | None = None,
    days: Iterable[int] = (),
    from_time: time | None = None,
    to_time: time | None = None,
    note: str = "",
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Put a client on the waitlist, once for each event type.

    Raises:
        NotFound: no such client or event type. Refused: they wait for it already, or are archived.
        Invalid: `days` or `hours` that cannot be right.
    """
    from couchcal.store.records import Client, Waitlist
    from couchcal.store.session import write_session

    values = {
        "event_type_id": event_type_id,
        "days": days,
        "from_time": from_time,
        "to_time": to_time,
        "note": note,
    }
    with write_session(database, "Added to the waitlist", actor=actor, clock=clock) as session:
        client = session.get(Client, client_id)
        if client is None:
            raise NotFound("there is no such client", "couchcal client list shows them")
        if client.state == "archived":
            raise Refused("the client is archived", "take them back first")
        row = Waitlist(client_id=client_id, **_checked(session, values))
        _refuse_second(session, row)
        session.relabel(f"{_name(client)} is on the waitlist")
        session.add(row)
        return Done(f"{_name(client)} is on the waitlist")


def edit(
    database: Database,
    waiting_id: int,
    changes: Mapping[str, Any],
    *,
    expected_version: int | None = None,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Change `event_type_id`, `days`, `from_time`, `to_time` or `note` of an entry.

    Raises:
        NotFound, Stale: it is gone, or not at `expected_version` any more. Invalid, Refused: as `add`.
    """
    from couchcal.practice.rows import put_all
    from couchcal.store.session import write_session

    unknown = set(changes) - set(_EDITABLE)
    if unknown:
        raise Invalid(
            f"there is no field '{min(unknown)}'", f"fields are {', '.join(_EDITABLE)}", field=min(unknown)
        )
    with write_session(database, "Changed the waitlist", actor=actor, clock=clock) as session:
        row, client = _load(session, waiting_id, expected_version)
        values = {name: getattr(row, name) for name in _EDITABLE}
        values["days"] = read_days(row.days)
        wanted = _checked(session, values | dict(changes))
        if not put_all(row, wanted):
            return Done("Nothing changed", changed=0)
        _refuse_second(session, row)
        session.relabel(f"Changed what {_name(client)} waits for")
        return Done(f"Changed what {_name(client)} waits for")


def set_state(
    database: Database,
    waiting_id: int,
    state: str,
    *,
    with_appointment: int | None = None,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Say that somebody waits, was offered a time, or has got one.

    Args:
        with_appointment: the appointment that was just booked for them. It and the new state are then one
            undo step.

    Raises:
        NotFound: the entry is gone. Invalid: no such state. Refused: they wait for the same again meanwhile.
    """
    from couchcal.store.session import write_session

    if state not in STATES:
        raise Invalid(f"'{state}' is no state of the waitlist", f"states are {', '.join(STATES)}", field="state")
    with write_session(database, "Changed the waitlist", actor=actor, clock=clock) as session:
        booking = _booking_change(session, with_appointment)
        if booking is not None:
            session.join_change(booking)
        row, client = _load(session, waiting_id, None)
        row.state = state
        _refuse_second(session, row)
        label = {
            "waiting": f"{_name(client)} waits again",
            "offered": f"{_name(client)} was offered a time",
            "booked": f"{_name(client)} has got a time",
        }[state]
        if booking is None:
            session.relabel(label)
        return Done(label)


def remove(database: Database, waiting_id: int, *, actor: str = "user", clock: Clock = system_clock) -> Done:
    """Take an entry off the waitlist.

    Raises:
        NotFound: it is gone already.
    """
    from couchcal.store.session import write_session

    with write_session(database, "Changed the waitlist", actor=actor, clock=clock) as session:
        row, client = _load(session, waiting_id, None)
        session.relabel(f"{_name(client)} is off the waitlist")
        session.delete(row)
        return Done(f"{_name(client)} is off the waitlist")


def _checked(session: JournalSession, values: dict[str, Any]) -> dict[str, Any]:
    from couchcal.practice.draft import clean_text
    from couchcal.store.records import EventType

    days = set(values["days"])
    if not days <= set(range(7)):
        raise Invalid("weekdays are 0 for Monday to 6 for Sunday", "give some of them", field="days")
    from_time, to_time = values["from_time"], values["to_time"]
    if from_time is None and to_time is not None:
        from_time = time()
    if from_time is not None and (to_time or time()) != time() and to_time <= from_time:
        raise Invalid("the hours end before they begin", "give hours such as 12-17", field="hours")
    if (from_time, to_time or time()) == (time(), time()):
        from_time = to_time = None
    if values["event_type_id"] is not None and session.get(EventType, values["event_type_id"]) is None:
        raise NotFound("there is no such event type", "choose one of the list")
    return {
        "event_type_id": values["event_type_id"],
        "days": " ".join(map(str, sorted(days))) if len(days) < len(WEEKDAYS) else "",
        "from_time": from_time,
        "to_time": to_time,
        "note": clean_text(str(values["note"] or ""), NOTE_LIMIT).replace("\n", " "),
    }


def _refuse_second(session: JournalSession, row: Waitlist) -> None:
    """A client waits once for each event type; what is booked waits no more."""
    from sqlmodel import select

    from couchcal.store.records import Waitlist

    if row.state == "booked":
        return
    others = session.exec(
        select(Waitlist).where(Waitlist.client_id == row.client_id, Waitlist.state != "booked")
    ).all()
    if any(other.id != row.id and other.event_type_id == row.event_type_id for other in others):
        raise Refused("the client waits for that already", "change the entry on the list")


def _load(session: JournalSession, waiting_id: int, expected_version: int | None) -> tuple[Waitlist, Client]:
    from couchcal.practice.rows import refuse_stale
    from couchcal.store.records import Client, Waitlist

    row = session.get(Waitlist, waiting_id)
    client = session.get(Client, row.client_id) if row is not None else None
    if row is None or client is None:
        raise NotFound("that entry of the waitlist is not there any more", "it may have been removed elsewhere")
    refuse_stale(row, expected_version)
    return row, client


def _booking_change(session: JournalSession, appointment_id: int | None) -> int | None:
    """The change that booked the appointment, unless it was undone."""
    from sqlmodel import col, select

    from couchcal.store.records import Change, ChangeRow

    if appointment_id is None:
        return None
    found = session.exec(
        select(Change)
        .join(ChangeRow, col(ChangeRow.change_id) == Change.id)
        .where(
            ChangeRow.table_name == "appointment",
            ChangeRow.row_id == appointment_id,
            ChangeRow.operation == "insert",
        )
        .order_by(col(Change.id).desc())
    ).first()
    return found.id if found is not None and found.reverted_by_id is None else None


def _name(client: Client) -> str:
    return short_name(client.internal_id, client.preferred or client.first, client.last)
