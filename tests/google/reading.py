"""The parameters of events.list: what they ask for, which may not come together, and which rows they pass."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.google import series
from tests.google.context import Context, Query
from tests.google.messages import ApiError, bad_request, invalid, range_empty
from tests.google.model import Calendar, EventRow
from tests.google.routes import STANDARD
from tests.google.times import parse_instant, seconds, zone_named
from tests.google.world import World

MOST_ROWS = 2500
EVENT_TYPES = ("birthday", "default", "focusTime", "fromGmail", "outOfOffice", "workingLocation")
NOT_WITH_SYNC = (
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
)
NO_TOKEN = ("iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "updatedMin")


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of a list, read and checked. Times are seconds since 1970."""

    single: bool
    deleted: bool
    size: int
    time_min: int | None
    time_max: int | None
    updated_min_us: int | None
    zone: str | None
    max_attendees: int | None
    labels: bool
    fingerprint: str  # of what a later delta must repeat
    page_fingerprint: str  # of what a later page must repeat


def read_parameters(context: Context) -> Asked:
    """Raises 400 for what cannot be read or may not come together."""
    query = context.query
    single = query.flag("singleEvents")
    deleted = query.flag("showDeleted")
    query.flag("showHiddenInvitations")
    query.flag("alwaysIncludeEmail")
    order = query.choice("orderBy", ("startTime", "updated"))
    if order == "startTime" and not single:
        raise invalid("The requested ordering is not available for the particular query.", ("parameter", "orderBy"))
    time_min, time_max = read_window(query)
    updated_min = read_bound(query, "updatedMin")
    for kind in query.all("eventTypes"):
        if kind not in EVENT_TYPES:
            raise invalid(f"Invalid string value: '{kind}'.", ("parameter", "eventTypes"))
    for name in ("privateExtendedProperty", "sharedExtendedProperty"):
        if any("=" not in pair for pair in query.all(name)):
            raise invalid("Invalid extended property constraint.", ("parameter", name))
    if query.get("syncToken") is not None:
        for name in NOT_WITH_SYNC:
            if name in query:
                message = "Sync token cannot be used with other query restrictions."
                raise invalid(message, ("parameter", "syncToken"))
        if "showDeleted" in query and not deleted:
            raise invalid("Sync token cannot be used with showDeleted=false.", ("parameter", "syncToken"))
    return Asked(
        single=single,
        deleted=deleted,
        size=query.number("maxResults", 250, MOST_ROWS),
        time_min=time_min,
        time_max=time_max,
        updated_min_us=None if updated_min is None else updated_min * 1_000_000,
        zone=read_zone(query),
        max_attendees=query.number("maxAttendees", 1, 10_000) if "maxAttendees" in query else None,
        labels=query.get("eventLabelVersion") == "1",
        fingerprint=fingerprint(query, {"pageToken", "syncToken", "showDeleted", "maxResults", *NOT_WITH_SYNC}),
        page_fingerprint=fingerprint(query, {"pageToken", "syncToken"}),
    )


def read_zone(query: Query) -> str | None:
    """The `timeZone` parameter. Raises 400 for an unknown zone."""
    zone = query.get("timeZone")
    if zone is not None and zone_named(zone) is None:
        raise invalid("Invalid time zone.", ("parameter", "timeZone"))
    return zone


def read_window(query: Query) -> tuple[int | None, int | None]:
    """`timeMin` and `timeMax`. Raises 400 for one without offset and for an empty range."""
    time_min, time_max = read_bound(query, "timeMin"), read_bound(query, "timeMax")
    if time_min is not None and time_max is not None and time_min >= time_max:
        raise range_empty()
    return time_min, time_max


def read_bound(query: Query, name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    value = parse_instant(text)
    if value is None:
        raise bad_request()
    return value


def fingerprint(query: Query, without: set[str]) -> str:
    """What a list asked for, without the parameters that only shape the answer; defaults count as absent."""
    pairs = sorted(
        pair for pair in query.pairs if pair[0] not in without and pair[0] not in STANDARD and pair[1] != "false"
    )
    return hashlib.blake2b(repr(pairs).encode(), digest_size=6).hexdigest() if pairs else ""


def check_updated_min(world: World, asked: Asked) -> None:
    """Raises 410 for an `updatedMin` beyond the horizon."""
    horizon_us = world.clock.now_us - world.config.updated_min_horizon_s * 1_000_000
    if asked.updated_min_us is not None and asked.updated_min_us < horizon_us:
        message = "The requested minimum modification time lies too far in the past."
        location = ("parameter", "updatedMin")
        raise ApiError(410, "updatedMinTooLongAgo", message, domain="calendar", location=location)


def content_filter(world: World, calendar: Calendar, query: Query) -> Callable[[EventRow], bool]:
    """Whether a row passes q, iCalUID, the property filters and eventTypes."""
    checks: list[Callable[[EventRow], bool]] = []
    words = (query.get("q") or "").casefold().split()
    if words:
        checks.append(lambda row: all(word in searched(row) for word in words))
    uid = query.get("iCalUID")
    if uid is not None:
        checks.append(lambda row: row.uid == uid)
    kinds = set(query.all("eventTypes"))
    if kinds:
        checks.append(lambda row: row.fields.get("eventType", "default") in kinds)
    private, shared = (pairs_of(query, f"{side}ExtendedProperty") for side in ("private", "shared"))
    every_or_any = all if world.config.private_filter == "and" else any

    def has_properties(row: EventRow) -> bool:
        mine = row.private.get(calendar.id, {}).items()
        common = row.fields.get("extendedProperties", {}).get("shared", {}).items()
        fits = not private or every_or_any(pair in mine for pair in private)
        return fits and (not shared or every_or_any(pair in common for pair in shared))

    checks.append(has_properties)
    return lambda row: all(check(row) for check in checks)


def pairs_of(query: Query, name: str) -> list[tuple[str, str]]:
    return [(key, value) for key, _, value in (pair.partition("=") for pair in query.all(name))]


def searched(row: EventRow) -> str:
    """The text `q` looks at."""
    texts = [str(row.fields.get(name, "")) for name in ("summary", "description", "location")]
    for person in row.fields.get("attendees", ()):
        texts += [str(person.get("displayName", "")), str(person.get("email", ""))]
    return "\n".join(texts).casefold()


def in_window(world: World, calendar: Calendar, row: EventRow, low: int | None, high: int | None) -> bool:
    """Whether the event ends after `low` and starts before `high`; a series, whether an instance does."""
    if low is None and high is None:
        return True
    if row.kind == "master":
        instances = series.instances(world, calendar, row, low, high)
        return any(in_window(world, calendar, instance, low, high) for instance in instances)
    if low is not None and seconds(row.end, calendar.zone) <= low:
        return False
    return high is None or seconds(row.start, calendar.zone) < high
