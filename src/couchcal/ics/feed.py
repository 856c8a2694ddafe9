"""A feed as an .ics file (RFC 5545, 7986): what calendars elsewhere read again and again. Equal feeds give equal
bytes. Times are UTC, which every reader understands alike; each shows them on its own clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    name = escape_line(feed.label) or NAME
    head = (
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
    # RFC 5545 3.6 wants at least one component; a zone is one.
    body = map(_event, feed.entries) if feed.entries else _lines(definition("UTC", Span(0, None)))
    return "".join((*_lines(head), *body, "END:VCALENDAR\r\n")).encode()


def _lines(lines: Iterable[str]) -> Iterator[str]:
    return (f"{fold(line)}\r\n" for line in lines)


def _event(entry: FeedEntry) -> str:
    """A VEVENT; only lines that hold a text can be too long."""
    place = f"{fold(f'LOCATION:{escape(entry.place)}')}\r\n" if entry.place else ""
    return (
        f"BEGIN:VEVENT\r\n{fold(f'UID:{inert(entry.uid)}')}\r\nDTSTAMP:{_utc(entry.stamp)}\r\n"
        f"SEQUENCE:{entry.sequence}\r\n{_times(entry)}{fold(f'SUMMARY:{escape_line(entry.title)}')}\r\n{place}"
        f"CLASS:PRIVATE\r\nSTATUS:CONFIRMED\r\nTRANSP:{'OPAQUE' if entry.busy else 'TRANSPARENT'}\r\n"
        "END:VEVENT\r\n"
    )


def _times(entry: FeedEntry) -> str:
    """DTSTART and DTEND; an entry without length has no DTEND, because that must be later."""
    if entry.all_day:
        first, end = date_stamp(entry.start), date_stamp(entry.end)
        return f"DTSTART;VALUE=DATE:{first}\r\nDTEND;VALUE=DATE:{end}\r\n"
    end = f"DTEND:{_utc(entry.end)}\r\n" if entry.end > entry.start else ""
    return f"DTSTART:{_utc(entry.start)}\r\n{end}"


def _utc(instant: datetime) -> str:
    return f"{wall_stamp(instant.astimezone(UTC))}Z"
