"""calendars.*: making, changing, clearing and deleting calendars (§ calendars)."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.google import access
from tests.google.accounts import drop_calendar, new_calendar
from tests.google.context import Context, Reply
from tests.google.messages import ApiError, invalid, required
from tests.google.model import Calendar, Json
from tests.google.quotas import limit_exceeded
from tests.google.times import zone_named

_TEXTS = ("summary", "description", "location", "timeZone")
_OTHERS = {"kind", "etag", "id", "conferenceProperties", "dataOwner", "labelProperties", "autoAcceptInvitations"}


def shown(calendar: Calendar) -> Json:
    body: Json = {
        "kind": "calendar#calendar",
        "etag": calendar.etag,
        "id": calendar.id,
        "summary": calendar.summary,
        "timeZone": calendar.zone,
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
        "dataOwner": calendar.owner,
    }
    if calendar.labels:
        body["labelProperties"] = {"eventLabels": calendar.labels}
    if calendar.description is not None:
        body["description"] = calendar.description
    if calendar.location is not None:
        body["location"] = calendar.location
    return body


def texts(context: Context) -> dict[str, Any]:
    """The writable members of the body. Raises 400 for a wrong type, an unknown zone, an empty summary."""
    body = context.body()
    config = context.world.config
    if config.unknown_fields == "400" and set(body) - set(_TEXTS) - _OTHERS:
        raise invalid(f"Unknown name {sorted(set(body) - set(_TEXTS) - _OTHERS)[0]}")
    wire = {name: body[name] for name in _TEXTS if name in body}
    if any(value is not None and not isinstance(value, str) for value in wire.values()):
        raise invalid("Invalid value for calendar.")
    if wire.get("timeZone") is not None and zone_named(wire["timeZone"]) is None:
        raise invalid("Invalid time zone.")
    if "summary" in wire and not wire["summary"]:
        raise required("Missing title.")
    return wire


def get(context: Context) -> Reply:
    calendar = context.calendar()
    if context.unmodified(calendar.etag):
        return Reply(None, 304, calendar.etag)
    return Reply(shown(calendar), etag=calendar.etag)


def insert(context: Context) -> Reply:
    world, email = context.world, context.user.email
    wire = texts(context)
    if not wire.get("summary"):
        raise required("Missing title.")
    if world.calendars_created.get(email, 0) >= world.config.max_calendars_created:
        raise limit_exceeded(403, "quotaExceeded")
    world.calendars_created[email] = world.calendars_created.get(email, 0) + 1
    zone = wire.get("timeZone") or context.user.settings["timezone"]
    calendar = new_calendar(world, context.user, None, wire["summary"], zone, client_id=context.grant.client_id)
    calendar.description, calendar.location = wire.get("description"), wire.get("location")
    return Reply(shown(calendar), etag=calendar.etag)


def patch(context: Context) -> Reply:
    return change(context, replace=False)


def update(context: Context) -> Reply:
    return change(context, replace=True)


def change(context: Context, replace: bool) -> Reply:
    """A change that changes nothing keeps the etag."""
    calendar = context.calendar()
    access.require_owner(context.role(calendar))
    context.check_if_match(calendar.etag)
    wire = texts(context)
    if replace and not wire.get("summary"):
        raise required("Missing title.")
    before = dataclasses.astuple(calendar_texts(calendar))
    if replace:
        calendar.description = calendar.location = None
    calendar.summary = wire.get("summary") or calendar.summary
    if "description" in wire:
        calendar.description = wire["description"]
    if "location" in wire:
        calendar.location = wire["location"]
    zone, calendar.zone = calendar.zone, wire.get("timeZone") or calendar.zone
    if dataclasses.astuple(calendar_texts(calendar)) != before:
        changed(context, calendar, rezoned=zone != calendar.zone)
    return Reply(shown(calendar), etag=calendar.etag)


@dataclasses.dataclass(frozen=True)
class Texts:
    """What a person can say about a calendar."""

    summary: str
    description: str | None
    location: str | None
    zone: str


def calendar_texts(calendar: Calendar) -> Texts:
    return Texts(calendar.summary, calendar.description, calendar.location, calendar.zone)


def changed(context: Context, calendar: Calendar, rezoned: bool) -> None:
    """Stamp a changed calendar; the lists it is in change with it."""
    world = context.world
    calendar.etag_us = calendar.updated_us = world.clock.stamp()
    for user in world.users.values():
        entry = user.entries.get(calendar.id)
        if entry is not None and not entry.deleted:
            world.touch_entry(user, entry)
    if rezoned and world.config.tz_change_invalidates:
        world.access_changed(calendar)


def delete(context: Context) -> Reply:
    calendar = context.calendar()
    access.require_owner(context.role(calendar))
    context.check_if_match(calendar.etag)
    if calendar.primary:
        message = "Cannot delete primary calendar."
        raise ApiError(403, "cannotDeletePrimaryCalendar", message, domain="calendar")
    drop_calendar(context.world, calendar)
    return Reply(None, 204)


def clear(context: Context) -> Reply:
    """Delete all events of a primary calendar."""
    calendar = context.calendar()
    access.require_owner(context.role(calendar))
    if not calendar.primary:
        raise invalid("Only primary calendars can be cleared.")
    live = [row for row in calendar.events.values() if not row.cancelled and not row.purged]
    if live:
        context.world.write(calendar, [dataclasses.replace(row, status="cancelled") for row in live])
    return Reply(None, 204)


HANDLERS = {
    "calendars.get": get,
    "calendars.insert": insert,
    "calendars.patch": patch,
    "calendars.update": update,
    "calendars.delete": delete,
    "calendars.clear": clear,
}
