"""The practice's own lists: services, modifiers, places and rooms. Reading them whole (DB-API), and editing them.

What an appointment, a series, a client or an event type refers to is never deleted: it is retired, no choice any
more, and can be brought back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from couchcal.clock import Clock, system_clock
from couchcal.errors import NotFound, Refused
from couchcal.practice.outcome import Done
from couchcal.practice.services import is_telehealth
from couchcal.store.connection import Connection, Database

if TYPE_CHECKING:
    from couchcal.store.journal import JournalSession

Change = Callable[..., Done]
"""`remove` or `restore`."""
Kind = Literal["service", "modifier", "place", "room"]
NOTICE = (
    "CPT is a registered trademark of the American Medical Association, and its descriptors are theirs. "
    "The codes here are bare; the labels are our own words."
)


class ServiceItem(NamedTuple):
    """A service of the list (APT-05). `billable_min`/`billable_max` are minutes payers expect, None without a
    rule; `addon_of` names codes, separated by blanks, of which one must be billed with it."""

    id: int
    code: str
    label: str
    typical_min: int
    billable_min: int | None
    billable_max: int | None
    billable: bool
    group_service: bool
    addon_of: str
    fee_cents: int | None
    active: bool
    version: int


class ModifierItem(NamedTuple):
    """A billing modifier (APT-06)."""

    id: int
    code: str
    label: str
    code_set: str
    active: bool
    version: int


class PlaceItem(NamedTuple):
    """A place with its CMS place-of-service code (APT-10)."""

    id: int
    name: str
    pos: str
    address: str
    is_default: bool
    active: bool
    version: int

    @property
    def telehealth(self) -> bool:
        return is_telehealth(self.pos)


class RoomItem(NamedTuple):
    """A room of a place (APT-11)."""

    id: int
    location_id: int
    place: str
    name: str
    active: bool
    version: int


Item = ServiceItem | ModifierItem | PlaceItem | RoomItem


def services(connection: Connection) -> list[ServiceItem]:
    """Every service, the retired ones last."""
    rows = connection.execute(
        "SELECT id, code, label, typical_min, billable_min, billable_max, billable, group_service, addon_of,"
        " fee_cents, active, version FROM service_code ORDER BY active DESC, id"
    )
    return [
        ServiceItem._make((*row[:6], bool(row[6]), bool(row[7]), *row[8:10], bool(row[10]), row[11]))
        for row in rows
    ]


def modifiers(connection: Connection) -> list[ModifierItem]:
    """Every modifier, the retired ones last."""
    rows = connection.execute(
        "SELECT id, code, label, code_set, active, version FROM modifier ORDER BY active DESC, id"
    )
    return [ModifierItem._make((*row[:4], bool(row[4]), row[5])) for row in rows]


def places(connection: Connection) -> list[PlaceItem]:
    """Every place, the default one first, the retired ones last."""
    rows = connection.execute(
        "SELECT id, name, pos, address, is_default, active, version FROM location"
        " ORDER BY active DESC, is_default DESC, id"
    )
    return [PlaceItem._make((*row[:4], bool(row[4]), bool(row[5]), row[6])) for row in rows]


def rooms(connection: Connection) -> list[RoomItem]:
    """Every room by place and name, the retired ones last."""
    rows = connection.execute(
        "SELECT r.id, r.location_id, l.name, r.name, r.active, r.version FROM room r"
        " JOIN location l ON l.id = r.location_id ORDER BY r.active DESC, l.id, r.name"
    )
    return [RoomItem._make((*row[:4], bool(row[4]), row[5])) for row in rows]


def add(
    database: Database, kind: Kind, values: Mapping[str, Any], *, actor: str = "user", clock: Clock = system_clock
) -> Done:
    """Put a new one on a list.

    Raises:
        Invalid: a value is missing or cannot be right (`field` names it).
    """
    from couchcal.practice.catalogue_checks import RECORDS, checked, name_of
    from couchcal.store.session import write_session

    with write_session(database, f"Added a {kind}", actor=actor, clock=clock) as session:
        row = RECORDS[kind](**checked(session, kind, values, None))
        label = f"Added {kind} {name_of(kind, row)}"
        session.relabel(label)
        session.add(row)
        session.flush()
        if kind == "place" and (row.is_default or _no_default(session)):
            _make_default(session, row)
        session.flush()
        return Done(label)


def edit(
    database: Database,
    kind: Kind,
    row_id: int,
    changes: Mapping[str, Any],
    *,
    expected_version: int | None = None,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Change one of a list. Upcoming sessions at a place follow its new place-of-service code: telehealth brings
    the automatic modifier and a link, another place takes them back (INV-L4, VIS-04); locked ones stay and are
    listed.

    Raises:
        NotFound, Stale: it is gone, or changed since `expected_version`.
        Invalid: a value cannot be right.
    """
    from couchcal.practice.catalogue_checks import checked, name_of
    from couchcal.practice.rows import put
    from couchcal.practice.sessions_at_places import bring_in_line
    from couchcal.store.session import write_session

    with write_session(database, f"Changed a {kind}", actor=actor, clock=clock) as session:
        row = _load(session, kind, row_id, expected_version)
        values = checked(session, kind, changes, row)
        differing = {name for name, value in values.items() if getattr(row, name) != value}
        if not differing:
            return Done("Nothing changed", changed=0)
        for name in differing:
            put(row, name, values[name])
        label = f"Changed {kind} {name_of(kind, row)}"
        session.relabel(label)
        if "is_default" in differing:
            _make_default(session, row)
        session.flush()
        if kind != "place" or "pos" not in differing:
            return Done(label)
        followed, kept = bring_in_line(session, [row_id])
        if followed:
            label = f"{label}: {followed} upcoming session{'s' if followed > 1 else ''} with it"
            session.relabel(label)
        return Done(label, changed=1 + followed, kept=kept)


