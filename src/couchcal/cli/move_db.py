"""`couchcal move-db`: the whole practice into another database, of whichever kind."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from couchcal.cli.arguments import add_json
from couchcal.cli.commands import Handler
from couchcal.cli.occurrence_json import write_json
from couchcal.cli.plain import one_line
from couchcal.cli.prompt import new_passphrase, passphrase_prompt, writes_code
from couchcal.clock import system_clock
from couchcal.errors import UsageProblem
from couchcal.store.locations import parse_location

_PLACE = "a file, or postgresql+psycopg://USER@HOST/DATABASE"


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("source", metavar="FROM", help=f"{_PLACE}; a backup does, too")
    parser.add_argument("target", metavar="TO", help="the same; nothing may be there yet")
    parser.add_argument("--no-encryption", action="store_true", help="leave a new file readable on the disk")
    parser.add_argument("--yes", action="store_true", help="never ask")
    add_json(parser)


def _run(args: Namespace) -> int:
    if args.db:
        raise UsageProblem("move-db takes both places after its name", "couchcal move-db FROM TO")
    source, target = parse_location(args.source), parse_location(args.target)
    from couchcal.practice.moving import move
    from couchcal.practice.opening import new_recovery_code

    asking = not args.yes and bool(sys.stdin and sys.stdin.isatty())
    moved = move(
        source,
        target,
        encrypt=not args.no_encryption,
        clock=system_clock,
        ask=passphrase_prompt(),
        choose=new_passphrase if asking else None,
    )
    new = moved.database
    code = new_recovery_code(new) if asking and new.encrypted and not args.json else None
    new.dispose()
    rows = moved.copied.rows
    if args.json:
        write_json(
            {
                "from": str(source),
                "to": str(new),
                "encrypted": new.encrypted,
                "rows": moved.copied.total,
                "tables": {name: count for name, count in rows.items() if count},
            }
        )
        return 0
    filled = sum(1 for count in rows.values() if count)
    sys.stdout.write(f"Copied {moved.copied.total:,} rows of {filled} tables to {one_line(str(new))}, compared\n")
    if new.encrypted:
        sys.stdout.write(f"It is encrypted; the key is kept in {moved.key_place}.\n")
        if code is None:
            sys.stdout.write("Without the key it is lost: couchcal key recovery makes a recovery code.\n")
        else:
            writes_code(code)
    sys.stdout.write(
        f"{one_line(str(source))} is as it was. Start couchcal with the new place from now on (--db,"
        " COUCHCAL_DATABASE_URL)\nand put the old one away: what is written into both never comes together again.\n"
    )
    return 0


HANDLERS = {"move-db": Handler(_configure, _run)}
