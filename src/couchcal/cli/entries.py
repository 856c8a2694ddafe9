"""Naming one entry by its id, looking at it, and saying what a change did to it."""

from __future__ import annotations

import sys
from argparse import Namespace
from datetime import UTC, datetime, timedelta

from couchcal.cli.context import Practice
from couchcal.cli.occurrence_json import occurrence, write_json
from couchcal.cli.plain import note, title_words, when_words
from couchcal.errors import CouchcalError, NotFound, Refused
from couchcal.practice.agenda import Entry, between, one
from couchcal.practice.locks import lock_reasons
from couchcal.practice.outcome import Done
from couchcal.practice.search import resolve_id
from couchcal.store.public_id import encode

MOST_NAMED = 8
"""How many overlapping entries a message lists."""
_WIDEST_OFFSET = timedelta(hours=15)
"""All-day rows hold dates as UTC midnights; no zone is further than this from UTC."""
_WAYS_OUT = {
    "note_signed": "couchcal mark ID note-unlocked",
    "billing_started": "couchcal mark ID billing-cancelled",
    "paid": "couchcal mark ID refunded, then couchcal mark ID billing-cancelled",
    "claim": "couchcal mark ID claim-cleared",
    "cancelled": "restore it first: couchcal restore ID",
    "time_off": "couchcal time-off remove ID",
}
"""The commands that open each lock; what a screen says of keys is of no use here."""


def entry_of(practice: Practice, text: str) -> Entry:
    """The entry with this id or unique beginning of one; of a series its next date, or its last.

    Raises:
        NotFound, Refused: none has it, several do, or it is not on the calendar any more.
    """
    table, row_id = resolve_id(practice.connection, text)
    if table == "series":
        row = practice.connection.execute(
            "SELECT id FROM appointment WHERE series_id = ? ORDER BY start_utc < ?, abs(start_utc - ?) LIMIT 1",
            (row_id, int(practice.now.timestamp()), int(practice.now.timestamp())),
        ).fetchone()
        if row is None:
            raise NotFound(f"the series {text[:20]} has no dates", "agenda --json shows the ids")
        table, row_id = "appointment", row[0]
    found = _entry(practice, table, row_id)
    if found is None:
        raise NotFound(f"{text[:20]} is not on the calendar any more", "agenda --json shows the ids")
    return found


def _entry(practice: Practice, table: str, row_id: int) -> Entry | None:
    if table == "appointment":
        return one(practice.connection, row_id, practice.tz)
    start, end = practice.connection.execute(
        f"SELECT start_utc, end_utc FROM {table} WHERE id = ?",  # noqa: S608  our names
        (row_id,),
    ).fetchone()
    first = datetime.fromtimestamp(start, UTC) - _WIDEST_OFFSET
    until = datetime.fromtimestamp(end, UTC) + _WIDEST_OFFSET
    around = between(practice.connection, first, until, practice.tz)
    return next((entry for entry in around if (entry.table, entry.row_id) == (table, row_id)), None)


def way_out(locked: CouchcalError) -> str:
    """The hint of a refusal by a lock, with the commands that open it (EDT-01, DEL-02)."""
    commands = _WAYS_OUT.get(locked.code.removeprefix("locked_"))
    words = "" if locked.code == "locked_cancelled" else f"{locked.hint}: "
    return f"{words}{commands}" if commands else locked.hint


def appointment_of(practice: Practice, text: str) -> Entry:
    """The appointment to change.

    Raises:
        Refused: it is of a kind that is changed elsewhere (requests, time off, external events), or a series.
    """
    entry = entry_of(practice, text)
    if entry.table != "appointment":
        lock = lock_reasons(entry)[0]
        raise Refused(f"{entry.id}: {lock.reason}", lock.way_out, code=f"locked_{lock.name}")
    if text.strip().lower().startswith("s"):
        raise Refused(f"{text[:20]} is a whole series", f"name one of its dates, the next is {entry.id}")
    return entry


def overlapping(practice: Practice, entry: Entry) -> list[Entry]:
    """What `entry` overlaps, as the calendar marks it (CNF-01)."""
    if not entry.busy or entry.cancelled:
        return []
    return [
        other
        for other in between(practice.connection, entry.start, entry.end, practice.tz)
        if (other.table, other.row_id) != (entry.table, entry.row_id)
        and other.busy
        and other.kind not in ("time_off", "request")
        and other.end > other.start
        and (entry.group_key is None or other.group_key != entry.group_key)
    ]


def named(entries: list[Entry], practice: Practice) -> str:
    """`9e3779b1 (Tue 3 Mar 15:00-15:50)`, for messages: ids only."""
    words = [f"{entry.id} ({when_words(entry, practice.tz)})" for entry in entries[:MOST_NAMED]]
    more = len(entries) - MOST_NAMED
    return ", ".join(words) + (f" and {more} more" if more > 0 else "")


def report(practice: Practice, args: Namespace, verb: str, done: Done, *, to: bool = False, tail: str = "") -> int:
    """Print what a change did: the entry, what stayed as it was, overlaps, advice. Clients by `--names`."""
    found = one(practice.connection, done.appointment_id, practice.tz) if done.appointment_id is not None else None
    if args.json:
        write_json(None if found is None else occurrence(found, names=practice.names, now=practice.now))
    elif found is not None:
        when = when_words(found, practice.tz)
        place = f" {found.location}" if found.location else ""
        joint = " to " if to else " "
        sys.stdout.write(f"{verb} {title_words(found, practice.names)}{joint}{when}{place}{tail} ({found.id})\n")
    else:
        sys.stdout.write(f"{verb}{tail}\n")
    say = note if args.json else _say
    if done.changed > 1:
        say(f"{done.changed} dates in all")
    for kept in done.kept:
        say(f"kept as it was: {encode('appointment', kept.appointment_id)}: {kept.reason}")
    if done.conflicts:
        others = overlapping(practice, found) if found is not None else []
        if done.conflicts == 1 and others:
            say(f"overlaps {named(others, practice)}")
        else:
            say(f"{done.conflicts} of them overlap something; agenda marks them [conflict]")
    for advice in done.advice:
        say(f"advice: {advice}")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"  {text}\n")
