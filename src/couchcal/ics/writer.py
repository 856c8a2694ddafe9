"""Writing the calendar as an .ics file (RFC 5545, 7986): one VCALENDAR that every client reads alike.

By hand, line by line, from rows of the DB-API connection: series are held in memory as text, single events pass
through in batches. Equal data give equal bytes.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from itertools import groupby
from typing import BinaryIO, Final

from couchcal import __version__
from couchcal.errors import Invalid, NotFound
from couchcal.ics.export_items import (
    SINGLE,
    Item,
    Wording,
    event_lines,
    items,
    occurrences,
    other_uids,
    templates,
    time_off,
)
from couchcal.ics.export_series import SeriesWriter, Written
from couchcal.ics.export_template import Template
from couchcal.ics.export_window import Window
from couchcal.ics.export_zones import ExportZones
from couchcal.ics.folding import escape_line, fold
from couchcal.practice.agenda import practice_facts
from couchcal.practice.custom_zones import register_stored
from couchcal.scheduling.wallclock import zone
from couchcal.store.connection import Connection, Database, database_errors
from couchcal.store.vocabulary import IDENTIFIER_MODES

PRODID: Final = f"-//couchcal//couchcal {__version__}//EN"
_BUFFER: Final = 1 << 16


def export(
    database: Database,
    out: BinaryIO,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    names: str = "id",
    cancelled: bool = False,
    calendar: str | None = None,
) -> int:
    """Write appointments, imported entries and time off to `out`; returns how many VEVENTs that were.

    Series go out as masters with RRULE, EXDATE and overrides. Pending requests and entries that live in a remote
    calendar are left out. The file is the same whenever it is made, until something changes.

    Args:
        start, end: aware instants of a half-open window; what overlaps it is written, series cut to it. None is
            without end.
        names: how clients are called: `id`, `initials`, `first` or `full` (SYNC-03). Only `full` names the place.
        cancelled: write cancelled entries too, marked as such and transparent.
        calendar: only the entries of the local calendar of this name.

    Raises:
        Invalid: `names` is no such mode, or the window ends before it begins.
        NotFound: there is no such calendar.
        DatabaseProblem: the database cannot be read.
    """
    if names not in IDENTIFIER_MODES:
        raise Invalid(f"'{names}' is no way to name clients", f"use {', '.join(IDENTIFIER_MODES)}", field="names")
    if start is not None and end is not None and end < start:
        raise Invalid("the export would end before it begins", "give a later end", field="to")
    with database_errors(database.path), closing(database.connect()) as connection:
        connection.execute("BEGIN")
        return _Export(connection, names, start, end, calendar, cancelled=cancelled).run(out)


class _Export:
    def __init__(
        self,
        connection: Connection,
        names: str,
        start: datetime | None,
        end: datetime | None,
        calendar: str | None,
        *,
        cancelled: bool,
    ) -> None:
        self._connection = connection
        self._facts = practice_facts(connection)
        self._window = Window.between(start, end, zone(self._facts.tz))
        self._wording = Wording(names)
        self._cancelled = cancelled
        self._calendar = calendar
        self._of_calendar = _of_calendar(connection, calendar)
        register_stored(connection)
        self._zones = ExportZones(dict(connection.execute("SELECT name, definition FROM custom_zone")))
        self._renamed = other_uids(connection)

    def run(self, out: BinaryIO) -> int:
        together = [*self._series(), *self._time_off()]
        together.sort(key=_order)
        self._use_zones_of_singles()
        ids = self._single_ids()
        if not together and not ids:
            # RFC 5545 3.6 wants at least one component; a zone is one.
            self._zones.use(self._facts.tz, self._window.lo or 0, None)
        pieces = [_head(self._calendar or self._facts.name), *self._zones.components()]
        size = count = 0
        for written in heapq.merge(together, self._singles(ids), key=_order):
            count += written.events
            pieces.append(written.text)
            size += len(written.text)
            if size > _BUFFER:
                out.write("".join(pieces).encode())
                pieces, size = [], 0
        pieces.append("END:VCALENDAR\r\n")
        out.write("".join(pieces).encode())
        return count

    def _series(self) -> Iterator[Written]:
        """Every series, and the rows of series that must stand alone."""
        writer = SeriesWriter(self._zones, self._wording, self._window, cancelled=self._cancelled)
        condition, values = self._of_calendar
        condition = condition.replace("a.", "s.")
        exdates = self._exdates()
        grouped = groupby(occurrences(self._connection, condition, values), key=_series_id)
        upcoming = next(grouped, None)
        for row in templates(self._connection, condition, values):
            template = Template.of(row, self._zones)
            item = template.item
            rows: dict[str, Item] = {}
            if upcoming is not None and upcoming[0] == item.id:
                rows = {occurrence.key or "": occurrence for occurrence in upcoming[1]}
                upcoming = next(grouped, None)
            template.item = item._replace(uid=self._renamed.get(("series", item.id), item.uid))
            written, homeless = writer.write(template, rows, exdates.get(item.id, frozenset()))
            if written is not None:
                yield written
            for occurrence in homeless:
                yield self._alone(occurrence, template)

    def _alone(self, row: Item, template: Template) -> Written:
        """A row where the rule has no occurrence: an event of its own, since readers drop other overrides."""
        uid = row.uid
        if uid == template.item.uid or row.origin == "ics":
            uid = f"{template.item.uid}-{row.key}"
        if row.extra is None:
            row = row._replace(extra=template.item.extra)
        return self._written(row._replace(uid=uid), use=True)

    def _exdates(self) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for series_id, key in self._connection.execute("SELECT series_id, series_key FROM series_exdate"):
            found.setdefault(series_id, set()).add(key)
        return found

    def _time_off(self) -> Iterator[Written]:
        if self._calendar is not None:
            return
        for item in time_off(self._connection):
            if self._window.admits(item.start, item.end, all_day=bool(item.all_day)):
                yield self._written(item, use=True)

    def _single_condition(self) -> tuple[str, tuple[object, ...]]:
        in_calendar, calendar_values = self._of_calendar
        in_window, window_values = self._window.condition("a.start_utc", "a.end_utc")
        live = "true" if self._cancelled else "a.status <> 'cancelled'"
        return f"{SINGLE} AND {in_calendar} AND {in_window} AND {live}", (*calendar_values, *window_values)

    def _single_ids(self) -> list[int]:
        condition, values = self._single_condition()
        statement = (
            f"SELECT a.id, a.start_utc, a.end_utc, a.all_day FROM appointment a WHERE {condition}"  # noqa: S608  our names
            " ORDER BY a.start_utc, a.uid, a.id"
        )
        admits = self._window.admits
        return [
            row_id
            for row_id, start, end, all_day in self._connection.execute(statement, values)
            if admits(start, end, all_day=bool(all_day))
        ]

    def _use_zones_of_singles(self) -> None:
        """Find the zones of single events before the first is written: definitions stand before their use."""
        condition, values = self._single_condition()
        condition = f"{condition} AND NOT a.all_day"
        spans = self._connection.execute(
            f"SELECT a.tz, min(a.start_utc), max(a.end_utc) FROM appointment a WHERE {condition} GROUP BY a.tz",  # noqa: S608  our names
            values,
        ).fetchall()
        for tz, first, last in spans:
            rows = self._connection.execute(
                f"SELECT a.start_utc, a.end_utc FROM appointment a WHERE {condition} AND a.tz = ?",  # noqa: S608  our names
                (*values, tz),
            )
            if any(
                self._window.admits(start, end, all_day=False)
                and self._zones.times(start, end, tz, all_day=False)[1]
                for start, end in rows
            ):
                self._zones.use(tz, first, last)

    def _singles(self, ids: list[int]) -> Iterator[Written]:
        renamed = self._renamed
        for item in items(self._connection, ids):
            if renamed:
                item = item._replace(uid=renamed.get(("appointment", item.id), item.uid))
            yield self._written(item, use=False)

    def _written(self, item: Item, *, use: bool) -> Written:
        times, zoned = self._zones.times(item.start, item.end, item.tz, all_day=bool(item.all_day))
        if use and zoned:
            self._zones.use(item.tz, item.start, item.end)
        return Written(item.start, item.uid, event_lines(item, times, self._wording.body(item)), 1)


def _order(written: Written) -> tuple[int, str]:
    return written.start, written.uid


def _series_id(item: Item) -> int | None:
    return item.series_id


def _of_calendar(connection: Connection, calendar: str | None) -> tuple[str, tuple[object, ...]]:
    if calendar is None:
        return "true", ()
    found = connection.execute("SELECT id FROM calendar WHERE name = ?", (calendar,)).fetchone()
    if found is None:
        raise NotFound(f"there is no calendar '{calendar}'", "couchcal import makes one of each file")
    return "a.calendar_id = ?", (found[0],)


def _head(name: str) -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    if title := escape_line(name):
        lines += [f"NAME:{title}", f"X-WR-CALNAME:{title}"]
    return "".join(f"{fold(line)}\r\n" for line in lines)
