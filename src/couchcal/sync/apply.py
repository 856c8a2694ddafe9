"""What a reading found becomes part of the practice: all of it in one transaction, or nothing.

The guard looks first. Then events of ours are merged, the others are taken over as they are, and the cursor moves
with them: after a crash the reading is done again from the old token. A change of an appointment is one of the
actor `google` in the journal; a reading that changes no appointment leaves no trace there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from couchcal.clock import Clock
from couchcal.practice import external
from couchcal.practice.external import External
from couchcal.store.connection import Connection, Database
from couchcal.store.journal import JournalSession
from couchcal.store.session import write_session
from couchcal.sync import guard, ledger, outbox, review
from couchcal.sync.fields import event_of
from couchcal.sync.ids import event_id
from couchcal.sync.lease import Lease
from couchcal.sync.ledger import Link
from couchcal.sync.merge import Decision
from couchcal.sync.ours import Ours
from couchcal.sync.port import RemoteEvent
from couchcal.sync.pull import Reading, drop_stage

LABEL = "Synced with Google"
ACTOR = "google"
_OURS_AT_ONCE = 500
_THEIRS_AT_ONCE = 1000
_ATTEMPTS = 4
"""How many ids of each appointment are tried on an event of ours that is not known."""
_TOLD = 5
"""How many unreadable events a reading tells of one by one."""


class Applied(NamedTuple):
    """What a reading came to.

    `pulled` counts events that changed something here; of them `moved` appointments, `deleted` events that are
    gone at the remote. `paused`: nothing was applied, a person has to decide.
    """

    pulled: int = 0
    moved: int = 0
    deleted: int = 0
    conflicts: int = 0
    put_back: int = 0
    unreadable: int = 0
    paused: bool = False


def apply(database: Database, link: Link, reading: Reading, *, clock: Clock, lease: Lease | None = None) -> Applied:
    """Take a complete reading over.

    A reading without a token is none; one that found nothing writes nothing.

    Raises:
        LostLease: another process does the work; nothing is written.
    """
    if not reading.tells:
        return Applied()
    with write_session(database, LABEL, actor=ACTOR, clock=clock) as session:
        return _Applying(session, link, reading, clock, lease).run()


def settle(
    database: Database,
    link: Link,
    appointment_id: int,
    event: RemoteEvent | None,
    *,
    clock: Clock,
    lease: Lease | None = None,
) -> Decision | None:
    """Merge one event of ours that was just read, as if a reading had brought it; what is left to send is queued.

    Args:
        event: None if the remote knows no such event.

    Returns:
        what was decided, None if no event stands for the appointment.
    """
    with write_session(database, LABEL, actor=ACTOR, clock=clock) as session:
        ours = Ours(session, link)
        if lease is not None:
            lease.hold(ours.connection)
        mapped = ledger.map_of(ours.connection, link.id, appointment_id)
        if mapped is None:
            return None
        decision = ours.settle(mapped, event, ours.disclosed([appointment_id]).get(appointment_id))
        if ours.tally.label:
            session.relabel(ours.tally.label)
        return decision


class _Applying:
    """One reading on its way into the practice."""

    def __init__(
        self, session: JournalSession, link: Link, reading: Reading, clock: Clock, lease: Lease | None
    ) -> None:
        self.session = session
        self.link = link
        self.reading = reading
        self.clock = clock
        self.ours = Ours(session, link)
        self.connection: Connection = self.ours.connection
        if lease is not None:
            lease.hold(self.connection)
        self.changed = self.gone = 0
        self.skipped: list[tuple[str, str]] = []

    def run(self) -> Applied:
        if guard.paused(self.connection, self.link, self.reading, clock=self.clock):
            drop_stage(self.connection, self.link.id)
            return Applied(paused=True)
        if self.link.target:
            for batch in self._staged(_OURS, _OURS_AT_ONCE):
                self._merge(batch)
        for rank in "01":
            for batch in self._staged(f"{_NOT_OURS} AND substr(s.event, 2, 1) = '{rank}'", _THEIRS_AT_ONCE):
                self._take(batch)
        if self.reading.full:
            self._sweep()
        self._move_cursor()
        tally = self.ours.tally
        if tally.moved:
            self.session.relabel(
                tally.label if tally.moved == 1 else f"Moved {tally.moved} appointments as in Google Calendar"
            )
        self._log()
        return Applied(
            tally.moved + tally.deleted + tally.conflicts + tally.put_back + self.changed + self.gone,
            tally.moved,
            tally.deleted + self.gone,
            tally.conflicts,
            tally.put_back,
            len(self.skipped),
        )

    def _staged(self, which: str, limit: int) -> Iterator[list[RemoteEvent]]:
        """Staged events that fit, so many at a time."""
        last = 0
        while True:
            found = self.connection.execute(
                "SELECT s.id, s.event FROM sync_stage s"  # noqa: S608  our own words
                f" WHERE s.link_id = ? AND s.id > ? AND {which} ORDER BY s.id LIMIT {limit}",
                (self.link.id, last),
            ).fetchall()
            if not found:
                return
            yield [event_of(text) for _, text in found]
            last = found[-1][0]

    def _merge(self, events: list[RemoteEvent]) -> None:
        """Events of ours."""
        maps = ledger.maps_by_event(self.connection, self.link.id, (event.id for event in events))
        entries = self.ours.disclosed([mapped.appointment_id for mapped in maps.values()])
        for event in events:
            mapped = maps[event.id]
            if event.unreadable:
                self.skipped.append((event.id, event.unreadable))
            self.ours.settle(mapped, event, entries.get(mapped.appointment_id), sure=self.reading.full)
        self._show_once(list(maps))

    def _show_once(self, event_ids: list[str]) -> None:
        """Take away as external events what was shown as such before it was known to be ours."""
        twice = self.connection.execute(
            "SELECT remote_event_id FROM external_event WHERE link_id = ?"
            " AND remote_event_id IN (SELECT atom FROM json_each(?))",
            (self.link.id, json.dumps(event_ids)),
        ).fetchall()
        if twice:
            external.remove(self.session, self.link.id, [event_id for (event_id,) in twice], clock=self.clock)

    def _take(self, events: list[RemoteEvent]) -> None:
        """Events of the remote."""
        theirs = [event for event in events if not (self.link.target and self._is_known(event))]
        stored = external.store(
            self.session, self.link.id, [_external(event) for event in theirs], clock=self.clock
        )
        self.changed += stored.changed
        self.gone += stored.deleted
        self.skipped.extend(stored.skipped)

    def _is_known(self, event: RemoteEvent) -> bool:
        """Whether an event that is not in our books is ours after all.

        Its id is the one that an appointment's event gets: either that appointment is here and its event is
        adopted, or it is not and a person is asked once, as after an older backup was restored.
        """
        if event.cancelled or event.unreadable or event.ours != event.id or event.recurrence:
            return False
        appointment_id, attempt = self._own_ids.get(event.id, (None, 0))
        if appointment_id is None:
            if not review.was_seen(self.connection, self.link.id, event.id):
                detail = "an event of this calendar was made by couchcal for an entry that is not in this database"
                new = review.New("unknown_event", detail, remote_event_id=event.id)
                review.open_one(self.connection, new, link_id=self.link.id, now=self.session.now)
            return False
        if ledger.map_of(self.connection, self.link.id, appointment_id) is not None:
            return False
        ledger.allocate(self.connection, self.link.id, appointment_id, event.id, attempt)
        mapped = ledger.map_of(self.connection, self.link.id, appointment_id)
        if mapped is None:
            raise RuntimeError("what was just stored is there")
        outbox.enqueue(self.connection, [appointment_id])
        self.ours.settle(mapped, event, self.ours.disclosed([appointment_id]).get(appointment_id))
        self._show_once([event.id])
        return True

    @cached_property
    def _own_ids(self) -> dict[str, tuple[int, int]]:
        """The appointments by the ids of their first events, each with the attempt it is the id of."""
        found = self.connection.execute("SELECT id FROM appointment")
        entries = self.ours.disclosed([row_id for (row_id,) in found])
        return {
            event_id(self.link.calendar_id, entry.uid, attempt): (row_id, attempt)
            for row_id, entry in entries.items()
            for attempt in range(_ATTEMPTS)
        }

    def _sweep(self) -> None:
        """Exceptions that everything did not show: their occurrences are as their series again."""
        unseen = self.connection.execute(
            "SELECT e.remote_event_id FROM external_event e WHERE e.link_id = ? AND e.exception"
            " AND e.status <> 'cancelled' AND NOT EXISTS (SELECT 1 FROM sync_stage s WHERE s.link_id = e.link_id"
            " AND s.remote_event_id = e.remote_event_id)",
            (self.link.id,),
        ).fetchall()
        if unseen:
            external.remove(self.session, self.link.id, [row[0] for row in unseen], clock=self.clock)

    def _move_cursor(self) -> None:
        full = int(self.reading.full)
        at = ledger.epoch(self.session.now) if self.reading.full else None
        self.connection.execute(
            "INSERT INTO sync_state (link_id, sync_token, generation, full_sync_at, live)"
            " VALUES (?1, ?2, ?3, ?4, ?5)"
            " ON CONFLICT (link_id) DO UPDATE SET sync_token = ?2, generation = sync_state.generation + ?3,"
            " full_sync_at = coalesce(?4, sync_state.full_sync_at), live = ?5",
            (self.link.id, self.reading.token, full, at, guard.live(self.connection, self.link.id)),
        )
        drop_stage(self.connection, self.link.id)

    def _log(self) -> None:
        for _event_id, reason in self.skipped[:_TOLD]:
            ledger.log(self.connection, self.session.now, f"an event cannot be shown: {reason}", "warning")
        if len(self.skipped) > _TOLD:
            more = f"{len(self.skipped) - _TOLD} more events cannot be shown"
            ledger.log(self.connection, self.session.now, more, "warning")


_OURS = (
    "EXISTS (SELECT 1 FROM event_map m WHERE m.link_id = s.link_id AND m.remote_event_id = s.remote_event_id"
    " AND m.state <> 'unlinked')"
)
_NOT_OURS = f"NOT {_OURS}"


def _external(event: RemoteEvent) -> External:
    start, end, tz = event.when or (None, None, "")
    return External(
        event.id, event.cancelled, start, end, tz,
        event.title, event.place, event.busy, event.tentative, event.declined, event.event_type, event.recurrence,
        event.recurring_id, event.original_start, event.etag, event.unreadable,
    )  # fmt: skip
