"""Bare `couchcal`: the calendar, or today's agenda where there is no terminal."""

from __future__ import annotations

import sys
from argparse import Namespace


def open_calendar(db: str | None) -> int:
    """Run the screen on the database at `db`; returns the exit code."""
    if not _at_terminal():
        from couchcal.cli.agenda import HANDLERS

        return HANDLERS["agenda"].run(
            Namespace(db=db, first="today", until="+1d", json=False, names=None, cancelled=False)
        )
    from couchcal.practice.opening import locate
    from couchcal.tui.app import run

    return run(locate(db))


def _at_terminal() -> bool:
    return bool(sys.stdin and sys.stdout and sys.stdin.isatty() and sys.stdout.isatty())
