"""Once a day every series gets its rows up to the horizon, our own and those of other calendars (REC-08)."""

from __future__ import annotations

from datetime import datetime, timedelta

from couchcal.clock import Clock
from couchcal.practice.agenda import horizon_reached
from couchcal.store.connection import Database, database_errors
from couchcal.worker.watch import Watch

EVERY_S = 24 * 3600.0
FIRST_S = 10.0
"""How long after the start: what is on screen comes first."""
OTHERS_AHEAD, OTHERS_LEAST = timedelta(days=730), timedelta(days=400)
"""How far ahead other calendars get their occurrences, and how near that may have come before they get more."""


class SeriesJob:
    """Tops up series. Loads the ORM only where rows are lacking.

    Args:
        watch: the worker's reading connection.
        at_once: do it the first time it is asked, not some seconds later.
    """

    name = "series"

    def __init__(self, database: Database, watch: Watch, *, clock: Clock, at_once: bool = False) -> None:
        self._database, self._watch, self._clock = database, watch, clock
        self._next = float("-inf") if at_once else None

    def due(self, now: float, *, moved: bool, asked: bool) -> bool:
        if self._next is None:
            self._next = now + FIRST_S
        return now >= self._next

    def run(self, now: float) -> bool:
        start = self._clock()
        with database_errors(self._database.path):
            ours, others = self._ours_lack_rows(start), self._others_lack_rows(start)
        changed = False
        if ours:
            from couchcal.practice.series import extend_all

            changed = extend_all(self._database, start, start, clock=self._clock) > 0
        if others:
            from couchcal.practice.external import extend
            from couchcal.store.session import write_session

            with write_session(self._database, "Extended calendars", actor="worker", clock=self._clock) as session:
                extend(session, start, start + OTHERS_AHEAD)
            changed = True
        self._next = now + EVERY_S
        return changed

    def _ours_lack_rows(self, start: datetime) -> bool:
        row = self._watch.connection.execute(
            "SELECT max(63, window_days + 14) FROM practice ORDER BY id LIMIT 1"
        ).fetchone()
        return row is not None and not horizon_reached(
            self._watch.connection, start, start + timedelta(days=row[0])
        )

    def _others_lack_rows(self, start: datetime) -> bool:
        until = int((start + OTHERS_LEAST).timestamp())
        row = self._watch.connection.execute(
            "SELECT EXISTS(SELECT 1 FROM external_event WHERE rrule <> '' AND expanded_to < ?)", (until,)
        ).fetchone()
        return bool(row[0])
