"""Clients: reading them (DB-API), and adding, changing, archiving, deciding on intake, merging."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any, NamedTuple

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid, NotFound, Refused
from couchcal.scheduling.wallclock import UnknownZone, zone
from couchcal.store.connection import Database

if TYPE_CHECKING:
    from couchcal.store.journal import JournalSession
    from couchcal.store.records import Client

_COLUMNS = (
    "id, internal_id, first, last, preferred, email, phone, tz, state, usual_service, usual_location_id, version"
)
EDITABLE = (
    "internal_id", "first", "last", "preferred", "email", "phone", "tz", "remind_email", "remind_text",
    "remind_phone", "self_scheduling", "usual_service", "usual_location_id", "notes_admin",
)  # fmt: skip
"""Fields of the client's record a person may change."""
_LIMITS = {
    "first": 60,
    "last": 60,
    "preferred": 60,
    "email": 254,
    "phone": 32,
    "internal_id": 24,
    "notes_admin": 4000,
}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class ClientRow(NamedTuple):
    """A client as lists show it; `first` is the name they are called by (`preferred` where set)."""

    id: int
    internal_id: str
    first: str
    last: str
    preferred: str
    email: str
    phone: str
    tz: str
    state: str
    usual_service: str | None
    usual_location_id: int | None
    version: int

    @property
    def called(self) -> str:
        return self.preferred or self.first

    @property
    def full_name(self) -> str:
        return f"{self.called} {self.last}".strip() or self.internal_id


def list_clients(connection: sqlite3.Connection, *, archived: bool = False) -> list[ClientRow]:
    """Clients, those of the intake first, then by name (INT-01)."""
    where = "" if archived else "WHERE state <> 'archived'"
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM client {where}"  # noqa: S608  fixed fragments
        " ORDER BY state <> 'intake', lower(last), lower(first), id"
    )
    return [ClientRow(*row) for row in rows]


def get(connection: sqlite3.Connection, client_id: int) -> ClientRow:
    """One client.

    Raises:
        NotFound: there is none with this id.
    """
    row = connection.execute(f"SELECT {_COLUMNS} FROM client WHERE id = ?", (client_id,)).fetchone()  # noqa: S608
    if row is None:
        raise NotFound("there is no such client", "couchcal client list shows them")
    return ClientRow(*row)


def resolve(connection: sqlite3.Connection, text: str) -> ClientRow:
    """The client of an internal id, or of a name that fits only one.

    Raises:
        NotFound: none fits. Refused: several do.
    """
    wanted = text.strip().casefold()
    clients = list_clients(connection, archived=True)
    exact = [row for row in clients if row.internal_id.casefold() == wanted]
    found = exact or [
        row for row in clients if wanted and f" {row.full_name} {row.first}".casefold().find(f" {wanted}") >= 0
    ]
    if not found:
        raise NotFound("no client fits", "couchcal client list shows them")
    if len(found) > 1:
        raise Refused("several clients fit", f"use an id: {', '.join(row.internal_id for row in found[:8])}")
    return found[0]


def split_name(name: str) -> tuple[str, str]:
    """First and last name of "Jane Doe" or "Doe, Jane"."""
    if "," in name:
        last, _, first = name.partition(",")
        return first.strip(), last.strip()
    first, _, last = name.strip().rpartition(" ")
    return (first.strip(), last) if first else (last, "")


def add(
    database: Database,
    name: str,
    *,
    email: str = "",
    phone: str = "",
    tz: str = "",
    actor: str = "user",
    clock: Clock = system_clock,
) -> ClientRow:
    """A new active client with the next internal id (SYNC-05).

    Raises:
        Invalid: no name, or an e-mail address or zone that cannot be right.
    """
    from couchcal.store.records import Client
    from couchcal.store.session import write_session

    first, last = split_name(name)
    values = _checked({"first": first, "last": last, "email": email, "phone": phone, "tz": tz})
    if not values["first"] and not values["last"]:
        raise Invalid("the client has no name", "give a name", field="name")
    with write_session(database, "Added a client", actor=actor, clock=clock) as session:
        client = Client(internal_id=_next_internal_id(session), **values)
        session.relabel(f"Added client {client.internal_id}")
        session.add(client)
        session.flush()
        return _row(client)


def edit(
    database: Database,
    client_id: int,
    changes: dict[str, Any],
    *,
    actor: str = "user",
    clock: Clock = system_clock,
) -> ClientRow:
    """Change fields of a client's record.

    Raises:
        NotFound, Invalid: no such client or field, or a value that cannot be right.
    """
    from couchcal.store.session import write_session

    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise Invalid(
            f"there is no field '{min(unknown)}'", f"fields are {', '.join(EDITABLE)}", field=min(unknown)
        )
    values = _checked(changes)
    with write_session(database, "Changed a client", actor=actor, clock=clock) as session:
        client = _load(session, client_id)
        session.relabel(f"Changed client {client.internal_id}")
        if "internal_id" in values:
            _check_internal_id(session, values["internal_id"], client_id)
        _check_links(session, values)
        for name, value in values.items():
            if getattr(client, name) != value:
                setattr(client, name, value)
        return _row(client)


def set_state(
    database: Database, client_id: int, state: str, *, actor: str = "user", clock: Clock = system_clock
) -> ClientRow:
    """Move a client between `active` and `archived`, or accept one of the intake (INT-02).

    Raises:
        Refused: that step is not allowed from where the client is.
    """
    from couchcal.store.session import write_session

    allowed = {("intake", "active"), ("active", "archived"), ("archived", "active")}
    with write_session(database, "Changed a client", actor=actor, clock=clock) as session:
        client = _load(session, client_id)
        if client.state == state:
            return _row(client)
        if (client.state, state) not in allowed:
            raise Refused(f"a client of the {client.state} cannot become {state}", "accept or merge them first")
        session.relabel(f"Client {client.internal_id} is {state} now")
        client.state = state
        return _row(client)


