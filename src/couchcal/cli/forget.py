"""`couchcal forget`: removes a client for good."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from couchcal.cli.arguments import add_json
from couchcal.cli.commands import Handler
from couchcal.cli.context import opened
from couchcal.cli.occurrence_json import write_json
from couchcal.clock import system_clock
from couchcal.errors import EXIT_REFUSED, UsageProblem
from couchcal.practice import clients, forget


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("client", metavar="CLIENT", help="internal id, such as C-0005, or name")
    parser.add_argument("--now", action="store_true", help="although it should be kept longer")
    parser.add_argument("--confirm", metavar="ID", help="the internal id once more, where nobody can be asked")
    add_json(parser)


def _run(args: Namespace) -> int:
    with opened(args) as practice:
        row = clients.resolve(practice.connection, args.client)
        years = practice.settings.keep_years
        found = forget.look(practice.connection, row.id, practice.now, years)
        if not _agreed(args, found):
            return EXIT_REFUSED
        practice.connection.close()
        done = forget.forget(practice.database, row.id, years=years, early=args.now, clock=system_clock)
        if args.json:
            write_json({"client": done.internal_id, "anonymous": done.past, "removed": done.coming})
            return 0
        sys.stdout.write(
            f"Forgot {done.internal_id}. {done.past} past sessions stay as entries of nobody,"
            f" {done.coming} to come are removed. Undo does not reach behind this.\n"
            "Backups made before still have them until they are rotated out, after a year at the latest.\n"
        )
    return 0


def _agreed(args: Namespace, found: forget.Forgettable) -> bool:
    """Whether a person has typed the internal id: a yes is typed too soon.

    Raises:
        UsageProblem: there is nobody to type it.
    """
    if args.confirm is not None:
        if args.confirm != found.internal_id:
            raise UsageProblem("--confirm is not the internal id of this client", f"it is {found.internal_id}")
        return True
    if not sys.stdin or not sys.stdin.isatty():
        raise UsageProblem("forget asks first, and there is no terminal to ask at", "add --confirm and the id")
    sys.stderr.write(
        f"{found.internal_id}: {found.past} past sessions become entries of nobody, {found.coming} to come and\n"
        "all else of theirs are removed, and what can be undone until now no longer can. There is no way back.\n"
        f"Type {found.internal_id} to go on: "
    )
    sys.stderr.flush()
    return sys.stdin.readline().strip() == found.internal_id


HANDLERS = {"forget": Handler(_configure, _run)}
