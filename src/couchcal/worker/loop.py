"""The loop of the worker: looks every half a second whether a job is due, and lets none of them end the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from couchcal.sync.lease import Lease, ask
from couchcal.sync.waiter import Stopped
from couchcal.worker.jobs import Job
from couchcal.worker.watch import Watch

WORKER = "worker"
"""The name of the lease of the process that does the background work. What it does has leases of its own, so that a
command can sync while the worker rests."""
POLL_S = 0.5
"""How long a commit of anybody stays unnoticed at most."""
RENEW_S = 20.0
"""How often the lease is renewed while there is nothing to do: a third of the time it is good for."""
TRY_S = 5.0
"""How often it is tried to take over from another process, while nobody writes."""
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 5.0, 1800.0
"""How long a job that crashed is left alone: twice as long each time."""

Ticks = Callable[[], float]
Log = Callable[[str], None]


@dataclass(slots=True)
class Patience:
    """When something that failed may be tried again."""

    failures: int = 0
    not_before: float = float("-inf")

    def fail(self, now: float) -> float:
        """Count another failure; the seconds it is left alone."""
        wait = min(FIRST_BACKOFF_S * 2.0 ** min(self.failures, 20), LONGEST_BACKOFF_S)
        self.failures, self.not_before = self.failures + 1, now + wait
        return wait

    def succeed(self) -> None:
        """Forget the failures."""
        self.failures, self.not_before = 0, float("-inf")


@dataclass(slots=True)
class _Seat:
    """A job, whether somebody wrote since it was asked, and how it does."""

    job: Job
    moved: bool = True
    patience: Patience = field(default_factory=Patience)


class Loop:
    """All jobs of a worker, one after the other, in the thread that calls.

    Args:
        lease: of the worker; while another process has it nothing runs here.
        stop: set it, then `nudge`, to end the loop.
        nudge: set it for a person who wants the work done now, by whichever process does it.
        ticks: monotonic seconds.
        on_change: called after a job that changed something.
        log: gets one line for each thing worth knowing, without names.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        lease: Lease,
        watch: Watch,
        *,
        stop: threading.Event,
        nudge: threading.Event,
        log: Log,
        ticks: Ticks = time.monotonic,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self._seats = [_Seat(job) for job in jobs]
        self._lease, self._watch = lease, watch
        self._stop, self._nudge = stop, nudge
        self._ticks, self._on_change, self._log = ticks, on_change, log
        self._patience = Patience()
        self._take_at = float("-inf")

    def run(self) -> None:
        """Work until `stop` is set, then give the lease back."""
        try:
            while not self._stop.is_set():
                asked = self._nudge.is_set()
                self._nudge.clear()
                if not self._stop.is_set():
                    self.turn(asked=asked)
                    self._nudge.wait(POLL_S)
        finally:
            self.leave()

    def once(self) -> None:
        """Run what is due, then give the lease back."""
        try:
            self.turn()
            if not self._lease.held and not self._patience.failures:
                self._log("worker: another process does the work")
        finally:
            self.leave()

    def leave(self) -> None:
        """Give the lease back, so that another process can go on at once."""
        if self._lease.held:
            try:
                self._lease.release()
            except Exception as error:
                self._log(f"the lease runs out by itself ({type(error).__name__})")

    def turn(self, *, asked: bool = False) -> None:
        """Look once, and run what is due."""
        now = self._ticks()
        if now < self._patience.not_before and not asked:
            return
        try:
            moved = self._watch.moved()
            for seat in self._seats:
                seat.moved |= moved
            held = self._holds(now, moved=moved or asked)
            if asked and not held:
                ask(self._watch.connection)
        except Exception as error:
            self._failed(self._patience, "worker", error)
            return
        self._patience.succeed()
        if not held:
            return
        for seat in self._seats:
            if self._stop.is_set() or not self._lease.held:
                return
            self._serve(seat, asked=asked)

    def _holds(self, now: float, *, moved: bool) -> bool:
        """Whether the lease is ours; it is taken if it can be had, and renewed in time."""
        before = self._lease.held
        if now >= self._take_at or (moved and not before):
            if self._lease.take():
                self._take_at = now + RENEW_S
            else:
                self._take_at = now + TRY_S
                if before:
                    self._log("worker: another process does the work now")
        return self._lease.held

    def _serve(self, seat: _Seat, *, asked: bool) -> None:
        now, job = self._ticks(), seat.job
        if now < seat.patience.not_before and not asked:
            return
        moved, seat.moved = seat.moved, False
        try:
            if not job.due(now, moved=moved, asked=asked):
                return
            changed = job.run(now)
        except Stopped:
            return
        except Exception as error:
            seat.moved = True
            self._failed(seat.patience, job.name, error)
            return
        seat.patience.succeed()
        if changed and self._on_change is not None:
            with suppress(Exception):  # a screen that is gone by now
                self._on_change()

    def _failed(self, patience: Patience, name: str, error: Exception) -> None:
        """Say what kind of error it was and no more: its text may hold names."""
        wait = patience.fail(self._ticks())
        self._log(f"{name}: went wrong ({type(error).__name__}), tried again in {wait:.0f} s")
