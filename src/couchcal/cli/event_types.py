"""`couchcal event-type`: add, list, edit, move, remove, restore. EVT-01, VIS-01."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, Namespace

from couchcal.cli.actions import Action, add_actions, run_action
from couchcal.cli.arguments import whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice
from couchcal.cli.occurrence_json import write_json, write_json_list
from couchcal.cli.plain import clean
from couchcal.cli.values import split_pair
from couchcal.errors import Invalid, NotFound, Refused
from couchcal.practice import event_types
from couchcal.practice.event_type_values import EDITABLE, RANGES, SESSION_STEP
from couchcal.practice.event_types import EventTypeRow
from couchcal.practice.outcome import Done
from couchcal.store.connection import Connection

_VISITS = {"both": "telehealth & in person", "telehealth": "telehealth only", "in_person": "in person only"}
_HELP = {
    "minutes": "length, 5 to 480 (50)",
    "visit_mode": "both, telehealth or in-person (both)",
    "description": "what clients read beside it",
    "buffer_before": "minutes that stay free before it (0)",
    "buffer_after": "minutes that stay free after it (0)",
    "service": "the code it is booked as, such as 90834",
    "audience": "both, public (booking page) or portal (both)",
    "min_notice_min": "how soon it can be booked: 30, 2h, 1d",
    "window_days": "how many days ahead it can be booked, or unlimited",
    "slot_step": "minutes between starts: 5, 10, 15, 20, 30, 60, or session",
    "max_per_day": "client sessions a day, at most",
    "confirm": "instant, or request: you decide",
}
_ALIASES = {
    "visit": "visit_mode", "notice": "min_notice_min", "window": "window_days", "step": "slot_step",
    "length": "minutes",
}  # fmt: skip
_OPTIONS = {"visit_mode": "visit", "min_notice_min": "notice", "window_days": "window", "slot_step": "step"}
"""Fields whose option is shorter."""
_UNITS = {"m": 1, "min": 1, "h": 60, "d": 1440}
_AMOUNT = re.compile(r"([0-9]{1,6})\s*(m|min|h|d)?")


def _configure(parser: ArgumentParser) -> None:
    action = add_actions(parser)
    add = action("add", "add an event type", "couchcal event-type add Intake --minutes 80 --visit telehealth")
    add.add_argument("title", metavar="TITLE", nargs="+", type=whole_text, help="what clients see")
    for field, text in _HELP.items():
        option = f"--{_OPTIONS.get(field, field).replace('_', '-')}"
        add.add_argument(option, dest=field, metavar="V", type=whole_text, help=text)
    listing = action("list", "the event types in their order", "couchcal event-type list --json")
    listing.add_argument("--removed", action="store_true", help="removed ones, too")
    edit = action("edit", "change an event type", "couchcal event-type edit Intake minutes=90 buffer_after=10")
    _subject(edit)
    fields = f"an empty value takes the practice's rule: {', '.join(EDITABLE)}"
    edit.add_argument("fields", metavar="FIELD=VALUE", nargs="+", type=whole_text, help=fields)
    move = action("move", "move an event type up or down the list", "couchcal event-type move Intake up")
    _subject(move)
    move.add_argument("way", choices=("up", "down", "first", "last"), help="where to")
    _subject(action("remove", "take an event type away", "couchcal event-type remove Intake"))
    _subject(action("restore", "offer a removed event type again", "couchcal event-type restore Intake"))


def _subject(parser: ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", type=whole_text, help="its number in the list, or its title")


def _run(args: Namespace) -> int:
    return run_action(_ACTIONS, args)


def resolve(connection: Connection, text: str, *, whole: bool = False) -> EventTypeRow:
    """The event type with this number, this title, or the only one whose title begins so; offered ones first.
    A `whole` title is wanted where a beginning would take away the wrong one.

    Raises:
        NotFound, Refused: none has it, several do.
    """
    rows = event_types.event_types(connection, inactive=True)
    word = text.strip().casefold()
    for fits in (
        [row for row in rows if str(row.id) == word],
        [row for row in rows if row.title.casefold() == word and row.active],
        [row for row in rows if row.title.casefold() == word],
        [row for row in rows if word and not whole and row.title.casefold().startswith(word)],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            numbers = ", ".join(str(row.id) for row in fits)
            raise Refused(f"{len(fits)} event types are called '{text[:40]}'", f"choose by number: {numbers}")
    raise NotFound(f"there is no event type '{text[:40]}'", "couchcal event-type list shows them")


def _add(practice: Practice, args: Namespace) -> int:
    values = {field: _value(field, getattr(args, field)) for field in _HELP if getattr(args, field) is not None}
    done = event_types.add(practice.database, {"title": " ".join(args.title), **values})
    return _told(practice, args, done, event_types.event_types(practice.connection)[-1].id)


def _list(practice: Practice, args: Namespace) -> int:
    rows = event_types.event_types(practice.connection, inactive=args.removed)
    if args.json:
        write_json_list(_record(row) for row in rows)
        return 0
    if not rows:
        sys.stdout.write("No event types yet. couchcal event-type add Intake --minutes 80 makes one.\n")
    width = max((len(clean(row.title)) for row in rows), default=0)
    for row in rows:
        words = [f"{row.minutes:>3} min", _VISITS[row.visit_mode], *_rules(row)]
        state = "" if row.active else "  [removed]"
        sys.stdout.write(f"{row.id:>3}  {clean(row.title):<{width}}  {', '.join(words)}{state}\n")
    return 0


def _edit(practice: Practice, args: Namespace) -> int:
    row = resolve(practice.connection, args.id)
    changes: dict[str, object] = {}
    for pair in args.fields:
        name, value = split_pair(pair, ", ".join(EDITABLE))
        field = _ALIASES.get(name, name)
        changes[field] = _value(field, value)
    done = event_types.edit(practice.database, row.id, changes, expected_version=row.version)
    return _told(practice, args, done, row.id)


def _move(practice: Practice, args: Namespace) -> int:
    row = resolve(practice.connection, args.id)
    by = {"up": -1, "down": 1, "first": -event_types.MAX_ACTIVE, "last": event_types.MAX_ACTIVE}[args.way]
    return _told(practice, args, event_types.move(practice.database, row.id, by), row.id)


def _remove(practice: Practice, args: Namespace) -> int:
    row = resolve(practice.connection, args.id, whole=True)
    done = event_types.remove(practice.database, row.id)
    if args.json:
        write_json({**_record(row), "active": False})
        return 0
    sys.stdout.write(f"{clean(done.label)}\n")
    for words in done.advice:
        sys.stdout.write(f"  {words}\n")
    return 0


def _restore(practice: Practice, args: Namespace) -> int:
    row = resolve(practice.connection, args.id)
    return _told(practice, args, event_types.restore(practice.database, row.id), row.id)


_ACTIONS: dict[str, Action] = {
    "add": _add, "list": _list, "edit": _edit, "move": _move, "remove": _remove, "restore": _restore,
}  # fmt: skip


def _value(field: str, text: str) -> object:
    """What `text` says for a column; empty leaves it to the practice."""
    text = text.strip()
    if field in ("visit_mode", "audience", "confirm"):
        return text.lower().replace("-", "_") or None
    if field == "service":
        return text.upper() or None
    if field not in RANGES and field != "slot_step":
        return text
    if not text:
        return 0 if field.startswith("buffer_") else None
    if field == "slot_step" and text.lower() == "session":
        return SESSION_STEP
    if field == "window_days" and text.lower() in ("unlimited", "none"):
        return 0
    found = _AMOUNT.fullmatch(text.lower())
    if found is None:
        raise Invalid(f"'{text[:20]}' is no number", _HELP[field], field=field)
    if field == "window_days":
        return int(found[1])
    return int(found[1]) * _UNITS[found[2] or "m"]


def _rules(row: EventTypeRow) -> list[str]:
    """What it says beside its length and visits, in words."""
    found = []
    if row.service:
        found.append(clean(row.service))
    if row.buffer_before or row.buffer_after:
        found.append(f"buffer {row.buffer_before}/{row.buffer_after} min")
    if row.audience != "both":
        found.append({"public": "booking page only", "portal": "portal only"}[row.audience])
    if row.min_notice_min is not None:
        found.append(f"notice {_span_words(row.min_notice_min)}")
    if row.window_days is not None:
        found.append(f"{row.window_days} days ahead" if row.window_days else "any time ahead")
    if row.slot_step is not None:
        found.append(f"every {row.slot_step} min" if row.slot_step != SESSION_STEP else "one after the other")
    if row.max_per_day is not None:
        found.append(f"at most {row.max_per_day} sessions a day")
    if row.confirm is not None:
        found.append({"instant": "booked at once", "request": "on request"}[row.confirm])
    return found


def _span_words(minutes: int) -> str:
    """`30 min`, `2 h`, `1 d`: in the largest unit that fits."""
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes and minutes % size == 0:
            return f"{minutes // size} {unit}"
    return f"{minutes} min"


def _record(row: EventTypeRow) -> dict[str, object]:
    return {name: value for name, value in row._asdict().items() if name != "version"}


def _told(practice: Practice, args: Namespace, done: Done, event_type_id: int) -> int:
    if args.json:
        write_json(_record(event_types.one(practice.connection, event_type_id)))
    else:
        sys.stdout.write(f"{clean(done.label)} ({event_type_id})\n")
    return 0


HANDLERS = {"event-type": Handler(_configure, _run)}
