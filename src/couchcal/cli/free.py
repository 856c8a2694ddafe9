"""`couchcal free`: the practitioner's next free slots."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from datetime import datetime, time, timedelta
from itertools import groupby

from couchcal.cli.agenda import entries_between
from couchcal.cli.arguments import add_json, add_range, minutes
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.moments import days
from couchcal.cli.occurrence_json import write_json_list
from couchcal.cli.plain import clock_words, day_words, heading, note
from couchcal.errors import UsageProblem
from couchcal.practice.agenda import day_instant
from couchcal.scheduling.slots import Block, Busy, free_slots

DEFAULT_MINUTES = 50
LONGEST_DAYS = 3653
"""Ten years. A longer search would make millions of slots."""
OFFICE_HOURS = tuple(Block(weekday, time(9), time(17)) for weekday in range(5))
"""What counts as available while nothing is defined: Monday to Friday, nine to five."""


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
    entries = entries_between(practice, day_instant(first, practice.tz), day_instant(until, practice.tz))
    busy = [Busy(entry.start, entry.end) for entry in entries if entry.busy and not entry.cancelled]
    rows = practice.connection.execute("SELECT weekday, start_time, end_time FROM availability_block").fetchall()
    blocks = [Block(weekday, time.fromisoformat(start), time.fromisoformat(end)) for weekday, start, end in rows]
    if not blocks:
        note("no availability is set, so Monday to Friday 9:00 to 17:00 is taken for it")
    step = practice.connection.execute("SELECT slot_step FROM practice ORDER BY id").fetchone()
    return list(
        free_slots(
            args.length,
            blocks or OFFICE_HOURS,
            busy,
            not_before=practice.now,
            tz=practice.tz,
            first=first,
            last=until - timedelta(days=1),
            step=step[0],
        )
    )


HANDLERS = {"free": Handler(_configure, _run)}
