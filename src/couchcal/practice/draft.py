"""A new or edited appointment before it is a row: its fields and what makes them acceptable."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, time, timedelta
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
LONGEST = timedelta(days=366)
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
    chose (`-95` says the automatic one was removed); None leaves them to the place. A reminder of which nothing
    is said is as the client wants it (APT-16)."""

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
    remind_text: bool | None = None
    remind_phone: bool | None = None
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


def checked(draft: Draft, stored: Draft | None = None) -> Draft:
    """The draft as it may be stored: text cleaned, fields its type does not have emptied (APT-03).

    What is as it was in `stored` (the row being edited) passes unjudged: an imported entry may be of zero
    length, untitled, or in a zone that is unknown here, and still be edited in its other fields.

    Raises:
        Invalid: naming the field, when a value is missing or wrong (APT-04, APT-05, APT-12, APT-13).
    """
    if draft.kind not in APPOINTMENT_KINDS:
        raise Invalid(f"'{draft.kind}' is no type", f"use {', '.join(APPOINTMENT_KINDS)}", field="kind")
    same_kind = stored is not None and stored.kind == draft.kind
    kept = FIELDS_BY_KIND[draft.kind]
    values: dict[str, Any] = {}
    for name in EMPTY_VALUES:
        value = getattr(draft, name)
        if same_kind and value == getattr(stored, name):
            values[name] = value
        elif name not in kept:
            values[name] = EMPTY_VALUES[name]
        else:
            values[name] = clean_text(str(value), LIMITS[name]) if name in LIMITS else value
    _check_words(values)
    if draft.kind != "other_event" and draft.client_id is None:
        raise Invalid("whose session is it?", "choose a client", field="client_id")
    if draft.kind == "client_session" and not draft.service:
        raise Invalid("a client session needs a service", "choose a service code", field="service")
    if draft.kind == "other_event" and not values["title"] and (stored is None or stored.title):
        raise Invalid("the event has no title", "give it one", field="title")
    start, end = draft.start, draft.end
    if stored is None or (start, end, values["all_day"]) != (stored.start, stored.end, stored.all_day):
        start, end = _checked_times(start, end, all_day=bool(values["all_day"]))
    if stored is None or draft.tz != stored.tz:
        _check_zone(draft.tz)
    return Draft(kind=draft.kind, start=start, end=end, tz=draft.tz, **values)


def _checked_times(start: datetime, end: datetime, *, all_day: bool) -> tuple[datetime, datetime]:
    if start.tzinfo is None or end.tzinfo is None:
        raise Invalid("start and end need a time zone", field="start")
    try:
        start, end = start.astimezone(UTC).replace(microsecond=0), end.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise Invalid("that is beyond the years 1 to 9999", "check the dates", field="start") from None
    if end <= start:
        raise Invalid("it ends before it begins", "set the end after the start", field="end")
    if end - start > LONGEST:
        raise Invalid("it lasts longer than a year", "check the dates", field="end")
    if all_day and (start.time() != time() or end.time() != time()):
        raise Invalid("an all-day event has dates, not times", "give whole days", field="start")
    return start, end


def _check_zone(name: str) -> None:
    try:
        zone(name)
    except UnknownZone:
        raise Invalid(
            f"'{name}' is no time zone", "use an IANA name such as America/New_York", field="tz"
        ) from None


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
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\t", " ")).strip()[:limit].rstrip()
