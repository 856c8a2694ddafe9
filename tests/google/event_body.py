"""Bodies of event writes: types, limits and rules of the single members (§ writing).

A *wire dict* here is the writable part of an event as it is sent, with the row's own values for what a patch
leaves out. Members nobody may write, and unknown ones, are dropped first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.google import recurrence
from tests.google.config import Config
from tests.google.messages import ApiError, invalid, required
from tests.google.model import Calendar, EventRow, Json
from tests.google.reading import EVENT_TYPES
from tests.google.times import as_stored

READ_ONLY = {
    "kind",
    "etag",
    "created",
    "updated",
    "creator",
    "organizer",
    "htmlLink",
    "recurringEventId",
    "originalStartTime",
    "locked",
    "hangoutLink",
    "privateCopy",
    "attendeesOmitted",
    "endTimeUnspecified",
}
CONTENT: dict[str, type] = {
    "summary": str,
    "description": str,
    "location": str,
    "colorId": str,
    "transparency": str,
    "visibility": str,
    "eventType": str,
    "eventLabelId": str,
    "attendees": list,
    "attachments": list,
    "reminders": dict,
    "conferenceData": dict,
    "source": dict,
    "gadget": dict,
    "birthdayProperties": dict,
    "focusTimeProperties": dict,
    "outOfOfficeProperties": dict,
    "workingLocationProperties": dict,
    "anyoneCanAddSelf": bool,
    "guestsCanInviteOthers": bool,
    "guestsCanModify": bool,
    "guestsCanSeeOtherGuests": bool,
}
WRITABLE: dict[str, type] = CONTENT | {
    "id": str,
    "iCalUID": str,
    "status": str,
    "sequence": int,
    "start": dict,
    "end": dict,
    "recurrence": list,
    "extendedProperties": dict,
}
_CHOICES = {
    "status": ("confirmed", "tentative", "cancelled"),
    "transparency": ("opaque", "transparent"),
    "visibility": ("default", "public", "private", "confidential"),
    "eventType": EVENT_TYPES,
}
EVENT_COLORS = frozenset(str(number) for number in range(1, 12))
MOST_PROPERTIES = 300
MOST_PROPERTY_BYTES = 32 * 1024
MOST_RECURRENCE_BYTES = 32 * 1024


def writable(body: Json, config: Config, ignored: frozenset[str] = frozenset()) -> Json:
    """The members of a body that may be written. Raises 400 for a wrong type, and as the toggles say."""
    wire: Json = {}
    for name, value in body.items():
        if name in READ_ONLY or name in ignored:
            if config.readonly_fields == "400":
                raise invalid(f"Read-only field: {name}")
        elif name not in WRITABLE:
            if config.unknown_fields == "400":
                raise invalid(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')
        else:
            kind = WRITABLE[name]
            if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
                raise invalid(f"Invalid value for: {name}")
            wire[name] = value
    for name, choices in _CHOICES.items():
        if wire.get(name) is not None and wire[name] not in choices:
            raise invalid(f"Invalid value for: {wire[name]} is not a valid value of {name}")
    return wire


def stored(row: EventRow, calendar: str) -> Json:
    """A row as the wire dict a patch is merged into."""
    wire: Json = dict(row.fields)
    wire |= {"start": as_stored(row.start), "end": as_stored(row.end), "status": row.status}
    if row.recurrence:
        wire["recurrence"] = list(row.recurrence)
    private = row.private.get(calendar)
    if private:
        wire["extendedProperties"] = {**row.fields.get("extendedProperties", {}), "private": dict(private)}
    return wire


def merge(base: Mapping[str, Any], patch: Mapping[str, Any]) -> Json:
    """R-PATCH: objects merge by key, arrays are replaced, null deletes."""
    merged = dict(base)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            inside = merged.get(name)
            merged[name] = merge(inside if isinstance(inside, dict) else {}, value)
        else:
            merged[name] = value
    return merged


def check_sizes(wire: Json, config: Config) -> None:
    """R-SIZE: raises 400 for what is too long."""
    lines = wire.get("recurrence") or []
    too_long = (
        len(wire.get("summary") or "") > config.max_summary
        or len(wire.get("description") or "") > config.max_description
        or sum(len(str(line).encode()) for line in lines) > MOST_RECURRENCE_BYTES
    )
    if too_long:
        raise invalid("A provided value exceeds the allowed size limit.")


def check_recurrence(wire: Json) -> tuple[str, ...]:
    """The rule lines. Raises 400 for ones that cannot be, or that want a zone the times do not declare."""
    lines = wire.get("recurrence") or []
    if not all(isinstance(line, str) for line in lines):
        raise invalid("Invalid recurrence rule.")
    if not lines:
        return ()
    for slot in ("start", "end"):
        when = wire.get(slot) or {}
        if when.get("dateTime") and not when.get("timeZone"):
            raise required(f"Missing time zone definition for {slot} time.")
    return tuple(lines)


def refuse_bad_rules(lines: tuple[str, ...], row: EventRow, config: Config) -> None:
    """Raises 400 invalid for rule lines that cannot be read with these times."""
    problem = recurrence.problem(lines, row.start, row.end, config) if lines else None
    if problem is not None:
        raise invalid(problem)


def properties(wire: Json) -> tuple[Json | None, dict[str, str]]:
    """R-XP: the shared part and the private properties; long keys dropped, long values cut.

    Raises 400 for a value that is no text, and for too many or too much.
    """
    given = wire.get("extendedProperties") or {}
    kept: dict[str, dict[str, str]] = {}
    count = size = 0
    for side in ("private", "shared"):
        pairs = given.get(side)
        if pairs is None:
            continue
        if not isinstance(pairs, dict) or not all(isinstance(value, str) for value in pairs.values()):
            raise invalid("Invalid value for: extendedProperties")
        kept[side] = {key: value[:1024] for key, value in pairs.items() if len(key) <= 44}
        count += len(kept[side])
        size += len(json.dumps(kept[side], ensure_ascii=False).encode())
    if count > MOST_PROPERTIES or size > MOST_PROPERTY_BYTES:
        raise invalid("A provided value exceeds the allowed size limit.")
    shared = {"shared": kept["shared"]} if kept.get("shared") else None
    return shared, kept.get("private", {})


def check_members(wire: Json, calendar: Calendar) -> None:
    """Reminders, attendees and colours. Raises 400."""
    color = wire.get("colorId")
    if color is not None and color not in EVENT_COLORS:
        raise invalid("Invalid color ID.")
    label = wire.get("eventLabelId")
    if label and label not in {entry.get("id") for entry in calendar.labels}:
        raise invalid("Invalid event label ID.")
    check_reminders(wire.get("reminders") or {})
    for person in wire.get("attendees") or []:
        if not isinstance(person, dict) or "@" not in str(person.get("email", "")):
            raise invalid("Invalid attendee email.")


def check_reminders(reminders: Json) -> None:
    """Raises 400 for overrides that cannot be, or that come with the defaults."""
    overrides = reminders.get("overrides") or []
    if overrides and reminders.get("useDefault"):
        raise ApiError(
            400, "cannotUseDefaultRemindersAndSpecifyOverride", "Cannot specify both.", domain="calendar"
        )
    if not isinstance(overrides, list) or len(overrides) > 5:
        raise invalid("Invalid reminders.")
    for override in overrides:
        minutes = override.get("minutes") if isinstance(override, dict) else None
        fits = isinstance(minutes, int) and not isinstance(minutes, bool) and 0 <= minutes <= 40_320
        if not fits or override.get("method") not in ("email", "popup"):
            raise invalid("Invalid reminders.")


def type_restriction(message: str) -> ApiError:
    return ApiError(400, "eventTypeRestriction", message, domain="calendar")


def check_new_type(wire: Json, calendar: Calendar) -> None:
    """R-TYPE for an insert: what kind of event may be made here. Raises 400."""
    kind = wire.get("eventType") or "default"
    if kind == "fromGmail":
        raise type_restriction("Events of type fromGmail cannot be created.")
    if kind == "default":
        return
    if not calendar.primary:
        raise type_restriction(f"Events of type {kind} can only be created on primary calendars.")
    all_day = bool((wire.get("start") or {}).get("date"))
    if kind == "birthday":
        yearly = [line for line in wire.get("recurrence") or [] if "FREQ=YEARLY" in str(line)]
        fits = all_day and yearly and wire.get("visibility") == "private"
        if not fits or wire.get("transparency") != "transparent":
            raise type_restriction("A birthday is an all-day, yearly, private and transparent event.")
    elif kind == "workingLocation":
        if not wire.get("workingLocationProperties"):
            raise required("Missing working location properties.")
    elif all_day:
        raise type_restriction(f"Events of type {kind} cannot be all-day events.")


def check_old_type(row: EventRow, patch: Json, wire: Json) -> None:
    """R-TYPE for a change: the type stays, and some events keep their times and rule. Raises 400."""
    kind = row.fields.get("eventType", "default")
    if patch.get("eventType") not in (None, kind):
        raise type_restriction("The event type cannot be changed.")
    if kind in ("birthday", "fromGmail"):
        before = {"start": as_stored(row.start), "end": as_stored(row.end), "recurrence": list(row.recurrence)}
        after = {name: wire.get(name) or [] for name in before}
        if before != after:
            raise type_restriction(f"The times of an event of type {kind} cannot be changed.")
