"""The engine of the sync: who may run a cycle, and what a person or the worker may ask of one (`sync.cycle`).

One process runs a cycle at a time (`lease`).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing

from couchcal.clock import Clock
from couchcal.store.connection import Database, database_errors
from couchcal.sync import planning, trail
from couchcal.sync.cycle import Cycle, Wish
from couchcal.sync.lease import Lease, Taken, holder
from couchcal.sync.port import Progress, Remote
from couchcal.sync.report import Plan, Report
from couchcal.sync.waiter import Waiter


class Engine:
    """Runs cycles for the one account there is.

    Args:
        remote_of: called once a cycle; may raise NeedsSignIn or Transient.
        on_progress: told how far a cycle is, in the thread that runs it.
        lease: one that is kept between cycles; without it each cycle takes its own.
    """

    def __init__(
        self,
        database: Database,
        remote_of: Callable[[], Remote],
        *,
        clock: Clock,
        waiter: Waiter,
        on_progress: Callable[[Progress], object] | None = None,
        lease: Lease | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.database = database
        self.remote_of = remote_of
        self.clock = clock
        self.waiter = waiter
        self.on_progress = on_progress
        self.lease = lease
        self.rng = rng or random.Random()  # noqa: S311  spreads tries over time, guards no secret

    def cycle(self, *, pull: bool = True, push: bool = True, calendars: bool = False, anew: bool = False) -> Report:
        """Sync now, whatever `next_try` says.

        Args:
            pull, push: whether to read, whether to send.
            calendars: a person asks: read the list of calendars, and send what did not get through, although it is
                not time for that.
            anew: read everything, not only what changed.

        Raises:
            Taken: another process is at it. DatabaseProblem.
        """
        lease = self.lease or Lease(self.database, clock=self.clock)
        kept = lease.held
        if not lease.take():
            lease.close()
            with closing(self.database.connect()) as connection:
                raise Taken(holder(connection))
        try:
            with database_errors(self.database.path), closing(self.database.connect()) as connection:
                report = Cycle(
                    self.database,
                    self.remote_of,
                    connection=connection,
                    lease=lease,
                    clock=self.clock,
                    waiter=self.waiter,
                    rng=self.rng,
                    wish=Wish(pull, push, calendars, anew),
                    on_progress=self.on_progress,
                ).run()
                trail.note(connection, report, self.clock())
                return report
        finally:
            if not kept:
                lease.release()

    def plan(self) -> Plan:
        """What a cycle would do: reads, applies nothing, sends nothing. No names in it."""
        with database_errors(self.database.path), closing(self.database.connect()) as connection:
            return planning.plan(connection, self.remote_of, self.clock, self.waiter)
