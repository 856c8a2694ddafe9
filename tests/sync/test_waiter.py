"""Tries are spread over time, told when to wait, and ended by a stop."""

from __future__ import annotations

import random
import threading

import pytest

from couchcal.sync.port import Rejected, Transient
from couchcal.sync.waiter import TRIES, RealWaiter, Stopped, Unreachable, trying


class Clockless:
    """Notes what it should wait; says stop once it was asked for so many waits."""

    def __init__(self, patience: int = 1000) -> None:
        self.waited: list[float] = []
        self.patience = patience

    @property
    def stopping(self) -> bool:
        return len(self.waited) >= self.patience

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return not self.stopping

    def pace(self) -> None:
        return None


class Service:
    """Raises each problem once, then answers."""

    def __init__(self, *problems: Exception) -> None:
        self.problems = list(problems)
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        if self.problems:
            raise self.problems.pop(0)
        return "answer"


def test_it_waits_twice_as_long_each_time() -> None:
    waiter, service = Clockless(), Service(*(Transient("no") for _ in range(4)))
    assert trying(waiter, service, rng=random.Random(1)) == "answer"  # noqa: S311  a known chance
    assert [2**n <= waited <= 2 ** (n + 1) for n, waited in enumerate(waiter.waited)] == [True] * 4


def test_it_gives_up_after_five_tries() -> None:
    service = Service(*(Transient(f"no {n}") for n in range(9)))
    with pytest.raises(Unreachable, match="no 4"):
        trying(Clockless(), service)
    assert service.asked == TRIES


def test_it_never_comes_back_before_it_is_asked_to() -> None:
    waiter = Clockless()
    trying(waiter, Service(Transient("busy", retry_after=33.0)))
    assert sum(waiter.waited) == 33.0


def test_who_is_told_to_come_back_much_later_does_not_wait_here() -> None:
    waiter = Clockless()
    with pytest.raises(Unreachable) as raised:
        trying(waiter, Service(Transient("busy", retry_after=900.0)))
    assert raised.value.retry_after == 900.0
    assert not waiter.waited


def test_what_is_refused_is_not_tried_again() -> None:
    service = Service(Rejected("never"))
    with pytest.raises(Rejected):
        trying(Clockless(), service)
    assert service.asked == 1


def test_a_long_wait_is_renewed_in_between() -> None:
    beats: list[int] = []
    trying(Clockless(), Service(Transient("busy", retry_after=50.0)), beat=lambda: beats.append(1))
    assert len(beats) == 3


def test_a_stop_ends_the_waiting_and_the_work() -> None:
    service = Service(Transient("no"), Transient("no"))
    with pytest.raises(Stopped):
        trying(Clockless(patience=1), service)
    assert service.asked == 1
    with pytest.raises(Stopped):
        trying(Clockless(patience=0), service)
    assert service.asked == 1


def test_a_real_wait_ends_when_it_is_stopped() -> None:
    waiter = RealWaiter()
    assert waiter.wait(0)
    stopper = threading.Timer(0.01, waiter.stop.set)
    stopper.start()
    assert not waiter.wait(600)
    assert waiter.stopping
