"""Times of events on the wire: reading them with Google's refusals (R-TIME) and showing them (R-RENDER)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.google.messages import ApiError, bad_request, invalid, range_empty, required
from tests.google.model import Json, When

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?", re.ASCII | re.IGNORECASE
)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*", re.ASCII)
# tzdata has these for old Unix programs; to Google they are abbreviations, not zones.
_ABBREVIATIONS = {"EST", "MST", "HST", "CET", "MET", "EET", "WET", "EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT"}
EPOCH_DAY = date(1970, 1, 1)


@cache
def zone_named(name: str) -> ZoneInfo | None:
    """The IANA zone of that name, None for anything else (Windows names, abbreviations)."""
    if not _ZONE.fullmatch(name) or name in _ABBREVIATIONS or name.startswith(("posix/", "right/", "posixrules")):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def parse_day(text: str) -> date | None:
    """A date as YYYY-MM-DD, None if it is none."""
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def parse_date_time(text: str) -> datetime | None:
    """An RFC 3339 date-time without its fraction; naive if it has no offset; None if it is none."""
    found = _DATE_TIME.fullmatch(text)
    if not found:
        return None
    try:
        value = datetime.fromisoformat(found[1] + (found[2] or "").upper().replace("Z", "+00:00"))
    except ValueError:
        return None
    return value if 1 < value.year < 9999 else None


def parse_instant(text: str) -> int | None:
    """Seconds since 1970 of a date-time that has an offset; None otherwise."""
    value = parse_date_time(text)
    if value is None or value.tzinfo is None:
        return None
    return int(value.timestamp())


def read_when(wire: Any, slot: str, *, recurring: bool = False) -> When:
    """A start or end (`slot`) from its merged wire form. Raises ApiError in the order R-TIME gives."""
    if not isinstance(wire, dict):
        raise bad_request()
    day, moment, zone = (wire.get(name) for name in ("date", "dateTime", "timeZone"))
    if any(value is not None and not isinstance(value, str) for value in (day, moment, zone)):
        raise bad_request()
    if day is not None and moment is not None:
        raise invalid(f"Invalid {slot} time.")
    if day is None and moment is None:
        raise required(f"Missing {slot} time.")
    if zone is not None and zone_named(zone) is None:
        raise invalid(f"Invalid time zone definition for {slot} time.")
    if day is not None:
        if parse_day(day) is None:
            raise bad_request()
        return When(day=day)
    value = parse_date_time(str(moment))
    if value is None:
        raise bad_request()
    if zone is None and (value.tzinfo is None or recurring):
        raise required(f"Missing time zone definition for {slot} time.")
    if value.tzinfo is None:
        value = value.replace(tzinfo=ZoneInfo(str(zone)))
    return When(instant=int(value.timestamp()), zone=zone)


def read_range(start: Any, end: Any, *, recurring: bool = False) -> tuple[When, When]:
    """Start and end of an event. An end equal to the start is accepted."""
    if not start:
        raise required("Missing start time.")
    first = read_when(start, "start", recurring=recurring)
    if not end:
        raise required("Missing end time.")
    last = read_when(end, "end", recurring=recurring)
    if first.all_day != last.all_day:
        raise ApiError(400, "invalid", "Start and end times must either both be date or both be dateTime.")
    if seconds(last, "UTC") < seconds(first, "UTC"):
        raise range_empty()
    return first, last


def seconds(when: When, zone: str) -> int:
    """The instant of a start or end; an all-day one begins at midnight in `zone`, the calendar's."""
    if when.instant is not None:
        return when.instant
    day = date.fromisoformat(when.day or "")
    if zone == "UTC":
        return (day - EPOCH_DAY).days * 86_400
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp())


def shifted(when: When, by: timedelta) -> When:
    """The same kind of time, later by `by` (whole days if all-day)."""
    if when.day is not None:
        return When(day=(date.fromisoformat(when.day) + by).isoformat())
    return When(instant=(when.instant or 0) + int(by.total_seconds()), zone=when.zone)


def show_instant(instant: int, zone: str, utc_suffix: str) -> str:
    text = datetime.fromtimestamp(instant, ZoneInfo(zone)).isoformat()
    return text[:-6] + utc_suffix if text.endswith("+00:00") else text


def show(when: When, zone: str, shown_in: str, utc_suffix: str) -> Json:
    """A start or end on the wire: offset of the zone it is `shown_in`, its declared zone or the calendar's."""
    if when.day is not None:
        return {"date": when.day}
    moment = show_instant(when.instant or 0, shown_in, utc_suffix)
    return {"dateTime": moment, "timeZone": when.zone or zone}


def as_stored(when: When) -> Json:
    """The wire form a merge patch is merged into: the declared zone only."""
    if when.day is not None:
        return {"date": when.day}
    wire = {"dateTime": show_instant(when.instant or 0, when.zone or "UTC", "Z")}
    return wire | {"timeZone": when.zone} if when.zone else wire


def show_us(us: int) -> str:
    """An instant in microseconds as `created` and `updated` show it: milliseconds and Z."""
    whole, micros = divmod(us, 1_000_000)
    return f"{datetime.fromtimestamp(whole, UTC).isoformat()[:19]}.{micros // 1000:03d}Z"
