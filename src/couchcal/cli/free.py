"""`couchcal free`: the practitioner's next free slots."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from datetime import datetime, timedelta
from itertools import groupby

from couchcal.cli.agenda import extend_to
from couchcal.cli.arguments import add_json, add_range, minutes
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.moments import days
from couchcal.cli.occurrence_json import write_json_list
from couchcal.cli.plain import clock_words, day_words, heading, note
from couchcal.errors import UsageProblem
from couchcal.practice.agenda import day_instant
from couchcal.practice.availability import weekly
from couchcal.practice.openings import free_starts

DEFAULT_MINUTES = 50
LONGEST_DAYS = 3653
"""Ten years. A longer search would make millions of slots."""


def _configure(parser: ArgumentParser) -> None:
    add_range(parser)
    parser.add_argument("--length", metavar="MIN", type=minutes, default=DEFAULT_MINUTES, help="in minutes (50)")
    add_json(parser)


def _run(args: Namespace) -> int:
    with opened(args) as practice:
        length = timedelta(minutes=args.length)
        starts = [start.astimezone(practice.tz) for start in _starts(practice, args)]
        if args.json:
            write_json_list(
                {"start": start.isoformat(), "end": (start + length).astimezone(practice.tz).isoformat()}
                for start in starts
            )
        elif not starts:
            sys.stdout.write(f"No {args.length} minutes are free.\n")
        else:
            for day, of_day in groupby(starts, lambda start: start.date()):
                times = "  ".join(clock_words(start, clock_24h=practice.settings.clock_24h) for start in of_day)
                sys.stdout.write(f"{heading(day_words(day, year=True))}\n  {times}\n")
    return 0


def _starts(practice: Practice, args: Namespace) -> list[datetime]:
    first, until = days(args, practice.today)
    if until == first:
        return []
    if (until - first).days > LONGEST_DAYS:
        raise UsageProblem(f"{first} to {until} is more than ten years", "choose an earlier --to")
    extend_to(practice, day_instant(first, practice.tz), day_instant(until, practice.tz))
    if not weekly(practice.connection):
        note("no availability is set, so Monday to Friday 9:00 to 17:00 is taken for it")
    return list(
        free_starts(
            practice.connection,
            args.length,
            first=first,
            last=until - timedelta(days=1),
            now=practice.now,
            tz=practice.tz,
        )
    )


HANDLERS = {"free": Handler(_configure, _run)}
