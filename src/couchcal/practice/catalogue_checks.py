"""What makes a service, modifier, place or room acceptable, and what refers to one. Runs inside a write session."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from couchcal.errors import Invalid
from couchcal.practice.draft import clean_text
from couchcal.store.journal import JournalSession
from couchcal.store.records import (
    Appointment,
    AppointmentModifier,
    BookingRequest,
    Client,
    EventType,
    Location,
    Modifier,
    Practice,
    Room,
    Series,
    ServiceCode,
)

RECORDS: dict[str, type[Any]] = {"service": ServiceCode, "modifier": Modifier, "place": Location, "room": Room}
FIELDS = {
    "service": (
        "code", "label", "typical_min", "billable_min", "billable_max", "billable", "group_service", "addon_of",
        "fee_cents",
    ),
    "modifier": ("code", "label"),
    "place": ("name", "pos", "address", "is_default"),
    "room": ("name", "location_id"),
}  # fmt: skip
"""What a person may set."""
MAX_MINUTES = 720
MAX_FEE_CENTS = 100_000_000
_CODE = re.compile(r"[A-Z0-9][A-Z0-9._]{2,15}")
_MODIFIER = re.compile(r"[A-Z0-9]{2}")
_POS = re.compile(r"[0-9]{2}")
_TEXT_LIMITS = {"label": 100, "name": 60, "address": 200}


def name_of(kind: str, row: Any) -> str:
    """What a row is called in words: its code, or its name."""
    return str(row.code if kind in ("service", "modifier") else row.name)


def checked(session: JournalSession, kind: str, values: Mapping[str, Any], row: Any | None) -> dict[str, Any]:
    """The values as they are stored; `row` is what is changed, None for a new one.

    Raises:
        Invalid: a field is unknown, missing, or cannot be right.
    """
    unknown = set(values) - set(FIELDS[kind])
    if unknown:
        name = min(unknown)
        raise Invalid(f"a {kind} has no field '{name}'", f"fields are {', '.join(FIELDS[kind])}", field=name)
    result = dict(values)
    for name in _TEXT_LIMITS.keys() & result.keys():
        result[name] = clean_text(str(result[name] or "").replace("\n", " "), _TEXT_LIMITS[name])
    before = {name: getattr(row, name) for name in FIELDS[kind]} if row is not None else {}
    _CHECKS[kind](session, result, before | result, row)
    return result


def _service(session: JournalSession, values: dict[str, Any], whole: dict[str, Any], row: Any | None) -> None:
    _code(session, ServiceCode, values, whole, row, _CODE, "3 to 16 letters and digits")
    code = values.get("code") or whole["code"]
    if code.isdecimal() and len(code) < 5:
        raise Invalid("five digits, or letters among them", "a shorter number reads as a time", field="code")
    for name in ("typical_min", "billable_min", "billable_max"):
        value = whole.get(name)
        required = name == "typical_min"
        if value is None and not required:
            continue
        if not isinstance(value, int) or not (0 if required else 1) <= value <= MAX_MINUTES:
            raise Invalid(f"minutes, at most {MAX_MINUTES}", "correct it", field=name)
    low, high = whole.get("billable_min"), whole.get("billable_max")
    if low is not None and high is not None and high < low:
        raise Invalid("less than the least", "the range runs backwards", field="billable_max")
    fee = whole.get("fee_cents")
    if fee is not None and not (isinstance(fee, int) and 0 <= fee <= MAX_FEE_CENTS):
        raise Invalid("an amount like 120.00", "or empty", field="fee_cents")
    if "addon_of" in values:
        codes = list(dict.fromkeys(str(values["addon_of"] or "").upper().replace(",", " ").split()))
        known = set(session.exec(select(ServiceCode.code)))
        strange = [name for name in codes if name not in known or name == code]
        if strange:
            raise Invalid(f"{strange[0][:16]} is no other service", "use codes of the list", field="addon_of")
        values["addon_of"] = " ".join(codes)


def _modifier(session: JournalSession, values: dict[str, Any], whole: dict[str, Any], row: Any | None) -> None:
    _code(session, Modifier, values, whole, row, _MODIFIER, "two letters or digits")
    if "code" in values:
        values["code_set"] = "CPT" if values["code"].isdecimal() else "HCPCS"


def _code(
    session: JournalSession,
    record: type[Any],
    values: dict[str, Any],
    whole: dict[str, Any],
    row: Any | None,
    pattern: re.Pattern[str],
    words: str,
) -> None:
    """A code that is new to its list; one that is referred to keeps its code."""
    code = str(whole.get("code") or "").strip().upper()
    if not pattern.fullmatch(code):
        raise Invalid(words, "correct the code", field="code")
    if "code" in values:
        values["code"] = code
    other = session.exec(select(record).where(record.code == code)).first()
    if other is not None and other is not row:
        again = "" if other.active else "; it is retired: bring it back"
        raise Invalid(f"{code} is on the list{again}", "choose another code", field="code")
    kind = "service" if record is ServiceCode else "modifier"
    if row is not None and row.code != code and referred_to(session, kind, row):
        raise Invalid("it is in use: its code stays", "retire it and add another", field="code")
    if not str(whole.get("label") or "").strip():
        raise Invalid("your own words for it", "give it a label", field="label")


def _place(session: JournalSession, values: dict[str, Any], whole: dict[str, Any], row: Any | None) -> None:
    name = str(whole.get("name") or "")
    if not name:
        raise Invalid("give the place a name", "such as Office", field="name")
    same = select(Location).where(func.lower(Location.name) == name.lower())
    other = session.exec(same).first()
    if other is not None and other is not row:
        again = "" if other.active else "; it is retired: bring it back"
        raise Invalid(f"there is a place called so{again}", "choose another name", field="name")
    if not _POS.fullmatch(str(whole.get("pos") or "")):
        raise Invalid("two digits, such as 11", "choose one of the list", field="pos")
    if row is not None and row.is_default and values.get("is_default") is False:
        raise Invalid("make another place the default instead", "one has to be it", field="is_default")
    if row is not None and not row.active and values.get("is_default"):
        raise Invalid("it is retired", "bring it back first", field="is_default")


def _room(session: JournalSession, values: dict[str, Any], whole: dict[str, Any], row: Any | None) -> None:
    name = str(whole.get("name") or "")
    if not name:
        raise Invalid("give the room a name", "such as Blue room", field="name")
    place = session.get(Location, whole.get("location_id") or 0)
    if place is None:
        raise Invalid("which place is it in?", "choose one of the list", field="location_id")
    same = select(Room).where(Room.location_id == place.id, func.lower(Room.name) == name.lower())
    other = session.exec(same).first()
    if other is not None and other is not row:
        again = "" if other.active else "; it is retired: bring it back"
        raise Invalid(f"there is a room called so{again}", "choose another name", field="name")
    if row is not None and row.location_id != place.id and referred_to(session, "room", row):
        raise Invalid("it is in use there", "retire it and add another", field="location_id")


_CHECKS: dict[str, Callable[[JournalSession, dict[str, Any], dict[str, Any], Any | None], None]] = {
    "service": _service, "modifier": _modifier, "place": _place, "room": _room,
}  # fmt: skip


def referred_to(session: JournalSession, kind: str, row: Any) -> bool:
    """Whether anything names it, so that it can be retired but not deleted."""
    return any(session.exec(statement.limit(1)).first() is not None for statement in _REFERENCES[kind](row))


def _service_references(row: ServiceCode) -> list[Any]:
    kinds: tuple[Any, ...] = (Appointment, Series, EventType, BookingRequest)
    found: list[Any] = [select(kind.id).where(kind.service == row.code) for kind in kinds]
    found.append(select(Client.id).where(Client.usual_service == row.code))
    found.append(select(ServiceCode.id).where(_has_word(ServiceCode.addon_of, row.code)))
    return found


def _modifier_references(row: Modifier) -> list[Any]:
    return [
        select(AppointmentModifier.id).where(AppointmentModifier.code == row.code),
        select(Series.id).where(_has_word(Series.modifiers, row.code)),
        select(Practice.id).where(Practice.telehealth_modifier == row.code),
    ]


def _has_word(column: Any, word: str) -> Any:
    return (" " + col(column) + " ").contains(f" {word} ", autoescape=True)


def _place_references(row: Location) -> list[Any]:
    kinds: tuple[Any, ...] = (Appointment, Series, BookingRequest, Room)
    found: list[Any] = [select(kind.id).where(kind.location_id == row.id) for kind in kinds]
    found.append(select(Client.id).where(Client.usual_location_id == row.id))
    return found


def _room_references(row: Room) -> list[Any]:
    kinds: tuple[Any, ...] = (Appointment, Series)
    return [select(kind.id).where(kind.room_id == row.id) for kind in kinds]


_REFERENCES: dict[str, Callable[[Any], list[Any]]] = {
    "service": _service_references, "modifier": _modifier_references, "place": _place_references,
    "room": _room_references,
}  # fmt: skip
