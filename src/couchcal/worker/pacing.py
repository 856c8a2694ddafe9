"""Working beside a screen: a thread that computes gives way, so that keys are answered as ever.

One interpreter runs one thread at a time. Whoever waits for it gets it after the switch interval at the earliest,
which is five milliseconds, and a screen waits several times for one key.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from couchcal.sync.waiter import RealWaiter

SWITCH_S = 0.0005
"""The switch interval while there is work: a tenth of Python's own."""
WORKED_S = 0.002
"""Processor time of the thread after which it rests."""
LONGEST_REST_S = 0.02


class PoliteWaiter(RealWaiter):
    """Rests at each `pace` for as long as the thread computed since it rested before: half of a processor is
    always left, whatever the work."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__(stop)
        self._rested_at = 0.0

    def pace(self) -> None:
        used = time.thread_time() - self._rested_at
        if used < 0 or used >= WORKED_S:
            self.stop.wait(min(abs(used), LONGEST_REST_S))
            self._rested_at = time.thread_time()


@contextmanager
def short_turns() -> Iterator[None]:
    """Let other threads of the process have their turn sooner than usual, as long as this lasts."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(SWITCH_S, before))
    try:
        yield
    finally:
        sys.setswitchinterval(before)
