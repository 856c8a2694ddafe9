"""Clients as lists, forms and the command line read them; DB-API only, no ORM."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from couchcal.errors import NotFound, Refused
from couchcal.store.connection import Connection

_COLUMNS = (
    "id, internal_id, first, last, preferred, email, phone, tz, state, usual_service, usual_location_id, version"
)
_DETAILS = (
    "portal_state, portal_accepted_at, unsubscribed_at, remind_email, remind_text, remind_phone, self_scheduling,"
    " notes_admin, (SELECT self_scheduling FROM practice ORDER BY id LIMIT 1)"
)


class ClientRow(NamedTuple):
    """A client as lists show it; `called` is the name they go by (`preferred` where set)."""

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


class ClientDetails(NamedTuple):
    """The rest of a client's record: portal access, reminders, self-scheduling, notes of the office."""

    row: ClientRow
    portal_state: str
    portal_accepted_at: datetime | None
    unsubscribed_at: datetime | None
    """Since when they want no reminder by e-mail (C-04)."""
    remind_email: bool
    remind_text: bool
    remind_phone: bool
    self_scheduling: str
    """`inherit`, `on` or `off` (PORTAL-02)."""
    notes_admin: str
    practice_self_scheduling: bool
    """What `inherit` comes to."""

    @property
    def may_self_schedule(self) -> bool:
        """Whether they may book, move and cancel in the portal: own setting, else the practice's, and only with
        an accepted invitation (PORTAL-02, PORTAL-08)."""
        allowed = (
            self.practice_self_scheduling if self.self_scheduling == "inherit" else self.self_scheduling == "on"
        )
        return allowed and self.portal_state == "accepted"


def list_clients(connection: Connection, *, archived: bool = False) -> list[ClientRow]:
    """Clients, those of the intake first, then by name (INT-01)."""
    where = "" if archived else "WHERE state <> 'archived'"
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM client {where}"  # noqa: S608  fixed fragments
        " ORDER BY state <> 'intake', lower(last), lower(first), id"
    )
    return [ClientRow(*row) for row in rows]


def get(connection: Connection, client_id: int) -> ClientRow:
    """One client.

    Raises:
        NotFound: there is none with this id.
    """
    row = connection.execute(f"SELECT {_COLUMNS} FROM client WHERE id = ?", (client_id,)).fetchone()  # noqa: S608  our names
    if row is None:
        raise NotFound("there is no such client", "couchcal client list shows them")
    return ClientRow(*row)


def details(connection: Connection, client_id: int) -> ClientDetails:
    """One client with everything their record holds.

    Raises:
        NotFound: there is none with this id.
    """
    found = connection.execute(
        f"SELECT {_COLUMNS}, {_DETAILS} FROM client WHERE id = ?",  # noqa: S608  fixed fragments
        (client_id,),
    ).fetchone()
    if found is None:
        raise NotFound("there is no such client", "couchcal client list shows them")
    width = len(ClientRow._fields)
    portal, accepted, unsubscribed, email, text, phone, own, notes, practice = found[width:]
    return ClientDetails(
        ClientRow(*found[:width]), portal, _instant(accepted), _instant(unsubscribed),
        bool(email), bool(text), bool(phone), own, notes, bool(practice),
    )  # fmt: skip


def resolve(connection: Connection, text: str) -> ClientRow:
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


def next_internal_id(connection: Connection) -> str:
    """The internal id that the next client is given: `C-` and the number after the highest one (SYNC-05)."""
    (highest,) = connection.execute(
        "SELECT max(CAST(substr(internal_id, 3) AS INTEGER)) FROM client"
        " WHERE internal_id GLOB 'C-[0-9]*' AND substr(internal_id, 3) NOT GLOB '*[^0-9]*'"
    ).fetchone()
    return f"C-{(highest or 0) + 1:04d}"


def split_name(name: str) -> tuple[str, str]:
    """First and last name of "Jane Doe" or "Doe, Jane"."""
    if "," in name:
        last, _, first = name.partition(",")
        return first.strip(), last.strip()
    first, _, last = name.strip().rpartition(" ")
    return (first.strip(), last) if first else (last, "")


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