def merge(
    database: Database, client_id: int, into_id: int, *, actor: str = "user", clock: Clock = system_clock
) -> ClientRow:
    """Move everything of a client to another and remove the emptied record (INT-04, INV-B7).

    Raises:
        Refused: they are the same.
    """
    from sqlmodel import select

    from couchcal.store.records import Appointment, BookingRequest, OutboxEmail, PortalToken, Series, Waitlist
    from couchcal.store.session import write_session

    if client_id == into_id:
        raise Refused("that is the same client", "choose another")
    with write_session(database, "Merged clients", actor=actor, clock=clock) as session:
        source, target = _load(session, client_id), _load(session, into_id)
        session.relabel(f"Merged {source.internal_id} into {target.internal_id}")
        for kind in (Appointment, Series, BookingRequest, Waitlist, OutboxEmail, PortalToken):
            for row in session.exec(select(kind).where(kind.client_id == client_id)):
                row.client_id = into_id
        fresh = {name: getattr(source, name) for name in ("email", "phone", "tz") if not getattr(target, name)}
        if target.portal_state == "none" and source.email == (target.email or source.email):
            fresh |= {"portal_state": source.portal_state, "portal_accepted_at": source.portal_accepted_at}
        session.flush()
        session.delete(source)
        session.flush()  # before its address moves on: with portal access it is unique
        for name, value in fresh.items():
            setattr(target, name, value)
        session.flush()
        return _row(target)


def reject(database: Database, client_id: int, *, actor: str = "user", clock: Clock = system_clock) -> int:
    """Remove a never-accepted client of the intake and their sessions; returns how many (INT-03, C-12).

    Raises:
        Refused: not of the intake, or a session was worked on.
    """
    from sqlmodel import select

    from couchcal.practice import rows, series
    from couchcal.practice.locks import documented
    from couchcal.store.records import Appointment, BookingRequest, OutboxEmail, PortalToken, Series, Waitlist
    from couchcal.store.session import write_session

    with write_session(database, "Rejected a client", actor=actor, clock=clock) as session:
        client = _load(session, client_id)
        if client.state != "intake":
            raise Refused("only clients of the intake can be rejected", "archive this one instead")
        sessions = session.exec(select(Appointment).where(Appointment.client_id == client_id)).all()
        if any(documented(row) for row in sessions):
            raise Refused("a session of theirs was worked on", "accept or merge them instead")
        session.relabel(f"Rejected {client.internal_id}")
        rows.remove(session, *sessions)
        session.flush()
        for record in session.exec(select(Series).where(Series.client_id == client_id)).all():
            series.discard(session, record)
        for kind in (BookingRequest, OutboxEmail, PortalToken, Waitlist):
            for child in session.exec(select(kind).where(kind.client_id == client_id)):
                session.delete(child)
        session.flush()
        session.delete(client)
        return len(sessions)


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    from couchcal.practice.draft import clean_text

    result = dict(values)
    for name, limit in _LIMITS.items():
        if name in result:
            result[name] = clean_text(str(result[name] or ""), limit).replace(
                "\n", " " if name != "notes_admin" else "\n"
            )
    if result.get("email") and not _EMAIL.fullmatch(result["email"]):
        raise Invalid("that is no e-mail address", "it looks like name@example.org", field="email")
    if result.get("tz"):
        try:
            zone(result["tz"])
        except UnknownZone:
            raise Invalid("that is no time zone", "use an IANA name such as America/New_York", field="tz") from None
    if "internal_id" in result and not result["internal_id"]:
        raise Invalid("the internal id is empty", "give one such as C-0042", field="internal_id")
    return result


def _check_internal_id(session: JournalSession, internal_id: str, client_id: int) -> None:
    from sqlmodel import select

    from couchcal.store.records import Client

    other = session.exec(select(Client).where(Client.internal_id == internal_id)).first()
    if other is not None and other.id != client_id:
        raise Invalid("another client has this internal id", "choose another", field="internal_id")


def _check_links(session: JournalSession, values: dict[str, Any]) -> None:
    from couchcal.practice import rows
    from couchcal.store.records import Location

    if values.get("usual_service") and rows.service_of(session, values["usual_service"]) is None:
        raise Invalid("there is no such service", "use a code of your service list", field="usual_service")
    if values.get("usual_location_id") and session.get(Location, values["usual_location_id"]) is None:
        raise Invalid("there is no such place", "choose one of the list", field="usual_location_id")


def _load(session: JournalSession, client_id: int) -> Client:
    from couchcal.store.records import Client

    client = session.get(Client, client_id)
    if client is None:
        raise NotFound("there is no such client", "couchcal client list shows them")
    return client


def _next_internal_id(session: JournalSession) -> str:
    from sqlmodel import select

    from couchcal.store.records import Client

    numbers = [
        int(text.removeprefix("C-"))
        for text in session.exec(select(Client.internal_id))
        if text.startswith("C-") and text.removeprefix("C-").isdecimal()
    ]
    return f"C-{max(numbers, default=0) + 1:04d}"


def _row(client: Client) -> ClientRow:
    return ClientRow(
        client.id or 0, client.internal_id, client.first, client.last, client.preferred, client.email,
        client.phone, client.tz, client.state, client.usual_service, client.usual_location_id, client.version,
    )  # fmt: skip
