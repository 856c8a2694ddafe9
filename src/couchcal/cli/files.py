"""`couchcal import` and `couchcal export`: calendars as .ics files."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from couchcal.cli.arguments import add_json, add_names, add_range, whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.moments import day
from couchcal.cli.occurrence_json import write_json
from couchcal.cli.plain import one_line
from couchcal.clock import system_clock
from couchcal.errors import EXIT_REFUSED, CouchcalError, UsageProblem
from couchcal.paths import replacing
from couchcal.practice.agenda import day_instant

if TYPE_CHECKING:
    from couchcal.ics.importer import FileReport

STDIN = "-"
MOST_SKIPPED = 20
"""How many skipped components the plain report lists of a file."""


def _configure_import(parser: ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="*", help="an .ics file, - for standard input")
    parser.add_argument("--all", metavar="DIR", help="a whole practice, as export --all wrote it, into a new one")
    parser.add_argument("--calendar", metavar="NAME", type=whole_text, help="the calendar they go into")
    parser.add_argument("--dry-run", action="store_true", help="read and report, store nothing")
    add_json(parser)


def _import(args: Namespace) -> int:
    if args.all is not None:
        return _import_all(args)
    if not args.files:
        raise UsageProblem("import needs a file", "see couchcal import --help")
    reports: list[FileReport] = []
    failures: list[tuple[str, CouchcalError]] = []
    with opened(args) as practice:
        for file in args.files:
            try:
                reports.append(_import_one(practice, file, args))
            except CouchcalError as error:
                if len(args.files) == 1 or error.exit_code != EXIT_REFUSED:
                    raise
                failures.append((file, error))
    if args.json:
        found: dict[str, object] = {
            "files": [report.as_json() for report in reports],
            "errors": [{"file": file, "code": why.code, "message": why.message} for file, why in failures],
        }
        if not reports:
            code = failures[0][1].code
            found["error"] = {
                "code": code,
                "message": "no file could be read",
                "hint": "errors has each one's reason",
            }
        write_json(found)
    else:
        for report in reports:
            _say(report, dry_run=args.dry_run)
    for file, why in failures:
        sys.stderr.write(f"couchcal: error: {one_line(file)}: {one_line(str(why))}\n")
    return 0 if reports else EXIT_REFUSED


def _import_all(args: Namespace) -> int:
    if args.files or args.dry_run or args.calendar is not None:
        raise UsageProblem("--all reads a folder, and nothing else", "couchcal import --all DIR")
    with opened(args) as practice:
        from couchcal.archive.reading import import_all

        counts = import_all(practice.database, Path(args.all).expanduser(), clock=system_clock)
    if args.json:
        write_json({"folder": args.all, "rows": counts})
    else:
        clients, entries = counts.get("client", 0), counts.get("appointment", 0)
        sys.stdout.write(f"Read {clients:,} clients and {entries:,} entries from {one_line(args.all)}\n")
    return 0


def _import_one(practice: Practice, file: str, args: Namespace) -> FileReport:
    from couchcal.ics.importer import import_file

    source: Path | BinaryIO = Path(file)
    if file == STDIN:
        source = BytesIO(sys.stdin.buffer.read() if sys.stdin else b"")
    with _progress(one_line(Path(file).name)) as progress:
        return import_file(
            practice.database, source, calendar=args.calendar, dry_run=args.dry_run, progress=progress
        )


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int, int, int], bool] | None]:
    """A bar on standard error where a person watches it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(escape(title), total=None)

        def told(done: int, total: int, _events: int) -> bool:
            bar.update(task, completed=done, total=total or None)
            return True

        yield told


def _say(report: FileReport, *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    into = f" in {one_line(report.calendar)}" if report.calendar else ""
    sys.stdout.write(
        f"{one_line(report.file)}: {report.read} read, {report.added} {would}added{into}, {report.updated} updated,"
        f" {report.unchanged} unchanged, {len(report.skipped)} skipped\n"
    )
    for remark in report.skipped[:MOST_SKIPPED]:
        sys.stdout.write(f"  line {remark.line}: {one_line(remark.reason)}\n")
    if len(report.skipped) > MOST_SKIPPED:
        sys.stdout.write(f"  and {len(report.skipped) - MOST_SKIPPED} more; --json lists them all\n")


def _configure_export(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--all", metavar="DIR", help="everything of the practice as CSV, JSON and ICS: a new folder"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="where to (default: standard output)")
    add_range(parser)
    add_names(parser)
    parser.add_argument("--cancelled", action="store_true", help="cancelled entries, too")


def _export(args: Namespace) -> int:
    if args.all is not None:
        return _export_all(args)
    with opened(args) as practice:
        start = day_instant(day(args.first, practice.today), practice.tz) if args.first is not None else None
        until = day_instant(day(args.until, practice.today), practice.tz) if args.until is not None else None
        if start is not None and until is not None and until < start:
            raise UsageProblem(f"--from {args.first} is after --to {args.until}", "give the earlier day first")
        options = {"start": start, "end": until, "names": practice.names, "cancelled": args.cancelled}
        from couchcal.ics.writer import export

        if args.output in (None, STDIN):
            sys.stdout.flush()
            count = export(practice.database, sys.stdout.buffer, **options)
            sys.stdout.buffer.flush()
            practice.noted("export", "calendar", fields=f"events={count}")
            return 0
        with written(args.output) as out:
            count = export(practice.database, out, **options)
        practice.noted("export", "calendar", fields=f"events={count}")
    sys.stdout.write(f"Wrote {count} events to {one_line(args.output)}\n")
    return 0


def _export_all(args: Namespace) -> int:
    if args.output is not None or args.first is not None or args.until is not None:
        raise UsageProblem("--all has everything in it", "couchcal export --all DIR")
    with opened(args) as practice:
        from couchcal.archive.writing import export_all

        counts = export_all(practice.database, Path(args.all).expanduser(), clock=system_clock)
    total = sum(counts.values())
    sys.stdout.write(f"Wrote {total:,} rows of {len(counts)} tables to {one_line(args.all)}; README.md explains\n")
    return 0


@contextmanager
def written(name: str) -> Iterator[BinaryIO]:
    """A private file that is called `name` once it is whole; a device or pipe is written to as it is."""
    path = Path(os.path.realpath(name))
    with path.open("wb") if path.exists() and not path.is_file() else replacing(path) as out:
        yield out


HANDLERS = {"import": Handler(_configure_import, _import), "export": Handler(_configure_export, _export)}
