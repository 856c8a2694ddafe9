"""`couchcal google`: connect an account, choose calendars to read, disconnect. SYNC-07, SYNC-10.

What goes over the network is imported by the actions that need it.
"""

from __future__ import annotations

import os
import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from couchcal.cli.actions import Action, add_actions, run_action
from couchcal.cli.arguments import whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice
from couchcal.cli.occurrence_json import write_json, write_json_list
from couchcal.cli.plain import clean, note, one_line
from couchcal.cli.prompt import confirmed
from couchcal.cli.remote_errors import RemoteTrouble, remote_errors
from couchcal.cli.widths import cut, padded, width
from couchcal.errors import CouchcalError, NotFound
from couchcal.sync import accounts
from couchcal.sync.account_rows import as_record, find
from couchcal.sync.accounts import Link
from couchcal.sync.port import NeedsSignIn, RemoteProblem, Transient

if TYPE_CHECKING:
    from couchcal.sync.google.signin import SignIn

PERMISSIONS = "https://myaccount.google.com/connections"
_PASTE_BYTES = 8192
_NAME_COLUMNS = 40


def _configure(parser: ArgumentParser) -> None:
    action = add_actions(parser)
    connect = action("connect", "sign in at Google, and make a calendar there", "couchcal google connect")
    connect.add_argument("--no-browser", action="store_true", help="show the address alone")
    connect.add_argument(
        "--port", type=_port, default=0, metavar="N", help="take the answer on this port, for ssh -L N:localhost:N"
    )
    connect.add_argument(
        "--calendar", metavar="NAME", type=whole_text, help="of the new calendar, couchcal if not given"
    )
    connect.add_argument("--busy-only", action="store_true", help="of your other events see only when they are")
    connect.add_argument("--switch", action="store_true", help="let another account take the linked one's place")
    action("calendars", "the account's calendars", "couchcal google calendars --json")
    for name, summary in (("enable", "read a calendar of your own"), ("disable", "read a calendar no more")):
        one = action(name, summary, f"couchcal google {name} Personal")
        one.add_argument("calendar", metavar="CAL", type=whole_text, help="its name or id, or a unique beginning")
    disconnect = action("disconnect", "give the sign-in back", "couchcal google disconnect")
    disconnect.add_argument("--yes", action="store_true", help="do not ask")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 0 <= int(text[:6]) < 65536:
        raise ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _run(args: Namespace) -> int:
    with remote_errors():
        return run_action(_ACTIONS, args)


def _connect(practice: Practice, args: Namespace) -> int:
    from couchcal.sync.google import auth, config, signin

    known = accounts.account(practice.connection)
    hint = known.email if known is not None and not args.switch else ""
    options = {"busy_only": args.busy_only, "login_hint": hint}
    with signin.SignIn(config.load(), args.port, **options) as sign_in:
        _show_address(sign_in, browser=not args.no_browser)
        with _pasting(sign_in):
            granted = sign_in.wait()
    auth.connect(practice.database, granted, calendar_name=args.calendar, switch=args.switch)
    account, target = accounts.account(practice.connection), accounts.target(practice.connection)
    if account is None or target is None:
        raise RemoteTrouble(Transient("you are signed in, but the calendar is not made yet: run couchcal sync"))
    if account.kept_in == "database" and not practice.database.encrypted:
        note("the sign-in is kept in the database, which is not encrypted")
    if args.json:
        write_json({"account": account.email, "calendar": as_record(target)})
        return 0
    found = accounts.links(practice.connection)
    own = [link for link in found if not accounts.selectable(link) and not link.enabled]
    sys.stdout.write(
        f"Connected to {clean(account.email)}; appointments go to its calendar {clean(target.name)}.\n"
    )
    if not any(link.readable for link in found):
        note("reading your other calendars was not allowed: to see them here, connect again and tick it")
    sys.stdout.write("couchcal sync sends them now; the calendar on the screen does it by itself.\n")
    if own:
        sys.stdout.write(f"couchcal google enable '{clean(own[0].name)}' shows what is in it here, too.\n")
    return 0


def _show_address(sign_in: SignIn, *, browser: bool) -> None:
    """The address alone on its line on standard output; all other words beside it."""
    from couchcal.sync.google.browser import open_browser

    opened = browser and open_browser(sign_in.url)
    words = "Your browser asks for the sign-in at" if opened else "Open this address in a browser"
    sys.stderr.write(f"{words}:\n")
    sys.stderr.flush()
    sys.stdout.write(f"{sign_in.url}\n")
    sys.stdout.flush()
    if _at_terminal():
        sys.stderr.write("If the browser ends at a page that cannot be reached, paste that page's address here.\n")
        sys.stderr.flush()


