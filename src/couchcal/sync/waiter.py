"""Waiting that a stop ends at once, and trying again what did not get through."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from couchcal.sync.port import Transient

T = TypeVar("T")

TRIES = 5
"""How often one request is tried in its turn: once, and up to four times more."""
LONGEST_DELAY = 64.0
"""Seconds. Who is told to wait longer gives up this turn and comes back at the next cycle."""
SLICE = 20.0
"""Seconds of waiting after which the lease is renewed."""


class Stopped(Exception):
    """The program, or the person at it, ends the work; what is done stays done."""


class Unreachable(Transient):
    """One request did not get through in all its tries: the service, or the way to it, is out of order."""


class Waiter(Protocol):
    """How time passes for the engine. Real programs wait; tests move a clock."""

    @property
    def stopping(self) -> bool:
        """Whether the work is to end as soon as it can."""

    def wait(self, seconds: float) -> bool:
        """Let this much time pass; False as soon as the work is to end."""

    def pace(self) -> None:
        """Called between pieces of work: lets others run who share this interpreter."""


class RealWaiter:
    """Waits on an event; whoever sets it ends the waiting and the work.

    Args:
        breath: seconds to sleep at each `pace`, for a thread beside a screen; 0 for a program of its own.
    """

    def __init__(self, stop: threading.Event | None = None, *, breath: float = 0.0) -> None:
        self.stop = stop or threading.Event()
        self._breath = breath

    @property
    def stopping(self) -> bool:
        return self.stop.is_set()

    def wait(self, seconds: float) -> bool:
        return not self.stop.wait(max(seconds, 0.0))

    def pace(self) -> None:
        if self._breath:
            time.sleep(self._breath)


def _nothing() -> None:
    return None


def trying(
    waiter: Waiter,
    call: Callable[[], T],
    *,
    rng: random.Random | None = None,
    beat: Callable[[], object] = _nothing,
) -> T:
    """What `call` returns, tried again while it raises `Transient`: after 2**n * (1 to 2) seconds, never sooner
    than the service asks for.

    Args:
        beat: called before each piece of a wait, so that nobody takes this work for abandoned.

    Raises:
        Unreachable: it did not get through in `TRIES` tries, or is to be left alone for longer than a turn lasts.
        Stopped: the work ends.
    """
    chance = rng or _CHANCE
    for turn in range(TRIES):
        if waiter.stopping:
            raise Stopped
        try:
            return call()
        except Transient as problem:
            asked = problem.retry_after or 0.0
            if turn == TRIES - 1 or asked > LONGEST_DELAY:
                raise Unreachable(
                    problem.message, retry_after=problem.retry_after, limited=problem.limited
                ) from problem
            delay = max(min(2**turn * chance.uniform(1.0, 2.0), LONGEST_DELAY), asked)
        while delay > 0:
            beat()
            if not waiter.wait(min(delay, SLICE)):
                raise Stopped
            delay -= SLICE
    raise AssertionError("the last try returns or raises")


_CHANCE = random.Random()  # noqa: S311  spreads tries over time, guards no secret
