"""calendarList.*: the calendars a user sees, with their own colours, names and reminders (§ calendars)."""

from __future__ import annotations

from typing import Any

from tests.google.access import APP_CREATED, find_calendar
from tests.google.accounts import list_calendar
from tests.google.context import Context, Reply
from tests.google.event_body import check_reminders
from tests.google.messages import ApiError, invalid, not_found, required, scope_missing
from tests.google.model import ROLES, Json, ListEntry
from tests.google.other import CALENDAR_COLORS
from tests.google.small_lists import SmallList, page_of

_TYPES: dict[str, type] = {
    "summaryOverride": str,
    "colorId": str,
    "backgroundColor": str,
    "foregroundColor": str,
    "hidden": bool,
    "selected": bool,
    "defaultReminders": list,
    "notificationSettings": dict,
}


def shown(context: Context, entry: ListEntry) -> Json:
    calendar = context.world.calendars[entry.calendar]
    if entry.deleted:
        return {"kind": "calendar#calendarListEntry", "etag": entry.etag, "id": entry.calendar, "deleted": True}
    background, foreground = CALENDAR_COLORS[entry.color_id]
    body: Json = {
        "kind": "calendar#calendarListEntry",
        "etag": entry.etag,
        "id": calendar.id,
        "summary": calendar.summary,
        "timeZone": calendar.zone,
        "dataOwner": calendar.owner,
        "colorId": entry.color_id,
        "backgroundColor": entry.background or background,
        "foregroundColor": entry.foreground or foreground,
        "accessRole": context.role(calendar),
        "defaultReminders": entry.reminders,
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }
    optional: dict[str, Any] = {
        "description": calendar.description,
        "location": calendar.location,
        "summaryOverride": entry.summary_override,
        "hidden": entry.hidden or None,
        "selected": entry.selected or None,
        "primary": (calendar.primary and calendar.owner == context.user.email) or None,
        "notificationSettings": {"notifications": entry.notifications} if entry.notifications else None,
    }
    return body | {name: value for name, value in optional.items() if value is not None}


def found(context: Context) -> ListEntry:
    """The entry the path names. Raises 404; `app.created` alone sees only what the client created."""
    calendar = find_calendar(context.world, context.user, context.ids[0])
    context.entry.calendar = calendar.id
    entry = context.user.entries.get(calendar.id)
    if entry is None or entry.deleted:
        raise not_found()
    if context.scopes == {APP_CREATED} and calendar.creator_client != context.grant.client_id:
        raise not_found() if context.world.config.appcreated_foreign == "404" else scope_missing()
    return entry


def list_calendars(context: Context) -> Reply:
    query, user, world = context.query, context.user, context.world
    names: tuple[str, ...] = ROLES
    least = query.choice("minAccessRole", names[1:])
    hidden, deleted = query.flag("showHidden"), query.flag("showDeleted")
    if least is not None and "syncToken" in query:
        raise invalid("Sync token cannot be used with minAccessRole.", ("parameter", "syncToken"))

    def whole() -> list[str]:
        return [entry.calendar for entry in user.entries.values() if passes(entry)]

    def passes(entry: ListEntry) -> bool:
        role = world.role(user.email, world.calendars[entry.calendar])
        if entry.deleted:
            return deleted
        return (hidden or not entry.hidden) and (least is None or ROLES.index(role) >= names.index(least))

    def since(rev: int) -> list[str]:
        changed = sorted((entry for entry in user.entries.values() if entry.rev > rev), key=lambda entry: entry.rev)
        return [entry.calendar for entry in changed]

    small = SmallList("calendarList", user.rev, user.valid_from_us, whole, since)
    ids, envelope = page_of(context, small, 250, {"showDeleted", "showHidden"})
    items = [shown(context, user.entries[id_]) for id_ in ids]
    return Reply({"kind": "calendar#calendarList", "etag": f'"p{user.rev}"', "items": items} | envelope)


def get(context: Context) -> Reply:
    entry = found(context)
    if context.unmodified(entry.etag):
        return Reply(None, 304, entry.etag)
    return Reply(shown(context, entry), etag=entry.etag)


def read(context: Context) -> Json:
    """The writable members of the body. Raises 400 for a wrong type, an unknown colour, a bad reminder."""
    body = context.body()
    wire = {name: value for name, value in body.items() if name in _TYPES}
    for name, value in wire.items():
        if value is not None and not isinstance(value, _TYPES[name]):
            raise invalid(f"Invalid value for: {name}")
    rgb = context.query.flag("colorRgbFormat")
    if not rgb:
        wire.pop("backgroundColor", None)
        wire.pop("foregroundColor", None)
    if wire.get("colorId") is not None and wire["colorId"] not in CALENDAR_COLORS:
        raise invalid("Invalid color ID.")
    check_reminders({"overrides": wire.get("defaultReminders") or []})
    return wire | ({"id": body["id"]} if isinstance(body.get("id"), str) else {})


def write(context: Context, entry: ListEntry, wire: Json) -> Reply:
    before = shown(context, entry)
    if "summaryOverride" in wire:
        entry.summary_override = wire["summaryOverride"] or None
    if wire.get("colorId"):
        entry.color_id, entry.background, entry.foreground = wire["colorId"], None, None
    entry.background = wire.get("backgroundColor") or entry.background
    entry.foreground = wire.get("foregroundColor") or entry.foreground
    if "hidden" in wire:
        entry.hidden = bool(wire["hidden"])
    if "selected" in wire:
        entry.selected = bool(wire["selected"])
    if "defaultReminders" in wire:
        entry.reminders = list(wire["defaultReminders"] or [])
    if "notificationSettings" in wire:
        entry.notifications = list((wire["notificationSettings"] or {}).get("notifications") or [])
    if shown(context, entry) != before:
        context.world.touch_entry(context.user, entry)
    return Reply(shown(context, entry), etag=entry.etag)


def insert(context: Context) -> Reply:
    wire = read(context)
    if not wire.get("id"):
        raise required("Missing calendar id.")
    calendar = find_calendar(context.world, context.user, wire["id"])
    entry = list_calendar(context.world, context.user, calendar)
    return write(context, entry, wire)


def patch(context: Context) -> Reply:
    entry = found(context)
    context.check_if_match(entry.etag)
    return write(context, entry, read(context))


def update(context: Context) -> Reply:
    entry = found(context)
    context.check_if_match(entry.etag)
    cleared: Json = {"summaryOverride": None, "hidden": False, "selected": False, "defaultReminders": []}
    return write(context, entry, cleared | {"notificationSettings": None} | read(context))


def delete(context: Context) -> Reply:
    """Take a calendar out of the list. Raises 403 for the data owner's own."""
    entry = found(context)
    context.check_if_match(entry.etag)
    if context.world.calendars[entry.calendar].owner == context.user.email:
        raise ApiError(403, "forbidden", "The data owner of a calendar cannot remove it from their list.")
    entry.deleted = True
    context.world.touch_entry(context.user, entry)
    return Reply(None, 204)


HANDLERS = {
    "calendarList.list": list_calendars,
    "calendarList.get": get,
    "calendarList.insert": insert,
    "calendarList.patch": patch,
    "calendarList.update": update,
    "calendarList.delete": delete,
}
