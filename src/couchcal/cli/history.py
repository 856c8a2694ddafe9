"""`couchcal undo` and `couchcal redo`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from couchcal.cli.arguments import add_json, add_names
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.occurrence_json import write_json
from couchcal.cli.plain import clean, title_words, when_words
from couchcal.clock_words import in_chosen_clock
from couchcal.practice.agenda import one

MOST_SHOWN = 5


def _configure(parser: ArgumentParser) -> None:
    add_json(parser)
    add_names(parser)


def _undo(args: Namespace) -> int:
    with opened(args) as practice:
        from couchcal.practice.undo import undo

        return _report(practice, args, "Undid", undo(practice.database))


def _redo(args: Namespace) -> int:
    with opened(args) as practice:
        from couchcal.practice.undo import redo

        return _report(practice, args, "Redid", redo(practice.database))


def _report(practice: Practice, args: Namespace, verb: str, label: str) -> int:
    """Say what was put back. The journal's label has names in it: it is shown only where names are wanted."""
    rows = practice.connection.execute(
        "SELECT DISTINCT table_name, row_id FROM change_row WHERE change_id = (SELECT max(id) FROM change)"
    ).fetchall()
    found = [one(practice.connection, row_id, practice.tz) for table, row_id in rows if table == "appointment"]
    entries = sorted((entry for entry in found if entry is not None), key=lambda entry: (entry.start, entry.id))
    if args.json:
        write_json({"done": verb.lower(), "rows": len(rows), "ids": [entry.id for entry in entries]})
        return 0
    words = (
        clean(in_chosen_clock(label))
        if practice.names == "full"
        else f"{verb} the latest change ({_rows(len(rows))})"
    )
    sys.stdout.write(f"{words}\n")
    for entry in entries[:MOST_SHOWN]:
        state = ", cancelled" if entry.cancelled else ""
        title = title_words(entry, practice.names)
        sys.stdout.write(f"  now {entry.id}  {title} {when_words(entry, practice.tz)}{state}\n")
    if len(entries) > MOST_SHOWN:
        sys.stdout.write(f"  and {len(entries) - MOST_SHOWN} more\n")
    return 0


def _rows(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"


HANDLERS = {"undo": Handler(_configure, _undo), "redo": Handler(_configure, _redo)}
