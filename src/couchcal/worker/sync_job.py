"""The sync as a job: sends soon after a commit, reads every minute, and at once when somebody asks (SYNC-01)."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol

from couchcal.clock import Clock
from couchcal.store.connection import Database, database_errors
from couchcal.sync import ledger
from couchcal.sync.lease import Lease, Taken, wanted
from couchcal.sync.waiter import Stopped, Waiter
from couchcal.worker.answers import give
from couchcal.worker.watch import Watch

if TYPE_CHECKING:
    from couchcal.sync.engine import Engine
    from couchcal.sync.port import Remote
    from couchcal.sync.report import Report

EVERY_S = 60.0
"""How often it is read what changed elsewhere, a tenth more or less."""
BUSY_S = 2.0
"""How long it is left to another process that syncs just now."""
LONGEST_PAUSE = timedelta(minutes=75)
"""The sync gives itself no longer pauses: a next try after that was written before the clock was put back."""
JUMP_S = 90.0
"""Where the clock and monotonic time part by more, the machine slept or its clock was set: it is synced at once."""


class RemoteSource(Protocol):
    """Gives the client of the linked account, the same one as long as the sign-in is the same."""

    def __call__(self) -> Remote:
        """The client. Raises NeedsSignIn or Transient."""

    def close(self) -> None:
        """Close its connections."""


SourceOf = Callable[[Database], RemoteSource]
Told = Callable[["Report"], None]


class _Standing(NamedTuple):
    """What of the account and its calendars decides whether there is anything to sync."""

    account_id: int
    state: str
    paused: str
    calendars: tuple[tuple[int, str, str, bool, str], ...]

    @property
    def works(self) -> bool:
        return self.state == "ok" and not self.paused


class _Waiting(NamedTuple):
    """What waits to be sent, as a number that grows with every change."""

    rows: int
    revisions: int
    newest: int


_NOTHING = _Waiting(0, 0, 0)


class SyncJob:
    """Cycles of the sync, when they are due.

    Args:
        watch: the worker's reading connection.
        source_of: makes the source of clients, when there is something to do for the first time.
        told: gets what each cycle came to.
        chance: a number between 0 and 1, for the jitter.
    """

    name = "sync"

    def __init__(
        self,
        database: Database,
        watch: Watch,
        *,
        clock: Clock,
        waiter: Waiter,
        source_of: SourceOf,
        told: Told | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database, self._watch = database, watch
        self._lease = Lease(database, clock=clock)
        self._clock, self._waiter, self._chance = clock, waiter, chance
        self._source_of, self._told = source_of, told
        self._engine: Engine | None = None
        self._source: RemoteSource | None = None
        self._seen: _Standing | None = None
        self._stuck = _NOTHING
        self._next_full = self._next_push = float("-inf")
        self._rest: tuple[float, float] | None = None
        self._full, self._asked, self._more = True, False, False
        self._parted: float | None = None

    def due(self, now: float, *, moved: bool, asked: bool) -> bool:
        if self._rest is not None:  # counted from the end of the cycle: one may last for minutes
            self._next_full, self._next_push = now + self._rest[0], now + self._rest[1]
            self._rest = None
        jumped = self._jumped(now)
        if not (moved or asked or jumped or self._more or now >= self._next_full):
            return False
        self._more = False
        with database_errors(self._database.path):
            return self._look(now, asked=asked, jumped=jumped)

    def _look(self, now: float, *, asked: bool, jumped: bool) -> bool:
        standing, before = self._standing(), self._seen
        self._full, self._asked = True, asked
        if wanted(self._watch.connection) or (asked and standing is not None):
            return True
        if standing is None:
            self._seen, self._next_full = None, now + EVERY_S
            return False
        if not standing.works:
            self._seen, self._next_full = standing, now + EVERY_S
            return False
        if before is None:
            self._seen = standing
            self._next_full = self._next_push = now + self._left()
        elif standing != before:
            return True
        if jumped or now >= self._next_full:
            return True
        self._full = False
        waiting = self._waiting()
        return waiting.rows > 0 and waiting != self._stuck and now >= self._next_push

    def run(self, now: float) -> bool:
        with database_errors(self._database.path):
            question, before = wanted(self._watch.connection), self._waiting()
        try:
            report = self._ready().cycle(pull=self._full, calendars=self._asked or bool(question))
        except Taken:  # a command is at it
            self._rest = BUSY_S, BUSY_S
            return False
        if self._waiter.stopping:
            raise Stopped
        if question:
            give(self._database, self._lease, question, report)
        with database_errors(self._database.path):
            self._seen, after, left = self._standing(), self._waiting(), self._left()
        self._stuck = after if after == before else _NOTHING  # what came meanwhile is sent in the next turn
        self._more = after.rows > 0
        if self._full or left:
            self._rest = left or EVERY_S * (0.9 + 0.2 * self._chance()), left
        if self._told is not None:
            self._told(report)
        return report.changed

    def close(self) -> None:
        """Close what is open to the network."""
        if self._source is not None:
            self._source.close()

    def _ready(self) -> Engine:
        """The engine, made when it is needed first: it brings the network along."""
        if self._engine is None:
            from couchcal.sync.engine import Engine

            self._source = self._source_of(self._database)
            self._engine = Engine(
                self._database, self._source, clock=self._clock, waiter=self._waiter, lease=self._lease
            )
        return self._engine

    def _standing(self) -> _Standing | None:
        connection = self._watch.connection
        account = ledger.account(connection)
        if account is None:
            return None
        calendars = ledger.links(connection, account.id)
        return _Standing(
            account.id,
            account.state,
            account.paused,
            tuple((link.id, link.role, link.direction, link.enabled, link.state) for link in calendars),
        )

    def _waiting(self) -> _Waiting:
        row = self._watch.connection.execute(
            "SELECT count(*), coalesce(sum(revision), 0), coalesce(max(id), 0) FROM sync_outbox"
            " WHERE state <> 'blocked' AND (next_at IS NULL OR next_at <= ?)",
            (ledger.epoch(self._clock()),),
        ).fetchone()
        return _Waiting(*map(int, row))

    def _left(self) -> float:
        """Seconds until the sync wants to be tried again, 0 if it may be now."""
        account = ledger.account(self._watch.connection)
        if account is None or account.next_try is None:
            return 0.0
        left = account.next_try - self._clock()
        return left.total_seconds() if timedelta() < left <= LONGEST_PAUSE else 0.0

    def _jumped(self, now: float) -> bool:
        """Whether the machine slept, or its clock was set, since this was asked before."""
        parted = self._clock().timestamp() - now
        before, self._parted = self._parted, parted
        return before is not None and abs(parted - before) > JUMP_S
