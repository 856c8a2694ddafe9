"""`couchcal link`: the address of the booking page to share, and the secret one of your own calendar."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.plain import note
from couchcal.cli.prompt import confirmed
from couchcal.cli.serve import HOST, NO_SLUG, PORT
from couchcal.practice import feeds
from couchcal.practice.booking_link import booking_link, slug

_HERE = f"http://{HOST}:{PORT}"


def _configure(parser: ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--feed",
        action="store_true",
        help="make a secret address at which other programs can read your calendar; the one before ends",
    )
    which.add_argument("--end-feed", action="store_true", help="end that address")
    parser.add_argument("--yes", action="store_true", help="do not ask before an address ends")


def _run(args: Namespace) -> int:
    with opened(args) as practice:
        if args.end_feed:
            return _end_feed(practice, args)
        if args.feed:
            return _feed(practice, args)
        own_slug = slug(practice.connection)
        if not own_slug:
            raise NO_SLUG
        sys.stdout.write(f"{booking_link(_origin(practice), own_slug)}\n")
        return 0


def _origin(practice: Practice) -> str:
    public_url = practice.settings.mail.public_url
    if not public_url:
        note("this one works on this computer alone; set public_url in [mail] of config.toml")
    return public_url or _HERE


def _feed(practice: Practice, args: Namespace) -> int:
    from couchcal.mail import links

    if feeds.made(practice.connection) and not _may_end(args, "link --feed"):
        return 0
    address = links.feed(_origin(practice), feeds.make(practice.database))
    sys.stdout.write(f"{address}\n")
    note("who has this address can read when you work; it is shown this once. couchcal serve answers there")
    return 0


def _end_feed(practice: Practice, args: Namespace) -> int:
    if not feeds.made(practice.connection):
        sys.stdout.write("There is no such address\n")
    elif _may_end(args, "link --end-feed"):
        feeds.revoke(practice.database)
        sys.stdout.write("Ended: nobody reads your calendar at that address any more\n")
    return 0


def _may_end(args: Namespace, what: str) -> bool:
    """Whether the address that is in use may end."""
    if args.yes or confirmed(what, "Programs that read your calendar now will not any more. Go on?"):
        return True
    sys.stdout.write("Nothing was changed\n")
    return False


HANDLERS = {"link": Handler(_configure, _run)}
