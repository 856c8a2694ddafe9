"""`couchcal waitlist`: add, list, remove."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable

from couchcal.cli.actions import add_actions
from couchcal.cli.arguments import whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.occurrence_json import write_json, write_json_list
from couchcal.cli.plain import clean, day_words
from couchcal.cli.widths import columns, cut
from couchcal.errors import NotFound, Refused
from couchcal.practice import clients, waitlist, waitlist_changes
from couchcal.practice.agenda import local_day
from couchcal.practice.event_types import event_types
from couchcal.practice.names import client_label
from couchcal.practice.waitlist import WEEKDAYS, Waiting, hours_text, read_hours
from couchcal.store.public_id import scramble

_EXAMPLES = {
    "add": "couchcal waitlist add C-0001 --days tue,thu --hours 12-17 --note 'after work'",
    "list": "couchcal waitlist list --json",
    "remove": "couchcal waitlist remove w9e3779b1",
}
_DAY_WORDS = {"weekdays": range(5), "weekend": range(5, 7), "any": range(0)}
_NOTE_CELLS = 40


def _configure(parser: ArgumentParser) -> None:
    action = add_actions(parser, _EXAMPLES, names=True)
    add = action("add", "put a client on the waitlist")
    add.add_argument("client", metavar="CLIENT", type=whole_text, help="an id such as C-0001, or a name")
    add.add_argument(
        "--days", metavar="DAYS", type=_days, default=(), help="tue,thu or weekdays (default: any day)"
    )
    add.add_argument("--hours", metavar="HOURS", default="", type=whole_text, help="12-17 (default: any time)")
    add.add_argument("--type", metavar="TITLE", type=whole_text, help="the event type they wait for")
    add.add_argument("--note", metavar="T", default="", type=whole_text, help="a few words")
    listing = action("list", "who waits, the longest waiting first")
    listing.add_argument("--all", action="store_true", help="those who have got a time, too")
    remove = action("remove", "take an entry off the waitlist")
    remove.add_argument("id", metavar="ID", type=whole_text, help="an id of the list, or its unique beginning")


def _days(text: str) -> tuple[int, ...]:
    """Weekdays of `tue,thu` or `weekdays`, 0 is Monday.

    Raises:
        argparse.ArgumentTypeError: a word is no weekday.
    """
    found: set[int] = set()
    for word in text.casefold().replace(",", " ").split():
        if word in _DAY_WORDS:
            found.update(_DAY_WORDS[word])
            continue
        at = next((at for at, name in enumerate(WEEKDAYS) if word[:3] == name.casefold()), None)
        if at is None:
            raise ArgumentTypeError("give days such as tue,thu or weekdays")
        found.add(at)
    return tuple(sorted(found))


def _run(args: Namespace) -> int:
    with opened(args) as practice:
        return _ACTIONS[args.action](practice, args)


def _add(practice: Practice, args: Namespace) -> int:
    client = clients.resolve(practice.connection, args.client)
    from_time, to_time = read_hours(args.hours)
    kind = _event_type(practice, args.type)
    waitlist_changes.add(
        practice.database, client.id, event_type_id=kind, days=args.days, from_time=from_time, to_time=to_time,
        note=args.note,
    )  # fmt: skip
    listed = waitlist.waiting(practice.connection)
    row = next(row for row in listed if (row.client_id, row.event_type_id) == (client.id, kind))
    return _told(practice, args, f"{row.internal_id} is on the waitlist: {row.wants}", row)


def _event_type(practice: Practice, title: str | None) -> int | None:
    if title is None:
        return None
    rows = event_types(practice.connection)
    found = [row.id for row in rows if row.title.casefold() == title.strip().casefold()]
    if not found:
        raise NotFound("there is no such event type", f"they are {', '.join(clean(row.title) for row in rows)}")
    return found[0]


def _list(practice: Practice, args: Namespace) -> int:
    rows = waitlist.waiting(practice.connection, booked=args.all)
    if args.json:
        write_json_list(_record(practice, row) for row in rows)
        return 0
    if not rows:
        sys.stdout.write("Nobody waits. couchcal waitlist add CLIENT puts somebody on the list.\n")
        return 0
    for line in columns(_cells(practice, row) for row in rows):
        sys.stdout.write(f"{line}\n")
    return 0


def _cells(practice: Practice, row: Waiting) -> tuple[str, ...]:
    return (
        _public_id(row),
        clean(client_label(row.internal_id, row.first, row.last, practice.names)),
        f"since {day_words(local_day(row.since, practice.tz), year=True)}",
        clean(row.wants),
        "" if row.state == "waiting" else f"[{row.state}]",
        cut(clean(row.note), _NOTE_CELLS) if practice.names == "full" else "",
    )


def _remove(practice: Practice, args: Namespace) -> int:
    wanted = args.id.strip().casefold()
    rows = waitlist.waiting(practice.connection, booked=True)
    found = [row for row in rows if wanted.removeprefix("w") and _public_id(row).startswith(wanted)]
    if not found:
        raise NotFound("there is no such entry on the waitlist", "couchcal waitlist list shows the ids")
    if len(found) > 1:
        raise Refused(f"{len(found)} entries begin with that", "give more of the id")
    waitlist_changes.remove(practice.database, found[0].id)
    return _told(practice, args, f"{found[0].internal_id} is off the waitlist", found[0])


_ACTIONS: dict[str, Callable[[Practice, Namespace], int]] = {"add": _add, "list": _list, "remove": _remove}


def _told(practice: Practice, args: Namespace, words: str, row: Waiting) -> int:
    if args.json:
        write_json(_record(practice, row))
    else:
        sys.stdout.write(f"{clean(words)}\n")
    return 0


def _public_id(row: Waiting) -> str:
    return f"w{scramble(row.id):08x}"


def _record(practice: Practice, row: Waiting) -> dict[str, object]:
    """The entry; without full names only what tells nobody who it is."""
    from_text, _, to_text = hours_text(row.from_time, row.to_time).partition("-")
    return {
        "id": _public_id(row),
        "client": row.internal_id,
        "name": client_label(row.internal_id, row.first, row.last, practice.names),
        "since": row.since.astimezone(practice.tz).isoformat(),
        "state": row.state,
        "event_type": row.event_type,
        "minutes": row.minutes,
        "days": [WEEKDAYS[day].lower() for day in sorted(row.days)],
        "from": from_text or None,
        "to": to_text or None,
        "note": (row.note or None) if practice.names == "full" else None,
    }


HANDLERS = {"waitlist": Handler(_configure, _run)}
