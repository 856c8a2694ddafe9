"""`couchcal agenda`: what is on the calendar, grouped by day or as JSON. The hot path: imports no ORM."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from datetime import date, datetime

from couchcal.cli.arguments import add_json, add_names, add_range, whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.day_sheet import write_days
from couchcal.cli.moments import DEFAULT_DAYS, days
from couchcal.cli.occurrence_json import occurrence, write_json_list
from couchcal.cli.plain import one_line
from couchcal.errors import UsageProblem
from couchcal.practice.agenda import Entry, between, day_instant, horizon_reached


def _configure(parser: ArgumentParser) -> None:
    add_range(parser)
    add_json(parser)
    add_names(parser)
    parser.add_argument("--cancelled", action="store_true", help="show cancelled entries, too")
    parser.add_argument("--html", action="store_true", help="a page to print, complete in one file")
    parser.add_argument("-o", "--output", metavar="FILE", type=whole_text, help="where --html goes")
    parser.add_argument("--page-per-day", action="store_true", help="with --html: each day on a page of its own")


def _run(args: Namespace) -> int:
    if args.html and args.json:
        raise UsageProblem("--html and --json are two forms", "choose one")
    if not args.html and (args.output is not None or args.page_per_day):
        raise UsageProblem("-o and --page-per-day belong to --html", "add --html")
    return show_agenda(args)


def show_agenda(args: Namespace, default_days: int = DEFAULT_DAYS) -> int:
    """Print the agenda of `--from` and `--to`, by default of so many days from today."""
    with opened(args) as practice:
        first, until = days(args, practice.today, default_days)
        entries = entries_between(
            practice,
            day_instant(first, practice.tz),
            day_instant(until, practice.tz),
            cancelled=args.cancelled,
        )
        if args.json:
            write_json_list(occurrence(entry, names=practice.names, now=practice.now) for entry in entries)
        elif getattr(args, "html", False):
            _write_page(practice, entries, first, until, args)
        else:
            write_days(practice, entries, first, until)
    return 0


def _write_page(practice: Practice, entries: list[Entry], first: date, until: date, args: Namespace) -> None:
    """The day sheet as HTML, to a private file or to standard output."""
    from couchcal.cli.day_sheet_html import page

    content = page(practice, entries, first, until, page_per_day=args.page_per_day)
    if args.output in (None, "-"):
        sys.stdout.write(content)
        return
    from couchcal.cli.files import written

    with written(args.output) as out:
        out.write(content.encode("utf-8"))
    sys.stdout.write(f"Wrote {one_line(args.output)}\n")


def entries_between(practice: Practice, start: datetime, end: datetime, *, cancelled: bool = False) -> list[Entry]:
    """What is on the calendar in `[start, end)`, series topped up first when they have no rows there yet."""
    extend_to(practice, start, end)
    return between(practice.connection, start, end, practice.tz, cancelled=cancelled)


def extend_to(practice: Practice, start: datetime, end: datetime) -> None:
    """Give every series its rows in `[start, end)` where it has none yet (REC-08)."""
    if not horizon_reached(practice.connection, start, end):
        from couchcal.practice.series import extend_all

        extend_all(practice.database, start, end)


HANDLERS = {"agenda": Handler(_configure, _run)}
