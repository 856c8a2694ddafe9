"""`couchcal client`: add, list, show, edit, accept, reject, merge, duplicates, archive, unarchive, invite,
revoke."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from couchcal.cli.actions import add_actions
from couchcal.cli.arguments import whole_text
from couchcal.cli.client_fields import add_fields, changes_of, field_help
from couchcal.cli.client_json import record
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.occurrence_json import write_json, write_json_list
from couchcal.cli.plain import clean, note
from couchcal.errors import Invalid, UsageProblem
from couchcal.practice import (
    client_changes,
    client_duplicates,
    client_merge,
    client_reject,
    clients,
    invites,
    sessions,
)
from couchcal.practice.client_duplicates import Duplicate
from couchcal.practice.clients import ClientRow
from couchcal.practice.names import client_label
from couchcal.store.vocabulary import CLIENT_STATES

_EXAMPLES = {
    "add": "couchcal client add 'Jane Doe' --email jane@example.org --phone 555-0100",
    "list": "couchcal client list --state intake --json",
    "show": "couchcal client show C-0001",
    "edit": "couchcal client edit C-0001 preferred=Jay usual_service=90834 remind_text=yes",
    "accept": "couchcal client accept C-0007 phone=555-0107",
    "reject": "couchcal client reject C-0007",
    "merge": "couchcal client merge C-0007 C-0001 --take email",
    "duplicates": "couchcal client duplicates C-0007",
    "archive": "couchcal client archive C-0001",
    "unarchive": "couchcal client unarchive C-0001",
    "invite": "couchcal client invite C-0001",
    "revoke": "couchcal client revoke C-0001",
}


def _configure(parser: ArgumentParser) -> None:
    below = add_actions(parser, _EXAMPLES, names=True)

    def action(name: str, summary: str, *, fields: bool = False) -> ArgumentParser:
        made = below(name, summary)
        if fields:
            made.epilog = f"{field_help()}\n\n{made.epilog}"
        return made

    add = action("add", "add a client")
    add.add_argument("name", metavar="NAME", nargs="+", type=whole_text, help="'Jane Doe' or 'Doe, Jane'")
    add.add_argument("--email", metavar="E", default="", type=whole_text, help="e-mail address")
    add.add_argument("--phone", metavar="P", default="", type=whole_text, help="telephone number")
    add.add_argument("--tz", metavar="Z", default="", type=whole_text, help="IANA time zone, if not yours")
    add.add_argument("--id", metavar="ID", type=whole_text, help="your own id (default: the next C-0001)")
    listing = action("list", "list the clients, new bookings first")
    listing.add_argument("--all", "--archived", dest="archived", action="store_true", help="archived ones, too")
    listing.add_argument("--state", choices=CLIENT_STATES, help="only those in this state")
    _client_argument(action("show", "show a client's record"))
    edit = action("edit", "change a client's record", fields=True)
    _client_argument(edit)
    add_fields(edit, "+")
    accept = action("accept", "make a client of the intake an active one", fields=True)
    _client_argument(accept)
    add_fields(accept, "*")
    _client_argument(action("reject", "remove a client of the intake and their sessions"))
    merge = action("merge", "move everything of one client to another")
    _client_argument(merge)
    merge.add_argument("into", metavar="INTO", type=whole_text, help="the client who stays")
    merge.add_argument(
        "--take", metavar="FIELDS", default="", type=whole_text,
        help="take email, phone, tz from CLIENT though INTO has its own: email,phone",
    )  # fmt: skip
    merge.add_argument("--dry-run", action="store_true", help="say what would move, change nothing")
    duplicates = action("duplicates", "find clients who may be one person")
    duplicates.add_argument("client", metavar="CLIENT", nargs="?", type=whole_text, help="only those like this one")
    _client_argument(action("archive", "put a client away"))
    _client_argument(action("unarchive", "bring an archived client back"))
    _client_argument(action("invite", "invite a client to the portal"))
    _client_argument(action("revoke", "end a client's access to the portal"))


def _client_argument(parser: ArgumentParser) -> None:
    parser.add_argument("client", metavar="CLIENT", type=whole_text, help="an id such as C-0001, or a name")


def _run(args: Namespace) -> int:
    with opened(args) as practice:
        return _ACTIONS[args.action](practice, args)


def _add(practice: Practice, args: Namespace) -> int:
    fields = {} if args.id is None else {"internal_id": args.id}
    row = client_changes.add(
        practice.database, " ".join(args.name), email=args.email, phone=args.phone, tz=args.tz, fields=fields
    )
    return _told(practice, args, "Added", row)


def _list(practice: Practice, args: Namespace) -> int:
    rows = clients.list_clients(practice.connection, archived=args.archived or args.state == "archived")
    if args.state is not None:
        rows = [row for row in rows if row.state == args.state]
    if args.json:
        seen = sessions.seen_by_client(practice.connection, practice.now)
        write_json_list(record(practice, row, seen=seen.get(row.id)) for row in rows)
        return 0
    if not rows:
        sys.stdout.write("No clients yet.\n" if args.state is None else f"No {args.state} clients.\n")
    for row in rows:
        state = "" if row.state == "active" else f"  [{row.state}]"
        sys.stdout.write(f"{row.internal_id:<8}  {_label(row, practice.names)}{state}".rstrip() + "\n")
    if practice.names == "id" and sys.stdout.isatty():
        note("--names full shows who they are")
    return 0


def _show(practice: Practice, args: Namespace) -> int:
    row = clients.resolve(practice.connection, args.client)
    seen = sessions.seen_by_client(practice.connection, practice.now).get(row.id)
    found = record(practice, row, seen=seen)
    practice.noted("view", "client", row.id)
    if args.json:
        write_json(found)
        return 0
    for name, value in found.items():
        if value not in (None, ""):
            shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else clean(str(value))
            sys.stdout.write(f"{name:<16}{shown}\n")
    return 0


def _edit(practice: Practice, args: Namespace) -> int:
    row = clients.resolve(practice.connection, args.client)
    return _told(
        practice, args, "Changed", client_changes.edit(practice.database, row.id, changes_of(practice, args))
    )


def _accept(practice: Practice, args: Namespace) -> int:
    row = clients.resolve(practice.connection, args.client)
    changes = changes_of(practice, args)
    if changes and row.state == "intake":
        accepted = client_changes.edit(practice.database, row.id, changes, accept=True)
    else:
        accepted = client_changes.set_state(practice.database, row.id, "active")
    return _told(practice, args, "Accepted", accepted)


def _archive(practice: Practice, args: Namespace) -> int:
    row = clients.resolve(practice.connection, args.client)
    return _told(practice, args, "Archived", client_changes.set_state(practice.database, row.id, "archived"))


def _unarchive(practice: Practice, args: Namespace) -> int:
    row = clients.resolve(practice.connection, args.client)
    if row.state == "intake":
        raise Invalid("a client of the intake is not archived", "couchcal client accept makes them active")
    return _told(practice, args, "Brought back", client_changes.set_state(practice.database, row.id, "active"))


def _invite(practice: Practice, args: Namespace) -> int:
    row = clients.resolve(practice.connection, args.client)
    invites.invite(practice.database, row.id)
    return _told(practice, args, "Invited", row)


def _revoke(practice: Practice, args: Namespace) -> int:
    row = clients.resolve(practice.connection, args.client)
    invites.revoke(practice.database, row.id)
    return _told(practice, args, "Ended the portal access of", row)


def _reject(practice: Practice, args: Namespace) -> int:
    row = clients.resolve(practice.connection, args.client)
    count = client_reject.reject(practice.database, row.id)
    if args.json:
        write_json({"rejected": row.internal_id, "sessions": count})
    else:
        sys.stdout.write(f"Rejected {row.internal_id}, {count} {_many('session', count)} removed\n")
    return 0


def _merge(practice: Practice, args: Namespace) -> int:
    row = clients.resolve(practice.connection, args.client)
    into = clients.resolve(practice.connection, args.into)
    take = [field.strip() for field in args.take.split(",") if field.strip()]
    if row.id == into.id:
        raise UsageProblem("CLIENT and INTO are the same", "name two clients")
    if args.dry_run:
        found = client_merge.preview(practice.database, row.id, into.id, take=take)
        moving = {"sessions": found.sessions, "requests": found.requests, "waitlist": found.waiting}
        if args.json:
            taken = sorted({*found.filled, *(set(take) & set(found.differing))})
            write_json({"merge": row.internal_id, "into": into.internal_id, **moving, "taken": taken})
        else:
            counts = ((found.sessions, "session"), (found.requests, "request"), (found.waiting, "waitlist entry"))
            words = ", ".join(f"{count} {_many(word, count)}" for count, word in counts if count)
            sys.stdout.write(f"{row.internal_id} into {into.internal_id}: {words or 'nothing to move'}\n")
        return 0
    kept = client_merge.merge(practice.database, row.id, into.id, take=take)
    return _told(practice, args, f"Merged {row.internal_id} into", kept)


def _duplicates(practice: Practice, args: Namespace) -> int:
    if args.client is None:
        found = client_duplicates.pairs(practice.connection)
    else:
        row = clients.resolve(practice.connection, args.client)
        found = [(row, other) for other in client_duplicates.suggestions(practice.connection, row.id)]
    if args.json:
        write_json_list(
            {"client": row.internal_id, "like": other.client.internal_id, "reasons": list(other.reasons)}
            for row, other in found
        )
        return 0
    if not found:
        sys.stdout.write("No two clients look alike.\n" if args.client is None else "Nobody looks alike.\n")
    for row, other in found:
        sys.stdout.write(_pair_line(row, other, practice.names))
    return 0


def _pair_line(row: ClientRow, other: Duplicate, names: str) -> str:
    ids = f"{row.internal_id}  {other.client.internal_id}  {', '.join(other.reasons)}"
    called = [_label(client, names) for client in (row, other.client)]
    return f"{ids}  ({' / '.join(called)})\n" if any(called) else f"{ids}\n"


_ACTIONS: dict[str, Callable[[Practice, Namespace], int]] = {
    "add": _add, "list": _list, "show": _show, "edit": _edit, "accept": _accept, "reject": _reject,
    "merge": _merge, "duplicates": _duplicates, "archive": _archive, "unarchive": _unarchive,
    "invite": _invite, "revoke": _revoke,
}  # fmt: skip


def _told(practice: Practice, args: Namespace, verb: str, row: ClientRow) -> int:
    if args.json:
        seen = sessions.seen_by_client(practice.connection, practice.now).get(row.id)
        write_json(record(practice, row, seen=seen))
    else:
        sys.stdout.write(f"{verb} {row.internal_id}\n")
    return 0


def _many(word: str, count: int) -> str:
    return word if count == 1 else f"{word.removesuffix('y')}ies" if word.endswith("y") else f"{word}s"


def _label(row: ClientRow, names: str) -> str:
    """The client by `names`; empty where that is the id, which stands beside it."""
    return "" if names == "id" else clean(client_label(row.internal_id, row.called, row.last, names))


HANDLERS = {"client": Handler(_configure, _run)}
