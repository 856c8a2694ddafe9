"""What comes in: each calendar is read, and taken over where it tells something (SYNC-01, SYNC-14)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from couchcal.clock import Clock
from couchcal.practice import external_rows
from couchcal.store.connection import Connection, Database
from couchcal.sync import ledger, pull, push
from couchcal.sync.lease import Lease, transaction
from couchcal.sync.ledger import Link
from couchcal.sync.port import Forbidden, NotThere, Progress, Rejected, Remote, RemoteProblem, Transient
from couchcal.sync.waiter import Unreachable, Waiter, trying

FULL_EVERY = timedelta(hours=24)
"""How often everything is read although a token is there: it heals what a wrong answer hid."""


class Taken(NamedTuple):
    """What came of reading a calendar.

    Attributes:
        read: it was read to its end; `pulled` events were taken over and `deleted` removed.
        lost: nothing shows the calendar any more.
        waits: a person has to decide first, and the cycle ends.
        problem: why it was not read, where another try is due.
    """

    read: bool = False
    pulled: int = 0
    deleted: int = 0
    lost: bool = False
    waits: bool = False
    problem: Transient | None = None


class Incoming:
    """The reading side of a cycle, in the process that holds `lease`.

    Args:
        connection: of `database`.
        anew: everything is read although a token is there.
        tell: told how many events of a calendar were read so far.
    """

    def __init__(
        self,
        database: Database,
        remote: Remote,
        *,
        connection: Connection,
        lease: Lease,
        clock: Clock,
        waiter: Waiter,
        anew: bool,
        tell: Callable[[Progress], object],
    ) -> None:
        self.database, self.remote = database, remote
        self.connection, self.lease = connection, lease
        self.clock, self.waiter = clock, waiter
        self.anew, self.tell = anew, tell

    def take(self, link: Link) -> Taken:
        """Read a calendar and take over what it tells.

        Raises:
            NeedsSignIn. Unreachable: no calendar can be asked. Stopped, LostLease: the work ends.
        """
        try:
            reading = pull.read(
                self.remote,
                self.database,
                link,
                waiter=self.waiter,
                lease=self.lease,
                anew=self.anew or self._is_time_for_everything(link),
                on_page=lambda count: self.tell(Progress("reading", count)),
            )
        except NotThere:
            return self._not_found(link)
        except Unreachable:
            raise
        except Transient as problem:
            return self._not_read(link, problem)
        except (Forbidden, Rejected) as problem:
            fresh = link.target and self.clock() - link.created_at < push.FRESH
            return self._not_read(link, Transient("the new calendar is not ready yet") if fresh else problem)
        if not reading.token:
            return Taken()
        return self._apply(link, reading) if reading.tells else Taken(read=True)

    def _apply(self, link: Link, reading: pull.Reading) -> Taken:
        from couchcal.sync import apply  # the ORM, which most cycles do without

        applied = apply.apply(self.database, link, reading, clock=self.clock, lease=self.lease)
        if applied.paused:
            return Taken(waits=True)
        return Taken(read=True, pulled=applied.pulled, deleted=applied.deleted)

    def _is_time_for_everything(self, link: Link) -> bool:
        row = self.connection.execute(
            "SELECT full_sync_at FROM sync_state WHERE link_id = ?", (link.id,)
        ).fetchone()
        return is_past(ledger.moment(row[0]) if row else None, FULL_EVERY, self.clock())

    def _not_found(self, link: Link) -> Taken:
        """A calendar that is not found is lost only if nothing else shows it."""
        if link.target:
            try:
                trying(self.waiter, lambda: self.remote.calendar(link.calendar_id), beat=self.lease.renew)
            except NotThere:
                there = False
            else:
                there = True
        else:
            listed = trying(self.waiter, self.remote.calendars, beat=self.lease.renew)
            there = any(each.id == link.calendar_id and not each.deleted for each in listed)
        return self._not_read(link, Transient("the calendar does not answer")) if there else Taken(lost=True)

    def _not_read(self, link: Link, problem: RemoteProblem) -> Taken:
        """One calendar could not be read: the others are."""
        row = self.connection.execute("SELECT last_error FROM calendar_link WHERE id = ?", (link.id,)).fetchone()
        if row[0] != problem.message:
            with transaction(self.connection, self.lease):
                self.connection.execute(
                    "UPDATE calendar_link SET last_error = ? WHERE id = ?", (problem.message, link.id)
                )
                ledger.log(self.connection, self.clock(), f"{link.name} was not read: {problem.message}", "warning")
        return Taken(problem=problem if isinstance(problem, Transient) else None)

    def forget(self, links: Sequence[Link]) -> None:
        """One way: nothing comes from anywhere, and what came goes (SYNC-14)."""
        for link in links:
            row = self.connection.execute(
                "SELECT EXISTS (SELECT 1 FROM sync_state WHERE link_id = ?1)"
                " OR EXISTS (SELECT 1 FROM external_event WHERE link_id = ?1)",
                (link.id,),
            ).fetchone()
            if row[0]:
                with transaction(self.connection, self.lease):
                    external_rows.clear(self.connection, link.id)
                    pull.drop_stage(self.connection, link.id)
                    self.connection.execute("DELETE FROM sync_state WHERE link_id = ?", (link.id,))


def is_past(last: datetime | None, span: timedelta, now: datetime) -> bool:
    """Whether that long has gone since `last`; a moment that is to come is of a clock that was wrong."""
    return last is None or not timedelta(0) <= now - last < span
