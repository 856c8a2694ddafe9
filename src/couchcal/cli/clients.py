"""`couchcal client`: add, list, show, edit, accept, reject, merge, archive."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from couchcal.cli.arguments import add_db, add_json, add_names, example, whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.occurrence_json import write_json, write_json_list
from couchcal.cli.plain import clean, note
from couchcal.cli.values import split_pair, yes_or_no
from couchcal.errors import Invalid, UsageProblem
from couchcal.practice import client_changes, client_merge, client_reject, clients
from couchcal.practice.client_changes import EDITABLE
from couchcal.practice.clients import ClientRow
from couchcal.practice.names import client_label
from couchcal.practice.services import locations

_EXAMPLES = {
    "add": "couchcal client add 'Jane Doe' --email jane@example.org --phone 555-0100",
    "list": "couchcal client list --json",
    "show": "couchcal client show C-0001",
    "edit": "couchcal client edit C-0001 preferred=Jay usual_service=90834",
    "accept": "couchcal client accept C-0007",
    "reject": "couchcal client reject C-0007",
    "merge": "couchcal client merge C-0007 C-0001",
    "archive": "couchcal client archive C-0001",
}
_FIELDS = ", ".join(EDITABLE).replace("usual_location_id", "usual_location")
_ALIASES = {"id": "internal_id", "usual_location": "usual_location_id", "place": "usual_location_id"}
_FLAGS = ("remind_email", "remind_text", "remind_phone")


def _configure(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, summary: str) -> ArgumentParser:
        made: ArgumentParser = actions.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", epilog=example(_EXAMPLES[name])
        )
        add_db(made)
        add_json(made)
        add_names(made)
        return made

    add = action("add", "add a client")
    add.add_argument("name", metavar="NAME", nargs="+", type=whole_text, help="'Jane Doe' or 'Doe, Jane'")
    add.add_argument("--email", metavar="E", default="", type=whole_text, help="e-mail address")
    add.add_argument("--phone", metavar="P", default="", type=whole_text, help="telephone number")
    add.add_argument("--tz", metavar="Z", default="", type=whole_text, help="IANA time zone, if not yours")
    listing = action("list", "list the clients")
    listing.add_argument("--archived", action="store_true", help="archived ones, too")
    _client_argument(action("show", "show a client's record"))
    edit = action("edit", "change a client's record")
    _client_argument(edit)
    help_text = f"an empty value clears: {_FIELDS}"
    edit.add_argument("fields", metavar="FIELD=VALUE", nargs="+", type=whole_text, help=help_text)
    _client_argument(action("accept", "make a client of the intake an active one"))
    _client_argument(action("reject", "remove a client of the intake and their sessions"))
    merge = action("merge", "move everything of one client to another")
    _client_argument(merge)
    merge.add_argument("into", metavar="INTO", type=whole_text, help="the client who stays")
    _client_argument(action("archive", "put a client away"))


def _client_argument(parser: ArgumentParser) -> None:
    parser.add_argument("client", metavar="CLIENT", type=whole_text, help="an id such as C-0001, or a name")


def _run(args: Namespace) -> int:
    with opened(args) as practice:
        return _ACTIONS[args.action](practice, args)


def _add(practice: Practice, args: Namespace) -> int:
    row = client_changes.add(practice.database, " ".join(args.name), email=args.email, phone=args.phone, tz=args.tz)
    return _told(practice, args, "Added", row)


def _list(practice: Practice, args: Namespace) -> int:
    rows = clients.list_clients(practice.connection, archived=args.archived)
    if args.json:
        write_json_list(_record(practice, row, practice.names) for row in rows)
        return 0
    if not rows:
        sys.stdout.write("No clients yet.\n")
    for row in rows:
        state = "" if row.state == "active" else f"  [{row.state}]"
        sys.stdout.write(f"{row.internal_id:<8}  {_label(row, practice.names)}{state}".rstrip() + "\n")
    if practice.names == "id" and sys.stdout.isatty():
        note("--names full shows who they are")
    return 0


def _show(practice: Practice, args: Namespace) -> int:
    row = clients.resolve(practice.connection, args.client)
    record = _record(practice, row, practice.names)
    if args.json:
        write_json(record)
        return 0
    for name, value in record.items():
        if value not in (None, ""):
            sys.stdout.write(f"{name:<15}{clean(str(value))}\n")
    return 0


def _edit(practice: Practice, args: Namespace) -> int:
    row = clients.resolve(practice.connection, args.client)
    changes: dict[str, object] = {}
    for pair in args.fields:
        name, value = split_pair(pair, _FIELDS)
        field = _ALIASES.get(name, name)
        changes[field] = _value(practice, field, value)
    return _told(practice, args, "Changed", client_changes.edit(practice.database, row.id, changes))


def _value(practice: Practice, field: str, value: str) -> object:
    if field in _FLAGS:
        return yes_or_no(field, value)
    if field == "self_scheduling" and value not in ("inherit", "on", "off"):
        raise Invalid("self_scheduling is inherit, on or off", "choose one of them", field=field)
    if field == "usual_service":
        return value.upper() or None
    if field == "usual_location_id":
        places = {place.name.casefold(): place.id for place in locations(practice.connection)}
        if value and value.casefold() not in places:
            raise Invalid("there is no such place", f"places are {', '.join(places)}", field=field)
        return places[value.casefold()] if value else None
    return value


def _accept(practice: Practice, args: Namespace) -> int:
    row = clients.resolve(practice.connection, args.client)
    return _told(practice, args, "Accepted", client_changes.set_state(practice.database, row.id, "active"))


def _archive(practice: Practice, args: Namespace) -> int:
    row = clients.resolve(practice.connection, args.client)
    return _told(practice, args, "Archived", client_changes.set_state(practice.database, row.id, "archived"))


def _reject(practice: Practice, args: Namespace) -> int:
    row = clients.resolve(practice.connection, args.client)
    sessions = client_reject.reject(practice.database, row.id)
    if args.json:
        write_json({"rejected": row.internal_id, "sessions": sessions})
    else:
        sys.stdout.write(f"Rejected {row.internal_id}, {sessions} sessions removed\n")
    return 0


def _merge(practice: Practice, args: Namespace) -> int:
    row = clients.resolve(practice.connection, args.client)
    into = clients.resolve(practice.connection, args.into)
    if row.id == into.id:
        raise UsageProblem("CLIENT and INTO are the same", "name two clients")
    kept = client_merge.merge(practice.database, row.id, into.id)
    return _told(practice, args, f"Merged {row.internal_id} into", kept)


_ACTIONS: dict[str, Callable[[Practice, Namespace], int]] = {
    "add": _add, "list": _list, "show": _show, "edit": _edit, "accept": _accept, "reject": _reject,
    "merge": _merge, "archive": _archive,
}  # fmt: skip


def _told(practice: Practice, args: Namespace, verb: str, row: ClientRow) -> int:
    if args.json:
        write_json(_record(practice, row, practice.names))
    else:
        sys.stdout.write(f"{verb} {row.internal_id}\n")
    return 0


def _label(row: ClientRow, names: str) -> str:
    """The client by `names`; empty where that is the id, which stands beside it."""
    return "" if names == "id" else clean(client_label(row.internal_id, row.called, row.last, names))


def _record(practice: Practice, row: ClientRow, names: str) -> dict[str, object]:
    """The record; without full names only what tells nobody who it is."""
    places = {place.id: place.name for place in locations(practice.connection)}
    full = names == "full"
    return {
        "id": row.internal_id,
        "name": client_label(row.internal_id, row.called, row.last, names),
        "first": row.first if full else None,
        "last": row.last if full else None,
        "preferred": (row.preferred or None) if full else None,
        "email": (row.email or None) if full else None,
        "phone": (row.phone or None) if full else None,
        "time_zone": row.tz or None,
        "state": row.state,
        "usual_service": row.usual_service,
        "usual_location": places.get(row.usual_location_id or 0),
    }


HANDLERS = {"client": Handler(_configure, _run)}
