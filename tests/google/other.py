"""colors.get, freeBusy.query and settings.* (§ the other operations)."""

from __future__ import annotations

from typing import Any

from tests.google import series
from tests.google.context import Context, Reply
from tests.google.messages import ApiError, bad_request, not_found, range_empty, required
from tests.google.model import Calendar, EventRow, Json
from tests.google.small_lists import SmallList, page_of
from tests.google.times import parse_instant, seconds, show_instant, zone_named
from tests.google.world import World

_EVENT = "a4bdfc7ae7bfdbadffff887cfbd75bffb87846d6dbe1e1e15484ed51b749dc2127"
_CALENDAR = (
    "ac725ed06b64f83a22fa573cff7537ffad4642d69216a7657bd148b3dc6cfbe983fad165"
    "92e1c09fe1e79fc6e74986e79a9cffb99affc2c2c2cabdbfcca6acf691b2cd74e6a47ae2"
)


def _palette(digits: str) -> dict[str, tuple[str, str]]:
    """Six digits for each colour; ids count from 1; the text on it is always dark."""
    colors = [digits[index : index + 6] for index in range(0, len(digits), 6)]
    return {str(number): (f"#{color}", "#1d1d1d") for number, color in enumerate(colors, 1)}


EVENT_COLORS = _palette(_EVENT)
CALENDAR_COLORS = _palette(_CALENDAR)
MOST_CALENDARS = 50


def colors(context: Context) -> Reply:
    def table(of: dict[str, tuple[str, str]]) -> Json:
        return {id_: {"background": back, "foreground": front} for id_, (back, front) in of.items()}

    body = {
        "kind": "calendar#colors",
        "updated": "2012-02-14T00:00:00.000Z",
        "calendar": table(CALENDAR_COLORS),
        "event": table(EVENT_COLORS),
    }
    return Reply(body)


def free_busy(context: Context) -> Reply:
    body = context.body()
    low, high = bound(body, "timeMin"), bound(body, "timeMax")
    if low >= high:
        raise range_empty()
    zone = body.get("timeZone") or "UTC"
    if not isinstance(zone, str) or zone_named(zone) is None:
        raise bad_request()
    items = body.get("items") or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise bad_request()
    most = body.get("calendarExpansionMax") or MOST_CALENDARS
    if len(items) > min(most, MOST_CALENDARS):
        message = "The number of calendars requested is too large for a single request."
        raise ApiError(400, "tooManyCalendarsRequested", message)
    found = {str(item.get("id")): busy_or_error(context, str(item.get("id")), low, high, zone) for item in items}
    suffix = context.world.config.utc_suffix
    times = {"timeMin": show_instant(low, "UTC", suffix), "timeMax": show_instant(high, "UTC", suffix)}
    return Reply({"kind": "calendar#freeBusy", **times, "calendars": found})


def bound(body: Json, name: str) -> int:
    text = body.get(name)
    if text is None:
        raise required(f"Missing {name}.")
    value = parse_instant(text) if isinstance(text, str) else None
    if value is None:
        raise bad_request()
    return value


def busy_or_error(context: Context, id_: str, low: int, high: int, zone: str) -> Json:
    world = context.world
    calendar = world.calendars.get(context.user.email if id_ == "primary" else id_)
    if calendar is None or calendar.deleted or world.role(context.user.email, calendar) == "none":
        return {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
    suffix = world.config.utc_suffix
    return {
        "busy": [
            {"start": show_instant(start, zone, suffix), "end": show_instant(end, zone, suffix)}
            for start, end in busy(world, calendar, low, high)
        ]
    }


def busy(world: World, calendar: Calendar, low: int, high: int) -> list[tuple[int, int]]:
    """The moments of [low, high) taken by opaque events, joined; all-day ones by the calendar's zone."""
    taken: list[tuple[int, int]] = []
    for row in calendar.events.values():
        if row.purged or row.cancelled or row.kind == "exception":
            continue
        rows: Any = series.instances(world, calendar, row, low, high) if row.kind == "master" else [row]
        taken += [times for one in rows if (times := busy_times(calendar, one, low, high))]
    joined: list[tuple[int, int]] = []
    for start, end in sorted(taken):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def busy_times(calendar: Calendar, row: EventRow, low: int, high: int) -> tuple[int, int] | None:
    free = row.fields.get("transparency") == "transparent" or row.fields.get("eventType") == "workingLocation"
    if row.cancelled or free:
        return None
    start, end = seconds(row.start, calendar.zone), seconds(row.end, calendar.zone)
    start, end = max(start, low), min(end, high)
    return (start, end) if start < end else None


def setting(context: Context, name: str) -> Json:
    value = context.user.settings[name]
    etag = f'"s{sum(value.encode())}"'
    return {"kind": "calendar#setting", "etag": etag, "id": name, "value": value}


def get_setting(context: Context) -> Reply:
    if context.ids[0] not in context.user.settings:
        raise not_found()
    body = setting(context, context.ids[0])
    return Reply(body, etag=body["etag"])


def list_settings(context: Context) -> Reply:
    names = sorted(context.user.settings)
    small = SmallList("settings", 0, 0, lambda: names, lambda _: [])
    shown, envelope = page_of(context, small, 250, set())
    items = [setting(context, name) for name in shown]
    return Reply({"kind": "calendar#settings", "etag": '"p0"', "items": items} | envelope)


HANDLERS = {
    "colors.get": colors,
    "freebusy.query": free_busy,
    "settings.get": get_setting,
    "settings.list": list_settings,
}
