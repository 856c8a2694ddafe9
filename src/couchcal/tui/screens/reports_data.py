"""Reading a report and writing it to a file, for thread workers."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import datetime, tzinfo
from pathlib import Path
from typing import NamedTuple

from couchcal.practice.agenda import Entry, day_instant, horizon_reached, practice_facts
from couchcal.practice.report_records import csv_text
from couchcal.practice.reports import Report, missed, report
from couchcal.settings import load
from couchcal.store.audit import note
from couchcal.store.connection import Database
from couchcal.tui.screens.reports_period import Period
from couchcal.tui.text import clean


class Figures(NamedTuple):
    """A report and the late cancels and no-shows it counts."""

    report: Report
    missed: list[Entry]


def read_figures(database: Database, period: Period, tz: tzinfo, now: datetime) -> Figures:
    """The figures of a period, series topped up first. Blocks."""
    first, until = period.first, period.until
    with closing(database.connect()) as connection:
        start, end = day_instant(first, tz), day_instant(until, tz)
        if not horizon_reached(connection, start, end):
            from couchcal.practice.series import extend_all

            extend_all(database, start, end)
        week_start = load().week_start
        if week_start is None:
            week_start = practice_facts(connection).week_start
        found = report(connection, first, until, tz, now, week_start=week_start)
        return Figures(found, missed(connection, first, until, tz))


def target_problem(text: str) -> str | None:
    """What is wrong with a file name to export to, None if nothing is."""
    path = Path(text).expanduser()
    if path.exists():
        return "There is a file of this name already: choose another."
    if not path.parent.is_dir():
        return "There is no such folder."
    return None


def write_csv(database: Database, text: str, figures: Figures, table: str) -> Path:
    """Write a table to a new file that only its owner can read (P1). Clients are called as the settings say of
    what leaves the program (SYNC-03). Blocks.

    Raises:
        FileExistsError, OSError: there is such a file already, or it cannot be made.
    """
    path = Path(text).expanduser()
    content = csv_text(figures.report, table, load().cli_names, clean)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
        out.write(content)
    note(database, "export", "report")
    return path
