"""Sending: each appointment that changed becomes what it is to be at the remote (SYNC-01, SYNC-17, SYNC-27).

An event's id is stored before the first request, and every request can be made twice: what was on its way when a
process ended is simply done again. One thing that cannot be sent never holds up the rest.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import NamedTuple

from couchcal.clock import Clock
from couchcal.store.connection import Connection, Database, database_errors
from couchcal.sync import outbox
from couchcal.sync.fields import NAMES
from couchcal.sync.lease import Lease
from couchcal.sync.ledger import Link, Mapped
from couchcal.sync.port import (
    Changed,
    Duplicate,
    EventFields,
    Forbidden,
    NotThere,
    Progress,
    Rejected,
    Remote,
    RemoteEvent,
    Transient,
)
from couchcal.sync.push_books import Books, Item, base_of
from couchcal.sync.target_calendar import TargetCalendar
from couchcal.sync.waiter import Stopped, Waiter

FRESH = timedelta(seconds=60)
"""How long a new calendar may refuse what it will allow."""
_ROUNDS = 8
"""Requests that change something for one item in one turn: an answer may call for another."""
_CHANGES = 3
"""How often one item is merged anew in one turn because it changed at the remote."""
_REFUSALS = 5
"""Refusals in a row after which it is the calendar that refuses, not the events."""


def _silent(_progress: Progress) -> None:
    return None


def _silent_count(_pushed: int, _deleted: int) -> None:
    return None


def push(
    remote: Remote,
    database: Database,
    link: Link,
    *,
    clock: Clock,
    waiter: Waiter,
    lease: Lease | None = None,
    rng: random.Random | None = None,
    on_progress: Callable[[Progress], object] = _silent,
    on_sent: Callable[[int, int], object] = _silent_count,
) -> None:
    """Send everything that is due to the target calendar.

    Args:
        on_progress: told how far it is.
        on_sent: told of each event that was written (1, 0) or removed (0, 1).

    Raises:
        CalendarLost: it is gone. NeedsSignIn. Transient: the service does not answer, the rest waits.
        Stopped, LostLease: the work ends; what is done is done.
    """
    with database_errors(database.path), closing(database.connect()) as connection:
        if outbox.anything_due(connection, clock()):
            told = _Told(on_progress, on_sent)
            _Pusher(remote, database, connection, link, clock, waiter, lease, rng, told).run()


class _Told(NamedTuple):
    progress: Callable[[Progress], object]
    sent: Callable[[int, int], object]


class _Pusher:
    """One run over the outbox."""

    def __init__(
        self,
        remote: Remote,
        database: Database,
        connection: Connection,
        link: Link,
        clock: Clock,
        waiter: Waiter,
        lease: Lease | None,
        rng: random.Random | None,
        told: _Told,
    ) -> None:
        self.calendar = TargetCalendar(remote, link, waiter, lease, rng)
        self.database = database
        self.link = link
        self.clock = clock
        self.waiter = waiter
        self.lease = lease
        self.told = told
        self.books = Books(connection, link, clock, lease)
        self.refused = 0
        self.removed = False

    def run(self) -> None:
        held = self.books.held()
        started = self.clock()
        of = self.books.waiting() - len(held)
        done = 0
        while batch := self.books.claim(held, Progress("sending", done, max(of, done), started)):
            items, dropped = batch
            done += dropped
            for item in items:
                if self.waiter.stopping:
                    raise Stopped
                current = self.books.current(item)
                if current is not None:
                    self._one(current)
                done += 1
                self.told.progress(Progress("sending", done, max(of, done), started))
                self.waiter.pace()
        if self.removed:
            self.books.held()  # what a person let go of is done

    # one item

    def _one(self, item: Item) -> None:
        try:
            self._send(item)
        except Forbidden as problem:
            if self.clock() - self.link.created_at < FRESH:
                self.books.postpone(item, "the new calendar is not ready yet")
                raise Transient("the new calendar is not ready yet") from problem
            self.books.block(item, problem.message)
            self.refused += 1
            if self.refused >= _REFUSALS:
                raise Transient("the calendar refuses every change") from problem
            return
        except Rejected as problem:
            self.books.block(item, problem.message)
        except Transient as problem:
            self.books.postpone(item, problem.message)
            raise
        except (ValueError, OverflowError) as problem:
            self.books.block(item, f"it cannot be written for the service ({type(problem).__name__})")
        self.refused = 0

    def _send(self, item: Item) -> None:
        """Ask the remote for whatever is missing until there is nothing more to ask for."""
        merges = 0
        for _ in range(_ROUNDS):
            try:
                following = self._step(item)
            except _Differs as found:
                merges += 1
                if merges > _CHANGES:
                    break
                following = self._merged(item, found.event)
            if following is None:
                return
            item = following
        self.books.postpone(item, "it keeps changing at the other side")

    def _step(self, item: Item) -> Item | None:
        """One request for an item: None if it is done, else what is left to do.

        Raises:
            _Differs: the remote shows something that has to be merged first.
        """
        fields, mapped = item.fields, item.mapped
        if mapped is None:
            return self.books.anew(item, -1)
        if mapped.state == "missing":
            raise _Differs(None)
        if fields is None:
            return self._remove(item, mapped)
        if mapped.state == "creating":
            return self._create(item, mapped, fields)
        if mapped.state == "deleted":
            return self._revive(item, mapped, fields)
        return self._change(item, mapped, fields)

    def _create(self, item: Item, mapped: Mapped, fields: EventFields) -> Item | None:
        self.books.asks_for(mapped, fields)
        try:
            event = self.calendar.insert(mapped, fields)
        except Duplicate:
            found = self.calendar.event(mapped, answered=True)
            if found is None:
                return self._used_up(item, mapped)
            raise _Differs(found) from None
        except NotThere:
            raise self.calendar.missing() from None
        return self._landed(item, mapped, fields, event)

    def _change(self, item: Item, mapped: Mapped, fields: EventFields) -> Item | None:
        if not mapped.etag:
            raise _Differs(self.calendar.event(mapped))
        changes = {name: getattr(fields, name) for name in NAMES if name in base_of(mapped).due(fields)}
        try:
            event = self.calendar.patch(mapped, changes, mapped.etag)
        except Changed:
            raise _Differs(self.calendar.changed_event(mapped)) from None
        except NotThere:
            self.calendar.check()
            raise _Differs(None) from None
        if event.cancelled:
            raise _Differs(event)
        return self._landed(item, mapped, fields, event)

    def _revive(self, item: Item, mapped: Mapped, fields: EventFields) -> Item | None:
        """Bring a deleted event back; where that cannot be, another takes its place."""
        found = self.calendar.event(mapped)
        if found is None:
            return self._used_up(item, mapped)
        if not found.cancelled and found.etag != mapped.etag:
            raise _Differs(found)
        try:
            event = self.calendar.patch(
                mapped, {name: getattr(fields, name) for name in NAMES}, found.etag, revive=True
            )
        except Changed:
            raise _Differs(self.calendar.changed_event(mapped)) from None
        except (NotThere, Forbidden):
            return self.books.anew(item, mapped.attempt)
        if event.cancelled:
            return self.books.anew(item, mapped.attempt)
        return self._landed(item, mapped, fields, event)

    def _used_up(self, item: Item, mapped: Mapped) -> Item | None:
        """The id was used and nothing is to be seen of it: it gets another, but not before the next turn. An answer
        may be from before the event was made, and there would be two."""
        if not item.due.attempts:
            self.books.postpone(item, "the event that was made for it is not to be seen")
            return None
        return self.books.anew(item, mapped.attempt)

    def _remove(self, item: Item, mapped: Mapped) -> Item | None:
        if mapped.state == "creating" or not mapped.etag:
            raise _Differs(self.calendar.event(mapped))
        try:
            self.calendar.delete(mapped)
        except Changed:
            raise _Differs(self.calendar.changed_event(mapped)) from None
        except NotThere:
            found = self.calendar.event(mapped)
            if found is not None and not found.cancelled:
                raise _Differs(found) from None
        self.books.gone(item, mapped)
        self.removed = True
        self.told.sent(0, 1)
        return None

    def _landed(self, item: Item, mapped: Mapped, fields: EventFields, event: RemoteEvent) -> Item | None:
        self.books.landed(item, mapped, fields, event)
        self.told.sent(1, 0)
        return None

    def _merged(self, item: Item, event: RemoteEvent | None) -> Item | None:
        """Merge what the remote shows (None: nothing), and look at the item anew; None if it is done."""
        from couchcal.sync import apply  # the ORM, which most cycles do without

        row_id = item.due.appointment_id
        apply.settle(self.database, self.link, row_id, event, clock=self.clock, lease=self.lease)
        return self.books.again(row_id, seen=True)


class _Differs(Exception):
    """The remote shows something else than is known of it; None: it knows no such event."""

    def __init__(self, event: RemoteEvent | None) -> None:
        super().__init__()
        self.event = event
