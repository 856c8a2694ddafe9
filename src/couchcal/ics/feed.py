"""A feed as an .ics file (RFC 5545, 7986): what calendars elsewhere read again and again. Equal feeds give equal
bytes. Times are UTC, which every reader understands alike; each shows them on its own clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from couchcal.ics.folding import date_stamp, escape, escape_line, fold, inert, wall_stamp
from couchcal.ics.vtimezone import Span, definition
from couchcal.ics.writer import PRODID
from couchcal.practice.door_shapes import Feed, FeedEntry

REFRESH: Final = "PT1H"
"""How often readers are asked to look again."""
NAME: Final = "Appointments"
"""What the calendar is called where the practice has no name."""


def calendar(feed: Feed) -> bytes:
    """The VCALENDAR of a feed."""
    return "".join(f"{fold(line)}\r\n" for line in _lines(feed)).encode()


def _lines(feed: Feed) -> Iterator[str]:
    name = escape_line(feed.label) or NAME
    yield from (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODID}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{name}",
        f"X-WR-CALNAME:{name}",
        f"X-WR-TIMEZONE:{inert(feed.zone)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}",
        f"X-PUBLISHED-TTL:{REFRESH}",
    )
    if not feed.entries:
        # RFC 5545 3.6 wants at least one component; a zone is one.
        yield from definition("UTC", Span(0, None))
    for entry in feed.entries:
        yield from _event(entry)
    yield "END:VCALENDAR"


def _event(entry: FeedEntry) -> Iterator[str]:
    yield from (
        "BEGIN:VEVENT",
        f"UID:{inert(entry.uid)}",
        f"DTSTAMP:{_utc(entry.stamp)}",
        f"SEQUENCE:{entry.sequence}",
    )
    if entry.all_day:
        yield f"DTSTART;VALUE=DATE:{date_stamp(entry.start)}"
        yield f"DTEND;VALUE=DATE:{date_stamp(entry.end)}"
    else:
        yield f"DTSTART:{_utc(entry.start)}"
        if entry.end > entry.start:
            yield f"DTEND:{_utc(entry.end)}"
    yield f"SUMMARY:{escape_line(entry.title)}"
    if entry.place:
        yield f"LOCATION:{escape(entry.place)}"
    yield from (
        "CLASS:PRIVATE",
        "STATUS:CONFIRMED",
        f"TRANSP:{'OPAQUE' if entry.busy else 'TRANSPARENT'}",
        "END:VEVENT",
    )


def _utc(instant: datetime) -> str:
    return f"{wall_stamp(instant.astimezone(UTC))}Z"
