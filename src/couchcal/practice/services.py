"""Services, modifiers, places and rooms to choose from; the automatic modifier; advice that never blocks.

Retired ones are no choice any more, but an appointment that has one keeps it: `used_by` adds its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from couchcal.store.connection import Connection
from couchcal.store.vocabulary import MAX_MODIFIERS, TELEHEALTH_PLACES_OF_SERVICE

TIME_BASED = ("90832", "90834", "90837")
"""Codes of which one a day can be billed for a client."""
AUDIO_ONLY = frozenset({"93", "FQ"})
"""Modifiers of a session by telephone."""


class ServiceRow(NamedTuple):
    """A service as forms show it; minutes are what payers expect, None where there is no rule."""

    code: str
    label: str
    typical_min: int
    billable_min: int | None
    billable_max: int | None
    billable: bool
    group_service: bool
    addon_of: str
    active: bool


class LocationRow(NamedTuple):
    """A place; `telehealth` follows from its place-of-service code."""

    id: int
    name: str
    pos: str
    telehealth: bool
    is_default: bool


class RoomRow(NamedTuple):
    """A room of a place."""

    id: int
    location_id: int
    name: str


def services(connection: Connection, *, used_by: int | None = None, retired: bool = False) -> list[ServiceRow]:
    """Services in use, in the order of the list, and the one of the appointment `used_by`; with `retired` all."""
    rows = connection.execute(
        "SELECT code, label, typical_min, billable_min, billable_max, billable, group_service, addon_of, active"
        " FROM service_code WHERE active OR ? OR code = (SELECT service FROM appointment WHERE id = ?) ORDER BY id",
        (retired, used_by),
    )
    return [
        ServiceRow(code, label, typical, low, high, bool(billable), bool(group), addon_of, bool(active))
        for code, label, typical, low, high, billable, group, addon_of, active in rows
    ]


class Defaults(NamedTuple):
    """What the practice's settings say of every new session."""

    use_rooms: bool
    telehealth_modifier: str
    """Added by itself where the place is telehealth (MOD-01); empty for none."""
    telehealth_template: str
    practitioner: str
    """Who sees the clients, with credentials (APT-07); empty until the settings say it."""


def defaults(connection: Connection) -> Defaults:
    """The practice's settings for new sessions."""
    rooms, modifier, template, *who = connection.execute(
        "SELECT p.use_rooms, p.telehealth_modifier, p.telehealth_template, w.name, w.credentials"
        " FROM practice p LEFT JOIN practitioner w ON w.id = (SELECT min(id) FROM practitioner) ORDER BY p.id"
    ).fetchone()
    return Defaults(bool(rooms), modifier, template, ", ".join(filter(None, who)))


def modifiers(connection: Connection, *, used_by: int | None = None) -> list[tuple[str, str]]:
    """Modifiers in use as (code, label), and those of the appointment `used_by`."""
    return list(
        connection.execute(
            "SELECT code, label FROM modifier WHERE active"
            " OR code IN (SELECT code FROM appointment_modifier WHERE appointment_id = ?) ORDER BY id",
            (used_by,),
        )
    )


def locations(connection: Connection, *, used_by: int | None = None, retired: bool = False) -> list[LocationRow]:
    """Places in use, the default one first, and the one of the appointment `used_by`; with `retired` all."""
    rows = connection.execute(
        "SELECT id, name, pos, is_default FROM location"
        " WHERE active OR ? OR id = (SELECT location_id FROM appointment WHERE id = ?)"
        " ORDER BY is_default DESC, id",
        (retired, used_by),
    )
    return [
        LocationRow(row_id, name, pos, is_telehealth(pos), bool(default)) for row_id, name, pos, default in rows
    ]


def rooms(connection: Connection, *, used_by: int | None = None) -> list[RoomRow]:
    """Rooms in use, and the one of the appointment `used_by`."""
    rows = connection.execute(
        "SELECT r.id, r.location_id, r.name FROM room r JOIN location l ON l.id = r.location_id"
        " WHERE (r.active AND l.active) OR r.id = (SELECT room_id FROM appointment WHERE id = ?) ORDER BY r.name",
        (used_by,),
    )
    return [RoomRow(*row) for row in rows]


def same_day_codes(
    connection: Connection, client_id: int | None, start: int, end: int, appointment_id: int | None
) -> list[str]:
    """Services of the client's other sessions that begin in `[start, end)`, epoch seconds, cancelled ones left
    out."""
    rows = connection.execute(
        "SELECT service FROM appointment WHERE client_id = ? AND start_utc >= ? AND start_utc < ?"
        " AND kind = 'client_session' AND status <> 'cancelled' AND service IS NOT NULL AND id IS NOT ?"
        " ORDER BY start_utc",
        (client_id, start, end, appointment_id),
    )
    return [code for (code,) in rows]


def is_telehealth(pos: str | None) -> bool:
    """Whether a CMS place-of-service code stands for telehealth: 02 or 10."""
    return pos in TELEHEALTH_PLACES_OF_SERVICE


def with_automatic(
    kept: Sequence[tuple[str, str]], pos: str | None, automatic: str, *, removed_by_hand: bool
) -> list[tuple[str, str]]:
    """Modifiers as (code, source) after the place is known (MOD-01, INV-L4).

    Telehealth adds the automatic modifier unless it was removed by hand or is there already; another
    place takes back the automatic one only.
    """
    result = [(code, source) for code, source in kept if source == "manual"]
    wanted = bool(automatic) and is_telehealth(pos) and not removed_by_hand
    if wanted and all(code != automatic for code, _ in result) and len(result) < MAX_MODIFIERS:
        result.append((automatic, "auto"))
    return result


def advice(
    service: ServiceRow | None,
    minutes: int,
    modifier_codes: Sequence[str],
    *,
    telehealth: bool = False,
    same_day: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """What a biller would remark; never a reason to refuse.

    `same_day` are the codes of the client's other sessions that day, None where they are not known.
    """
    if service is None:
        return ()
    found = []
    if service.billable_min is not None and minutes < service.billable_min:
        found.append(f"needs {service.billable_min} min for {service.code}")
    if service.billable_max is not None and minutes > service.billable_max:
        found.append(f"{service.code} covers up to {service.billable_max} min")
    bases = service.addon_of.split()
    if bases and not set(bases) & set(same_day or ()):
        found.append(f"{service.code} is an add-on: bill it with {_either(bases)}")
    others = [code for code in same_day or () if code in TIME_BASED]
    if service.code in TIME_BASED and others:
        found.append(f"{service.code} and {others[0]} on one day: a claim takes one of them")
    if len(modifier_codes) > MAX_MODIFIERS:
        found.append(f"a claim line takes {MAX_MODIFIERS} modifiers")
    if "95" in modifier_codes and AUDIO_ONLY & set(modifier_codes):
        found.append("audio only is 93, not 95")
    if not telehealth and "95" in modifier_codes:
        found.append("95 is for telehealth, the place is not")
    return tuple(found)


def _either(codes: Sequence[str]) -> str:
    """`90791, 90832 or 90834`."""
    return " or ".join(filter(None, (", ".join(codes[:-1]), codes[-1])))
