"""Adding clients, changing their records, accepting and archiving them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid, NotFound, Refused
from couchcal.practice.clients import ClientRow, next_internal_id, split_name
from couchcal.scheduling.wallclock import UnknownZone, zone
from couchcal.store.connection import Database

if TYPE_CHECKING:
    from sqlmodel import Session

    from couchcal.store.journal import JournalSession
    from couchcal.store.records import Client

EDITABLE = (
    "internal_id", "first", "last", "preferred", "email", "phone", "tz", "remind_email", "remind_text",
    "remind_phone", "self_scheduling", "usual_service", "usual_location_id", "notes_admin",
)  # fmt: skip
"""Fields of the client's record a person may change."""
SELF_SCHEDULING = ("inherit", "on", "off")
LIMITS = {
    "first": 60,
    "last": 60,
    "preferred": 60,
    "email": 254,
    "phone": 32,
    "internal_id": 24,
    "notes_admin": 4000,
}
"""The most characters that a field takes."""
_WORDS = {
    "first": "first name",
    "last": "last name",
    "preferred": "name",
    "internal_id": "id",
    "notes_admin": "note",
}
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def add(
    database: Database,
    name: str,
    *,
    email: str = "",
    phone: str = "",
    tz: str = "",
    fields: Mapping[str, Any] | None = None,
    actor: str = "user",
    clock: Clock = system_clock,
) -> ClientRow:
    """A new active client with the next internal id, or one of your own in `fields` (SYNC-05).

    Args:
        fields: more of `EDITABLE`.

    Raises:
        Invalid: no name, or a value that cannot be right.
    """
    from couchcal.store.session import write_session

    with write_session(database, "Added a client", actor=actor, clock=clock) as session:
        row = add_within(session, name, email=email, phone=phone, tz=tz, fields=fields)
        session.relabel(f"Added client {row.internal_id}")
        return row


def add_within(
    session: JournalSession,
    name: str,
    *,
    email: str = "",
    phone: str = "",
    tz: str = "",
    fields: Mapping[str, Any] | None = None,
) -> ClientRow:
    """`add` as a part of a larger change, such as booking for somebody new.

    Raises:
        Invalid: no name, or a value that cannot be right.
    """
    from couchcal.practice.rows import raw_connection
    from couchcal.store.records import Client

    first, last = split_name(name)
    values = _checked({"first": first, "last": last, "email": email, "phone": phone, "tz": tz, **(fields or {})})
    _check_name(values["first"], values["last"])
    _check_against_others(session, values, 0)
    values.setdefault("internal_id", next_internal_id(raw_connection(session)))
    client = Client(**values)
    session.add(client)
    session.flush()
    return row_of(client)


def edit(
    database: Database,
    client_id: int,
    changes: Mapping[str, Any],
    *,
    accept: bool = False,
    expected_version: int | None = None,
    actor: str = "user",
    clock: Clock = system_clock,
) -> ClientRow:
    """Change fields of a client's record.

    Args:
        accept: one of the intake becomes an active client in the same step (INT-02).

    Raises:
        NotFound, Invalid: no such client or field, or a value that cannot be right.
        Stale: the record is not at `expected_version` any more.
    """
    from couchcal.practice import rows
    from couchcal.store.session import write_session

    values = _checked(changes)
    with write_session(database, "Changed a client", actor=actor, clock=clock) as session:
        client = load(session, client_id)
        rows.refuse_stale(client, expected_version)
        session.relabel(f"Changed client {client.internal_id}")
        _check_against_others(session, values, client_id)
        for name, value in values.items():
            rows.put(client, name, value)
        _check_name(client.first, client.last)
        if accept and client.state == "intake":
            session.relabel(f"Accepted {client.internal_id}")
            client.state = "active"
        return row_of(client)


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
        client = load(session, client_id)
        if client.state == state:
            return row_of(client)
        if (client.state, state) not in allowed:
            raise Refused(f"a client of the {client.state} cannot become {state}", "accept or merge them first")
        accepted = client.state == "intake"
        session.relabel(
            f"Accepted {client.internal_id}" if accepted else f"Client {client.internal_id} is {state} now"
        )
        client.state = state
        return row_of(client)


def load(session: Session, client_id: int) -> Client:
    """The client's record in a session.

    Raises:
        NotFound: there is none with this id.
    """
    from couchcal.store.records import Client

    client = session.get(Client, client_id)
    if client is None:
        raise NotFound("there is no such client", "couchcal client list shows them")
    return client


def row_of(client: Client) -> ClientRow:
    """A stored record as lists show it."""
    return ClientRow(
        client.id or 0, client.internal_id, client.first, client.last, client.preferred, client.email,
        client.phone, client.tz, client.state, client.usual_service, client.usual_location_id, client.version,
    )  # fmt: skip


def _check_name(first: str, last: str) -> None:
    if not first and not last:
        raise Invalid("the client has no name", "give a name", field="name")


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    from couchcal.practice.draft import clean_text

    unknown = set(values) - set(EDITABLE)
    if unknown:
        name = min(unknown)
        raise Invalid(f"there is no field '{name}'", f"fields are {', '.join(EDITABLE)}", field=name)
    result = dict(values)
    for name, limit in LIMITS.items():
        if name in result:
            text = clean_text(str(result[name] or ""), limit + 1)
            if len(text) > limit:
                raise Invalid(
                    f"the {_WORDS.get(name, name)} is longer than {limit} characters", "shorten it", field=name
                )
            result[name] = text if name == "notes_admin" else text.replace("\n", " ")
    for name in ("usual_service", "usual_location_id"):
        if name in result:
            result[name] = result[name] or None
    if result.get("email") and not EMAIL.fullmatch(result["email"]):
        raise Invalid("that is no e-mail address", "it looks like name@example.org", field="email")
    if result.get("tz"):
        try:
            zone(result["tz"])
        except UnknownZone:
            raise Invalid("that is no time zone", "use an IANA name such as America/New_York", field="tz") from None
    if "internal_id" in result and not result["internal_id"]:
        raise Invalid("the internal id is empty", "give one such as C-0042", field="internal_id")
    if result.get("self_scheduling", "inherit") not in SELF_SCHEDULING:
        raise Invalid("self_scheduling is inherit, on or off", "choose one of them", field="self_scheduling")
    return result


def _check_against_others(session: JournalSession, values: Mapping[str, Any], client_id: int) -> None:
    """Raise Invalid where a value names what is not there, or takes what another client has."""
    from sqlmodel import col, func, select

    from couchcal.practice import rows
    from couchcal.store.records import Client, Location

    others = select(Client.id).where(Client.id != client_id)
    if "internal_id" in values:
        same = func.lower(Client.internal_id) == values["internal_id"].lower()
        if session.exec(others.where(same)).first() is not None:
            raise Invalid("another client has this id", "choose another", field="internal_id")
    if values.get("email"):
        client = session.get(Client, client_id)
        signs_in = client is not None and client.portal_state != "none"
        same = func.lower(col(Client.email)) == values["email"].lower()
        if signs_in and session.exec(others.where(same, Client.portal_state != "none")).first() is not None:
            raise Invalid("another client signs in with it", "merge the two, or give another one", field="email")
    if values.get("usual_service") and rows.service_of(session, values["usual_service"]) is None:
        raise Invalid("there is no such service", "use a code of your service list", field="usual_service")
    if values.get("usual_location_id") and session.get(Location, values["usual_location_id"]) is None:
        raise Invalid("there is no such place", "choose one of the list", field="usual_location_id")
