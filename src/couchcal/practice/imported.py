"""The bulk door for entries of calendar files: one transaction, one step of undo, thousands of rows.

New rows go in through the DB-API connection of the write session, because an ORM takes ten times as long; rows
that are there already are changed through the ORM and journalled one by one. Identity is (calendar, UID,
RECURRENCE-ID): what is there already changes only for a higher SEQUENCE or, that being equal, a later
LAST-MODIFIED (RFC 5545 3.8.7.4).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Literal

from sqlmodel import col, select

from couchcal.clock import Clock, system_clock
from couchcal.practice.imported_rows import (
    ImportedEvent,
    Stored,
    own_uids,
    stored_events,
    stored_overrides,
    stored_series,
    uids_elsewhere,
)
from couchcal.practice.imported_series import ImportedSeries, cover, occurrences, overridden_fields
from couchcal.practice.imported_tables import SERIES_COLUMNS, ImportTables
from couchcal.practice.imported_updates import (
    cancel_series,
    remove_events,
    remove_series,
    update_event,
    update_series,
)
from couchcal.practice.occurrences import horizon, key_start, local_starts
from couchcal.store.bulk import search_later, search_now
from couchcal.store.connection import Database
from couchcal.store.journal import JournalSession
from couchcal.store.records import Calendar, Series, epoch_seconds
from couchcal.store.session import write_session

__all__ = ["ImportDoor", "ImportedEvent", "ImportedSeries", "Outcome", "bulk_import"]

Outcome = Literal["added", "updated", "unchanged", "duplicate"]
"""What became of a component; `duplicate`: the same revision of the same event came before in this import."""


class _Abandoned(Exception):
    """Leaves the write session without a commit."""


class ImportDoor:
    """Takes the events of one import; made by `bulk_import`."""

    def __init__(self, session: JournalSession, calendar: str, *, own_export: bool) -> None:
        self._session = session
        self.calendar = calendar
        self._own_export = own_export
        self._connection = session.raw
        found = session.exec(select(Calendar.id).where(col(Calendar.name) == calendar)).first()
        self._known_calendar = found
        self.horizon = horizon(session)
        self._tables = ImportTables(session)
        self.keep_zone = self._tables.keep_zone
        """Keeps the zones that files define."""
        self._newer_events: dict[int, ImportedEvent] = {}
        self._newer_series: dict[int, ImportedSeries] = {}
        self._cancelled_series: dict[int, ImportedEvent] = {}
        self._obsolete_events: set[int] = set()
        self._obsolete_series: set[int] = set()

    @property
    def first_event_id(self) -> int:
        """The id from which on appointments are of this import."""
        return self._tables.events.first_id

    @property
    def _calendar_id(self) -> int:
        if self._known_calendar is None:
            self._known_calendar = self._tables.calendars.add(self.calendar)
            self._tables.calendars.flush()
        return self._known_calendar

    def add_events(self, events: Sequence[ImportedEvent]) -> list[Outcome]:
        """Take single events; those with a `key` are overrides whose series is not to be found."""
        self.flush()
        uids = {event.uid for event in events}
        ours = self._home_uids(uids)
        there: dict[tuple[str, str], Stored] = {}
        series: dict[str, Stored] = {}
        if self._known_calendar is not None:
            there = stored_events(self._connection, self._known_calendar, uids)
            series = stored_series(self._connection, self._known_calendar, uids)
        return [
            "unchanged" if event.uid in ours else self._add_event(event, there, series.get(event.uid))
            for event in events
        ]

    def _home_uids(self, uids: Collection[str]) -> set[str]:
        """UIDs of what comes home: entries of the practice, and in its own export those of any calendar in it."""
        found = own_uids(self._connection, uids)
        if self._own_export:
            found |= uids_elsewhere(self._connection, self._known_calendar, uids)
        return found

    def _add_event(
        self, event: ImportedEvent, there: dict[tuple[str, str], Stored], series: Stored | None
    ) -> Outcome:
        identity = (event.uid, event.key)
        before = there.get(identity)
        if before is None:
            if series is not None and not event.key:
                if event.version <= series.version:
                    return "unchanged"
                if event.status == "cancelled":
                    self._cancelled_series[series.id] = event
                    return "updated"
                self._obsolete_series.add(series.id)
            self._insert_event(event, there)
            return "added"
        if before.id in self._newer_events:
            before = before._replace(
                sequence=self._newer_events[before.id].sequence, modified=self._newer_events[before.id].modified
            )
        if not self._tables.events.made(before.id):
            if event.version <= before.version:
                return "unchanged"
            self._newer_events[before.id] = event
            return "updated"
        if event.version == before.version and event.start != before.start and not event.key:
            # Some programs give one UID to all they write: nothing of it may be lost.
            event.key = event.start_key
            return self._add_event(event, there, None)
        if event.version >= before.version:
            self._tables.withdraw(before.id)
            self._insert_event(event, there)
        return "duplicate"

    def _insert_event(self, event: ImportedEvent, there: dict[tuple[str, str], Stored]) -> None:
        row_id = self._tables.add_row(event, self._calendar_id, event.start, event.end, None, event.key or None, "")
        there[event.uid, event.key] = Stored(row_id, event.sequence, event.modified, event.start)
        if event.extra:
            self._tables.events_extra.add(row_id, event.extra)

    def find_series(self, uid: str) -> Series | None:
        """The series of this calendar with a UID."""
        if self._known_calendar is None:
            return None
        found = stored_series(self._connection, self._known_calendar, (uid,)).get(uid)
        return None if found is None else self._session.get(Series, found.id)

    def has_occurrence(self, series: Series, key: str) -> bool:
        """Whether a series that is there already has an occurrence of this key, excluded or not."""
        local = key_start(series, key)
        return bool(local_starts(series, local, local + timedelta(seconds=1)))

    def add_series(self, series: ImportedSeries) -> tuple[Outcome, dict[str, Outcome]]:
        """Take a recurring event; returns what became of its master and, by key, of its overrides.

        Single events have to be flushed before, and a UID may come only once.
        """
        uid = series.master.uid
        if self._home_uids((uid,)):
            return "unchanged", dict.fromkeys(series.overrides, "unchanged")
        before, single = None, None
        if self._known_calendar is not None:
            before = stored_series(self._connection, self._known_calendar, (uid,)).get(uid)
            single = stored_events(self._connection, self._known_calendar, (uid,)).get((uid, ""))
        if before is not None:
            return self._meet_series(series, before)
        if single is not None and series.master.version != single.version:
            if series.master.version < single.version:
                return "unchanged", dict.fromkeys(series.overrides, "unchanged")
            if self._tables.events.made(single.id):
                self._tables.withdraw(single.id)
            else:
                self._obsolete_events.add(single.id)
        self._insert_series(series)
        return "added", dict.fromkeys(series.overrides, "added")

    def _meet_series(self, series: ImportedSeries, before: Stored) -> tuple[Outcome, dict[str, Outcome]]:
        known = stored_overrides(self._connection, before.id)
        outcomes: dict[str, Outcome] = {}
        for key, override in series.overrides.items():
            there = known.get(key)
            if there is None:
                outcomes[key] = "added"
            else:
                outcomes[key] = "updated" if override.version > there.version else "unchanged"
        newer = series.master.version > before.version
        if newer or any(outcome != "unchanged" for outcome in outcomes.values()):
            series.newer_keys = None if newer else {k for k, outcome in outcomes.items() if outcome != "unchanged"}
            self._newer_series[before.id] = series
        return ("updated" if newer else "unchanged"), outcomes

    def add_override(self, series: Series, key: str, event: ImportedEvent) -> Outcome:
        """Take a component that replaces one occurrence of a series that is there already."""
        series_id = series.id or 0
        there = stored_overrides(self._connection, series_id).get(key)
        if there is not None and event.version <= there.version:
            return "unchanged"
        waiting = self._newer_series.setdefault(series_id, ImportedSeries(event, newer_keys=set()))
        waiting.overrides[key] = event
        if waiting.newer_keys is not None:
            waiting.newer_keys.add(key)
        return "added" if there is None else "updated"

    def _insert_series(self, series: ImportedSeries) -> None:
        reach = cover(series, self._session.now, self.horizon)
        values = series.columns()
        values["start_local"] = series.master.start_local.isoformat(" ", "microseconds")
        values["uid"], values["calendar_id"] = series.master.uid, self._calendar_id
        values["materialised_from"], values["materialised_to"] = map(epoch_seconds, reach[:2])
        values["parent_series_id"] = self._parent(series.parent_uid) if series.parent_uid else None
        series_id = self._tables.series.add(*(values[name] for name in SERIES_COLUMNS))
        if series.master.extra:
            self._tables.series_extra.add(series_id, series.master.extra)
        for key in sorted(series.exdates):
            self._tables.exdates.add(series_id, key)
        for place in occurrences(series, reach.starts):
            event = place.event
            changed = overridden_fields(place, series)
            row_id = self._tables.add_row(
                event, self._calendar_id, place.start, place.end, series_id, place.key, changed
            )
            if event is not series.master:
                self._tables.events_extra.add(row_id, event.extra)

    def _parent(self, uid: str) -> int | None:
        self.flush()
        found = self.find_series(uid)
        return None if found is None else found.id

    def flush(self) -> None:
        """Write what is buffered, parents before children."""
        self._tables.flush()

    def finish(self, label: str) -> None:
        """Journal the new rows and change the old ones; the change is called `label`."""
        self.flush()
        session = self._session
        session.relabel(label)
        self._tables.journal(session)
        remove_series(session, self._obsolete_series)
        remove_events(session, self._obsolete_events)
        for row_id, event in self._newer_events.items():
            update_event(session, row_id, event)
        for series_id, event in self._cancelled_series.items():
            cancel_series(session, series_id, event)
        for series_id, series in self._newer_series.items():
            update_series(session, series_id, series, self.horizon)
        session.flush()

    def abandon(self) -> None:
        """Leave without writing anything.

        Raises an exception that `bulk_import` ends with.
        """
        raise _Abandoned


@contextmanager
def bulk_import(
    database: Database, calendar: str, *, own_export: bool = False, clock: Clock = system_clock
) -> Iterator[ImportDoor]:
    """A door to the calendar of this name, which is made when it is needed. All or nothing is written.

    `own_export` says that couchcal wrote the file: what another calendar here has already is not taken again.

    Raises:
        DatabaseProblem: busy, read-only, full disk.
    """
    try:
        with write_session(database, f"Imported events from {calendar}", actor="import", clock=clock) as session:
            door = ImportDoor(session, calendar, own_export=own_export)
            search_later(session, door.first_event_id)
            yield door
            search_now(session)
    except _Abandoned:
        return