def _at_terminal() -> bool:
    return bool(sys.stdin) and sys.stdin.isatty()


@contextmanager
def _pasting(sign_in: SignIn) -> Iterator[None]:
    """Take pasted addresses from the terminal meanwhile."""
    done = threading.Event()
    if _at_terminal():
        threading.Thread(target=_take_pasted, args=(sign_in, done), daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _take_pasted(sign_in: SignIn, done: threading.Event) -> None:
    for line in _lines():
        if done.is_set():
            return
        if not line.strip():
            continue
        try:
            sign_in.paste(line)
        except (CouchcalError, RemoteProblem) as error:
            sys.stderr.write(f"couchcal: {one_line(str(error))}\n")
            sys.stderr.flush()
        else:
            return


def _lines() -> Iterator[str]:
    """Lines typed at the terminal. Read past the buffer of `sys.stdin`, whose lock this thread would hold when the
    program ends."""
    try:
        descriptor = sys.stdin.fileno()
    except OSError:
        yield from sys.stdin
        return
    while True:
        try:
            found = os.read(descriptor, _PASTE_BYTES)
        except OSError:
            return
        if not found:
            return
        yield found.decode("utf-8", "replace")


def _calendars(practice: Practice, args: Namespace) -> int:
    found = _refreshed(practice)
    if args.json:
        write_json_list(as_record(link) for link in found)
        return 0
    names = [cut(clean(link.name), _NAME_COLUMNS) for link in found]
    columns = max(map(width, names), default=0)
    for link, name in zip(found, names, strict=True):
        sys.stdout.write(f"{_mark(link):<6}  {padded(name, columns)}  {_words(link)}".rstrip() + "\n")
    return 0


def _mark(link: Link) -> str:
    if link.role == "owned_target":
        return "writes"
    return "reads" if link.enabled else "-" if accounts.selectable(link) else "off"


def _words(link: Link) -> str:
    words = ["primary"] if link.primary else []
    words += [reason] if (reason := accounts.selectable(link)) else []
    words += [clean(link.last_error)] if link.last_error else []
    return "; ".join(words)


def _refreshed(practice: Practice) -> list[Link]:
    """The calendars as Google lists them now; where it cannot be asked, as they were listed last."""
    from couchcal.sync.google.auth import remote_for, working_account

    account = working_account(practice.database)
    try:
        remote = remote_for(practice.database, account.id)
        try:
            return accounts.refresh_calendars(practice.database, remote)
        finally:
            remote.close()
    except NeedsSignIn as problem:
        accounts.needs_sign_in(practice.database, account.id, problem.message)
        raise
    except Transient as problem:
        known = accounts.links(practice.connection)
        if not known:
            raise
        note(f"{problem.message}; this is the list as it was last")
        return known


def _account(practice: Practice) -> accounts.Account:
    account = accounts.account(practice.connection)
    if account is None or not account.connected:
        raise NeedsSignIn("no Google account is connected: couchcal google connect")
    return account


def _enable(practice: Practice, args: Namespace) -> int:
    _account(practice)
    try:
        link = find(practice.connection, args.calendar)
    except NotFound:
        _refreshed(practice)  # it may be new there
        link = find(practice.connection, args.calendar)
    link = accounts.enable(practice.database, link.id)
    return _told(args, link, f"{clean(link.name)} is read from now on; couchcal sync reads it now.")


def _disable(practice: Practice, args: Namespace) -> int:
    link = accounts.disable(practice.database, find(practice.connection, args.calendar).id)
    return _told(args, link, f"{clean(link.name)} is read no more; its events stay at Google.")


def _told(args: Namespace, link: Link, words: str) -> int:
    if args.json:
        write_json(as_record(link))
    else:
        sys.stdout.write(f"{words}\n")
    return 0


def _disconnect(practice: Practice, args: Namespace) -> int:
    account = _account(practice)
    question = f"Disconnect from {clean(account.email)}? Appointments stay here, and the calendar at Google."
    if not args.yes and not confirmed("disconnect", question):
        sys.stdout.write("Nothing was changed.\n")
        return 0
    revoked = accounts.disconnect(practice.database)
    if not revoked:
        note(f"Google could not be told: take couchcal's access back at {PERMISSIONS}")
    if args.json:
        write_json({"account": account.email, "revoked": revoked})
    else:
        sys.stdout.write(f"Disconnected from {clean(account.email)}. Connecting again goes on where it was.\n")
    return 0


_ACTIONS: dict[str, Action] = {
    "connect": _connect,
    "calendars": _calendars,
    "enable": _enable,
    "disable": _disable,
    "disconnect": _disconnect,
}
HANDLERS = {"google": Handler(_configure, _run)}
