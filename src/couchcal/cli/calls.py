"""`couchcal calls`: whom to call about sessions that are ahead (APT-16).

Numbers are told with `--names full` alone, as everywhere.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from datetime import datetime
from itertools import groupby

from couchcal.cli.agenda import extend_to
from couchcal.cli.arguments import add_json, add_names, add_range
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.moments import window
from couchcal.cli.occurrence_json import write_json_list
from couchcal.cli.plain import clean, day_words, heading, title_words
from couchcal.clock_words import clock_words
from couchcal.practice.calls import Call, calls, next_days
from couchcal.practice.names import entry_title
from couchcal.scheduling.wallclock import to_local


def _configure(parser: ArgumentParser) -> None:
    add_range(parser)
    add_json(parser)
    add_names(parser)


def _run(args: Namespace) -> int:
    with opened(args) as practice:
        found = _calls(practice, args)
        if args.json:
            write_json_list(_record(practice, call) for call in found)
        elif not found:
            sys.stdout.write("Nobody is to be called. couchcal client edit C-0001 remind_phone=yes asks for it.\n")
        for day, of_day in groupby([] if args.json else found, lambda call: _local(practice, call).date()):
            sys.stdout.write(f"{heading(day_words(day, year=True))}\n")
            for call in of_day:
                title = title_words(call.entry, practice.names)
                phone = "--names full has the number"
                if practice.names == "full" or not call.phone:
                    phone = clean(call.phone) or "no number on file"
                sys.stdout.write(f"  {clock_words(_local(practice, call)):>7}  {title}  {phone}  {call.entry.id}\n")
    return 0


def _calls(practice: Practice, args: Namespace) -> list[Call]:
    """Those of `--from` and `--to`, else of what is ahead today and tomorrow."""
    if args.first is None and args.until is None:
        start, end = next_days(practice.now, practice.tz)
    else:
        start, end = window(args, practice.today, practice.tz)
    extend_to(practice, start, end)
    return calls(practice.connection, start, end, practice.tz)


def _record(practice: Practice, call: Call) -> dict[str, object]:
    entry = call.entry
    return {
        "id": entry.id,
        "start": entry.start.astimezone(practice.tz).isoformat(),
        "title": entry_title(entry, practice.names),
        "client": entry.internal_id,
        "phone": call.phone or None if practice.names == "full" else None,
    }


def _local(practice: Practice, call: Call) -> datetime:
    return to_local(call.entry.start, practice.tz)


HANDLERS = {"calls": Handler(_configure, _run)}
