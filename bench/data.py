"""Made-up calendars of any size: the same n gives the same bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

TODAY = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
WEEK_TITLE = "Marker session"
PER_WEEK = 30
"""Entries in the measured week, whatever the size: only the stored amount grows."""
_ZONE = "".join(
    f"{line}\r\n"
    for line in (
        "BEGIN:VTIMEZONE",
        "TZID:America/New_York",
        "BEGIN:DAYLIGHT",
        "DTSTART:20070311T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
        "TZOFFSETFROM:-0500",
        "TZOFFSETTO:-0400",
        "TZNAME:EDT",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:20071104T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU",
        "TZOFFSETFROM:-0400",
        "TZOFFSETTO:-0500",
        "TZNAME:EST",
        "END:STANDARD",
        "END:VTIMEZONE",
    )
)


class Event(NamedTuple):
    """A made-up entry, on the wall clock of New York."""

    number: int
    start: datetime
    stop: datetime
    title: str


def events(count: int, calm_days: int = 0) -> Iterator[Event]:
    """`count` over ten years, `PER_WEEK` of them in the week of `TODAY` and no others `calm_days` around it."""
    chance = random.Random(count)  # noqa: S311  no secret
    monday = datetime(2026, 3, 2, 8, 0)  # noqa: DTZ001  wall clock
    for number in range(count):
        if number < PER_WEEK:
            start = monday + timedelta(days=number % 5, hours=1.5 * (number // 5))
            title = WEEK_TITLE
        else:
            day = chance.randrange(1 + calm_days, 1800) * chance.choice((-1, 1))
            start = monday + timedelta(days=day + 7 if day >= 0 else day, minutes=15 * chance.randrange(40))
            title = f"Session {number} mit Umlauten äöü"
        yield Event(number, start, start + timedelta(minutes=50), title)


def write_calendar(path: Path, count: int, calm_days: int = 0) -> None:
    """The entries as a calendar file."""
    with path.open("w", newline="") as out:
        out.write("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//bench//EN\r\nX-WR-CALNAME:Bench\r\n")
        out.write(_ZONE)
        for number, start, stop, title in events(count, calm_days):
            out.write(
                f"BEGIN:VEVENT\r\nUID:{number:08d}@bench.example\r\nDTSTAMP:20260101T000000Z\r\n"
                f"DTSTART;TZID=America/New_York:{start:%Y%m%dT%H%M%S}\r\n"
                f"DTEND;TZID=America/New_York:{stop:%Y%m%dT%H%M%S}\r\n"
                f"SUMMARY:{title}\r\nLOCATION:Office\\, second floor\r\n"
                f"DESCRIPTION:A note that is long enough to be folded by most writers\\, which\r\n"
                f"  is what the second line shows\r\n"
                "SEQUENCE:0\r\nSTATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\n"
                "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Reminder\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n"
                "END:VEVENT\r\n"
            )
        out.write("END:VCALENDAR\r\n")
