"""`couchcal report`: hours by service, utilisation, late cancels and no-shows, sessions per week."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import date

from couchcal.cli.arguments import add_names, add_range
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.moments import days
from couchcal.cli.occurrence_json import write_json
from couchcal.cli.plain import clean, heading
from couchcal.cli.widths import PAGE, cut, padded, width, wrapped
from couchcal.errors import UsageProblem
from couchcal.practice.agenda import day_instant, horizon_reached
from couchcal.practice.report_records import TABLES, csv_text, records
from couchcal.practice.report_tables import Table, range_words, table
from couchcal.practice.reports import Report, report

_ALL = "all"
_PERIODS = """\
Without --from, --to, --month or --year the report is of seven days from today, as every
range of this program; --month alone is the present month, --year alone the present year.
"""


def _configure(parser: ArgumentParser) -> None:
    parser.description = f"{parser.description}\n{_PERIODS}"
    parser.add_argument(
        "table",
        nargs="?",
        choices=(*TABLES, _ALL),
        metavar="TABLE",
        help=f"{', '.join(TABLES)} or all (default: all; with --csv hours)",
    )
    add_range(parser)
    whole = parser.add_mutually_exclusive_group()
    whole.add_argument(
        "--month", nargs="?", const=False, metavar="YYYY-MM", type=_month, help="a whole month (default: this one)"
    )
    whole.add_argument(
        "--year", nargs="?", const=False, metavar="YYYY", type=_year, help="a whole year (default: this one)"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument(
        "--csv", action="store_true", help="print CSV; all tables have a first column that names them"
    )
    add_names(parser)


def _month(text: str) -> date:
    """The first day of a month written `2026-03`.

    Raises:
        argparse.ArgumentTypeError: it is no month.
    """
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise ArgumentTypeError("give a month such as 2026-03") from None


def _year(text: str) -> date:
    """The first day of a year written `2026`.

    Raises:
        argparse.ArgumentTypeError: it is no year.
    """
    try:
        return date(int(text), 1, 1)
    except ValueError:
        raise ArgumentTypeError("give a year such as 2026") from None


def _run(args: Namespace) -> int:
    with opened(args) as practice:
        found = _read(practice, *_period(args, practice.today))
        practice.noted("export" if args.csv or args.json else "view", "report")
        if args.csv:
            wanted = None if args.table == _ALL else args.table or TABLES[0]
            sys.stdout.write(csv_text(found, wanted, practice.names, clean))
            return 0
        chosen = TABLES if args.table in (None, _ALL) else (args.table,)
        if args.json:
            by_table = records(found, practice.names)
            bounds = {
                "from": found.first.isoformat(),
                "to": found.until.isoformat(),
                "time_zone": practice.facts.tz,
            }
            write_json(bounds | {name: by_table[name] for name in chosen})
            return 0
        sys.stdout.write(f"{heading(range_words(found.first, found.until))}\n")
        for name in chosen:
            sys.stdout.write("\n")
            _write(table(found, name, practice.names))
    return 0


def _period(args: Namespace, today: date) -> tuple[date, date]:
    """The half-open range of days that the options ask for.

    Raises:
        UsageProblem: a whole month or year, and days as well.
    """
    if args.month is None and args.year is None:
        return days(args, today)
    if args.first is not None or args.until is not None:
        raise UsageProblem("--month and --year have their days", "leave out --from and --to")
    if args.month is not None:
        first = args.month or today.replace(day=1)
        return first, _next_month(first)
    first = args.year or today.replace(month=1, day=1)
    return first, date(first.year + 1, 1, 1) if first.year < date.max.year else date.max


def _next_month(first: date) -> date:
    if first.month == 12:
        return date(first.year + 1, 1, 1) if first.year < date.max.year else date.max
    return first.replace(month=first.month + 1)


def _read(practice: Practice, first: date, until: date) -> Report:
    start, end = day_instant(first, practice.tz), day_instant(until, practice.tz)
    if not horizon_reached(practice.connection, start, end):
        from couchcal.practice.series import extend_all

        extend_all(practice.database, start, end)
    return report(
        practice.connection, first, until, practice.tz, practice.now, week_start=practice.facts.week_start
    )


def _write(found: Table) -> None:
    """A table with aligned columns, its total and what its numbers are."""
    sys.stdout.write(f"{heading(found.title)}\n")
    if not found.lines:
        sys.stdout.write(f"  {found.empty}\n")
        return
    rows = [tuple(map(clean, line.cells)) for line in found.lines]
    shown = [found.headings, *rows, *([found.total] if found.total is not None else [])]
    widths = [max(map(width, column)) for column in zip(*shown, strict=True)]
    name = found.texts - 1  # the column that gives way to the others
    widths[name] = min(widths[name], PAGE - len("  ") * len(widths) - sum(widths) + widths[name])
    for row in shown:
        row = tuple(cut(cell, widths[at]) for at, cell in enumerate(row))
        cells = (padded(cell, widths[at], right=at >= found.texts) for at, cell in enumerate(row))
        sys.stdout.write(f"  {'  '.join(cells).rstrip()}\n")
    for line in wrapped(found.note, PAGE - 2):
        sys.stdout.write(f"  {line}\n")


HANDLERS = {"report": Handler(_configure, _run)}
