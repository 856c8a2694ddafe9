"""`couchcal worker`: the background work as a program of its own, for a service or a timer."""

from __future__ import annotations

import signal
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING

from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.plain import one_line
from couchcal.clock import system_clock
from couchcal.errors import EXIT_NEEDS_SIGN_IN, EXIT_PAUSED, EXIT_REMOTE

if TYPE_CHECKING:
    from couchcal.sync.report import Report

_LOOK_S = 0.5
"""How often it is looked whether the worker ended; where a wait hears no signals, they are heard as often."""


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="do what is due and end, for a timer")


def _run(args: Namespace) -> int:
    with opened(args) as practice, _told_to_end() as ended:
        from couchcal.worker import Worker

        log = _Log()
        worker = Worker(practice.database, log=log.write, told=log.cycle, polite=False)
        worker.start(once=args.once)
        while worker.running and not ended.wait(_LOOK_S):
            pass
        worker.stop()
        return 0 if ended.is_set() or not args.once else _code(practice)


@contextmanager
def _told_to_end() -> Iterator[threading.Event]:
    """Set by the signals that end a program: this one ends as it should then, whatever is under way."""
    ended = threading.Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _code(practice: Practice) -> int:
    """The exit code that says how the sync stands."""
    from couchcal.sync import ledger, review

    account = ledger.account(practice.connection)
    if account is None:
        return 0
    if account.state == "needs_auth":
        return EXIT_NEEDS_SIGN_IN
    if review.holds_up(practice.connection):
        return EXIT_PAUSED
    return EXIT_REMOTE if account.next_try is not None else 0


class _Log:
    """Lines on standard error, each with its instant: what the worker says, and what is new of the sync."""

    def __init__(self) -> None:
        self._status = ""

    def write(self, line: str) -> None:
        moment = system_clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        sys.stderr.write(f"{moment} {one_line(line)}\n")
        sys.stderr.flush()

    def cycle(self, report: Report) -> None:
        """A cycle that did something, or ended otherwise than the one before."""
        if not report.changed and report.status == self._status:
            return
        self._status = report.status
        words: list[str] = [report.status]
        sums = (("received", "pulled"), ("sent", "pushed"), ("removed", "deleted"))
        for word, name in sums:
            count = sum(getattr(calendar, name) for calendar in report.calendars)
            words += [f"{count} {word}"] if count else []
        waiting = (
            ("waiting", report.pending), ("blocked", len(report.blocked)), ("to review", len(report.review))
        )  # fmt: skip
        words += [f"{count} {word}" for word, count in waiting if count]
        reason = f": {report.reason}" if report.reason else ""
        self.write(f"sync: {', '.join(words)}{reason}")


HANDLERS = {"worker": Handler(_configure, _run)}
