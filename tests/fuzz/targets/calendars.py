"""Calendar files that others wrote: read alone, which is fast, and imported, shown and exported."""

from __future__ import annotations

import io
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from couchcal.errors import Invalid
from couchcal.ics import importer
from couchcal.ics.importer import FileReport, import_file
from couchcal.ics.writer import export
from couchcal.practice.imported import ImportedEvent, Outcome
from couchcal.practice.imported_series import ImportedSeries, cover, occurrences
from couchcal.scheduling.recurrence import TooManyOccurrences
from tests.fuzz.target import Run, Target
from tests.fuzz.targets.tried import Tried, shown
from tests.support.demo import NOW, clock
from tests.support.ics_files import calendar, large_calendar, vevent
from tests.support.practice import make_practice

_LONGEST_SEED = 16_384
_HORIZON = NOW + timedelta(days=400)
_MOST_ROWS = 20_000
_ICS_WORDS = tuple(
    line.encode()
    for line in (
        "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VALARM", "END:VALARM",
        "BEGIN:VTIMEZONE",
        "END:VTIMEZONE", "BEGIN:STANDARD", "END:STANDARD", "BEGIN:DAYLIGHT", "TZID:X", "TZOFFSETFROM:+0100",
        "TZOFFSETTO:-9959", "TZOFFSETTO:+0545", "METHOD:CANCEL", "METHOD:REQUEST", "VERSION:1.0",
        "X-WR-TIMEZONE:Nowhere",
        "DTSTART:20260308T023000", "DTSTART;VALUE=DATE:20260308", "DTSTART;TZID=X:99991231T235959",
        "DTSTART;TZID=America/New_York:00010101T000000", "DTSTART:19000101T000000Z", "DTEND:20260101",
        "DURATION:P99999999W",
        "DURATION:-PT5M", "DURATION:PT9999999999999S", "RRULE:FREQ=SECONDLY",
        "RRULE:FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,30",
        "RRULE:FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", "RRULE:FREQ=MONTHLY;BYMONTHDAY=31;BYSETPOS=-1",
        "RRULE:FREQ=WEEKLY;UNTIL=99991231",
        "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "RRULE:FREQ=DAILY;INTERVAL=2147483647",
        "RRULE:FREQ=HOURLY;COUNT=100000",
        "RDATE:20260309T090000Z,20260310T090000Z", "RDATE;VALUE=PERIOD:20260309T090000Z/PT1H",
        "EXDATE:20260308T023000",
        "RECURRENCE-ID:20260308T023000", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260308T070000Z",
        "SEQUENCE:99999999999",
        "STATUS:CANCELLED", "TRANSP:TRANSPARENT", "UID:", "UID:one@example.com",
        "SUMMARY;ENCODING=QUOTED-PRINTABLE:=C3=28=",
        "SUMMARY;LANGUAGE=\"a:b;c\":x", "ATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA", "X-A;B=\"", ";;;=:",
        "LAST-MODIFIED:x",
    )
)  # fmt: skip


def ics(corpus: Path | None) -> Target:
    """An .ics file is imported twice, shown, and exported."""
    return Target("ics", _ics, _files(corpus), _ICS_WORDS, "lines", 20_000)


def ics_read(corpus: Path | None) -> Target:
    """An .ics file is read to its last occurrence, and nothing is stored: many more inputs in the same time."""
    return Target("ics-read", _ics_read, _files(corpus), _ICS_WORDS, "lines", 20_000)


