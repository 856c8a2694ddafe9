"""Mail as a job: sends letters when they are due, reminders in their time, and the day's agenda in the morning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from couchcal.clock import Clock
from couchcal.errors import CouchcalError
from couchcal.mail import day as mail_day
from couchcal.mail.reminder_plan import plan, wanted, work_left
from couchcal.practice.agenda import practice_facts
from couchcal.settings import load as load_settings
from couchcal.store.connection import Database, database_errors
from couchcal.sync.waiter import Stopped, Waiter
from couchcal.worker.watch import Watch

if TYPE_CHECKING:
    from couchcal.mail.config import MailConfig

LOOK_S = 30.0
"""How often it is looked, at the latest, what time has made due."""
NOT_SET_UP_S = 60.0
"""How long letters wait before it is looked again whether mail is set up by now."""


class MailJob:
    """Sends the outbox.

    Args:
        watch: the worker's reading connection.
    """

    name = "mail"

    def __init__(self, database: Database, watch: Watch, *, clock: Clock, waiter: Waiter) -> None:
        self._database, self._watch = database, watch
        self._clock, self._waiter = clock, waiter
        self._next = self._rest_until = float("-inf")
        self._first = True

    def due(self, now: float, *, moved: bool, asked: bool) -> bool:
        if now < self._rest_until and not asked:
            return False
        if not (moved or asked or now >= self._next):
            return False
        with database_errors(self._database.path):
            wait = self._seconds_left()
        self._next = now + min(LOOK_S, max(wait, 0.0))
        return wait <= 0

    def run(self, now: float) -> bool:
        from couchcal.mail import config, outbox
        from couchcal.mail.transport import Transport, Unreachable

        try:
            found = config.load()
        except CouchcalError as error:
            outbox.note_trouble(self._database, str(error), clock=self._clock)
            raise
        if found is None:
            self._rest_until = now + NOT_SET_UP_S
            return False
        self._rest_until = float("-inf")
        if self._first:
            outbox.leave_unknown(self._database, clock=self._clock)
            self._first = False
        sent = False
        with Transport(found) as transport:
            try:
                for _letter in outbox.send_due(self._database, found, transport, clock=self._clock):
                    sent = True
                    if self._waiter.stopping:
                        raise Stopped
            except Unreachable as error:
                outbox.note_trouble(self._database, str(error), clock=self._clock)
                raise
        return sent

    def _seconds_left(self) -> float:
        """Seconds until the next letter is due, below zero if it is; for ever if there is none."""
        (at,) = self._watch.connection.execute(
            "SELECT min(not_before) FROM outbox_email WHERE state = 'queued'"
        ).fetchone()
        return float("inf") if at is None else at - self._clock().timestamp()


class ReminderJob:
    """Plans reminders and sends them.

    Args:
        watch: the worker's reading connection.
    """

    name = "reminders"

    def __init__(self, database: Database, watch: Watch, *, clock: Clock, waiter: Waiter) -> None:
        self._database, self._watch = database, watch
        self._clock, self._waiter = clock, waiter
        self._next = self._rest_until = float("-inf")
        self._first = True

    def due(self, now: float, *, moved: bool, asked: bool) -> bool:
        if now < self._rest_until or not (moved or asked or now >= self._next):
            return False
        self._next = now + LOOK_S
        with database_errors(self._database.path):
            connection = self._watch.connection
            return wanted(connection) and work_left(connection, self._clock())

    def run(self, now: float) -> bool:
        from couchcal.mail import config, reminders
        from couchcal.mail.transport import Transport

        if self._first:
            reminders.leave_unknown(self._database, clock=self._clock)
            self._first = False
        changed = plan(self._database, clock=self._clock) > 0
        mail: MailConfig | None = config.load()
        ways = reminders.Ways(mail, config.load_text())
        transport = Transport(mail) if mail is not None else None
        try:
            for at_once in reminders.send_due(self._database, ways, transport, clock=self._clock):
                changed = True
                if not at_once:
                    self._rest_until = now + LOOK_S
                if self._waiter.stopping:
                    raise Stopped
        finally:
            if transport is not None:
                transport.close()
        return changed


class AgendaJob:
    """Queues the day's agenda for the practitioner once a day, at the time that `[mail] agenda` says."""

    name = "agenda"

    def __init__(self, database: Database, watch: Watch, *, clock: Clock) -> None:
        self._database, self._watch, self._clock = database, watch, clock
        self._next = float("-inf")

    def due(self, now: float, *, moved: bool, asked: bool) -> bool:
        if now < self._next:
            return False
        self._next = now + LOOK_S
        return self._day() is not None

    def run(self, now: float) -> bool:
        day = self._day()
        return day is not None and mail_day.queue(self._database, day, clock=self._clock)

    def _day(self) -> str | None:
        at = load_settings().mail.agenda
        if not at:
            return None
        with database_errors(self._database.path):
            connection = self._watch.connection
            return mail_day.to_tell(connection, at, practice_facts(connection).tz, self._clock())
