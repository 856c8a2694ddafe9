"""Giving way: the worker rests while somebody else computes, and only then."""

from __future__ import annotations

import sys
import threading
import time

from couchcal.worker.pacing import BUSY_S, LONGEST_REST_S, PoliteWaiter, short_turns


class Rests(threading.Event):
    """Counts how often it was waited on; somebody computes during the first `busy` of them."""

    def __init__(self, busy: int = 0) -> None:
        super().__init__()
        self.count, self._busy = 0, busy

    def wait(self, timeout: float | None = None) -> bool:
        self.count += 1
        if self.count <= self._busy:
            compute()
        return self.is_set()


def compute() -> None:
    """Another thread uses the processor."""

    def burn() -> None:
        until = time.thread_time() + 4 * BUSY_S
        while time.thread_time() < until:
            pass

    thread = threading.Thread(target=burn)
    thread.start()
    thread.join()


def test_nobody_is_waited_for_who_does_nothing() -> None:
    rests = Rests()
    waiter = PoliteWaiter(rests)
    waiter.pace()
    before = rests.count
    for _ in range(5):
        waiter.pace()
    assert rests.count == before


def test_it_rests_until_the_others_are_through() -> None:
    rests = Rests(busy=3)
    waiter = PoliteWaiter(rests)
    waiter.pace()
    rests.count = 0
    compute()
    waiter.pace()
    assert rests.count == 4


def test_others_who_never_rest_do_not_stop_the_work() -> None:
    rests = Rests(busy=1000)
    waiter = PoliteWaiter(rests)
    compute()
    waiter.pace()
    assert 1 <= rests.count <= LONGEST_REST_S / BUSY_S


def test_a_stop_ends_the_rest() -> None:
    rests = Rests(busy=1000)
    rests.set()
    waiter = PoliteWaiter(rests)
    compute()
    waiter.pace()
    assert rests.count == 1


def test_turns_are_short_for_as_long_as_it_lasts() -> None:
    before = sys.getswitchinterval()
    with short_turns():
        assert sys.getswitchinterval() < before
    assert sys.getswitchinterval() == before
