"""`couchcal sync`: a cycle now, again and again, or on trial; what steers the sync is in `sync_steering`."""

from __future__ import annotations

import random
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from couchcal.cli.actions import add_actions
from couchcal.cli.arguments import add_names, whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.occurrence_json import write_json
from couchcal.cli.plain import one_line
from couchcal.cli.prompt import confirmed
from couchcal.cli.sync_steering import ACTIONS
from couchcal.cli.sync_turn import EXIT_CODES, account_status, engine, taken, turn
from couchcal.cli.sync_words import cycle_line, cycle_lines, plan_lines, trouble, write_lines
from couchcal.clock import system_clock
from couchcal.sync import ledger, outbox

if TYPE_CHECKING:
    from couchcal.worker.answers import Answer
    from couchcal.worker.watch import Watch

EVERY_S = 60.0
"""How often `--watch` syncs, a tenth more or less; sooner when something waits to be sent."""
_LOOK_S = 0.5
_LOG_LINES = 50
_EXAMPLES = {
    "status": "couchcal sync status --json",
    "review": "couchcal sync review",
    "resolve": "couchcal sync resolve 3 restore",
    "pause": "couchcal sync pause",
    "resume": "couchcal sync resume",
    "log": "couchcal sync log --lines 20",
    "reset": "couchcal sync reset --events",
    "one-way": "couchcal sync one-way",
    "two-way": "couchcal sync two-way",
}


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("--watch", action="store_true", help="go on until ctrl+c, a line for each cycle")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")
    action = add_actions(parser, _EXAMPLES, required=False)
    add_names(parser)
    action("status", "how the sync stands")
    add_names(action("review", "what waits for your decision"), below=True)
    resolve = action("resolve", "decide on something to review, or try again what is blocked")
    resolve.add_argument("id", metavar="ID", type=whole_text, help="a number of review, or a blocked entry")
    resolve.add_argument("choice", metavar="CHOICE", type=whole_text, nargs="?", help="what to do about it")
    add_names(resolve, below=True)
    action("pause", "sync nothing until you resume")
    action("resume", "go on syncing")
    log = action("log", "what the sync did, the latest last")
    log.add_argument("--lines", metavar="N", type=_count, default=_LOG_LINES, help="how many (default: 50)")
    reset = action("reset", "read and compare everything anew, or start over with what is in Google")
    ways = reset.add_mutually_exclusive_group()
    ways.add_argument("--events", action="store_true", help="remove our events in Google, and send them again")
    ways.add_argument("--calendar", action="store_true", help="remove our calendar in Google, and make another")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    action("one-way", "send only: what came from Google leaves this calendar")
    action("two-way", "send, and take over what changes in Google")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:6]) <= ledger.LOG_LINES:
        raise ArgumentTypeError(f"give a number between 1 and {ledger.LOG_LINES}")
    return int(text)


def _run(args: Namespace) -> int:
    with opened(args) as practice:
        if args.action == "reset":
            return _reset(practice, args)
        if args.action is not None:
            return ACTIONS[args.action](practice, args)
        account_status(practice)
        if args.dry_run:
            return _plan(practice, args)
        return _watch(practice, args) if args.watch else _cycle(practice, args)


# a cycle


def _cycle(practice: Practice, args: Namespace) -> int:
    answer = turn(practice)
    if args.json:
        write_json(answer.report)
    else:
        write_lines(cycle_lines(practice, answer, system_clock()))
    return _ended(practice, answer)


def _reset(practice: Practice, args: Namespace) -> int:
    """Write down how to start over, and sync: that does it (SYNC-13, SYNC-20)."""
    from couchcal.sync.reset import How, reset

    account_status(practice)
    how: How = "calendar" if args.calendar else "events" if args.events else "cursors"
    question = {
        "events": "Remove our events in Google and send them again?",
        "calendar": "Remove our calendar in Google, with whatever is in it, and make another?",
    }.get(how)
    if question and not args.yes and not confirmed("sync reset", question):
        return 0
    lease = taken(practice)
    try:
        reset(practice.database, None, how=how, clock=system_clock, lease=lease)
    finally:
        if lease.held:
            lease.release()
    return _cycle(practice, args)


def _watch(practice: Practice, args: Namespace) -> int:
    from couchcal.worker.watch import Watch

    watch = Watch(practice.database)
    with suppress(KeyboardInterrupt), closing(watch):
        while True:
            watch.moved()  # what is committed from here on is noticed
            answer = turn(practice)
            if args.json:
                write_json(answer.report)
            else:
                write_lines([cycle_line(practice, answer, system_clock())])
            _ended(practice, answer)
            sys.stdout.flush()
            _wait(practice, watch, answer)
    return 0


def _wait(practice: Practice, watch: Watch, answer: Answer) -> None:
    """Until the next cycle: a minute, or until something is to be sent and may be."""
    left = _left(answer) or EVERY_S * random.uniform(0.9, 1.1)  # noqa: S311  spreads cycles over time
    until = time.monotonic() + left
    while time.monotonic() < until:
        time.sleep(_LOOK_S)
        moved = watch.moved()
        if moved and answer.status in ("ok", "paused") and outbox.anything_due(practice.connection, system_clock()):
            return


def _left(answer: Answer) -> float:
    """Seconds until the sync wants to be tried again."""
    next_try = answer.report["next_try"]
    if next_try is None:
        return 0.0
    left = datetime.fromisoformat(next_try) - system_clock()
    return min(max(left, timedelta()), timedelta(hours=1)).total_seconds()


def _plan(practice: Practice, args: Namespace) -> int:
    with engine(practice) as made:
        plan = made.plan()
    if args.json:
        write_json(asdict(plan))
    else:
        write_lines(plan_lines(practice, plan))
    return _told(practice, plan.status, plan.reason, None)


def _ended(practice: Practice, answer: Answer) -> int:
    next_try = answer.report["next_try"]
    when = datetime.fromisoformat(next_try) if next_try else None
    return _told(practice, answer.status, answer.reason, when)


def _told(practice: Practice, status: str, reason: str, next_try: datetime | None) -> int:
    """Say on standard error what is wrong; the exit code."""
    account = ledger.account(practice.connection)
    words = trouble(practice, status, reason, account.paused if account else "", next_try)
    if words:
        sys.stdout.flush()
        sys.stderr.write(f"couchcal: error: {one_line(words)}\n")
    return EXIT_CODES[status]


HANDLERS = {"sync": Handler(_configure, _run)}
