"""Merging a client into another: everything moves, the emptied record goes (INT-04, INV-B7)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid, Refused
from couchcal.practice.client_changes import load, row_of
from couchcal.practice.client_duplicates import reasons
from couchcal.practice.clients import ClientRow
from couchcal.store.connection import Database

if TYPE_CHECKING:
    from couchcal.store.journal import JournalSession
    from couchcal.store.records import Client

CONTACT = ("email", "phone", "tz")
"""Fields of which a merged client may keep their own value or take that of the other."""
_FILLED = (*CONTACT, "preferred", "usual_service", "usual_location_id")
_COUNTED = {"appointment": "sessions", "booking_request": "requests", "waitlist": "waiting"}


class MergePreview(NamedTuple):
    """What a merge would do."""

    source: ClientRow
    target: ClientRow
    sessions: int
    requests: int
    waiting: int
    """Entries of the waitlist."""
    filled: tuple[str, ...]
    """Fields that the target lacks and takes over."""
    differing: tuple[str, ...]
    """Contact fields in which both have a value, and not the same."""
    notes: bool
    """Whether the office has notes on the source; they are put below those on the target."""
    portal: bool
    """Whether the source's portal access goes over; it follows the e-mail address."""
    portal_lost: bool
    """Whether the source's portal access ends, because the target signs in otherwise or has another address."""


def preview(database: Database, client_id: int, into_id: int, *, take: Collection[str] = ()) -> MergePreview:
    """What `merge` would do. Writes nothing.

    Raises:
        Refused, Invalid, NotFound: as `merge` does.
    """
    from sqlalchemy import func, select

    from couchcal.store.bulk import referring
    from couchcal.store.records import Client
    from couchcal.store.session import read_session

    _check(client_id, into_id, take)
    with read_session(database) as session:
        source, target = load(session, client_id), load(session, into_id)
        counts = {
            column.table.name: session.connection().execute(
                select(func.count()).select_from(column.table).where(column == client_id)
            ).scalar_one()
            for column in referring(Client.metadata.tables["client"])
            if column.table.name in _COUNTED
        }  # fmt: skip
        portal = _portal_moves(source, target, take)
        return MergePreview(
            row_of(source),
            row_of(target),
            **{_COUNTED[name]: count for name, count in counts.items()},
            filled=tuple(name for name in _FILLED if getattr(source, name) and not getattr(target, name)),
            differing=tuple(name for name in CONTACT if _differs(row_of(source), row_of(target), name)),
            notes=bool(source.notes_admin),
            portal=portal,
            portal_lost=source.portal_state in ("invited", "accepted") and not portal,
        )


def merge(
    database: Database,
    client_id: int,
    into_id: int,
    *,
    take: Collection[str] = (),
    actor: str = "user",
    clock: Clock = system_clock,
) -> ClientRow:
    """Move everything of a client to another and remove the emptied record (INT-04, INV-B7).

    What the other lacks (address, telephone, zone, usual service and place) is taken over, notes of the
    office are put below theirs. Portal access goes with the e-mail address. Whoever was accepted stays it.
    Who waits for the same thing twice waits once, since the earlier day.

    Args:
        take: fields of `CONTACT` in which the emptied record is right where both have a value.

    Raises:
        Refused: they are the same. Invalid: `take` names another field. NotFound: one is not there.
    """
    from couchcal.store.bulk import referring, update_rows
    from couchcal.store.records import Client
    from couchcal.store.session import write_session

    _check(client_id, into_id, take)
    with write_session(database, "Merged clients", actor=actor, clock=clock) as session:
        source, target = load(session, client_id), load(session, into_id)
        session.relabel(f"Merged {source.internal_id} into {target.internal_id}")
        _wait_once(session, client_id, into_id)
        for column in referring(Client.metadata.tables["client"]):
            update_rows(session, column.table, column == client_id, {column.name: into_id})
        values = _taken(source, target, take)
        session.delete(source)
        session.flush()  # before its address moves on: with portal access it is unique
        for name, value in values.items():
            setattr(target, name, value)
        session.flush()
        return row_of(target)


def _wait_once(session: JournalSession, client_id: int, into_id: int) -> None:
    """Of two who wait for the same thing the one who has waited longer stays on the list."""
    from sqlmodel import col, select

    from couchcal.store.records import Waitlist

    wanted = select(Waitlist).where(col(Waitlist.client_id).in_((client_id, into_id)), Waitlist.state != "booked")
    seen: set[int | None] = set()
    for row in session.exec(wanted.order_by(col(Waitlist.created_at), col(Waitlist.id))).all():
        if row.event_type_id in seen:
            session.delete(row)
        seen.add(row.event_type_id)
    session.flush()


def _check(client_id: int, into_id: int, take: Collection[str]) -> None:
    if client_id == into_id:
        raise Refused("that is the same client", "choose another")
    unknown = set(take) - set(CONTACT)
    if unknown:
        raise Invalid(
            f"'{min(unknown)}' cannot be taken over", f"fields are {', '.join(CONTACT)}", field=min(unknown)
        )


def _taken(source: Client, target: Client, take: Collection[str]) -> dict[str, object]:
    """What changes in the record that stays."""
    values = {
        name: getattr(source, name)
        for name in _FILLED
        if getattr(source, name) and (name in take or not getattr(target, name))
    }
    email = values.get("email", target.email)
    if source.notes_admin:
        values["notes_admin"] = "\n".join(filter(None, (target.notes_admin, source.notes_admin)))
    if source.state != target.state:
        values["state"] = "active"
    if _portal_moves(source, target, take):
        values |= {"portal_state": source.portal_state, "portal_accepted_at": source.portal_accepted_at}
    if source.unsubscribed_at is not None and target.unsubscribed_at is None and _same(source.email, email):
        values["unsubscribed_at"] = source.unsubscribed_at
    return {name: value for name, value in values.items() if value != getattr(target, name)}


def _portal_moves(source: Client, target: Client, take: Collection[str]) -> bool:
    """Portal access is bound to an address: it goes over if the target has none and will have that address."""
    if source.portal_state == "none" or target.portal_state != "none":
        return False
    return "email" in take or not target.email or _same(source.email, target.email)


def _differs(source: ClientRow, target: ClientRow, name: str) -> bool:
    mine, theirs = getattr(source, name), getattr(target, name)
    alike = name == "phone" and "same telephone" in reasons(source, target)
    return bool(mine) and bool(theirs) and not _same(mine, theirs) and not alike


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
