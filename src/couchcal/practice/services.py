"""Services, modifiers, places and rooms; the automatic telehealth modifier; advice that never blocks."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from couchcal.store.vocabulary import MAX_MODIFIERS, TELEHEALTH_PLACES_OF_SERVICE

TIME_BASED = ("90832", "90834", "90837")


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


def services(connection: sqlite3.Connection) -> list[ServiceRow]:
    """Active services, by code."""
    rows = connection.execute(
        "SELECT code, label, typical_min, billable_min, billable_max, billable, group_service, addon_of, active"
        " FROM service_code WHERE active ORDER BY id"
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


def defaults(connection: sqlite3.Connection) -> Defaults:
    """The practice's settings for new sessions."""
    rooms, modifier, template = connection.execute(
        "SELECT use_rooms, telehealth_modifier, telehealth_template FROM practice ORDER BY id"
    ).fetchone()
    return Defaults(bool(rooms), modifier, template)


def modifiers(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Known modifiers as (code, label)."""
    return list(connection.execute("SELECT code, label FROM modifier ORDER BY id"))


def locations(connection: sqlite3.Connection) -> list[LocationRow]:
    """Places, the default one first."""
    rows = connection.execute("SELECT id, name, pos, is_default FROM location ORDER BY is_default DESC, id")
    return [
        LocationRow(row_id, name, pos, is_telehealth(pos), bool(default)) for row_id, name, pos, default in rows
    ]


def rooms(connection: sqlite3.Connection) -> list[RoomRow]:
    """Rooms in use."""
    return [
        RoomRow(*row)
        for row in connection.execute("SELECT id, location_id, name FROM room WHERE active ORDER BY name")
    ]


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
    service: ServiceRow | None, minutes: int, modifier_codes: Sequence[str], *, telehealth: bool = False
) -> tuple[str, ...]:
    """What a biller would remark; never a reason to refuse (practice.md 10)."""
    if service is None:
        return ()
    found = []
    if service.billable_min is not None and minutes < service.billable_min:
        found.append(f"needs {service.billable_min} min for {service.code}")
    if service.billable_max is not None and minutes > service.billable_max:
        found.append(f"{service.code} covers up to {service.billable_max} min")
    if service.addon_of:
        found.append(f"{service.code} is an add-on: bill it with {service.addon_of.replace(' ', ' or ')}")
    if len(modifier_codes) > MAX_MODIFIERS:
        found.append(f"a claim line takes {MAX_MODIFIERS} modifiers")
    if "93" in modifier_codes and "95" in modifier_codes:
        found.append("audio only is 93, not 95")
    if not telehealth and "95" in modifier_codes:
        found.append("95 is for telehealth, the place is not")
    return tuple(found)
