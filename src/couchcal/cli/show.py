"""`couchcal show` and `couchcal find`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from couchcal.cli.arguments import add_id, add_json, add_names, whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.day_sheet import write_days
from couchcal.cli.entries import entry_of, named, overlapping
from couchcal.cli.occurrence_json import occurrence, place_of, status, write_json, write_json_list
from couchcal.cli.plain import clean, day_words, heading, last_day, time_words, title_words
from couchcal.practice.agenda import Entry, local_day
from couchcal.practice.cadence import repeat_phrase
from couchcal.practice.fields import KIND_LABELS
from couchcal.practice.locks import lock_reasons
from couchcal.practice.record_lines import record_lines
from couchcal.practice.search import find_all
from couchcal.store.public_id import encode

MOST_FOUND = 10_000
"""How many entries `find` lists, the latest ones."""
_LABEL_CELLS = 18


def _configure_show(parser: ArgumentParser) -> None:
    add_id(parser)
    add_json(parser)
    add_names(parser)


def _show(args: Namespace) -> int:
    with opened(args) as practice:
        entry = entry_of(practice, args.id)
        if entry.table == "appointment" and entry.internal_id is not None:
            practice.noted("view", "appointment", entry.row_id)
        if args.json:
            write_json(occurrence(entry, names=practice.names, now=practice.now))
        else:
            sys.stdout.write(
                heading(f"{title_words(entry, practice.names)}, {KIND_LABELS[entry.kind].lower()}") + "\n"
            )
            for label, text in _details(practice, entry):
                sys.stdout.write(f"  {label:<{_LABEL_CELLS}}{clean(text)}\n")
    return 0


def _details(practice: Practice, entry: Entry) -> list[tuple[str, str]]:
    first = entry.first_day or local_day(entry.start, practice.tz)
    times = time_words(entry, practice.tz)
    rows = [("when", f"{day_words(first, year=True)} {times} ({practice.facts.tz})")]
    last = last_day(entry)
    if last is not None:
        rows.append(("until", day_words(last, year=True)))
    if entry.service:
        rows.append(("service", "-".join((entry.service, *entry.modifiers))))
    place = place_of(entry)
    if place is not None:
        rows.append(("place", place))
    rows.append(("status", status(entry, practice.now)))
    if entry.cancel_type is not None:
        fee = "" if entry.cancel_fee_cents is None else f", fee {entry.cancel_fee_cents / 100:.2f}"
        rows.append(("cancelled", f"{entry.cancel_type.replace('_', ' ')}{fee}"))
    if entry.cancel_reason:
        rows.append(("reason", entry.cancel_reason))
    if entry.series_id is not None:
        rows.append(("repeats", f"{repeat_phrase(entry.rrule)} ({encode('series', entry.series_id)})"))
    if not entry.busy:
        rows.append(("busy", "no"))
    rows += [("locked", str(lock)) for lock in lock_reasons(entry) if lock.name != "cancelled"]
    if entry.table == "appointment":
        known = practice.names != "id"
        lines = record_lines(practice.connection, entry.row_id)
        rows += [(line.label, line.text) for line in lines if known or not line.private]
    others = overlapping(practice, entry)
    if others:
        rows.append(("overlaps", named(others, practice)))
    if entry.calendar:
        rows.append(("calendar", entry.calendar))
    return [*rows, ("origin", entry.origin), ("id", entry.id), ("uid", entry.uid)]


def _configure_find(parser: ArgumentParser) -> None:
    parser.add_argument(
        "text",
        metavar="TEXT",
        nargs="+",
        type=whole_text,
        help="beginnings of words of a name, title, place, service or instructions; is:no-show, is:late-cancel,"
        " is:cancelled, is:unsigned; in:march, in:2026-03, in:2026",
    )
    add_json(parser)
    add_names(parser)
    parser.add_argument("--cancelled", action="store_true", help="show cancelled entries, too")


def _find(args: Namespace) -> int:
    with opened(args) as practice:
        found = find_all(
            practice.connection, " ".join(args.text), practice.tz, now=practice.now, limit=MOST_FOUND, clients=0
        )
        cancelled = args.cancelled or found.query.states
        entries = [entry for entry in found.entries if cancelled or not entry.cancelled]
        if args.json:
            write_json_list(occurrence(entry, names=practice.names, now=practice.now) for entry in entries)
        elif not entries:
            sys.stdout.write("Nothing fits. Fewer words or letters find more.\n")
        else:
            earliest = min(entry.first_day or local_day(entry.start, practice.tz) for entry in entries)
            write_days(practice, entries, earliest, practice.today, whole=False)
    return 0


HANDLERS = {"show": Handler(_configure_show, _show), "find": Handler(_configure_find, _find)}
