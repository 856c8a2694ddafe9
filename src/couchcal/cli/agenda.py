"""`couchcal agenda`: what is on the calendar, grouped by day or as JSON. The hot path: imports no ORM."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import groupby

from couchcal.cli.arguments import add_json, add_names, add_range
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.moments import DEFAULT_DAYS, days
from couchcal.cli.occurrence_json import occurrence, place_of, write_json_list
from couchcal.cli.plain import (
    clean,
    colour_wanted,
    day_words,
    entry_style,
    heading,
    marks,
    styled,
    time_words,
    title_words,
)
from couchcal.practice.agenda import Entry, between, day_instant, horizon_reached, local_day
from couchcal.practice.cadence import repeat_words

_LONGEST_COLUMN = 40
_CONTACTS = {"client_contact": "contact", "collateral_contact": "collateral"}


def _configure(parser: ArgumentParser) -> None:
    add_range(parser)
    add_json(parser)
    add_names(parser)
    parser.add_argument("--cancelled", action="store_true", help="show cancelled entries, too")


def _run(args: Namespace) -> int:
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
        else:
            write_days(practice, entries, first, until)
    return 0


def entries_between(practice: Practice, start: datetime, end: datetime, *, cancelled: bool = False) -> list[Entry]:
    """What is on the calendar in `[start, end)`, series topped up first when they have no rows there yet."""
    extend_to(practice, start, end)
    return between(practice.connection, start, end, practice.tz, cancelled=cancelled)


def extend_to(practice: Practice, start: datetime, end: datetime) -> None:
    """Give every series its rows in `[start, end)` where it has none yet (REC-08)."""
    if not horizon_reached(practice.connection, start, end):
        from couchcal.practice.series import extend_all

        extend_all(practice.database, start, end)


def write_days(practice: Practice, entries: list[Entry], first: date, until: date) -> None:
    """Print entries under their days, those that began earlier under `first`."""
    if not entries:
        sys.stdout.write(f"Nothing on the calendar from {day_words(first, year=True)}")
        sys.stdout.write(f" until {day_words(until, year=True)}.\n")
        return

    def day_of(entry: Entry) -> date:
        return max(first, entry.first_day or local_day(entry.start, practice.tz))

    rows = [_cells(practice, entry) for entry in entries]
    widths = [min(max(map(_width, column)), _LONGEST_COLUMN) for column in zip(*rows, strict=True)]
    lines = iter(_aligned(rows, widths))
    coloured = colour_wanted()
    separator = ""
    for day, of_day in groupby(sorted(entries, key=day_of), day_of):
        sys.stdout.write(f"{separator}{heading(day_words(day, year=True))}\n")
        separator = "\n"
        for entry in of_day:
            line = next(lines)
            sys.stdout.write(f"  {styled(line, *entry_style(entry)) if coloured else line}\n")


def _cells(practice: Practice, entry: Entry) -> tuple[str, ...]:
    service = "-".join((entry.service, *entry.modifiers)) if entry.service else _CONTACTS.get(entry.kind, "")
    return (
        time_words(entry, practice.tz, clock_24h=practice.settings.clock_24h),
        entry.id,
        title_words(entry, practice.names),
        service,
        clean(place_of(entry) or ""),
        clean(repeat_words(entry.rrule) or ""),
        " ".join(marks(entry)),
    )


def _aligned(rows: Iterable[tuple[str, ...]], widths: list[int]) -> Iterator[str]:
    shown = [index for index, width in enumerate(widths) if width]
    for row in rows:
        yield "  ".join(row[index] + " " * (widths[index] - _width(row[index])) for index in shown).rstrip()


def _width(text: str) -> int:
    """Columns of a terminal that `text` takes."""
    if text.isascii():
        return len(text)
    import unicodedata

    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(bool(unicodedata.combining(character)) for character in text)


HANDLERS = {"agenda": Handler(_configure, _run)}
