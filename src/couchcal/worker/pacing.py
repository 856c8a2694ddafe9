"""Working beside a screen: a thread that computes gives way, so that keys are answered as ever.

One interpreter runs one thread at a time, and shares its time evenly: beside a thread that computes, whatever a key
brings about takes twice as long. So between two pieces of work it is looked whether anybody else in this process
computes, and if so it is waited until that is through.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from couchcal.sync.waiter import RealWaiter

SWITCH_S = 0.001
"""The switch interval beside a screen, a fifth of Python's own: one key waits several times for its turn."""
BUSY_S = 0.0005
"""Processor time of other threads since the last look that is somebody at work, not a timer."""
REST_S, LONGEST_REST_S = 0.005, 0.05
"""For how long the others are left alone at a time, and in all: a key that is held down must not stop the work."""


class PoliteWaiter(RealWaiter):
    """Rests at each `pace` while other threads of the process are at work."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__(stop)
        self._others = 0.0

    def pace(self) -> None:
        until = time.monotonic() + LONGEST_REST_S
        while self._others_work() and time.monotonic() < until and not self.stop.wait(REST_S):
            pass

    def _others_work(self) -> bool:
        """Whether other threads used the processor since this was asked before."""
        before, self._others = self._others, time.process_time() - time.thread_time()
        return self._others - before > BUSY_S


@contextmanager
def short_turns() -> Iterator[None]:
    """Let other threads of the process have their turn sooner than usual, as long as this lasts."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(SWITCH_S, before))
    try:
        yield
    finally:
        sys.setswitchinterval(before)
