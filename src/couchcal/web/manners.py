"""How times and dates are written for a visitor: by the region that their browser names, in English words."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from couchcal.clock_words import clock_words

_TAG = re.compile(r"\s*([A-Za-z]{2,3})(?:-[A-Za-z]{4})?(?:-([A-Za-z]{2}))?(?:-[A-Za-z0-9]+)*\s*(?:;.*)?")
_TWELVE_HOURS = frozenset(("US", "CA", "AU", "NZ", "IN", "PH", "PK", "EG", "SA", "MX", "CO", "MY", "KR"))
_MONTH_FIRST = frozenset(("US", "CA", "PH"))
_SUNDAY_FIRST = frozenset(("US", "CA", "MX", "CO", "BR", "IN", "PH", "JP", "KR", "IL", "ZA", "SA"))
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


class Manners(NamedTuple):
    """The clock (15:00 or 3:00 pm), the order of day and month, and the first day of a week, 0 being Monday."""

    clock_24h: bool = True
    month_first: bool = False
    week_start: int = 0

    def clock(self, local: datetime) -> str:
        """`15:00`, or `3:00 pm`."""
        words = clock_words(local, clock_24h=self.clock_24h)
        return words if self.clock_24h else f"{words[:-2]} {words[-2:]}"

    def day(self, day: date) -> str:
        """`Monday 9 March`, or `Monday, March 9`."""
        weekday, month = _WEEKDAYS[day.weekday()], _MONTHS[day.month - 1]
        return f"{weekday}, {month} {day.day}" if self.month_first else f"{weekday} {day.day} {month}"

    def day_and_year(self, day: date) -> str:
        """`Monday 9 March 2026`, or `Monday, March 9, 2026`."""
        return f"{self.day(day)}{',' if self.month_first else ''} {day.year}"

    def weekdays(self) -> list[str]:
        """The seven names, in the order of a row of a calendar."""
        return [_WEEKDAYS[(self.week_start + n) % 7] for n in range(7)]


def month_words(day: date) -> str:
    """`March 2026`."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def zone_words(name: str) -> str:
    """`New York time` of an IANA name."""
    return "UTC" if name in ("UTC", "Etc/UTC") else f"{place_words(name)} time"


def place_words(name: str) -> str:
    """`New York` of `America/New_York`, `Knox, Indiana` of `America/Indiana/Knox`."""
    parts = name.replace("_", " ").split("/")
    return ", ".join(reversed(parts[1:])) or parts[0]


def offset_words(instant: datetime, tz: tzinfo) -> str:
    """`GMT-5`, `GMT+5:30` of a zone at an instant."""
    offset = instant.astimezone(tz).utcoffset() or timedelta()
    minutes = abs(offset) // timedelta(minutes=1)
    sign = "-" if offset < timedelta() else "+"
    return f"GMT{sign}{minutes // 60}" + (f":{minutes % 60:02}" if minutes % 60 else "") if minutes else "GMT"


def manners_of(accept_language: str) -> Manners:
    """By the first language of `Accept-Language` that names a region.

    `en` alone and nothing else is taken for American, as browsers mean it.
    """
    region = ""
    tags = accept_language[:500].split(",")
    for tag in tags:
        found = _TAG.fullmatch(tag)
        if found and found[2]:
            region = found[2].upper()
            break
    if not region and (found := _TAG.fullmatch(tags[0])) and found[1].lower() == "en":
        region = "US"
    return Manners(region not in _TWELVE_HOURS, region in _MONTH_FIRST, 6 if region in _SUNDAY_FIRST else 0)
