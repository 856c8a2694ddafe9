"""What a person does in Google's web page and with a phone, and what an administrator may do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.google.control import ControlError
from tests.google.model import Calendar, Json
from tests.sync.acceptance.world import EMAIL, World

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
DEEDS = (
    "move", "move", "resize", "retitle", "delete", "delete", "restore", "empty_bin", "duplicate", "to_primary",
    "zone", "toggle_allday", "color", "guest", "meet", "notes", "private", "undo", "drag", "repeat", "free",
    "phone", "create", "create_series", "create_primary", "import", "calendar_zone", "invite", "edit_primary",
)  # fmt: skip
SERIES_DEEDS = ("move", "retitle", "delete")
SCOPES = ("this", "following", "all")


def do(world: World, what: int, pick: int, minutes: int = 30) -> None:
    """One of `DEEDS`, on the event that `pick` falls on."""
    name, calendar = DEEDS[what % len(DEEDS)], world.calendar
    if calendar is None:
        return
    made = request(world, calendar, name, pick, minutes)
    if made is not None:
        _ask(world, *made)


def series(world: World, what: int, pick: int, scope: int, minutes: int = 60) -> None:
    """A change to a series of Google's, in the calendar that is written to or the own one."""
    found = [
        (calendar, row)
        for calendar in _calendars(world)
        for row in calendar.events.values()
        if row.kind == "master" and not row.cancelled
    ]
    if not found:
        return
    calendar, row = found[pick % len(found)]
    body: Json = {"calendar": calendar.id, "event": row.id, "scope": SCOPES[scope % len(SCOPES)]}
    name = SERIES_DEEDS[what % len(SERIES_DEEDS)]
    if name == "move":
        _ask(world, "move_time", {**body, "by_minutes": minutes})
    elif name == "retitle":
        _ask(world, "edit", {**body, "changes": {"summary": f"Renamed {minutes}"}})
    else:
        _ask(world, "delete", body)


def _calendars(world: World) -> list[Calendar]:
    found = [world.emulator.world.calendars[EMAIL], world.emulator.world.calendars[world.secondary]]
    return found if world.calendar is None else [world.calendar, *found]


def request(world: World, calendar: Calendar, name: str, pick: int, minutes: int) -> tuple[str, Json] | None:
    """Operation and body of a deed; None if there is nothing to do it to."""
    here = calendar.id
    if name in _EVERYWHERE:
        return _new(world, name, here, pick, minutes)
    if name == "edit_primary":
        here = EMAIL
        calendar = world.emulator.world.calendars[EMAIL]
    gone = name == "restore"
    rows = [
        row.id for row in calendar.events.values()
        if row.cancelled == gone and not row.purged and row.kind == "single"
    ]  # fmt: skip
    if not rows:
        return None
    body: Json = {"calendar": here, "event": rows[pick % len(rows)]}
    if name in ("move", "edit_primary"):
        return "move_time", {**body, "by_minutes": minutes}
    if name == "resize":
        return "edit", {**body, "changes": _longer(calendar, body["event"])}
    if name == "zone":
        return "set_timezone", {**body, "timeZone": ZONES[pick % len(ZONES)]}
    if name == "repeat":
        return "edit", {**body, "changes": {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4"]}}
    operation, more = _SIMPLE[name]
    return operation, {**body, **more}


_SIMPLE: dict[str, tuple[str, Json]] = {
    "retitle": ("edit", {"changes": {"summary": "Something else"}}),
    "delete": ("delete", {}),
    "restore": ("restore", {}),
    "duplicate": ("duplicate", {}),
    "to_primary": ("change_calendar", {"to": EMAIL}),
    "toggle_allday": ("toggle_allday", {}),
    "color": ("color", {"colorId": "7"}),
    "guest": ("add_guest", {"guest": "guest@example.org"}),
    "meet": ("add_meet", {}),
    "notes": ("notes", {"html": "<b>remember</b>"}),
    "private": ("make_private", {}),
    "drag": ("drag_quick", {"n": 3}),
    "free": ("edit", {"changes": {"transparency": "transparent"}}),
    "phone": ("caldav_put", {"changes": {"summary": "From the phone"}}),
}
_EVERYWHERE = (
    "create", "create_series", "create_primary", "import", "calendar_zone", "invite", "empty_bin", "undo",
)  # fmt: skip


def _new(world: World, name: str, here: str, pick: int, minutes: int) -> tuple[str, Json]:
    begin = world.emulator.world.clock.now() + timedelta(days=pick % 20 - 3, minutes=minutes)
    start = begin.replace(minute=0, second=0, microsecond=0).isoformat()
    if name == "create":
        return "create", {"calendar": here, "summary": "By hand", "start": start}
    if name == "create_series":
        rule = ["RRULE:FREQ=WEEKLY;COUNT=8"]
        return "create", {"calendar": here, "summary": "By hand, weekly", "start": start, "recurrence": rule}
    if name == "create_primary":
        return "create", {"calendar": EMAIL, "summary": "Private", "start": start}
    if name == "import":
        return "import_ics", {"calendar": here, "ics": _ics(begin.strftime("%Y%m%dT%H0000Z"), pick)}
    if name == "calendar_zone":
        return "set_timezone", {"calendar": here, "timeZone": ZONES[pick % len(ZONES)]}
    if name == "invite":
        return "invite_from", {"organizer": "boss@example.org", "summary": "Invited", "start": start}
    return name, {"calendar": here}


def _longer(calendar: Calendar, event_id: str) -> Json:
    row = calendar.events[event_id]
    if row.start.all_day:
        return {"summary": "Longer"}
    end = (row.end.instant or 0) + 1800
    from datetime import UTC, datetime

    return {"end": datetime.fromtimestamp(end, UTC).isoformat()}


def _ics(start: str, pick: int) -> str:
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n"
        f"UID:imported-{pick % 3}\r\nDTSTART:{start}\r\nDURATION:PT1H\r\nSUMMARY:Imported\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def _ask(world: World, operation: str, body: Json) -> None:
    """Do it; what cannot be done is left."""
    try:
        world.emulator.control(f"ui/{EMAIL}/{operation}", body)
    except ControlError:
        return


ADMIN = (
    "expire_sync_tokens", "expire_access", "revoke_grant", "rename_calendar", "hide", "delete_calendar", "unshare",
    "share",
)  # fmt: skip


def admin(world: World, what: int) -> None:
    """What happens to accounts and calendars without anybody touching an event."""
    name, calendar = ADMIN[what % len(ADMIN)], world.calendar
    if calendar is None:
        return
    body: dict[str, Any] = {"calendar": calendar.id}
    if name in ("expire_access", "revoke_grant"):
        body = {"email": EMAIL}
    elif name == "rename_calendar":
        body |= {"summary": "My appointments"}
    elif name == "unshare":
        body = {"calendar": _HOLIDAYS, "email": EMAIL}
    elif name == "share":
        body = {"calendar": _HOLIDAYS, "email": EMAIL, "role": "reader"}
    if name == "delete_calendar":
        world.trail.forget()
    world.emulator.control(name, body)
    world.foreign = world.foreign_state()


_HOLIDAYS = "en.german#holiday@group.v.calendar.google.com"
