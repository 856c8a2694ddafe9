"""`couchcal audit`: who did what and when, and whether the record of it is whole."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, tzinfo

from couchcal.cli.arguments import add_json
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.moments import day
from couchcal.cli.occurrence_json import write_json
from couchcal.cli.plain import clean, note
from couchcal.cli.prompt import confirmed
from couchcal.clock import system_clock
from couchcal.errors import EXIT_REFUSED, UsageProblem
from couchcal.practice import clients
from couchcal.practice.agenda import day_instant
from couchcal.practice.audit_trail import ACTIONS, Called, Wanted, entries
from couchcal.scheduling.wallclock import to_local
from couchcal.store import audit, audit_anchor, audit_check, audit_prune, public_id
from couchcal.store.audit import Entry
from couchcal.store.connection import database_errors, transaction

_DAYS = 7
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "what",
        nargs="?",
        choices=("list", "verify", "accept", "prune"),
        default="list",
        help="verify: check the chain; accept: go on after a copy of the database was put back by hand;"
        " prune: remove what is older than six years",
    )
    parser.add_argument("--from", dest="first", metavar="D", help="first day (default: the last seven days)")
    parser.add_argument("--to", dest="until", metavar="D", help="the day after the last (default: tomorrow)")
    parser.add_argument(
        "--entity", metavar="KIND[:ID]", help="client, appointment, database, …; with :ID one record of it"
    )
    parser.add_argument("--client", metavar="CLIENT", help="their record, their sessions, and what they did")
    parser.add_argument("--actor", metavar="WHO", help="user, client, google, worker, import or setup")
    parser.add_argument("--before", metavar="D", help="prune: remove what was before this day")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_json(parser)


def _run(args: Namespace) -> int:
    with opened(args) as practice:
        actions = {"list": _list, "verify": _verify, "accept": _accept, "prune": _prune}
        return actions[args.what](practice, args)


def _list(practice: Practice, args: Namespace) -> int:
    first = day(args.first, practice.today) if args.first else practice.today - timedelta(days=_DAYS - 1)
    until = day(args.until, practice.today) if args.until else practice.today + timedelta(days=1)
    if until < first:
        raise UsageProblem("--from is after --to", "give the earlier day first")
    wanted = _wanted(practice, args, first, until)
    called = Called(practice.connection)
    found = entries(practice.connection, wanted)
    if args.json:
        sys.stdout.write("[")
        for at, entry in enumerate(found):
            sys.stdout.write((",\n" if at else "\n") + json.dumps(_as_json(entry, called, practice.tz)))
        sys.stdout.write("\n]\n")
        return 0
    nothing = True
    for entry in found:
        nothing = False
        sys.stdout.write(_line(entry, called, practice.tz) + "\n")
    if nothing:
        note("nothing was written down in these days; --from and --to choose others")
    return 0


def _wanted(practice: Practice, args: Namespace, first: date, until: date) -> Wanted:
    entity, _, record = (args.entity or "").partition(":")
    row_id: str | None = record or None
    if entity == "client" and record and not record.isdecimal():
        row_id = str(clients.resolve(practice.connection, record).id)
    elif entity in public_id.PREFIXES and record:
        try:
            table, digits = public_id.split(record)
        except ValueError:
            table, digits = "", ""
        if table == entity and len(digits) == 8:
            row_id = str(public_id.decode(digits))
    client_id = clients.resolve(practice.connection, args.client).id if args.client else None
    start, end = day_instant(first, practice.tz), day_instant(until, practice.tz)
    return Wanted(start, end, entity or None, row_id, args.actor, client_id)


def _line(entry: Entry, called: Called, tz: tzinfo) -> str:
    at = _moment(entry, tz).replace(tzinfo=None).isoformat(" ")
    words = f"{at}  {called.actor(entry):<8}  {ACTIONS.get(entry.action, entry.action):<12}  {called.record(entry)}"
    return clean(f"{words}  ({entry.fields})" if entry.fields else words)


def _as_json(entry: Entry, called: Called, tz: tzinfo) -> dict[str, object]:
    return {
        "id": entry.id,
        "at": (_EPOCH + timedelta(seconds=entry.at)).astimezone(tz).isoformat(),
        "actor": entry.actor,
        "action": entry.action,
        "entity": entry.entity or None,
        "entity_id": entry.entity_id or None,
        "record": called.record(entry) or None,
        "fields": entry.fields.split(),
        "hash": entry.hash,
    }


def _moment(entry: Entry, tz: tzinfo) -> datetime:
    return to_local(_EPOCH + timedelta(seconds=entry.at), tz)


def _verify(practice: Practice, args: Namespace) -> int:
    anchor = audit_anchor.read(practice.database.path)
    verdict = audit_check.verify(practice.connection, anchor)
    if args.json:
        write_json(
            {
                "intact": verdict.intact,
                "entries": verdict.entries,
                "pruned": verdict.pruned,
                "first_bad": verdict.first_bad,
                "reason": verdict.reason or None,
                "anchor": None if anchor is None else anchor.entries,
            }
        )
    elif verdict.intact:
        pruned = f"; {verdict.pruned:,} older ones were pruned" if verdict.pruned else ""
        sys.stdout.write(f"The audit trail is whole: {verdict.entries:,} entries{pruned}\n")
        if anchor is None and verdict.entries:
            note("there is no anchor beside the database: that nothing is missing at the end is not proven")
    else:
        sys.stdout.write(f"The audit trail is broken: {verdict.reason}\n")
    return 0 if verdict.intact else EXIT_REFUSED


def _accept(practice: Practice, args: Namespace) -> int:
    """Write the break down in the trail itself, and anchor what is there."""
    before = audit_anchor.read(practice.database.path)
    if before is None or not audit_anchor.contradicts(practice.connection, before):
        sys.stdout.write("There is nothing to accept: the trail fits what is written down beside the database\n")
        return 0
    question = "Go on from what is there now? That it broke stays written in the trail"
    if not args.yes and not confirmed("audit accept", question):
        return EXIT_REFUSED
    audit.note(practice.database, "accept", "audit", fields=f"entries={before.entries} hash={before.hash}")
    audit_anchor.renew(practice.database, force=True)
    sys.stdout.write("Accepted; the trail says so\n")
    return 0


def _prune(practice: Practice, args: Namespace) -> int:
    before = day(args.before, practice.today) if args.before else None
    if before is None:
        raise UsageProblem("prune needs a day", "couchcal audit prune --before 2020-01-01")
    if not args.yes and not confirmed("audit prune", f"Remove entries before {before} for good?"):
        return EXIT_REFUSED
    cut = day_instant(before, practice.tz)
    with (
        database_errors(practice.database.path),
        closing(practice.database.connect()) as connection,
        transaction(connection),
    ):
        count = audit_prune.prune_trail(connection, cut, system_clock())
    audit_anchor.renew(practice.database)
    sys.stdout.write(f"Removed {count:,} entries\n")
    return 0


HANDLERS = {"audit": Handler(_configure, _run)}
