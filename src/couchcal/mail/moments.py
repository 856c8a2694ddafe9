"""Days and times as a mail writes them: in full, with the zone, as people of the practice's country do."""

from __future__ import annotations

from datetime import datetime

from couchcal.clock_words import span_words
from couchcal.scheduling.wallclock import CUSTOM_PREFIX, to_local, zone_or_utc

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_UNITED_STATES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "US/")


def american(locale: str, tz: str) -> bool:
    """Whether dates read `March 3` and times `3:00pm`: by the practice's locale, else by its zone."""
    if locale:
        return locale.replace("-", "_").startswith("en_US")
    return tz.startswith(_UNITED_STATES)


def span(start: datetime, end: datetime, tz: str, *, us: bool) -> str:
    """`Tuesday 3 March 2026, 15:00–15:50 (New York time, UTC-5)` on the wall clock of `tz`."""
    known = zone_or_utc(tz)
    first, last = to_local(start, known), to_local(end, known)
    times = span_words(first, last, clock_24h=not us)
    return f"{day(first, us=us)}, {times} ({_zone_words(start, tz)})"


def day(local: datetime, *, us: bool) -> str:
    """`Tuesday 3 March 2026`, or `Tuesday, March 3, 2026`."""
    weekday, month = _WEEKDAYS[local.weekday()], _MONTHS[local.month - 1]
    return f"{weekday}, {month} {local.day}, {local.year}" if us else f"{weekday} {local.day} {month} {local.year}"


def _zone_words(instant: datetime, tz: str) -> str:
    offset = instant.astimezone(zone_or_utc(tz)).utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset is not None else 0
    if tz in ("", "UTC"):
        return "UTC"
    city = tz.removeprefix(CUSTOM_PREFIX).rpartition("/")[2].replace("_", " ")
    hours, rest = divmod(abs(minutes), 60)
    distance = f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "") if minutes else "UTC"
    return f"{city} time, {distance}"
