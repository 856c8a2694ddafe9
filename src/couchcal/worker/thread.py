"""The worker as a thread of a program: of the screen, of the booking page, or of `couchcal worker`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from couchcal.clock import Clock, system_clock
from couchcal.store.connection import Database
from couchcal.sync.lease import Lease
from couchcal.sync.waiter import RealWaiter
from couchcal.worker.backup_job import BackupJob
from couchcal.worker.calendar_file_job import CalendarFileJob
from couchcal.worker.jobs import Job
from couchcal.worker.loop import WORKER, Log, Loop
from couchcal.worker.mail_job import AgendaJob, MailJob, ReminderJob
from couchcal.worker.pacing import PoliteWaiter, short_turns
from couchcal.worker.requests_job import RequestsJob
from couchcal.worker.series_job import SeriesJob
from couchcal.worker.sync_job import RemoteSource, SourceOf, SyncJob, Told
from couchcal.worker.watch import Watch

PATIENCE_S = 0.05
"""How long `stop` waits for the thread; one that waits for an answer of the network is left behind."""


class Worker:
    """All background work of a practice, in a daemon thread with connections of its own.

    One process at a time does it; in others the thread waits to take over. Nothing of the network is imported
    before there is an account, and then in the thread.

    Args:
        clock: what the jobs take for the time.
        on_change: called in the thread after a change that a screen may show.
        log: gets lines for a log, without names.
        told: gets the outcome of each cycle of the sync.
        polite: rest between pieces of work, for the sake of a screen in the same process.
        source_of: makes the source of clients; Google's, if nothing else is said.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock = system_clock,
        on_change: Callable[[], None] | None = None,
        log: Log | None = None,
        told: Told | None = None,
        polite: bool = True,
        source_of: SourceOf | None = None,
    ) -> None:
        self._database = database.another()
        self._clock, self._on_change = clock, on_change
        self._log, self._told, self._polite = log or _silent, told, polite
        self._source_of = source_of or _google
        self._stop, self._nudge = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the thread is there."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, *, once: bool = False) -> None:
        """Begin; nothing happens if it has begun. A screen calls this when it is there, not on the way.

        Args:
            once: end when what is due is done.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, args=(once,), name="couchcal-worker", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Have it sync now. Returns at once; where another process does the work, that one is asked."""
        self._nudge.set()

    def stop(self) -> None:
        """End within a tenth of a second, whatever is under way; what is half done is done again next time.

        The lease is given back, or is free as soon as this process is gone.
        """
        self._stop.set()
        self._nudge.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(PATIENCE_S)

    def _work(self, once: bool) -> None:
        database = self._database
        with ExitStack() as stack:
            stack.callback(database.dispose)
            if self._polite:
                stack.enter_context(short_turns())
            watch = Watch(database)
            stack.callback(watch.close)
            lease = Lease(database, clock=self._clock, name=WORKER)
            waiter = PoliteWaiter(self._stop) if self._polite else RealWaiter(self._stop)
            sync = SyncJob(
                database, watch, clock=self._clock, waiter=waiter, source_of=self._source_of, told=self._told
            )
            stack.callback(sync.close)
            jobs: Sequence[Job] = (
                sync,
                SeriesJob(database, watch, clock=self._clock, at_once=once),
                RequestsJob(database, watch, clock=self._clock),
                AgendaJob(database, watch, clock=self._clock),
                MailJob(database, watch, clock=self._clock, waiter=waiter),
                BackupJob(database, watch, clock=self._clock, at_once=once),
                ReminderJob(database, watch, clock=self._clock, waiter=waiter),
                CalendarFileJob(database, watch, clock=self._clock, log=self._log),
            )
            loop = Loop(
                jobs,
                lease,
                watch,
                stop=self._stop,
                nudge=self._nudge,
                log=self._log,
                on_change=self._on_change,
            )
            if once:
                loop.once()
            else:
                loop.run()


def _google(database: Database) -> RemoteSource:
    from couchcal.sync.google.auth import Source

    return Source(database)


def _silent(_line: str) -> None:
    """Nobody reads the log."""
