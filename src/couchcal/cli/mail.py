"""`couchcal mail`: test, preview, list, retry, dismiss, password."""

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
from couchcal.cli.widths import columns
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
    "dismiss": "couchcal mail dismiss m9e3779b1",
    "password": "couchcal mail password",
}


_ALL = 100_000


class MailTrouble(CouchcalError):
    """The mail server is not to be had, or refuses."""

    code = "mail"
    exit_code = EXIT_REMOTE


def _configure(parser: ArgumentParser) -> None:
    action = add_actions(parser, _EXAMPLES)
    test = action("test", "send a mail that says that mail goes out")
    test.add_argument("address", metavar="ADDRESS", type=whole_text, help="where it goes")
    preview = action("preview", "print a mail as it would be sent")
    preview.add_argument("kind", metavar="KIND", type=whole_text, help="such as booking_confirmed, or reminder")
    preview.add_argument("--eml", action="store_true", help="the whole message, for a mail program")
    listing = action("list", "letters and reminders, the newest first")
    listing.add_argument("--failed", action="store_true", help="only what did not go out, or may not have")
    retry = action("retry", "send a letter again that has failed or is unknown")
    retry.add_argument("id", metavar="ID", type=whole_text, help="an id of the list")
    dismiss = action("dismiss", "take note that a letter or reminder did not go out")
    dismiss.add_argument("id", metavar="ID", type=whole_text, help="an id of the list")
    password = action("password", "put the password of the mail server into the keyring")
    password.add_argument("--text", action="store_true", help="the token of the text gateway instead")


def _run(args: Namespace) -> int:
    with opened(args) as practice:
        return _ACTIONS[args.action](practice, args)


def _test(practice: Practice, args: Namespace) -> int:
    from couchcal.mail import config, facts
    from couchcal.mail.addresses import on_the_wire
    from couchcal.mail.advice import advice
    from couchcal.mail.preview import send_trial
    from couchcal.mail.transport import Trouble

    recipient = on_the_wire(args.address)
    if not recipient:
        raise Invalid("that is no e-mail address", "it looks like name@example.org", field="address")
    found = config.load()
    if found is None:
        raise Refused("mail is not set up", f"set host and from in [mail] of config.toml; {config.GUIDE}")
    label = facts.house(practice.connection).label
    try:
        send_trial(found, label, recipient, practice.now)
    except Trouble as error:
        raise MailTrouble(
            f"{error}: {error.answer}" if error.answer else str(error), advice(error, found)
        ) from None
    if args.json:
        write_json({"server": found.host, "port": found.port, "security": found.security, "sent": True})
    else:
        sys.stdout.write(f"{found.host} has taken the mail; look whether it arrived\n")
    return 0


def _preview(practice: Practice, args: Namespace) -> int:
    from couchcal.mail import config
    from couchcal.mail.preview import example_config, preview

    found = None
    with suppress(Refused):  # a password is not needed to look
        found = config.load()
    message = preview(practice.connection, args.kind, found or example_config(), practice.now)
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
            _public_id(item),
            moment_words(to_local(item.at, practice.tz)),
            item.kind,
            item.to,
            f"[{item.state}]",
            one_line(item.error),
        )
        for item in found
    ]
    for line in columns(cells):
        sys.stdout.write(f"{line}\n")
    return 0


def _retry(practice: Practice, args: Namespace) -> int:
    item = _found(practice, args.id)
    if not ledger.retry(practice.connection, item, practice.now):
        raise Refused(f"it is {item.state}", "only letters that failed or are unknown are sent again")
    return _said(practice, args, item, "It is queued again; the worker sends it.")


def _dismiss(practice: Practice, args: Namespace) -> int:
    item = _found(practice, args.id)
    if not ledger.dismiss(practice.connection, item, practice.now):
        raise Refused(f"it is {item.state}", "only what did not go out, or may not have, is dismissed")
    return _said(practice, args, item, "It is dismissed; nothing is sent.")


def _found(practice: Practice, text: str) -> Item:
    wanted = text.strip().lower()
    found = [
        item
        for item in ledger.items(practice.connection, most=_ALL)
        if len(wanted) > 1 and _public_id(item).startswith(wanted)
    ]
    if not found:
        raise NotFound("there is no such letter", "couchcal mail list shows the ids")
    if len(found) > 1:
        raise Refused(f"{len(found)} letters begin with that", "give more of the id")
    return found[0]


def _said(practice: Practice, args: Namespace, item: Item, words: str) -> int:
    if args.json:
        items = ledger.items(practice.connection, most=_ALL)
        write_json(_record(next(now for now in items if (now.table, now.row_id) == (item.table, item.row_id))))
    else:
        sys.stdout.write(f"{words}\n")
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


def _public_id(item: Item) -> str:
    return f"{'m' if item.table == 'letter' else 'w'}{scramble(item.row_id):08x}"


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
    "test": _test, "preview": _preview, "list": _list, "retry": _retry, "dismiss": _dismiss, "password": _password,
}  # fmt: skip
HANDLERS = {"mail": Handler(_configure, _run)}
