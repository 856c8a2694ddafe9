"""What steers the sync: how it stands, decisions, pause, log, direction, starting over."""

from __future__ import annotations

import socket
import sys
from argparse import Namespace
from collections.abc import Callable
from datetime import datetime

from couchcal.cli.context import Practice
from couchcal.cli.occurrence_json import write_json, write_json_list
from couchcal.cli.plain import clean
from couchcal.cli.sync_turn import account_status
from couchcal.cli.sync_words import PAUSED, moment, review_lines, status_lines, write_lines
from couchcal.clock import system_clock
from couchcal.clock_words import in_chosen_clock
from couchcal.errors import EXIT_PAUSED, NotFound, Refused, UsageProblem
from couchcal.practice.search import resolve_id
from couchcal.store.connection import Connection
from couchcal.sync import ledger, outbox, review
from couchcal.sync.lease import alive, holder, transaction
from couchcal.worker.loop import WORKER


class Waits(Refused):
    """It waits for a decision: exit code 5."""

    code = "paused"
    exit_code = EXIT_PAUSED


def worker_runs(connection: Connection) -> bool:
    """Whether some process does the background work now, as far as can be told from here."""
    found = holder(connection, WORKER)
    return found is not None and (found.host != socket.gethostname() or alive(found.pid))


def _status(practice: Practice, args: Namespace) -> int:
    found = account_status(practice)
    running = worker_runs(practice.connection)
    if not args.json:
        write_lines(status_lines(practice, found, running=running))
        return 0
    record = found._asdict()
    record.update(
        connected=found.connected, paused=found.paused or None, worker=running,
        last_ok=_text(found.last_ok), next_try=_text(found.next_try), last_error=found.last_error or None,
    )  # fmt: skip
    write_json(record)
    return 0


def _review(practice: Practice, args: Namespace) -> int:
    items = review.open_items(practice.connection)
    if args.json:
        write_json_list(item.as_json() for item in items)
    elif items:
        write_lines(line for item in items for line in review_lines(practice, item))
    else:
        sys.stdout.write("Nothing waits for your decision.\n")
    return 0


def _resolve(practice: Practice, args: Namespace) -> int:
    text = args.id.strip()
    items = {str(item.id): item for item in review.open_items(practice.connection)}
    if text not in items and (not text.isdecimal() or len(text) == 8):
        return _retry(practice, args, text)
    item = items.get(text)
    if item is not None and args.choice not in dict(item.choices):
        wrong = f"'{clean(args.choice)}' is no choice for {text}" if args.choice else f"say what to do about {text}"
        raise UsageProblem(wrong, ", ".join(f"{word}: {label.lower()}" for word, label in item.choices))
    done = review.resolve(practice.database, int(text), args.choice or "", clock=system_clock)
    if args.json:
        write_json({"resolved": text, "choice": args.choice})
        return 0
    label = dict(item.choices)[args.choice] if item is not None else done.label
    shown = in_chosen_clock(done.label) if practice.names == "full" else label
    sys.stdout.write(f"{text}: {clean(shown)}\n")
    return 0


def _retry(practice: Practice, args: Namespace, text: str) -> int:
    """Try again what the service would not take."""
    table, row_id = resolve_id(practice.connection, text)
    blocked = (
        {row.appointment_id for row in outbox.blocked(practice.connection)} if table == "appointment" else set()
    )
    if row_id not in blocked:
        raise NotFound(f"{text} is neither blocked nor to be reviewed", "couchcal sync review lists what waits")
    if args.choice != "retry":
        raise UsageProblem(f"say what to do about {text}", "retry: send it again with the next sync")
    with transaction(practice.connection):
        outbox.enqueue(practice.connection, [row_id])
    if args.json:
        write_json({"resolved": text, "choice": "retry"})
    else:
        sys.stdout.write(f"{text}: it is sent again with the next sync\n")
    return 0


def _pause(practice: Practice, args: Namespace) -> int:
    found = account_status(practice)
    _set_paused(practice, found.paused or "user")
    return _say(args, {"paused": found.paused or "user"}, "Paused. couchcal sync resume goes on.")


def _resume(practice: Practice, args: Namespace) -> int:
    found = account_status(practice)
    if found.paused not in ("", "user"):
        message, hint = PAUSED[found.paused]
        raise Waits(message, hint)
    _set_paused(practice, "")
    return _say(args, {"paused": None}, "Syncing goes on.")


def _set_paused(practice: Practice, why: str) -> None:
    with transaction(practice.connection):
        account = ledger.account(practice.connection)
        if account is not None and account.paused != why:
            ledger.pause(practice.connection, account.id, why)
            ledger.log(practice.connection, system_clock(), "paused" if why else "resumed")


def _log(practice: Practice, args: Namespace) -> int:
    lines = ledger.log_lines(practice.connection, args.lines)[::-1]
    if args.json:
        write_json_list({"at": at.isoformat(), "level": level, "text": text} for at, level, text in lines)
    elif lines:
        for at, level, text in lines:
            mark = "" if level == "info" else f"{level}: "
            sys.stdout.write(f"{moment(practice, at)}  {mark}{in_chosen_clock(clean(text))}\n")
    else:
        sys.stdout.write("The log is empty.\n")
    return 0


def _direction(practice: Practice, args: Namespace) -> int:
    from couchcal.sync import accounts

    account_status(practice)
    one_way = args.action == "one-way"
    accounts.set_direction(practice.database, "one_way" if one_way else "two_way", clock=system_clock)
    words = (
        "One-way: appointments are sent, and nothing is read back. What came from Google is gone from here."
        if one_way
        else "Two-way: what changes in Google is taken over with the next sync."
    )
    return _say(args, {"direction": "one_way" if one_way else "two_way"}, words)


def _say(args: Namespace, record: dict[str, object], words: str) -> int:
    if args.json:
        write_json(record)
    else:
        sys.stdout.write(f"{words}\n")
    return 0


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


ACTIONS: dict[str, Callable[[Practice, Namespace], int]] = {
    "status": _status, "review": _review, "resolve": _resolve, "pause": _pause, "resume": _resume, "log": _log,
    "one-way": _direction, "two-way": _direction,
}  # fmt: skip
"""What each action of `couchcal sync` does; returns the exit code."""
