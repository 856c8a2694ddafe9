"""Requests whose time is up are let go of, by the minute (REQ-04)."""

from __future__ import annotations

from couchcal.clock import Clock
from couchcal.practice.request_answers import expire
from couchcal.practice.requests import anything_over
from couchcal.store.connection import Database, database_errors
from couchcal.worker.watch import Watch

EVERY_S = 30.0


class RequestsJob:
    """Expires holds and requests. Loads the ORM only where there is one.

    Args:
        watch: the worker's reading connection.
    """

    name = "requests"

    def __init__(self, database: Database, watch: Watch, *, clock: Clock) -> None:
        self._database, self._watch, self._clock = database, watch, clock
        self._next = float("-inf")

    def due(self, now: float, *, moved: bool, asked: bool) -> bool:
        if now < self._next:
            return False
        self._next = now + EVERY_S
        with database_errors(self._database.path):
            return anything_over(self._watch.connection, self._clock())

    def run(self, now: float) -> bool:
        return expire(self._database, clock=self._clock) > 0
