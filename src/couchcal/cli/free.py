"""`couchcal free`: the practitioner's next free slots, or those that fit a wish in words."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from couchcal.cli.agenda import extend_to
from couchcal.cli.arguments import add_json, add_range, minutes, whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.entries import MOST_NAMED
from couchcal.cli.moments import days
from couchcal.cli.occurrence_json import write_json_list
from couchcal.cli.plain import day_words, heading, note
from couchcal.clock_words import clock_words
from couchcal.errors import UsageProblem
from couchcal.practice.agenda import day_instant
from couchcal.practice.availability import weekly
from couchcal.practice.finder import find_times, sought
from couchcal.scheduling.finder import Wish, parse_wish
from couchcal.typed_dates import date_order

LONGEST_DAYS = 3653
"""Ten years. A longer search would make millions of slots."""


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "text",
        metavar="TEXT",
        nargs="*",
        type=whole_text,
        help="a wish: 50 min tue or thu afternoon, next 3 weeks; for jane, mornings not fri before 11",
    )
    add_range(parser)
    parser.add_argument("--length", metavar="MIN", type=minutes, help="in minutes (the client's usual, else 50)")
    add_json(parser)


def _run(args: Namespace) -> int:
    with opened(args) as practice:
        sought = _sought(practice, args)
        length = timedelta(minutes=sought.minutes)
        starts = [start.astimezone(practice.tz) for start in _starts(practice, sought)]
        if args.json:
            write_json_list(
                {"start": start.isoformat(), "end": (start + length).astimezone(practice.tz).isoformat()}
                for start in starts
            )
        elif not starts:
            sys.stdout.write(f"No {sought.minutes} minutes are free.\n")
        else:
            for day, of_day in groupby(starts, lambda start: start.date()):
                times = "  ".join(clock_words(start) for start in of_day)
                sys.stdout.write(f"{heading(day_words(day, year=True))}\n  {times}\n")
    return 0


class _Sought(NamedTuple):
    wish: Wish
    minutes: int
    until: date


def _sought(practice: Practice, args: Namespace) -> _Sought:
    """The wish in words, its days and length being those of the options where these are given."""
    wish = parse_wish(" ".join(args.text), practice.today, order=date_order())
    if wish.unknown:
        raise UsageProblem(
            f"not understood: {' '.join(wish.unknown)}", "write 50 min tue or thu afternoon, for jane"
        )
    if wish.problems:
        raise UsageProblem(wish.problems[0], "write 50 min tue or thu afternoon, next 3 weeks")
    first, until = days(args, practice.today)
    if args.text and args.first is None:
        first = wish.first
    if args.text and args.until is None:
        until = wish.last + timedelta(days=1)
    if (until - first).days > LONGEST_DAYS:
        raise UsageProblem(f"{first} to {until} is more than ten years", "choose an earlier --to")
    if args.text and until < first:
        raise UsageProblem(f"{first} is after {until}", "give the earlier day first")
    known = sought(practice.connection, wish)
    if wish.client and known.client is None:
        ids = ", ".join(row.internal_id for row in known.clients[:MOST_NAMED])
        raise UsageProblem(
            f"{'several clients fit' if ids else 'no client fits'} '{wish.client[:40]}'",
            f"use an id: {ids}" if ids else "couchcal client list shows them",
        )
    wish = replace(wish, first=first, last=max(first, until - timedelta(days=1)))
    return _Sought(wish, args.length or known.minutes, until)


def _starts(practice: Practice, asked: _Sought) -> list[datetime]:
    if asked.until <= asked.wish.first:
        return []
    extend_to(practice, day_instant(asked.wish.first, practice.tz), day_instant(asked.until, practice.tz))
    if not weekly(practice.connection):
        note("no availability is set, so Monday to Friday 9:00 to 17:00 is taken for it")
    return find_times(
        practice.connection, asked.wish, practice.now, practice.tz, sys.maxsize, minutes=asked.minutes
    )


HANDLERS = {"free": Handler(_configure, _run)}
