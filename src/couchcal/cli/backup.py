"""`couchcal backup` and `couchcal restore-backup`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from couchcal.cli.arguments import add_json
from couchcal.cli.commands import Handler
from couchcal.cli.context import opened
from couchcal.cli.occurrence_json import write_json
from couchcal.cli.plain import one_line
from couchcal.cli.prompt import confirmed, passphrase_prompt
from couchcal.clock import local_zone_name, system_clock
from couchcal.errors import EXIT_REFUSED
from couchcal.practice.opening import locate_file
from couchcal.scheduling.wallclock import UnknownZone, to_local, zone
from couchcal.settings import load


def _configure_backup(parser: ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", nargs="?", help="where to (default: backups beside the database)")
    parser.add_argument("--list", action="store_true", help="the backups there are, and make none")
    add_json(parser)


def _backup(args: Namespace) -> int:
    with opened(args) as practice:
        from couchcal.store import backup

        folder = Path(args.folder).expanduser() if args.folder else None
        if args.list:
            return _list(args, practice.database.path, folder, practice.tz)
        path = backup.make(
            practice.database, practice.now_local.replace(tzinfo=None), clock=system_clock, folder=folder
        )
        away = load().backup.copy_to
        copied = backup.copy_away(path, Path(away).expanduser()) if away and folder is None else None
        if args.json:
            write_json({"file": str(path), "bytes": path.stat().st_size, "copy": str(copied) if copied else None})
            return 0
        sys.stdout.write(f"Backed up to {one_line(str(path))}, {path.stat().st_size:,} bytes, checked\n")
        if copied is not None:
            sys.stdout.write(f"Copied to {one_line(str(copied))}\n")
    return 0


def _list(args: Namespace, database: Path, folder: Path | None, tz: tzinfo) -> int:
    from couchcal.store import backup

    found = backup.existing(database, folder)
    if args.json:
        write_json([{"file": str(each.path), "made_at": each.made_at.astimezone(tz).isoformat()} for each in found])
        return 0
    for each in found:
        when = to_local(each.made_at, tz).replace(tzinfo=None).isoformat(" ", "minutes")
        sys.stdout.write(f"{when}  {each.path.stat().st_size:>13,}  {one_line(str(each.path))}\n")
    if not found:
        sys.stdout.write("No backups yet: couchcal backup makes one.\n")
    return 0


def _configure_restore(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a file that couchcal backup has made")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_json(parser)


def _restore(args: Namespace) -> int:
    """Not `opened`: what is there may be damaged, and is not to be upgraded or held."""
    path = locate_file(args.db, "couchcal move-db FILE ADDRESS puts a backup into an empty database")
    file = Path(args.file).expanduser()
    question = (
        f"Put {one_line(file.name)} in the place of {one_line(str(path))}? What is there now is kept beside it"
    )
    if path.exists() and not args.yes and not confirmed("restore-backup", question):
        return EXIT_REFUSED
    from couchcal.store.restore import restore

    tz: tzinfo = UTC
    with suppress(UnknownZone):
        tz = zone(local_zone_name())
    wall: datetime = to_local(system_clock(), tz).replace(tzinfo=None)
    done = restore(path, file, wall, clock=system_clock, ask=passphrase_prompt())
    if args.json:
        write_json({"file": str(path), "aside": str(done.aside) if done.aside else None})
        return 0
    sys.stdout.write(f"Put {one_line(file.name)} back as {one_line(str(path))}\n")
    if done.aside is not None:
        sys.stdout.write(f"What was there is kept as {one_line(str(done.aside))}\n")
    return 0


HANDLERS = {
    "backup": Handler(_configure_backup, _backup),
    "restore-backup": Handler(_configure_restore, _restore),
}
