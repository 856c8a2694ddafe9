"""The tables that an import fills past the ORM, and what is written to them: rows, zones, the journal of both."""

from __future__ import annotations

from couchcal.practice.imported_rows import BulkTable, ImportedEvent
from couchcal.scheduling.span import span_class
from couchcal.scheduling.vtimezone import parse_definition
from couchcal.scheduling.wallclock import CUSTOM_PREFIX, register_zone
from couchcal.store.journal import JournalSession
from couchcal.store.records import (
    Appointment,
    AppointmentIcs,
    Calendar,
    CustomZone,
    Series,
    SeriesExdate,
    SeriesIcs,
    epoch_seconds,
)

_EVENT_COLUMNS = (
    "uid", "calendar_id", "start_utc", "end_utc", "span", "tz", "all_day", "series_id", "series_key", "overridden",
    "status", "sequence", "title", "place", "busy", "instructions",
)  # fmt: skip
SERIES_COLUMNS = (
    "uid", "calendar_id", "tz", "start_local", "duration_s", "all_day", "rrule", "rdates", "materialised_from",
    "materialised_to", "parent_series_id", "sequence", "title", "place", "busy", "instructions", "status",
)  # fmt: skip
_CACHE_KIB = 16_384
"""Page cache while importing: random UIDs spread over the whole index."""


class ImportTables:
    """What one import adds, buffered table by table."""

    def __init__(self, session: JournalSession) -> None:
        self._connection = session.raw
        self._connection.execute("PRAGMA defer_foreign_keys=ON")
        self._connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        stamp = epoch_seconds(session.now)
        made = {"created_at": stamp, "updated_at": stamp, "version": 1}
        ours = {**made, "kind": "other_event", "origin": "ics"}
        self.calendars = BulkTable(self._connection, Calendar, ("name",), made)
        self.zones = BulkTable(self._connection, CustomZone, ("name", "definition"), made)
        self.series = BulkTable(self._connection, Series, SERIES_COLUMNS, ours)
        self.series_extra = BulkTable(self._connection, SeriesIcs, ("series_id", "extra"), made)
        self.exdates = BulkTable(self._connection, SeriesExdate, ("series_id", "series_key"), made)
        self.events = BulkTable(self._connection, Appointment, _EVENT_COLUMNS, ours)
        self.events_extra = BulkTable(self._connection, AppointmentIcs, ("appointment_id", "extra"), made)
        self._all = (
            self.calendars, self.zones, self.series, self.series_extra, self.exdates, self.events,
            self.events_extra,
        )  # fmt: skip
        """Parents before children."""
        self._zone_names: dict[tuple[str, str], str] = {}

    def keep_zone(self, name: str, definition: str) -> str:
        """Keep a zone definition and make it known; returns the name that `tz` columns have for it.

        Two definitions of one name (Exchange calls every one "Customized Time Zone") get different ones.
        """
        key = (name, definition)
        if key not in self._zone_names:
            number, free = 1, name
            while (there := self._definition(free)) not in (None, definition):
                number += 1
                free = f"{name} ({number})"
            if there is None:
                self.zones.add(free, definition)
                self.zones.flush()
            zone = parse_definition(free, definition.split("\n"))
            if zone is not None:
                register_zone(CUSTOM_PREFIX + free, zone)
            self._zone_names[key] = CUSTOM_PREFIX + free
        return self._zone_names[key]

    def _definition(self, name: str) -> str | None:
        row = self._connection.execute("SELECT definition FROM custom_zone WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def add_row(
        self,
        event: ImportedEvent,
        calendar_id: int,
        start: int,
        end: int,
        series_id: int | None,
        key: str | None,
        overridden: str,
    ) -> int:
        """A row of an event from `start` to `end`; its id."""
        return self.events.add(
            event.uid, calendar_id, start, end, span_class(end - start), event.tz, event.all_day, series_id,
            key, overridden, event.status, event.sequence, event.title, event.place, event.busy, event.instructions,
        )  # fmt: skip

    def withdraw(self, row_id: int) -> None:
        """Take back a row of this run that a later component replaces."""
        self.flush()
        self._connection.execute("DELETE FROM appointment_ics WHERE appointment_id = ?", (row_id,))
        self._connection.execute("DELETE FROM appointment WHERE id = ?", (row_id,))

    def flush(self) -> None:
        """Write what is buffered."""
        for table in self._all:
            table.flush()

    def journal(self, session: JournalSession) -> None:
        """Note which rows are new."""
        for table in self._all:
            if table.next_id > table.first_id:
                session.record_bulk_insert(table.name, table.first_id, table.next_id - 1)
