"""Starting over, in three depths (SYNC-13, SYNC-19, SYNC-20).

What is to be done is written down first, as the state of the target's row; a process that ends in the middle leaves
it there, and the next cycle goes on. No appointment is ever touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from typing import Literal

from couchcal.clock import Clock
from couchcal.errors import NotFound, Refused
from couchcal.practice import external_rows
from couchcal.practice.disclosure import disclosed
from couchcal.store.connection import Connection, Database, database_errors
from couchcal.sync import ledger, outbox, target
from couchcal.sync.ids import event_id
from couchcal.sync.lease import Lease, Taken, holder, transaction
from couchcal.sync.ledger import Link
from couchcal.sync.merge import OVER
from couchcal.sync.port import Changed, NotThere, Remote, RemoteEvent, Transient
from couchcal.sync.target_calendar import CalendarLost
from couchcal.sync.waiter import RealWaiter, Stopped, Waiter, trying

How = Literal["cursors", "events", "calendar"]

CLEARING = "clearing"
"""State of a target whose events of ours are being removed."""
DROPPING = "dropping"
"""State of a target that is being removed as a whole."""
STARTING_OVER = (CLEARING, DROPPING)
_WORDS = {
    "cursors": "everything is read anew and compared",
    "events": "our events are removed from the calendar and sent again",
    "calendar": "the calendar is removed and another is made",
}
_CHANGES = 3
"""How often an event that changes while it is removed is tried."""


def reset(
    database: Database,
    remote: Remote | None,
    *,
    how: How,
    clock: Clock,
    waiter: Waiter | None = None,
    lease: Lease | None = None,
) -> None:
    """Start over.

    Args:
        remote: without one, what is to be asked of the service is left to the next cycle.
        how: `cursors`: everything is read anew and compared, nothing is doubled, and what was refused is tried
            again. `events`: our events are removed from the calendar and sent again. `calendar`: the calendar is
            removed, and another is made and filled.

    Raises:
        NotFound: there is no calendar to send to. Refused: it is gone, and only `calendar` helps. Taken: another
        process is at it. RemoteProblem: the service does not answer; the next cycle goes on.
    """
    held = lease or Lease(database, clock=clock)
    kept = held.held
    with database_errors(database.path), closing(database.connect()) as connection:
        if not held.take():
            raise Taken(holder(connection))
        try:
            link = _begin(connection, held, how, clock)
            if remote is not None and how != "cursors":
                go_on(connection, remote, link, clock=clock, waiter=waiter or RealWaiter(), lease=held)
        finally:
            if not kept:
                held.release()


def _begin(connection: Connection, lease: Lease, how: How, clock: Clock) -> Link:
    """Write down what is to be done."""
    now = clock()
    with transaction(connection, lease):
        account = ledger.account(connection)
        links = ledger.links(connection, account.id) if account is not None else []
        if account is None or not any(link.target for link in links):
            raise NotFound("no calendar is connected", "run couchcal google connect")
        link = links[0]
        if how == "events" and link.state in (target.LOST, DROPPING):
            raise Refused("the calendar is gone", "couchcal sync reset --calendar makes another")
        _unpause(connection, account.id, link.id, how, now)
        for each in links:
            _forget_cursor(connection, each.id)
        outbox.retry_blocked(connection)
        if how == "cursors":
            outbox.enqueue_everything(connection, link.id, now)
        elif link.state != target.CREATING:
            ledger.set_link_state(connection, link.id, CLEARING if how == "events" else DROPPING)
        ledger.log(connection, now, f"reset: {_WORDS[how]}")
    found = ledger.link(connection, link.id)
    return found or link


def _unpause(connection: Connection, account_id: int, link_id: int, how: How, now: datetime) -> None:
    """Close the questions that starting over answers."""
    connection.execute(
        "UPDATE calendar_account SET failures = 0, next_try = NULL, last_error = '',"
        " paused = CASE WHEN paused = 'mass_delete' OR (paused = 'calendar_lost' AND ?) THEN '' ELSE paused END"
        " WHERE id = ?",
        (how == "calendar", account_id),
    )
    connection.execute(
        "UPDATE sync_review SET resolved_at = ?, resolution = ? WHERE resolved_at IS NULL"
        " AND (kind = 'mass_delete' OR (link_id = ? AND ?))",
        (ledger.epoch(now), OVER, link_id, how != "cursors"),
    )


def go_on(
    connection: Connection,
    remote: Remote,
    link: Link,
    *,
    clock: Clock,
    waiter: Waiter,
    lease: Lease,
) -> None:
    """Do what is left of a reset; nothing if none was begun.

    Raises:
        CalendarLost: it is gone. RemoteProblem, Stopped, LostLease: calling again goes on.
    """
    if link.state == DROPPING:
        trying(waiter, lambda: remote.delete_calendar(link.calendar_id), beat=lease.renew)
        with transaction(connection, lease):
            target.recreate(connection, link.id, clock())
    elif link.state == CLEARING:
        _Clearing(connection, remote, link, waiter, lease).run()
        with transaction(connection, lease):
            _send_again(connection, link, clock)


class _Clearing:
    """Removes everything of ours from a calendar."""

    def __init__(self, connection: Connection, remote: Remote, link: Link, waiter: Waiter, lease: Lease) -> None:
        self.connection = connection
        self.remote = remote
        self.link = link
        self.waiter = waiter
        self.lease = lease

    def run(self) -> None:
        mapped = {
            name
            for (name,) in self.connection.execute(
                "SELECT remote_event_id FROM event_map WHERE link_id = ? AND state <> 'unlinked'", (self.link.id,)
            )
        }
        listed = self._everything()
        self._remove_all(event for event in listed if event.ours or event.id in mapped)
        # A listing lags behind what was just sent.
        unseen = sorted(mapped.difference(event.id for event in listed))
        self._remove_all(event for name in unseen if (event := self._look(name)) is not None)

    def _remove_all(self, events: Iterable[RemoteEvent]) -> None:
        for event in events:
            if event.cancelled:
                continue
            if self.waiter.stopping:
                raise Stopped
            self._remove(event)
            self.lease.renew()
            self.waiter.pace()

    def _everything(self) -> list[RemoteEvent]:
        found: list[RemoteEvent] = []
        page: str | None = ""
        while page is not None:
            at = page
            try:
                answer = trying(
                    self.waiter,
                    lambda: self.remote.events(self.link.calendar_id, page=at),  # noqa: B023  called at once
                    beat=self.lease.renew,
                )
            except NotThere:
                raise CalendarLost from None
            found.extend(answer.events)
            page = answer.next_page
        return found

    def _remove(self, event: RemoteEvent) -> None:
        etag = event.etag
        for _ in range(_CHANGES):
            try:
                trying(
                    self.waiter,
                    lambda: self.remote.delete(self.link.calendar_id, event.id, etag),  # noqa: B023  called at once
                    beat=self.lease.renew,
                )
                return
            except (Changed, NotThere):  # the remote may be wrong, and there would be two of it
                now = self._look(event.id)
                if now is None or now.cancelled:
                    return
                etag = now.etag
        raise Transient("an event that is to be removed keeps changing")

    def _look(self, name: str) -> RemoteEvent | None:
        try:
            return trying(
                self.waiter, lambda: self.remote.event(self.link.calendar_id, name), beat=self.lease.renew
            )
        except NotThere:
            return None


def _send_again(connection: Connection, link: Link, clock: Clock) -> None:
    """Inside a transaction: nothing of ours is there any more, and everything that is wanted gets an event anew.

    Ids of removed events are used up; what is not wanted now may be brought back under its own.
    """
    rows = connection.execute(
        "SELECT appointment_id, attempt FROM event_map WHERE link_id = ? AND state <> 'unlinked'", (link.id,)
    ).fetchall()
    entries = disclosed(connection, [row_id for row_id, _ in rows])
    for row_id, attempt in rows:
        entry = entries.get(row_id)
        if entry is not None and entry.wanted:
            name = event_id(link.calendar_id, entry.uid, attempt + 1)
            ledger.allocate(connection, link.id, row_id, name, attempt + 1)
        else:
            connection.execute(
                "UPDATE event_map SET state = 'deleted', ours = '', theirs = '' WHERE link_id = ?"
                " AND appointment_id = ?",
                (link.id, row_id),
            )
    external_rows.clear(connection, link.id)
    _forget_cursor(connection, link.id)
    ledger.set_link_state(connection, link.id, "")
    outbox.enqueue_everything(connection, link.id, clock())


def _forget_cursor(connection: Connection, link_id: int) -> None:
    connection.execute("DELETE FROM sync_state WHERE link_id = ?", (link_id,))
    connection.execute("DELETE FROM sync_stage WHERE link_id = ?", (link_id,))