def remove(
    database: Database, kind: Kind, row_id: int, *, actor: str = "user", clock: Clock = system_clock
) -> Done:
    """Take one off its list: deleted if nothing refers to it, else retired; a retired one stays as it is.

    Raises:
        NotFound: it is gone. Refused: it is the last place.
    """
    from couchcal.practice.catalogue_checks import name_of, referred_to
    from couchcal.store.session import write_session

    with write_session(database, f"Removed a {kind}", actor=actor, clock=clock) as session:
        row = _load(session, kind, row_id, None)
        was_default = kind == "place" and row.is_default
        if kind == "place":
            _refuse_last_place(session, row)
        verb = "Retired" if referred_to(session, kind, row) else "Removed"
        if verb == "Retired" and not row.active:
            return Done("Nothing changed", changed=0)
        label = f"{verb} {kind} {name_of(kind, row)}"
        session.relabel(label)
        if verb == "Removed":
            session.delete(row)
        else:
            row.active = False
            if was_default:
                row.is_default = False
        session.flush()
        if was_default:
            _make_default(session, _first_place(session))
            session.flush()
        return Done(label)


def restore(
    database: Database, kind: Kind, row_id: int, *, actor: str = "user", clock: Clock = system_clock
) -> Done:
    """Bring a retired one back.

    Raises:
        NotFound: it is gone.
    """
    from couchcal.practice.catalogue_checks import name_of
    from couchcal.store.session import write_session

    with write_session(database, f"Brought a {kind} back", actor=actor, clock=clock) as session:
        row = _load(session, kind, row_id, None)
        if row.active:
            return Done("Nothing changed", changed=0)
        label = f"{name_of(kind, row)} is in use again"
        session.relabel(label)
        row.active = True
        session.flush()
        return Done(label)


def _load(session: JournalSession, kind: Kind, row_id: int, expected_version: int | None) -> Any:
    from couchcal.practice.catalogue_checks import RECORDS
    from couchcal.practice.rows import refuse_stale

    row = session.get(RECORDS[kind], row_id)
    if row is None:
        raise NotFound(f"that {kind} is not there any more", "it may have been removed in another window")
    refuse_stale(row, expected_version)
    return row


def _make_default(session: JournalSession, place: Any) -> None:
    """Let `place` be where sessions are unless said otherwise, and no other."""
    from sqlmodel import select

    from couchcal.practice.rows import put
    from couchcal.store.records import Location

    for row in session.exec(select(Location)):
        put(row, "is_default", row.id == place.id)


def _no_default(session: JournalSession) -> bool:
    from sqlmodel import col, select

    from couchcal.store.records import Location

    return session.exec(select(Location.id).where(col(Location.is_default))).first() is None


def _first_place(session: JournalSession) -> Any:
    from sqlmodel import col, select

    from couchcal.store.records import Location

    return session.exec(select(Location).where(col(Location.active)).order_by(col(Location.id))).first()


def _refuse_last_place(session: JournalSession, place: Any) -> None:
    from sqlmodel import col, select

    from couchcal.store.records import Location

    others = select(Location.id).where(col(Location.active), Location.id != place.id)
    if session.exec(others).first() is None:
        raise Refused("it is the only place there is", "add another one first")
