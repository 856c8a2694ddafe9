"""What a reading of a remote calendar changes: from the events it shows to the rows that are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from couchcal.practice import external_rows
from couchcal.practice.external_event import (
    CANCELLED,
    External,
    Instance,
    Unusable,
    cancelled,
    instance_of,
    row_of,
    tombstone_of,
)
from couchcal.practice.external_family import ALWAYS, expansion_of, occurrences, original_start, reach_of, reaching
from couchcal.practice.external_rows import Row, Rows
from couchcal.practice.external_series import NotExpandable
from couchcal.scheduling.recurrence import TooManyOccurrences
from couchcal.store.connection import Connection


class Stored(NamedTuple):
    """What storing events came to.

    `changed` and `deleted` count events, not rows. `skipped` has the ids of those that cannot be shown, each with
    the reason in words.
    """

    changed: int
    deleted: int
    skipped: tuple[tuple[str, str], ...] = ()


class Batch:
    """Events that come or go together; nothing is written before `finish`."""

    def __init__(self, connection: Connection, link_id: int, now: int) -> None:
        self._connection = connection
        self._link_id = link_id
        self._now = now
        found = connection.execute("SELECT time_zone FROM calendar_link WHERE id = ?", (link_id,)).fetchone()
        self._tz = str(found[0]) if found else ""
        self._before: Rows = {}
        self._after: Rows = {}
        self._given: set[str] = set()
        """What this batch itself says is there, or was taken out of its series."""
        self._masters: list[str] = []
        """Masters that are new, or not as they were."""
        self._touched: set[str] = set()
        """Masters whose occurrences are to be made anew."""
        self._dissolved: set[str] = set()
        """Events that are no masters any more, or are gone."""
        self._loose: list[tuple[str, Instance]] = []
        """Tombstones with an id alone, of which only the id says that they are occurrences."""
        self._changed = 0
        self._deleted = 0
        self._skipped: list[tuple[str, str]] = []

    def put(self, events: Sequence[External]) -> None:
        """Take events as they are now; of several of one id the last."""
        latest = {event.id: event for event in events}
        self._load(external_rows.by_ids(self._connection, self._link_id, latest))
        for event in latest.values():
            if event.cancelled:
                self._cancel(event)
                continue
            try:
                row = row_of(event, self._tz)
            except Unusable as problem:
                self._skipped.append((event.id, str(problem)))
                continue
            self._set(row)

    def drop(self, remote_ids: Iterable[str]) -> None:
        """Take away what is not there any more; without its exception an occurrence is what its master says."""
        ids = list(dict.fromkeys(remote_ids))
        self._load(external_rows.by_ids(self._connection, self._link_id, ids))
        for remote_id in ids:
            was = self._before.get(remote_id)
            if was is not None and not was.generated:
                self._remove(was)

    def _load(self, rows: Rows) -> None:
        for name, row in rows.items():
            if name not in self._before:
                self._before[name] = row
                self._after[name] = row

    def _set(self, row: Row) -> None:
        name = row.remote_event_id
        self._given.add(name)
        was = self._before.get(name)
        if was is not None and was.says(row):
            return
        self._after[name] = row
        if row.status == CANCELLED:
            self._deleted += 1
        else:
            self._changed += 1
        self._touched.update(family for family in (row.recurring_id, was.recurring_id if was else "") if family)
        if row.rrule:
            self._touched.add(name)
            self._masters.append(name)
        elif was is not None and was.rrule:
            self._dissolved.add(name)

    def _cancel(self, event: External) -> None:
        was = self._before.get(event.id)
        if event.recurring_id or (was is not None and was.recurring_id):
            row = tombstone_of(event, was)
            if row is not None:
                self._set(row)
        elif was is not None:
            self._remove(was)
        else:
            self._dissolved.add(event.id)
            instance = instance_of(event.id)
            if instance is not None:
                self._loose.append((event.id, instance))

    def _remove(self, was: Row) -> None:
        del self._after[was.remote_event_id]
        self._deleted += 1
        if was.recurring_id:
            self._touched.add(was.recurring_id)
        else:
            self._dissolved.add(was.remote_event_id)

    def finish(self) -> Stored:
        """Write what differs."""
        for remote_id, instance in self._loose:
            self._take_out(remote_id, instance)
        families = self._touched | self._dissolved
        if families:
            self._load(external_rows.by_masters(self._connection, self._link_id, families))
            self._load(external_rows.by_ids(self._connection, self._link_id, self._touched))
            self._make_families(families)
        external_rows.write(self._connection, self._link_id, self._before, self._after, self._now)
        return Stored(self._changed, self._deleted, tuple(self._skipped))

    def _take_out(self, remote_id: str, instance: Instance) -> None:
        """Cancel the occurrence that an id names, in whichever part of a split series it is."""
        stored = external_rows.masters_named(self._connection, self._link_id, instance.base)
        self._load(stored)
        for name in (*stored, *(name for name in self._masters if _begins(name, instance.base))):
            row = self._after.get(name)
            if row is not None and row.rrule and row.all_day == instance.all_day:
                try:
                    there = expansion_of(row).has(instance.start)
                except NotExpandable:
                    continue
                if there:
                    self._set(cancelled(remote_id, row.remote_event_id, instance.start, all_day=row.all_day))
                    return

    def _make_families(self, families: set[str]) -> None:
        members: dict[str, list[Row]] = {}
        for row in self._after.values():
            if row.recurring_id in families:
                members.setdefault(row.recurring_id, []).append(row)
        for family in self._dissolved:
            for row in members.pop(family, ()):
                if row.remote_event_id not in self._given or row.status == CANCELLED:
                    del self._after[row.remote_event_id]
        made: set[str] = set()
        for family in sorted(self._touched):
            exceptions = []
            for row in members.get(family, ()):
                if row.generated:
                    del self._after[row.remote_event_id]
                else:
                    exceptions.append(row)
            master = self._after.get(family)
            if master is not None and master.rrule:
                made.update(self._expand(master, exceptions))
        taken = external_rows.by_ids(self._connection, self._link_id, made - self._before.keys())
        for name in taken:  # an exception of another part of a split series
            del self._after[name]

    def _expand(self, master: Row, exceptions: list[Row]) -> set[str]:
        """Make the occurrences of a master; returns their ids."""
        name = master.remote_event_id
        replaced = self._replaced(master, exceptions)
        try:
            expansion = expansion_of(master)
            reach = reach_of(self._before.get(name), self._now)
            rows = {row.remote_event_id: row for row in occurrences(master, expansion, reach, replaced)}
            self._after[name] = reaching(master, expansion, reach)
        except (NotExpandable, TooManyOccurrences) as problem:
            self._skipped.append((name, str(problem)))
            self._after[name] = master._replace(expanded_from=ALWAYS[0], expanded_to=ALWAYS[1])
            return set()
        fresh = {key: row for key, row in rows.items() if key not in self._after}
        self._after.update(fresh)
        return set(fresh)

    def _replaced(self, master: Row, exceptions: list[Row]) -> set[int]:
        """The original starts of the exceptions; of two of one start the one that was told last stays."""
        latest: dict[int, Row] = {}
        for row in sorted(exceptions, key=lambda row: row.remote_event_id in self._given):
            start = original_start(row, master)
            other = latest.get(start)
            if other is not None:
                self._after.pop(other.remote_event_id, None)
            latest[start] = row
        return set(latest)


def _begins(master: str, base: str) -> bool:
    return master == base or master.startswith(f"{base}_R")
