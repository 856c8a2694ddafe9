"""`couchcal init`: a new practice."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from couchcal.cli.arguments import add_json, whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.occurrence_json import write_json
from couchcal.cli.prompt import new_passphrase, writes_code
from couchcal.clock import local_zone_name
from couchcal.errors import Refused
from couchcal.practice.opening import Created, create_practice, locate, new_recovery_code
from couchcal.scheduling.wallclock import UnknownZone, zone
from couchcal.store.locations import DatabaseLocation, exists


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("--name", metavar="N", type=whole_text, help="what the practice is called")
    parser.add_argument("--tz", metavar="ZONE", help="its time zone, such as America/New_York")
    parser.add_argument("--no-encryption", action="store_true", help="leave the data readable on the disk")
    parser.add_argument("--yes", action="store_true", help="never ask")
    add_json(parser)


def _run(args: Namespace) -> int:
    path = locate(args.db)
    if isinstance(path, Path) and exists(path):
        raise Refused(f"{path} is already there", "nothing was changed; --db chooses another place", code="exists")
    asking = not args.yes and bool(sys.stdin and sys.stdin.isatty())
    on_server = not isinstance(path, Path)
    created, tz = _create(path, args.name, args.tz, encrypt=not args.no_encryption, asking=asking)
    code = new_recovery_code(created.database) if asking and created.database.encrypted and not args.json else None
    created.database.dispose()
    if args.json:
        write_json({"database": str(path), "encrypted": created.database.encrypted, "time_zone": tz})
        return 0
    sys.stdout.write(f"Made {path} in {tz}.\n")
    if created.database.encrypted:
        sys.stdout.write(f"It is encrypted; the key is kept in {created.key_place}.\n")
        if code is None:
            sys.stdout.write("Without the key it is lost: couchcal key recovery makes a recovery code.\n")
        else:
            writes_code(code)
    elif on_server:
        sys.stdout.write("The server keeps it: have its disk encrypted (couchcal guide postgresql).\n")
    else:
        sys.stdout.write("It is not encrypted: whoever has the disk can read it.\n")
    sys.stdout.write(
        "Next: couchcal opens the calendar; couchcal guide start leads through the first ten minutes\n"
    )
    return 0


def _create(
    path: DatabaseLocation, name: str | None, tz: str | None, *, encrypt: bool, asking: bool
) -> tuple[Created, str]:
    if name is None:
        name = _asked("Name of the practice", "") if asking else ""
    if not tz:
        tz = _asked_zone() if asking else local_zone_name()
    created = create_practice(path, name=name, tz=tz, encrypt=encrypt, ask=new_passphrase if asking else None)
    return created, tz


def _asked(question: str, default: str) -> str:
    shown = f" [{default}]" if default else ""
    sys.stderr.write(f"{question}{shown}: ")
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise Refused("nothing was set up", "the input ended")
    return line.strip() or default


def _asked_zone() -> str:
    while True:
        name = _asked("Time zone", local_zone_name())
        try:
            zone(name)
        except UnknownZone:
            sys.stderr.write("That is no time zone; it looks like America/New_York.\n")
        else:
            return name


HANDLERS = {"init": Handler(_configure, _run)}
