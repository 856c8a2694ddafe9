"""A cycle of the sync for the command line: by this process, or by the one that does the background work."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from couchcal.cli.context import Practice
from couchcal.clock import system_clock
from couchcal.errors import EXIT_NEEDS_SIGN_IN, EXIT_PAUSED, EXIT_REMOTE, CouchcalError
from couchcal.store.connection import database_errors
from couchcal.sync.lease import Lease, ask, is_answered, wanted
from couchcal.sync.port import Progress
from couchcal.sync.status import Status, read
from couchcal.sync.waiter import RealWaiter

if TYPE_CHECKING:
    from couchcal.sync.engine import Engine
    from couchcal.worker.answers import Answer

LONGEST_S = 120.0
"""How long another process has to answer."""
POLL_S, TAKE_S = 0.2, 2.0
"""How often it is looked for the answer, and whether the other process is gone."""
EXIT_CODES = {"ok": 0, "needs_auth": EXIT_NEEDS_SIGN_IN, "retry": EXIT_REMOTE, "paused": EXIT_PAUSED}


class NotConnected(CouchcalError):
    """No account is connected: exit code 3."""

    code = "needs_auth"
    exit_code = EXIT_NEEDS_SIGN_IN


class NoAnswer(CouchcalError):
    """The process that does the work did not answer: exit code 4."""

    code = "retry"
    exit_code = EXIT_REMOTE


def account_status(practice: Practice) -> Status:
    """How the sync stands.

    Raises:
        NotConnected: no account is connected.
    """
    found = read(practice.connection)
    if found is None:
        raise NotConnected("no Google account is connected", "couchcal google connect")
    return found


@contextmanager
def engine(practice: Practice, lease: Lease | None = None) -> Iterator[Engine]:
    """The engine over the account's client, whose connections are closed afterwards."""
    from couchcal.sync.engine import Engine
    from couchcal.sync.google.auth import Source

    with closing(Source(practice.database)) as source:
        yield Engine(
            practice.database, source, clock=system_clock, waiter=RealWaiter(), lease=lease, on_progress=_progress()
        )


def taken(practice: Practice) -> Lease:
    """The lease of the sync, as soon as whoever syncs now is through.

    Raises:
        NoAnswer: that takes longer than `LONGEST_S`.
    """
    lease = Lease(practice.database, clock=system_clock)
    until = time.monotonic() + LONGEST_S
    while not lease.take():
        if time.monotonic() > until:
            raise NoAnswer("another process is syncing", "try again when it is through: couchcal sync status")
        time.sleep(POLL_S)
    return lease


def turn(practice: Practice) -> Answer:
    """One cycle now, and what it came to.

    Raises:
        NoAnswer: another process does the work and did not answer in `LONGEST_S`.
    """
    lease = Lease(practice.database, clock=system_clock)
    if lease.take():
        return _own_turn(practice, lease)
    from couchcal.worker.answers import given

    with database_errors(practice.database.path):
        question = ask(practice.connection)
        started = taken = time.monotonic()
        while not is_answered(practice.connection, question):
            now = time.monotonic()
            if now - started > LONGEST_S:
                raise NoAnswer(
                    f"the process that syncs did not answer in {LONGEST_S:.0f} seconds",
                    "nothing is lost; couchcal sync status shows how far it is",
                )
            if now - taken > TAKE_S:
                taken = now
                if lease.take():
                    return _own_turn(practice, lease)
            time.sleep(POLL_S)
        answer = given(practice.connection, question)
    if answer is not None:
        return answer
    raise NoAnswer("the process that syncs gave no report", "couchcal sync status shows how it stands")


def _own_turn(practice: Practice, lease: Lease) -> Answer:
    """A cycle by this process; whoever asks meanwhile gets its answer, too."""
    from couchcal.worker.answers import answer_of, give

    try:
        question = wanted(practice.connection)
        with engine(practice, lease) as made:
            report = made.cycle(calendars=True)
        if question and lease.held:
            give(practice.database, lease, question, report)
        return answer_of(report)
    finally:
        if lease.held:
            lease.release()


def _progress() -> Callable[[Progress], None] | None:
    """What shows a person at a terminal how far a long cycle is; None where nobody looks."""
    if not sys.stderr.isatty():
        return None
    shown = [time.monotonic()]

    def show(progress: Progress) -> None:
        now = time.monotonic()
        if now - shown[0] >= 1.0:
            shown[0] = now
            of = f" of {progress.of}" if progress.of else ""
            sys.stderr.write(f"\r{progress.doing} {progress.done}{of}\x1b[K\r")
            sys.stderr.flush()

    return show
