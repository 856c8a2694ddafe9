"""What `couchcal doctor` says of the sync, and `couchcal doctor google --probe`."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from datetime import timedelta

from couchcal.cli.context import opened
from couchcal.cli.doctor_patient import Finding
from couchcal.cli.occurrence_json import write_json_list
from couchcal.cli.plain import one_line
from couchcal.cli.prompt import confirmed
from couchcal.cli.remote_errors import RemoteTrouble, remote_errors
from couchcal.cli.sync_steering import worker_runs
from couchcal.cli.sync_turn import account_status
from couchcal.cli.sync_words import PAUSED
from couchcal.clock import system_clock
from couchcal.errors import EXIT_REMOTE, CouchcalError
from couchcal.store.connection import Connection
from couchcal.sync.status import Status, read

STALE = timedelta(days=1)
"""A sync that did not get through for so long is worth a word."""
_QUESTION = (
    "This makes a calendar in your Google account, tries some things on it for a minute and removes it."
    " Nothing of the practice is sent. Go on?"
)


def findings(connection: Connection, *, encrypted: bool) -> Iterator[Finding]:
    """How the sync is (SYNC-19), where an account is connected."""
    status = read(connection)
    if status is None:
        yield Finding("google", "ok", "not connected")
        return
    if status.connected:
        yield Finding("google", "ok", f"connected with {status.email}")
    else:
        yield Finding("google", "fail", "the sign-in is over", "couchcal google connect")
    yield _secret(connection, encrypted=encrypted)
    yield _last(status)
    yield _waiting(status)
    if worker_runs(connection):
        yield Finding("worker", "ok", "a process keeps everything in sync")
    else:
        yield Finding("worker", "ok", "not running; the calendar syncs while it is open, couchcal worker always")


def _secret(connection: Connection, *, encrypted: bool) -> Finding:
    row = connection.execute(
        "SELECT a.secret_ref, EXISTS (SELECT 1 FROM account_secret s WHERE s.account_id = a.id)"
        " FROM calendar_account a WHERE a.state <> 'disabled' ORDER BY a.id LIMIT 1"
    ).fetchone()
    place, in_database = row
    if in_database and not encrypted:
        return Finding(
            "google_token", "warn", "the sign-in is kept in a database that is not encrypted",
            "use a keyring, or init a new database without --no-encryption",
        )  # fmt: skip
    if in_database:
        return Finding("google_token", "ok", "the sign-in is kept in the encrypted database")
    if place:
        return Finding("google_token", "ok", "the sign-in is kept in the keyring of this computer")
    return Finding("google_token", "fail", "there is no sign-in any more", "couchcal google connect")


def _last(status: Status) -> Finding:
    if status.failures:
        return Finding(
            "sync", "warn", f"{status.failures} in a row did not get through: {status.last_error}",
            "couchcal sync tries again now",
        )  # fmt: skip
    if status.last_ok is None:
        return Finding("sync", "warn", "it never got through yet", "couchcal sync")
    last = status.last_ok.isoformat(timespec="minutes")
    if system_clock() - status.last_ok > STALE:
        return Finding("sync", "warn", f"the last one was at {last}", "couchcal sync, or couchcal worker")
    return Finding("sync", "ok", f"the last one was at {last}")


def _waiting(status: Status) -> Finding:
    counts = f"{status.pending} to send, {status.blocked} blocked, {status.review} to review"
    if status.paused:
        message, fix = PAUSED.get(status.paused, PAUSED["user"])
        return Finding("sync_waiting", "warn", f"{message}; {counts}", fix)
    if status.review or status.blocked:
        fix = "couchcal sync review" if status.review else "couchcal sync says why"
        return Finding("sync_waiting", "warn", counts, fix)
    return Finding("sync_waiting", "ok", counts)


class StillThere(CouchcalError):
    """A calendar of the probe could not be removed: exit code 4."""

    code = "left_behind"
    exit_code = EXIT_REMOTE


def run_probe(args: Namespace) -> int:
    """Settle what Google's documentation leaves open, on a calendar that is removed again.

    Raises:
        NotConnected: no account is connected. RemoteTrouble: Google does not answer. StillThere.
    """
    from couchcal.sync.google import config
    from couchcal.sync.google.auth import Source
    from couchcal.sync.google.probe import CouldNotRemove, probe
    from couchcal.sync.port import RemoteProblem
    from couchcal.sync.waiter import RealWaiter

    with opened(args) as practice:
        account_status(practice)
        if not args.yes and not confirmed("doctor google --probe", _QUESTION):
            return 0
        source = Source(practice.database)
        try:
            with remote_errors():
                points = probe(source().http, config.api_url(), RealWaiter())
        except CouldNotRemove as error:
            cause = error.__context__
            why = RemoteTrouble(cause).message if isinstance(cause, RemoteProblem) else "Google did not do it"
            raise StillThere(
                f"the calendar '{error.args[0]}' could not be removed: {why}", "remove it in Google Calendar"
            ) from None
        finally:
            source.close()
    if args.json:
        write_json_list(point._asdict() for point in points)
    else:
        for point in points:
            sys.stdout.write(f"{point.number:>2}  {point.question}\n    {one_line(point.answer)}\n")
    return 0
