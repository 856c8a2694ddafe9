"""Calendar files for tests and measurements, and reading back what an import made of them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from couchcal.clock import Clock
from couchcal.ics.importer import FileReport, import_file
from couchcal.practice.agenda import between
from couchcal.scheduling.wallclock import zone
from couchcal.store.connection import Database

MADE_UP_UID = re.compile(r"\(no uid|.*khal-generated|.*@no-uid\.invalid$")
SPLIT_SUFFIX = re.compile(r"_R\d{8}(T\d{6})?(?=@|$)")
_WIDE = timedelta(days=2)


class Instance(NamedTuple):
    """An occurrence as other readers of calendar files report it; all-day ones with dates."""

    uid: str
    start: str
    end: str
    summary: str
    status: str
    transp: str


def calendar(*events: str, head: str = "") -> bytes:
    """A calendar with the given components; lines end in CRLF, whatever the arguments have."""
    body = "\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//example//EN", *([head] if head else []), *events]
    )
    return (body + "\nEND:VCALENDAR\n").replace("\r\n", "\n").replace("\n", "\r\n").encode()


def vevent(*lines: str, uid: str = "one@example.com") -> str:
    """A VEVENT with the given lines."""
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"])


def imported(
    database: Database, data: bytes, *, now: datetime, name: str = "Sample", dry_run: bool = False
) -> FileReport:
    """Import bytes as a file."""

    def clock() -> datetime:
        return now

    return import_file(database, io.BytesIO(data), calendar=name, clock=clock, dry_run=dry_run)


def instances(database: Database, start: datetime, end: datetime, tz_name: str) -> list[Instance]:
    """What the one read shows in `[start, end)`, by its start, cancelled entries among it."""
    found = []
    with closing(database.connect()) as connection:
        entries = between(connection, start - _WIDE, end + _WIDE, zone(tz_name), cancelled=True)
    for entry in entries:
        if entry.all_day:
            assert entry.first_day is not None
            assert entry.end_day is not None
            first, last = entry.first_day.isoformat(), entry.end_day.isoformat()
            begins = datetime(entry.first_day.year, entry.first_day.month, entry.first_day.day, tzinfo=UTC)
        else:
            first, last, begins = utc_text(entry.start), utc_text(entry.end), entry.start
        if start <= begins < end:
            status = {"cancelled": "CANCELLED", "tentative": "TENTATIVE"}.get(entry.status, "")
            busy = "OPAQUE" if entry.busy else "TRANSPARENT"
            found.append(Instance(plain_uid(entry.uid), first, last, plain(entry.title), status, busy))
    return sorted(found)


def plain(text: str) -> str:
    """Text with its white space evened out."""
    return " ".join(text.split())


def plain_uid(uid: str) -> str:
    """A UID without what readers make up: one for an event that has none, or that of a split series."""
    return "" if MADE_UP_UID.match(uid) else SPLIT_SUFFIX.sub("", uid)


def utc_text(instant: datetime) -> str:
    """`2026-03-02T09:00:00Z`."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def starts(database: Database, start: datetime, end: datetime, tz_name: str = "America/New_York") -> list[str]:
    """Starts of what is shown in a window, on the wall clock of `tz_name`; `title@start` where titles differ."""
    tz = zone(tz_name)
    with closing(database.connect()) as connection:
        entries = between(connection, start, end, tz)
    return [
        entry.first_day.isoformat() if entry.first_day else f"{entry.start.astimezone(tz):%Y-%m-%dT%H:%M}"
        for entry in entries
    ]


def at(clock_time: datetime) -> Clock:
    """A clock that stands still."""
    return lambda: clock_time


_WORDS = (
    "Intake",
    "Supervision",
    "Team meeting",
    "Consultation",
    "Übergabe",
    "Peer group",
    "Fortbildung 研修",
    "Admin",
)


def large_calendar(count: int) -> Iterator[bytes]:
    """Chunks of a deterministic calendar of `count` events over ten years, about 620 bytes each: an alarm, folded
    and escaped text, non-ASCII letters, one weekly series in a hundred events."""
    yield calendar(head="X-WR-CALNAME:Large").partition(b"END:VCALENDAR")[0]
    first = datetime(2018, 1, 1, 8, tzinfo=UTC)
    for number in range(count):
        start = first + timedelta(minutes=((number * 7919) % (10 * 365 * 24 * 4)) * 15)
        stamp = f"{start:%Y%m%dT%H%M%S}"
        end = f"{start + timedelta(minutes=50):%Y%m%dT%H%M%S}"
        uid = f"{number:08x}-4c6f-4e2b-9d1a-{(number * 2654435761) % 2**48:012x}@example.com"
        rule = "RRULE:FREQ=WEEKLY;COUNT=10\r\n" if number % 100 == 0 else ""
        word = _WORDS[number % len(_WORDS)]
        yield (
            f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n"
            f"DTSTART;TZID=America/New_York:{stamp}\r\nDTEND;TZID=America/New_York:{end}\r\n{rule}"
            f"SUMMARY:{word} {number}\\, Raum {number % 7}\r\n"
            f"DESCRIPTION:Notes for meeting {number}\\nBring the folder\\; read page {number % 90}.\\nA long\r\n"
            "  line that a writer folds because it has more than seventy-five octets\r\n"
            f"LOCATION:Main Street {number % 400}\r\nSEQUENCE:{number % 3}\r\nSTATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\n"
            "CATEGORIES:Work,Clinic\r\nCREATED:20250101T120000Z\r\nLAST-MODIFIED:20250202T130000Z\r\n"
            "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Reminder\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\n"
        ).encode()
    yield b"END:VCALENDAR\r\n"


def write_large_calendar(path: Path, count: int) -> int:
    """Write `large_calendar` to a file; its size in bytes."""
    with path.open("wb") as handle:
        for chunk in large_calendar(count):
            handle.write(chunk)
    return path.stat().st_size


def overlapping(database: Database, start: datetime, end: datetime) -> int:
    """How many entries lie in a window of dates, each on the wall clock of its own zone, cancelled ones too."""
    with closing(database.connect()) as connection:
        entries = between(connection, start - _WIDE, end + _WIDE, UTC, cancelled=True)
    lo, hi = start.replace(tzinfo=None), end.replace(tzinfo=None)
    count = 0
    for entry in entries:
        tz = UTC if entry.all_day else zone(entry.tz)
        begins, ends = (moment.astimezone(tz).replace(tzinfo=None) for moment in (entry.start, entry.end))
        count += begins < hi and (ends > lo or begins >= lo)
    return count
