"""Google's JSON and the port's values: read tolerantly, written narrowly.

Whatever an event holds, reading it never raises: what cannot be used is `unreadable`, alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from couchcal.scheduling.wallclock import CUSTOM_PREFIX, UnknownZone, zone
from couchcal.sync.port import EventFields, RemoteCalendar, RemoteEvent, When

TAG = "couchcal"
TAG_VERSION = "1"
CALENDAR_KIND = "calendar#calendar"
EVENT_KIND = "calendar#event"
EVENTS_KIND = "calendar#events"
LIST_KIND = "calendar#calendarList"
EVENT_FIELDS = (
    "id,status,etag,summary,description,location,start,end,transparency,attendees,eventType,recurrence,"
    "recurringEventId,originalStartTime,extendedProperties"
)
"""All that is asked for in a list: guests' lists, links to calls and notes stay where they are."""
_INSTANCE = re.compile(r"(.+)_(\d{8}(?:T\d{6}Z)?)", re.DOTALL)
_SMALL_SUFFIX = re.compile(r"_R?\d{8}t\d{6}z?\Z", re.IGNORECASE)
_UNWANTED = re.compile(r"[\ud800-\udfff\x00]")
_DAY = timedelta(days=1)


class _Unreadable(ValueError):
    """Why an event cannot be used, in words."""


def event(item: Any, calendar_zone: str = "") -> RemoteEvent | None:
    """The event of one item of a list or of an answer; None if the item names no event at all.

    Args:
        calendar_zone: the zone that events without one (or with one that is unknown here) are in.
    """
    if not isinstance(item, dict):
        return None
    event_id = _event_id(item.get("id"))
    if not event_id:
        return None
    cancelled = item.get("status") == "cancelled"
    etag = etag_of(item)
    recurring_id, original = _occurrence(item, event_id, calendar_zone)
    try:
        when = _when(item, calendar_zone)
        unreadable = "" if when is not None or cancelled else "it has no time"
    except _Unreadable as error:
        when, unreadable = None, "" if cancelled else str(error)
    transparency = item.get("transparency")
    lines = item.get("recurrence")
    return RemoteEvent(
        id=event_id,
        cancelled=cancelled,
        etag=etag,
        when=when,
        title=_text(item.get("summary")),
        description=_text(item.get("description")),
        place=_text(item.get("location")),
        busy=transparency != "transparent",
        tentative=item.get("status") == "tentative",
        declined=_declined(item.get("attendees")),
        event_type=_text(item.get("eventType")) or "default",
        recurrence=tuple(_text(line) for line in lines if isinstance(line, str)) if isinstance(lines, list) else (),
        recurring_id=recurring_id,
        original_start=original,
        ours=_tag(item.get("extendedProperties")),
        unreadable=unreadable,
    )


def calendar(item: Any) -> RemoteCalendar | None:
    """A calendar of the account's list, or of its own; None if the item names none."""
    if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not item["id"]:
        return None
    if not storable(item["id"]):
        return None
    return RemoteCalendar(
        id=item["id"],
        name=_text(item.get("summaryOverride")) or _text(item.get("summary")),
        access=_text(item.get("accessRole")),
        primary=item.get("primary") is True,
        time_zone=_text(item.get("timeZone")),
        description=_text(item.get("description")),
        hidden=item.get("hidden") is True,
        deleted=item.get("deleted") is True,
    )


def new_event(event_id: str, fields: EventFields, tag: str) -> dict[str, Any]:
    """The body of an insert. Private to the calendar's owner, reminders as the calendar has them."""
    start, end = _sent_when(fields.when)
    return {
        "id": event_id,
        "summary": fields.title,
        "description": fields.description,
        "location": fields.place,
        "start": start,
        "end": end,
        "transparency": _transparency(fields.busy),
        "visibility": "private",
        "extendedProperties": {"private": {TAG: tag, "couchcal_v": TAG_VERSION}},
    }


def changed_event(changes: Mapping[str, object], *, revive: bool) -> dict[str, Any]:
    """The body of a patch with the named fields of `EventFields` alone.

    Raises:
        ValueError: there is no such field.
    """
    body: dict[str, Any] = {"status": "confirmed"} if revive else {}
    for name, value in changes.items():
        if name == "when" and isinstance(value, When):
            start, end = _sent_when(value)
            # a patch merges: what the other kind of time was said with has to be taken out
            other = {"dateTime": None, "timeZone": None} if value.all_day else {"date": None}
            body["start"], body["end"] = start | other, end | other
        elif name == "busy" and isinstance(value, bool):
            body["transparency"] = _transparency(value)
        elif name in _PLAIN and isinstance(value, str):
            body[_PLAIN[name]] = value
        else:
            raise ValueError(f"an event has no field {name} of type {type(value).__name__}")
    return body


_PLAIN = {"title": "summary", "description": "description", "place": "location"}


def _transparency(busy: bool) -> str:
    return "opaque" if busy else "transparent"


