"""`couchcal demo`: a throw-away practice with invented clients."""

from __future__ import annotations

import os
import shutil
import tempfile
from argparse import ArgumentParser, Namespace
from datetime import timedelta
from pathlib import Path

from couchcal.cli.agenda import entries_between
from couchcal.cli.arguments import add_names
from couchcal.cli.calendar import at_terminal, show
from couchcal.cli.commands import Handler
from couchcal.cli.context import opened
from couchcal.cli.day_sheet import write_days
from couchcal.cli.plain import note
from couchcal.clock import local_zone_name
from couchcal.paths import private_directory
from couchcal.practice.agenda import day_instant
from couchcal.practice.opening import open_database
from couchcal.store.connection import Database
from couchcal.store.locations import exists

FILE_NAME = "couchcal.db"


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("--dir", metavar="DIR", help="keep it there, and open it again (default: thrown away)")
    parser.add_argument("--empty", action="store_true", help="without clients and appointments")
    add_names(parser)


def _run(args: Namespace) -> int:
    if args.dir is not None:
        return _show(private_directory(Path(args.dir).expanduser()), args)
    directory = Path(tempfile.mkdtemp(prefix="couchcal-demo-"))
    try:
        return _show(directory, args)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _show(directory: Path, args: Namespace) -> int:
    path = directory / FILE_NAME
    database = open_database(path) if exists(path) else _made(path, empty=args.empty)
    if at_terminal():
        os.environ["COUCHCAL_HOME"] = str(directory)  # the view it remembers is no business of the real practice
        return show(database)
    database.dispose()
    args.db = str(path)
    with opened(args) as practice:
        monday = practice.today - timedelta(days=practice.today.weekday())
        until = monday + timedelta(days=7)
        bounds = day_instant(monday, practice.tz), day_instant(until, practice.tz)
        write_days(practice, entries_between(practice, *bounds, cancelled=True), monday, until)
    if args.dir is not None:
        note(f"it is kept in {directory}")
    return 0


def _made(path: Path, *, empty: bool) -> Database:
    if empty:
        from couchcal.practice.opening import create_practice

        return create_practice(path, name="Empty practice", tz=local_zone_name(), encrypt=False).database
    from couchcal.practice.demo import build

    return build(path, tz=local_zone_name())


HANDLERS = {"demo": Handler(_configure, _run)}