def _files(corpus: Path | None) -> list[bytes]:
    weekly = (
        "DTSTART;TZID=America/New_York:20260302T090000\nDURATION:PT50M\nRRULE:FREQ=WEEKLY;COUNT=8\n"
        "EXDATE;TZID=America/New_York:20260309T090000"
    )
    own_zone = (
        "BEGIN:VTIMEZONE\nTZID:X\nBEGIN:STANDARD\nDTSTART:19701025T030000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\n"
        "TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:19700329T020000\n"
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\nEND:VTIMEZONE"
    )
    seeds = [
        calendar(vevent("DTSTART:20260302T090000Z", "DTEND:20260302T100000Z", "SUMMARY:One\\, two\\n")),
        calendar(
            vevent(weekly),
            vevent(
                "RECURRENCE-ID;TZID=America/New_York:20260316T090000",
                "DTSTART;TZID=America/New_York:20260317T100000",
            ),
        ),
        calendar(
            own_zone,
            vevent(
                "DTSTART;TZID=X:20260302T090000", "RRULE:FREQ=MONTHLY;BYDAY=2MO", "RDATE;TZID=X:20260401T090000"
            ),
        ),
        calendar(
            vevent("DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260305", "RRULE:FREQ=YEARLY;UNTIL=20300101")
        ),
        calendar(
            vevent("DTSTART:20260302T090000Z", "RDATE;VALUE=PERIOD:20260401T090000Z/PT1H"), head="METHOD:CANCEL"
        ),
        calendar(
            vevent("DTSTART:20260302T090000", "RRULE:FREQ=WEEKLY", "SUMMARY:a"),
            vevent("RECURRENCE-ID;RANGE=THISANDFUTURE:20260316T090000", "DTSTART:20260316T110000"),
        ),
        b"".join(large_calendar(3)),
    ]
    if corpus is not None:
        found = sorted(path.read_bytes() for path in corpus.rglob("*.ics"))
        seeds += [content for content in found if len(content) <= _LONGEST_SEED]
    return seeds


def _ics(folder: Path) -> Run:
    tried = Tried(make_practice(folder / "template"), folder)

    def run(data: bytes) -> Hashable:
        database = tried.afresh()
        try:
            report = import_file(database, io.BytesIO(data), calendar="Sample", clock=clock)
        except Invalid as error:
            return error.code
        again = import_file(database, io.BytesIO(data), calendar="Sample", clock=clock)
        assert report.read == report.added + report.updated + report.unchanged + len(report.skipped)
        assert again.added == 0, "the same file twice added something"
        seen = shown(database)
        export(database, io.BytesIO(), names="full", cancelled=True)
        return _told(report), min(again.updated, 3), seen > 0

    return run


def _told(report: FileReport) -> Hashable:
    reasons = {remark.reason[:24] for remark in (*report.skipped, *report.notes)}
    return (
        min(report.read, 5), min(report.added, 5), min(report.updated, 3), len(report.other), tuple(sorted(reasons))
    )  # fmt: skip


class _Nowhere:
    """Takes what an import has to give, makes its rows, and stores nothing."""

    def keep_zone(self, name: str, _definition: str) -> str:
        """As if it were kept."""
        return f"custom:{name}"

    def add_events(self, events: Sequence[ImportedEvent]) -> list[Outcome]:
        """Each is new."""
        return ["added" for _ in events]

    def find_series(self, _uid: str) -> None:
        """There are none."""

    def add_series(self, series: ImportedSeries) -> tuple[Outcome, dict[str, Outcome]]:
        """It is new, and gets all its rows."""
        with suppress(TooManyOccurrences):
            count = sum(1 for _ in occurrences(series, cover(series, NOW, _HORIZON).starts))
            assert count <= _MOST_ROWS
        return "added", dict.fromkeys(series.overrides, "added")

    def flush(self) -> None:
        """Nothing waits."""

    def finish(self, _label: str) -> None:
        """Nothing was begun."""


@contextmanager
def _nowhere(*_args: object, **_options: object) -> Iterator[_Nowhere]:
    yield _Nowhere()


def _ics_read(folder: Path) -> Run:
    database = make_practice(folder)

    def run(data: bytes) -> Hashable:
        try:
            with patch.object(importer, "bulk_import", _nowhere):
                return _told(import_file(database, io.BytesIO(data), calendar="Sample", clock=clock))
        except Invalid as error:
            return error.code

    return run
