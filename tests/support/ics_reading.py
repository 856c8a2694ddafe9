"""Reading an export back with icalendar and dateutil, the independent witnesses of the writer's tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from dateutil.rrule import rruleset, rrulestr
from icalendar import Calendar


class Shown(NamedTuple):
    """An occurrence: instants, or for all-day entries dates as UTC midnights."""

    start: datetime
    end: datetime
    summary: str
    all_day: bool


def components(data: bytes) -> list[Any]:
    """The VEVENTs of a file, in order."""
    return list(Calendar.from_ical(data).walk("VEVENT"))


def properties(data: bytes, name: str) -> list[str]:
    """The content lines of a property, unfolded."""
    lines = data.decode().replace("\r\n ", "").split("\r\n")
    return [line for line in lines if line.partition(":")[0].partition(";")[0] == name]


def shown(data: bytes, lo: datetime, hi: datetime) -> list[Shown]:
    """What a reader shows that starts in `[lo, hi)`: masters expanded, overrides in their place."""
    events = components(data)
    replaced = {
        (str(event["UID"]), _instant(event["RECURRENCE-ID"].dt)) for event in events if "RECURRENCE-ID" in event
    }
    found = []
    for event in events:
        start = event["DTSTART"].dt
        all_day = not isinstance(start, datetime)
        length = _length(event)
        for moment in _starts(event, hi):
            instant = _instant(moment)
            if "RECURRENCE-ID" not in event and (str(event["UID"]), instant) in replaced:
                continue
            if lo <= instant < hi:
                found.append(Shown(instant, instant + length, str(event["SUMMARY"]), all_day))
    return sorted(found)


def _length(event: Any) -> timedelta:
    """The exact length of every occurrence (RFC 5545 3.8.5.3)."""
    if "DURATION" in event:
        length: timedelta = event["DURATION"].dt
        return length
    end = event["DTEND"] if "DTEND" in event else event["DTSTART"]
    return _instant(end.dt) - _instant(event["DTSTART"].dt)


def _starts(event: Any, hi: datetime) -> Iterator[date]:
    start = event["DTSTART"].dt
    if not any(name in event for name in ("RRULE", "RDATE")):
        yield start
        return
    all_day = not isinstance(start, datetime)
    anchor = datetime.combine(start, time()) if all_day else start.replace(tzinfo=None)
    zone = None if all_day else start.tzinfo
    whole = rruleset()
    if "RRULE" not in event:
        whole.rdate(anchor)
    for rule in _listed(event.get("RRULE")):
        parts = dict(rule)
        until = parts.pop("UNTIL", [None])[0]
        text = type(rule)(parts).to_ical().decode()
        if until is not None:
            last = until.astimezone(zone).replace(tzinfo=None) if isinstance(until, datetime) else until
            text += f";UNTIL={last:%Y%m%dT%H%M%S}" if isinstance(last, datetime) else f";UNTIL={last:%Y%m%d}"
        whole.rrule(rrulestr(text, dtstart=anchor))  # type: ignore[arg-type]  # one rule gives one rule
    for name, add in (("RDATE", whole.rdate), ("EXDATE", whole.exdate)):
        for dates in _listed(event.get(name)):
            for value in dates.dts:
                add(datetime.combine(value.dt, time()) if all_day else value.dt.replace(tzinfo=None))
    last_local = hi.replace(tzinfo=None) + timedelta(days=2)
    for moment in whole:
        if moment > last_local:
            return
        yield moment.date() if all_day else moment.replace(tzinfo=zone)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _instant(value: date) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime.combine(value, time(), tzinfo=UTC)
