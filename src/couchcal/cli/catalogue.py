"""`couchcal service`, `modifier`, `place` and `room`: the practice's lists."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from functools import partial
from shlex import quote
from typing import Any

from couchcal.cli.actions import add_actions
from couchcal.cli.arguments import cents, whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.occurrence_json import write_json, write_json_list
from couchcal.cli.plain import clean, note
from couchcal.cli.values import split_pair, yes_or_no
from couchcal.errors import Invalid, NotFound
from couchcal.practice import catalogue
from couchcal.practice.catalogue import Item, Kind
from couchcal.practice.outcome import Done

_FIELDS: dict[Kind, dict[str, str]] = {
    "service": {
        "label": "label", "length": "typical_min", "billed_from": "billable_min", "billed_to": "billable_max",
        "billed": "billable", "group": "group_service", "added_to": "addon_of", "fee": "fee_cents", "code": "code",
    },
    "modifier": {"label": "label", "code": "code"},
    "place": {"pos": "pos", "address": "address", "default": "is_default", "name": "name"},
    "room": {"place": "location_id", "name": "name"},
}  # fmt: skip
"""What can be written before the equals sign, and the field it stands for."""
_MINUTES = frozenset({"typical_min", "billable_min", "billable_max"})
_TRUTHS = frozenset({"billable", "group_service", "is_default"})
_EXAMPLES = {
    "service": ("couchcal service add H0004 label='Counselling' length=15 fee=30", "H0004 label='Counselling'"),
    "modifier": ("couchcal modifier add U1 label='State programme'", "U1 label='State programme'"),
    "place": ("couchcal place add Loft pos=11 address='1 High St'", "Loft pos=10"),
    "room": ("couchcal room add 'Blue room' place=Office", "'Blue room' name='Green room'"),
}


def _configure(kind: Kind, parser: ArgumentParser) -> None:
    add, change = _EXAMPLES[kind]
    named = change.partition(" ")[0] if "'" not in change.partition(" ")[0] else "'Blue room'"
    below = add_actions(parser)

    def action(name: str, summary: str, line: str) -> ArgumentParser:
        made = below(name, summary, line)
        if name != "list":
            made.add_argument("name", metavar="CODE" if "code" in _FIELDS[kind] else "NAME", type=whole_text)
        if name in ("add", "edit"):
            made.add_argument(
                "fields", metavar="FIELD=VALUE", nargs="*" if name == "add" else "+", type=whole_text,
                help=", ".join(_FIELDS[kind]),
            )  # fmt: skip
        return made

    listing = action("list", f"every {kind} in use", f"couchcal {kind} list --json")
    listing.add_argument("--retired", action="store_true", help="retired ones, too")
    action("add", f"put a {kind} on the list", add)
    action("edit", f"change a {kind}", f"couchcal {kind} edit {change}")
    action("retire", f"take a {kind} off the list; it goes for good if nothing refers to it",
           f"couchcal {kind} retire {named}")  # fmt: skip
    action("restore", f"bring a retired {kind} back", f"couchcal {kind} restore {named}")


def _run(kind: Kind, args: Namespace) -> int:
    with opened(args) as practice:
        return _ACTIONS[args.action](kind, practice, args)


def _list(kind: Kind, practice: Practice, args: Namespace) -> int:
    items = [item for item in _items(kind, practice) if item.active or args.retired]
    if args.json:
        write_json_list(_record(item) for item in items)
        return 0
    if not items:
        sys.stdout.write(f"No {kind}s yet.\n")
    width = max((len(_name(item)) for item in items), default=0) + 2
    for item in items:
        retired = "  [retired]" if not item.active else ""
        sys.stdout.write(f"{clean(_name(item)):<{width}}{clean(_pairs(kind, item))}{retired}\n")
    if kind in ("service", "modifier") and sys.stdout.isatty():
        note(catalogue.NOTICE)
    return 0


def _pairs(kind: Kind, item: Item) -> str:
    """What is set, as `edit` takes it: `label='Group therapy' length=90 group=yes`."""
    values = item._asdict() | {"location_id": getattr(item, "place", "")}
    found = []
    for word, field in _FIELDS[kind].items():
        value = values[field]
        if word in ("code", "name") or value in (None, "", False) or (field == "typical_min" and value == 0):
            continue
        text = "yes" if value is True else f"{value / 100:.2f}" if field == "fee_cents" else str(value)
        found.append(f"{word}={quote(text)}")
    return "  ".join(found)


def _add(kind: Kind, practice: Practice, args: Namespace) -> int:
    values = _values(kind, practice, args.fields)
    values["code" if "code" in _FIELDS[kind] else "name"] = args.name
    if kind == "service":
        values = {"typical_min": 50} | values
    if kind == "place":
        values = {"pos": "11"} | values
    return _told(kind, practice, args, catalogue.add(practice.database, kind, values))


def _edit(kind: Kind, practice: Practice, args: Namespace) -> int:
    item = _find(kind, practice, args.name)
    values = _values(kind, practice, args.fields)
    args.name = values.get("code") or values.get("name") or args.name
    done = catalogue.edit(practice.database, kind, item.id, values)
    for kept in done.kept:
        note(f"an upcoming session stays as it is: {kept.reason}")
    return _told(kind, practice, args, done)


def _retire(kind: Kind, practice: Practice, args: Namespace) -> int:
    item = _find(kind, practice, args.name)
    return _told(kind, practice, args, catalogue.remove(practice.database, kind, item.id))


def _restore(kind: Kind, practice: Practice, args: Namespace) -> int:
    item = _find(kind, practice, args.name)
    return _told(kind, practice, args, catalogue.restore(practice.database, kind, item.id))


_ACTIONS: dict[str, Callable[[Kind, Practice, Namespace], int]] = {
    "list": _list, "add": _add, "edit": _edit, "retire": _retire, "restore": _restore,
}  # fmt: skip


def _items(kind: Kind, practice: Practice) -> list[Item]:
    reads: dict[Kind, Callable[..., list[Any]]] = {
        "service": catalogue.services, "modifier": catalogue.modifiers, "place": catalogue.places,
        "room": catalogue.rooms,
    }  # fmt: skip
    return reads[kind](practice.connection)


def _name(item: Item) -> str:
    return str(getattr(item, "code", None) or getattr(item, "name", ""))


def _find(kind: Kind, practice: Practice, text: str) -> Item:
    wanted = text.strip().casefold()
    found = [item for item in _items(kind, practice) if _name(item).casefold() == wanted]
    if not found:
        raise NotFound(f"there is no {kind} called so", f"couchcal {kind} list --retired shows them")
    return found[0]


def _values(kind: Kind, practice: Practice, pairs: list[str]) -> dict[str, Any]:
    names = _FIELDS[kind]
    values: dict[str, Any] = {}
    for pair in pairs:
        word, text = split_pair(pair, ", ".join(names))
        field = names.get(word, word if word in names.values() else "")
        if not field:
            raise Invalid(f"a {kind} has no field '{word}'", f"fields are {', '.join(names)}", field=word)
        values[field] = _value(practice, word, field, text)
    return values


def _value(practice: Practice, word: str, field: str, text: str) -> Any:
    if field in _TRUTHS:
        return yes_or_no(word, text)
    if field in _MINUTES:
        if text and not (text.isascii() and text.isdecimal() and len(text) < 6):
            raise Invalid(f"{word} is minutes", "write a number, such as 50", field=word)
        return int(text) if text else None
    if field == "fee_cents":
        try:
            return cents(text) if text else None
        except ArgumentTypeError as error:
            raise Invalid(f"{word} is an amount", str(error), field=word) from None
    if field == "location_id":
        return _find("place", practice, text).id
    return text


def _told(kind: Kind, practice: Practice, args: Namespace, done: Done) -> int:
    if not args.json:
        sys.stdout.write(f"{done.label}\n")
        return 0
    found = [item for item in _items(kind, practice) if _name(item).casefold() == args.name.strip().casefold()]
    write_json(_record(found[0]) if found else {"removed": args.name.strip()})
    return 0


def _record(item: Item) -> dict[str, object]:
    values = item._asdict()
    for name in ("id", "version", "location_id"):
        values.pop(name, None)
    if "fee_cents" in values:
        fee = values.pop("fee_cents")
        values["fee"] = None if fee is None else fee / 100
    if "addon_of" in values:
        values["addon_of"] = values["addon_of"].split()
    return values


HANDLERS = {kind: Handler(partial(_configure, kind), partial(_run, kind)) for kind in _FIELDS}
