"""`couchcal mail`: test, preview, list, retry, password."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import suppress

from couchcal.cli.actions import add_actions
from couchcal.cli.arguments import whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.occurrence_json import write_json, write_json_list
from couchcal.cli.plain import clean, one_line
from couchcal.cli.widths import padded, width
from couchcal.clock_words import moment_words
from couchcal.errors import EXIT_REMOTE, CouchcalError, Invalid, NotFound, Refused
from couchcal.mail import ledger
from couchcal.mail.ledger import Item
from couchcal.scheduling.wallclock import to_local
from couchcal.store.public_id import scramble

_EXAMPLES = {
    "test": "couchcal mail test you@example.org",
    "preview": "couchcal mail preview booking_confirmed",
    "list": "couchcal mail list --failed",
    "retry": "couchcal mail retry m9e3779b1",
    "password": "couchcal mail password",
}


class MailTrouble(CouchcalError):
    """The mail server is not to be had, or refuses."""

    code = "mail"
    exit_code = EXIT_REMOTE


def _configure(parser: ArgumentParser) -> None:
    below = add_actions(parser)

    def action(name: str, summary: str) -> ArgumentParser:
        return below(name, summary, _EXAMPLES[name])

    test = action("test", "send a mail that says that mail goes out")
    test.add_argument("address", metavar="ADDRESS", type=whole_text, help="where it goes")
    preview = action("preview", "print a mail as it would be sent")
    preview.add_argument("kind", metavar="KIND", type=whole_text, help="such as booking_confirmed, or reminder")
    preview.add_argument("--eml", action="store_true", help="the whole message, for a mail program")
    listing = action("list", "letters and reminders, the newest first")
    listing.add_argument("--failed", action="store_true", help="only what did not go out, or may not have")
    retry = action("retry", "send a letter again that has failed or is unknown")
    retry.add_argument("id", metavar="ID", type=whole_text, help="an id of the list")
    password = action("password", "put the password of the mail server into the keyring")
    password.add_argument("--text", action="store_true", help="the token of the text gateway instead")


def _run(args: Namespace) -> int:
    with opened(args) as practice:
        return _ACTIONS[args.action](practice, args)


def _test(practice: Practice, args: Namespace) -> int:
    from uuid import uuid4

    from couchcal.mail import config, facts
    from couchcal.mail.addresses import on_the_wire
    from couchcal.mail.preview import trial
    from couchcal.mail.transport import Transport, Trouble

    recipient = on_the_wire(args.address)
    if not recipient:
        raise Invalid("that is no e-mail address", "it looks like name@example.org", field="address")
    found = config.load(facts.mail_from(practice.connection))
    if found is None:
        raise Refused("mail is not set up", f"set host and from in [mail] of config.toml; {config.GUIDE}")
    label = facts.house(practice.connection).label
    message_id = f"<{uuid4()}@{found.sender.rpartition('@')[2]}>"
    try:
        with Transport(found) as transport:
            transport.send(trial(found.sender, label, recipient, message_id, practice.now), recipient)
    except Trouble as error:
        raise MailTrouble(str(error), f"check [mail] of config.toml; {config.GUIDE}") from None
    if args.json:
        write_json({"server": found.host, "port": found.port, "security": found.security, "sent": True})
    else:
        sys.stdout.write(f"{found.host} has taken the mail; look whether it arrived\n")
    return 0


def _preview(practice: Practice, args: Namespace) -> int:
    from couchcal.mail import config, facts
    from couchcal.mail.preview import example_config, preview

    sender = facts.mail_from(practice.connection)
    found = None
    with suppress(Refused):  # a password is not needed to look
        found = config.load(sender)
    message = preview(practice.connection, args.kind, found or example_config(sender), practice.now)
    body = message.get_body(("plain",))
    text = str(body.get_content()).replace("\r\n", "\n") if body is not None else ""
    if args.json:
        write_json({"kind": args.kind, "subject": str(message["Subject"]), "text": text})
    elif args.eml:
        sys.stdout.write(message.as_string().replace("\r\n", "\n"))
    else:
        lines = "\n".join(clean(line) for line in text.split("\n"))
        sys.stdout.write(f"Subject: {one_line(str(message['Subject']))}\n\n{lines}")
    return 0


def _list(practice: Practice, args: Namespace) -> int:
    found = ledger.items(practice.connection, troubled=args.failed)
    if args.json:
        write_json_list(_record(item) for item in found)
        return 0
    if not found:
        sys.stdout.write("Nothing has failed.\n" if args.failed else "No mail yet.\n")
        return 0
    cells = [
        (
            _public_id(item) or "",
            moment_words(to_local(item.at, practice.tz)),
            item.kind,
            item.to,
            f"[{item.state}]",
            one_line(item.error),
        )
        for item in found
    ]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        shown = (padded(cell, widths[at]) for at, cell in enumerate(line) if widths[at])
        sys.stdout.write("  ".join(shown).rstrip() + "\n")
    return 0


def _retry(practice: Practice, args: Namespace) -> int:
    wanted = args.id.strip().lower()
    letters = [item for item in ledger.items(practice.connection, most=100_000) if item.table == "letter"]
    found = [item for item in letters if wanted != "m" and (_public_id(item) or "").startswith(wanted or "-")]
    if not found:
        raise NotFound("there is no such letter", "couchcal mail list shows the ids")
    if len(found) > 1:
        raise Refused(f"{len(found)} letters begin with that", "give more of the id")
    if not ledger.retry(practice.connection, found[0].row_id, practice.now):
        raise Refused(f"it is {found[0].state}", "only what has failed or is unknown is sent again")
    if args.json:
        write_json(
            _record(next(i for i in ledger.items(practice.connection, most=100_000) if i[:2] == found[0][:2]))
        )
    else:
        sys.stdout.write("It is queued again; the worker sends it.\n")
    return 0


def _password(_practice: Practice, args: Namespace) -> int:
    from couchcal.mail import config
    from couchcal.settings import load

    settings = load()
    if args.text:
        if not (settings.text.url and settings.text.account):
            raise Refused("[text] has no url and account", "set them in config.toml first")
        entry = config.text_entry(settings.text)
    else:
        if not (settings.mail.host and settings.mail.user):
            raise Refused("[mail] has no host and user", "set them in config.toml first")
        entry = config.mail_entry(settings.mail.host, settings.mail.user)
    secret = _asked()
    config.keep(entry, secret)
    if args.json:
        write_json({"kept": bool(secret)})
    else:
        sys.stdout.write("It is in the keyring.\n" if secret else "It is taken out of the keyring.\n")
    return 0


def _asked() -> str:
    """The secret, of a person who types it unseen, or one line of standard input."""
    if sys.stdin is not None and sys.stdin.isatty():
        import getpass

        return getpass.getpass("Password (empty takes it out): ")
    return sys.stdin.readline().rstrip("\r\n") if sys.stdin is not None else ""


def _public_id(item: Item) -> str | None:
    return f"m{scramble(item.row_id):08x}" if item.table == "letter" else None


def _record(item: Item) -> dict[str, object]:
    return {
        "id": _public_id(item),
        "kind": item.kind,
        "to": item.to,
        "at": item.at.isoformat(),
        "state": item.state,
        "attempts": item.attempts,
        "error": item.error or None,
    }


_ACTIONS: dict[str, Callable[[Practice, Namespace], int]] = {
    "test": _test, "preview": _preview, "list": _list, "retry": _retry, "password": _password,
}  # fmt: skip
HANDLERS = {"mail": Handler(_configure, _run)}
