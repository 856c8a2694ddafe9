"""A new or edited appointment before it is a row: its fields and what makes them acceptable."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from couchcal.errors import Invalid
from couchcal.practice.fields import EMPTY_VALUES, FIELD_LABELS, FIELDS_BY_KIND
from couchcal.scheduling.wallclock import UnknownZone, zone
from couchcal.store.vocabulary import (
    APPOINTMENT_KINDS,
    COLLATERAL_ROLES,
    CONTACT_MEDIUMS,
    MAX_MODIFIERS,
    VISIT_TYPES,
)

REMOVED_BY_HAND = "-"
"""A modifier code with this before it: the automatic one was taken away by a person (INV-L4)."""
LIMITS = {
    "title": 200,
    "place": 200,
    "collateral_name": 100,
    "telehealth_url": 500,
    "diagnoses": 200,
    "instructions": 8000,
}
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(slots=True)
class Draft:
    """The fields of one appointment. `start`/`end` are aware UTC instants; of an all-day event they are
    the UTC midnights of its first date and of the date after its last. `modifiers` lists codes a person
    chose (`-95` says the automatic one was removed); None leaves them to the place."""

    kind: str
    start: datetime
    end: datetime
    tz: str
    all_day: bool = False
    client_id: int | None = None
    service: str | None = None
    modifiers: list[str] | None = None
    location_id: int | None = None
    room_id: int | None = None
    title: str = ""
    place: str = ""
    busy: bool = True
    telehealth_url: str = ""
    instructions: str = ""
    medium: str | None = None
    collateral_role: str | None = None
    collateral_name: str = ""
    diagnoses: str = ""
    visit_type: str | None = None
    group_key: str | None = None
    remind_email: bool = True
    remind_text: bool = False
    remind_phone: bool = False
    feedback_requested: bool = False


DRAFT_FIELDS = frozenset(field.name for field in fields(Draft))


def with_changes(draft: Draft, changes: dict[str, Any]) -> Draft:
    """The draft with other values.

    Raises:
        Invalid: for a name that is no field.
    """
    unknown = set(changes) - DRAFT_FIELDS
    if unknown:
        name = min(unknown)
        raise Invalid(f"there is no field '{name}'", f"fields are {', '.join(sorted(FIELD_LABELS))}", field=name)
    return replace(draft, **changes)


def checked(draft: Draft) -> Draft:
    """The draft as it may be stored: text cleaned, fields its type does not have emptied (APT-03).

    Raises:
        Invalid: naming the field, when a value is missing or wrong (APT-04, APT-05, APT-12, APT-13).
    """
    if draft.kind not in APPOINTMENT_KINDS:
        raise Invalid(f"'{draft.kind}' is no type", f"use {', '.join(APPOINTMENT_KINDS)}", field="kind")
    kept = FIELDS_BY_KIND[draft.kind]
    values = {name: getattr(draft, name) if name in kept else EMPTY_VALUES[name] for name in EMPTY_VALUES}
    for name, limit in LIMITS.items():
        values[name] = clean_text(str(values[name]), limit)
    _check_words(values)
    if draft.kind != "other_event" and draft.client_id is None:
        raise Invalid("whose session is it?", "choose a client", field="client_id")
    if draft.kind == "client_session" and not draft.service:
        raise Invalid("a client session needs a service", "choose a service code", field="service")
    if draft.kind == "other_event" and not values["title"]:
        raise Invalid("the event has no title", "give it one", field="title")
    if draft.start.tzinfo is None or draft.end.tzinfo is None:
        raise Invalid("start and end need a time zone", field="start")
    start, end = draft.start.replace(microsecond=0), draft.end.replace(microsecond=0)
    if end <= start:
        raise Invalid("it ends before it begins", "set the end after the start", field="end")
    if end - start > timedelta(days=366):
        raise Invalid("it lasts longer than a year", "check the dates", field="end")
    try:
        zone(draft.tz)
    except UnknownZone:
        raise Invalid(
            f"'{draft.tz}' is no time zone", "use an IANA name such as America/New_York", field="tz"
        ) from None
    return Draft(kind=draft.kind, start=start, end=end, tz=draft.tz, **values)  # type: ignore[arg-type]  # by name


def _check_words(values: dict[str, Any]) -> None:
    for name, words in (
        ("medium", CONTACT_MEDIUMS),
        ("collateral_role", COLLATERAL_ROLES),
        ("visit_type", VISIT_TYPES),
    ):
        if values[name] is not None and values[name] not in words:
            raise Invalid(
                f"'{values[name]}' is no {FIELD_LABELS[name].lower()}", f"use {', '.join(words)}", field=name
            )
    codes = values["modifiers"]
    if codes is None:
        return
    cleaned = list(dict.fromkeys(str(code).strip().upper() for code in codes if str(code).strip()))
    if sum(not code.startswith(REMOVED_BY_HAND) for code in cleaned) > MAX_MODIFIERS:
        raise Invalid(
            f"there are more than {MAX_MODIFIERS} modifiers", "a claim line takes four", field="modifiers"
        )
    for code in cleaned:
        if not re.fullmatch(r"-?[A-Z0-9]{2}", code):
            raise Invalid(
                f"'{code}' is no modifier", "modifiers have two characters, such as 95", field="modifiers"
            )
    values["modifiers"] = cleaned


def clean_text(text: str, limit: int) -> str:
    """Text without control characters (a name full of escape codes is inert), cut at `limit`."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\t", " ")).strip()[:limit]
