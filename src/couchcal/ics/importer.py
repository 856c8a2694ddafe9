"""Importing an .ics file: stream, read, group, and hand over to the bulk door of the practice."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid, NotFound
from couchcal.ics.content_lines import Component, ContentLines
from couchcal.ics.reader import EventError, EventReader, ParsedEvent
from couchcal.ics.recurring import excluded, group, key_alone
from couchcal.ics.report import FileReport, Progress, Remark
from couchcal.ics.values import unescape
from couchcal.ics.zones import UTC_ZONE, UnresolvedZone, ZoneBook, iana
from couchcal.practice.agenda import practice_facts
from couchcal.practice.imported import ImportDoor, Outcome, bulk_import
from couchcal.practice.occurrences import zone_of
from couchcal.store.connection import Database, database_errors

__all__ = ["FileReport", "Remark", "import_file"]

_BATCH: Final = 400
_MOST_WAITING: Final = 2_000
"""Events that wait for their VTIMEZONE; it comes first but for odd writers, so more than these do not."""
_YEARS_AHEAD: Final = timedelta(days=400)
_OWN_PRODID: Final = "-//couchcal//"
_COMPONENTS: Final = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VAVAILABILITY"})
"""What makes a file a calendar even without VCALENDAR around it (RFC 5545 3.6, RFC 7953); a vCard has none."""


def import_file(
    database: Database,
    source: Path | str | BinaryIO,
    *,
    calendar: str | None = None,
    dry_run: bool = False,
    clock: Clock = system_clock,
    progress: Progress | None = None,
) -> FileReport:
    """Import the events of an .ics file into a local calendar, all in one change that undo takes back.

    Args:
        source: a path, or a binary stream.
        calendar: the calendar's name; by default X-WR-CALNAME, else the file's name.
        dry_run: report what would happen, write nothing.

    Raises:
        Invalid: it is no calendar (code `not_a_calendar`), or a vCalendar 1.0 (code `vcalendar_1`).
        NotFound: there is no such file.
        DatabaseProblem: busy, read-only, full disk.
    """
    if isinstance(source, (str, Path)):
        path = Path(source)
        try:
            stream: BinaryIO = path.open("rb")
            total = path.stat().st_size
        except OSError as error:
            raise NotFound(f"{path} cannot be read: {error.strerror}", "check the path of the file") from None
        with stream:
            return _Import(database, str(path), stream, total, calendar, clock, progress).run(dry_run=dry_run)
    name = Path(str(getattr(source, "name", "") or "calendar.ics")).name
    return _Import(database, name, source, _size(source), calendar, clock, progress).run(dry_run=dry_run)


def _refusal(code: str, message: str, hint: str) -> Invalid:
    error = Invalid(message, hint, field="file")
    error.code = code
    return error


def _size(stream: BinaryIO) -> int:
    try:
        here = stream.tell()
        end = stream.seek(0, io.SEEK_END)
        stream.seek(here)
    except (OSError, AttributeError):
        return 0
    return end - here


class _Import:
    """One run over one file."""

    def __init__(
        self,
        database: Database,
        name: str,
        stream: BinaryIO,
        total: int,
        calendar: str | None,
        clock: Clock,
        progress: Progress | None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._total = total
        self._progress = progress
        self._wanted_name = (calendar or "").strip()
        self.report = FileReport(name)
        self._lines = ContentLines(stream)
        with database_errors(database.path), closing(database.connect()) as connection:
            home = practice_facts(connection).tz
        self._where = (0, "")
        self._book = ZoneBook(iana(home) or UTC_ZONE, (clock() + _YEARS_AHEAD).year, self._zone_remark)
        self._reader = EventReader(self._book, self._note)
        self._singles: list[ParsedEvent] = []
        self._masters: dict[str, list[ParsedEvent]] = {}
        self._overrides: dict[str, list[ParsedEvent]] = {}
        self._waiting: list[tuple[Component, bool]] = []
        self._calendar_number = 0

    def run(self, *, dry_run: bool) -> FileReport:
        components = self._lines.components()
        first = next(components, None)
        self._check_header(first)
        if first is None:
            return self._close()
        self.report.calendar = self._calendar_name()
        own_export = not self._wanted_name and self._lines.header.get("PRODID", "").startswith(_OWN_PRODID)
        with bulk_import(self._database, self.report.calendar, own_export=own_export, clock=self._clock) as door:
            self._take(first, door)
            for component in components:
                self._take(component, door)
                if self._stopped():
                    self.report.cancelled = True
                    door.abandon()
            self._finish(door)
            if dry_run:
                door.abandon()
        return self._close()

    def _check_header(self, first: Component | None) -> None:
        if self._lines.header.get("VERSION", "").startswith("1."):
            raise _refusal("vcalendar_1", "this is a vCalendar 1.0 file, an older format", "export it as iCalendar")
        if first is None and not self._lines.calendars and self._lines.counts.keys().isdisjoint(_COMPONENTS):
            raise _refusal("not_a_calendar", "this is no calendar file", "an .ics file has BEGIN:VCALENDAR")

    def _calendar_name(self) -> str:
        header = self._lines.header
        name = self._wanted_name or unescape(header.get("X-WR-CALNAME") or header.get("NAME") or "")
        name = " ".join(name.split())[:200]
        return name or Path(self.report.file).stem or "Imported"

    def _stopped(self) -> bool:
        if self._progress is None or self.report.read % 100:
            return False
        return not self._progress(self._lines.bytes_read, self._total, self.report.read)

    def _take(self, component: Component, door: ImportDoor) -> None:
        if self._lines.calendars != self._calendar_number:
            self._settle(door)
            self._calendar_number = self._lines.calendars
            self._book.begin_calendar(self._lines.header.get("X-WR-TIMEZONE", ""))
        if component.name == "VTIMEZONE":
            self._book.define(component.lines)
            return
        self.report.read += 1
        if not component.complete:
            self._skip(component, "the file ends inside this event")
        elif component.oversized:
            self._skip(component, "it is larger than 32 MB")
        else:
            cancelled = self._lines.header.get("METHOD", "").upper() == "CANCEL"
            self._read(component, cancelled, door, final=len(self._waiting) >= _MOST_WAITING)

    def _read(self, component: Component, cancelled: bool, door: ImportDoor, *, final: bool) -> None:
        self._where = (component.line, "")
        try:
            event = self._reader.read(component, cancelled=cancelled, final=final)
        except UnresolvedZone:
            self._waiting.append((component, cancelled))
            return
        except EventError as error:
            self._skip(component, str(error))
            return
        if event.zone.definition:
            event.tz = door.keep_zone(event.zone.name.partition(":")[2], event.zone.definition)
        if event.recurrence is not None:
            self._overrides.setdefault(event.uid, []).append(event)
        elif event.recurring or event.exdates:
            self._masters.setdefault(event.uid, []).append(event)
        else:
            self._singles.append(event)
            if len(self._singles) >= _BATCH:
                self._write_singles(door)

    def _settle(self, door: ImportDoor) -> None:
        """Read what waited for a VTIMEZONE that may come after its events."""
        waiting, self._waiting = self._waiting, []
        for component, cancelled in waiting:
            self._read(component, cancelled, door, final=True)

    def _write_singles(self, door: ImportDoor) -> None:
        for event, outcome in zip(self._singles, door.add_events(self._singles), strict=True):
            self._count(event, outcome)
        self._singles.clear()

    def _finish(self, door: ImportDoor) -> None:
        self._settle(door)
        self._write_singles(door)
        door.flush()
        for uid, masters in self._masters.items():
            self._write_series(uid, masters, door)
        for events in self._overrides.values():
            self._write_lone(events, door)
        self._write_singles(door)
        if self._progress is not None and not self._progress(self._lines.bytes_read, self._total, self.report.read):
            self.report.cancelled = True
            door.abandon()
        count = self.report.added + self.report.updated
        if count:
            door.finish(f"Imported {count} event{'' if count == 1 else 's'} from {self.report.calendar}")

    def _write_series(self, uid: str, masters: list[ParsedEvent], door: ImportDoor) -> None:
        master = masters[0]
        for other in masters[1:]:
            older = other
            if other.version >= master.version:
                master, older = other, master
            self._count(older, "duplicate")
        overrides = self._overrides.pop(uid, [])
        self._where = (master.line, uid)
        if not master.recurring:
            self._overrides[uid] = overrides
            if excluded(master, self._reader):
                self.report.skipped.append(Remark(master.line, uid, "its only occurrence is excluded by EXDATE"))
            else:
                self._singles.append(master)
            return
        try:
            grouped = group(master, overrides, self._reader, self._note)
        except EventError as error:
            self.report.skipped.append(Remark(master.line, uid, str(error)))
            self._overrides[uid] = overrides
            return
        kept = 0
        for series in grouped.series:
            outcome, of_overrides = door.add_series(series)
            self._count(series.master, outcome)
            for key, override in series.overrides.items():
                self._count(override, of_overrides[key])
            kept += 1 + len(series.overrides)
        self._singles.extend(grouped.lone)
        # Overrides that another one or an EXDATE made void, and a master that a turn at its start replaces.
        self.report.unchanged += 1 + len(overrides) - kept - len(grouped.lone)

    def _write_lone(self, events: Iterable[ParsedEvent], door: ImportDoor) -> None:
        for event in events:
            series = door.find_series(event.uid)
            if series is not None:
                tz, start, all_day = zone_of(series), series.start_local.time(), series.all_day
                key = key_alone(event, self._reader, tz, start, all_day=all_day)
                if door.has_occurrence(series, key):
                    self._count(event, door.add_override(series, key, event))
                    continue
            start = event.start_local.time()
            event.key = key_alone(event, self._reader, event.zone.tz, start, all_day=event.all_day)
            self._singles.append(event)

    def _count(self, event: Any, outcome: Outcome) -> None:
        if outcome == "added":
            self.report.added += 1
        elif outcome == "updated":
            self.report.updated += 1
        else:
            self.report.unchanged += 1
            if outcome == "duplicate":
                self._note(event.line, event.uid, "the file has this event twice, the newer revision was kept")

    def _skip(self, component: Component, reason: str) -> None:
        uid = next((line[4:].strip() for line in component.lines if line[:4].upper() == "UID:"), "")
        self.report.skipped.append(Remark(component.line, uid, reason))

    def _note(self, line: int, uid: str, reason: str) -> None:
        self.report.notes.append(Remark(line, uid, reason))

    def _zone_remark(self, reason: str) -> None:
        self.report.notes.append(Remark(*self._where, reason))

    def _close(self) -> FileReport:
        counts = Counter(self._lines.counts)
        for name in ("VEVENT", "VTIMEZONE"):
            counts.pop(name, None)
        self.report.other = dict(counts)
        if not self.report.read:
            listed = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
            self._note(0, "", f"nothing to import{f': {listed}' if listed else ''}")
        return self.report