def _sent_when(when: When) -> tuple[dict[str, Any], dict[str, Any]]:
    """Start and end as Google takes them: the offset says which instant it is in a repeated hour, the zone's name
    what it was declared in. A zone that Google cannot know (a file's own) is sent as UTC."""
    if not isinstance(when.start, datetime) or not isinstance(when.end, datetime):
        return {"date": when.start.isoformat()}, {"date": when.end.isoformat()}
    tz, name = _sendable(when.tz)
    moments = [moment.astimezone(tz) for moment in (when.start, when.end)]
    if any((moment.utcoffset() or timedelta()) % timedelta(minutes=1) for moment in moments):
        moments = [moment.astimezone(UTC) for moment in moments]  # local mean time: no offset can say it
    start, end = ({"dateTime": moment.isoformat(timespec="seconds"), "timeZone": name} for moment in moments)
    return start, end


@lru_cache(maxsize=256)
def _sendable(name: str) -> tuple[Any, str]:
    try:
        found = zone(name) if name and not name.startswith(CUSTOM_PREFIX) else None
    except UnknownZone:
        found = None
    return (found, name) if isinstance(found, ZoneInfo) else (UTC, "UTC")


@lru_cache(maxsize=256)
def _known_zone(name: str) -> bool:
    try:
        zone(name)
    except (UnknownZone, ValueError):
        return False
    return not name.startswith(CUSTOM_PREFIX)


def _when(item: Mapping[str, Any], calendar_zone: str) -> When | None:
    start, end = item.get("start"), item.get("end")
    if not isinstance(start, dict):
        return None
    if not isinstance(end, dict):
        end = start
    if isinstance(start.get("date"), str):
        first = _date(start["date"])
        last = _date(end["date"]) if isinstance(end.get("date"), str) else first + _DAY
        if last < first:
            raise _Unreadable("it ends before it begins")
        return When(first, max(last, first + _DAY))
    name = _zone_name(start.get("timeZone"), calendar_zone)
    begins = _instant(start.get("dateTime"), name)
    ends = _instant(end.get("dateTime"), _zone_name(end.get("timeZone"), name))
    if ends < begins:
        raise _Unreadable("it ends before it begins")
    return When(begins, ends, name)


def _zone_name(name: Any, otherwise: str) -> str:
    if isinstance(name, str) and _known_zone(name):
        return name
    return otherwise if otherwise and _known_zone(otherwise) else "UTC"


def _date(text: str) -> date:
    try:
        found = date.fromisoformat(text)
        if len(text) != 10 or not date.min + _DAY < found < date.max - _DAY:
            raise ValueError
    except ValueError:
        raise _Unreadable("its date cannot be read") from None
    return found


def _instant(text: Any, name: str) -> datetime:
    """The instant of a `dateTime`; without an offset it is on the wall clock of the zone `name`."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=zone(name))
        found = found.astimezone(UTC).replace(microsecond=0)
        if not 1 < found.year < 9999:
            raise ValueError
    except (ValueError, TypeError, OverflowError):
        raise _Unreadable("its time cannot be read") from None
    return found


def _occurrence(item: Mapping[str, Any], event_id: str, calendar_zone: str) -> tuple[str, datetime | date | None]:
    """Master and original start of an instance. Without `recurringEventId` it has no master: its id does not tell
    which one, once a series was split. The original start may be told by its id alone."""
    recurring_id = _event_id(item.get("recurringEventId"))
    original = item.get("originalStartTime")
    if isinstance(original, dict):
        try:
            if isinstance(original.get("date"), str):
                return recurring_id, _date(original["date"])
            return recurring_id, _instant(
                original.get("dateTime"), _zone_name(original.get("timeZone"), calendar_zone)
            )
        except _Unreadable:
            pass
    found = _INSTANCE.fullmatch(event_id) if recurring_id else None
    if found is None:
        return recurring_id, None
    try:
        return recurring_id, _instant(found[2], "UTC") if len(found[2]) > 8 else _basic_date(found[2])
    except _Unreadable:
        return recurring_id, None


def _basic_date(text: str) -> date:
    return _date(f"{text[:4]}-{text[4:6]}-{text[6:]}")


def _event_id(value: Any) -> str:
    """An id; the time at the end of an instance's is in capitals in every request, whatever a list shows."""
    found = _text(value)
    if "_" not in found:
        return found
    small = _SMALL_SUFFIX.search(found)
    return found if small is None else found[: small.start()] + small[0].upper()


def _declined(attendees: Any) -> bool:
    return isinstance(attendees, list) and any(
        isinstance(person, dict) and person.get("self") is True and person.get("responseStatus") == "declined"
        for person in attendees
    )


def _tag(properties: Any) -> str:
    private = properties.get("private") if isinstance(properties, dict) else None
    return _text(private.get(TAG)) if isinstance(private, dict) else ""


def etag_of(item: Mapping[str, Any]) -> str:
    """The etag of an event or a calendar; empty if there is none that a header can have (RFC 9110 8.8.3)."""
    found = item.get("etag")
    return found if isinstance(found, str) and found.isascii() and found.isprintable() else ""


def storable(text: str) -> bool:
    """Whether a text can be stored and sent as it is: no half of a character, no NUL."""
    return (text.isascii() and "\x00" not in text) or not _UNWANTED.search(text)


def _text(value: Any) -> str:
    """Text that can be stored; empty for anything else."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() and "\x00" not in value else _UNWANTED.sub("", value)
