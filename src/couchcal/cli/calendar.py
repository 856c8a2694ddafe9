"""Bare `couchcal`: the calendar, or today's agenda where there is no terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from couchcal.errors import NotFound

if TYPE_CHECKING:
    from couchcal.store.connection import Database
    from couchcal.store.locations import DatabaseLocation


def open_calendar(db: str | None) -> int:
    """Show the calendar of the database at `db`; returns the exit code."""
    if not at_terminal():
        from argparse import Namespace

        from couchcal.cli.agenda import show_agenda

        today = Namespace(db=db, first=None, until=None, json=False, names=None, cancelled=False)
        return show_agenda(today, default_days=1)
    load_lightly()
    from couchcal.practice.opening import locate

    database = _opened(locate(db))
    return 0 if database is None else show(database)


def show(database: Database) -> int:
    """The screen, until the user leaves it."""
    load_lightly()
    from couchcal.tui.app import run

    return run(database)


def load_lightly() -> None:
    """Get ready for a great deal of loading, which is most of the way to the first frame.

    The garbage collector rests until `run` lets it work again, once there is something to see. asyncio, which the
    screen makes no connections by, does without TLS as it does where Python has none: a fortieth of the way.
    Whoever asks for `ssl` later gets it.
    """
    import gc

    gc.disable()
    if "asyncio" not in sys.modules and "ssl" not in sys.modules:
        sys.modules["ssl"] = None  # type: ignore[assignment]  # how imports are told that there is none
        try:
            import asyncio  # noqa: F401
        finally:
            del sys.modules["ssl"]


def at_terminal() -> bool:
    """Whether somebody can see a screen and type. A terminal that calls itself dumb prints line after line."""
    if os.environ.get("TERM") == "dumb":
        return False
    return bool(sys.stdin and sys.stdout and sys.stdin.isatty() and sys.stdout.isatty())


def _opened(path: DatabaseLocation) -> Database | None:
    """The database at `path`, from the first-run form where there is none; None if the form was left."""
    from couchcal.cli.prompt import passphrase_prompt
    from couchcal.practice.opening import open_database

    try:
        return open_database(path, ask=passphrase_prompt())
    except NotFound as error:
        if error.code != "no_database" or not isinstance(path, Path):
            raise
    import gc

    from couchcal.tui.first_run import ask

    gc.enable()
    return ask(path)
