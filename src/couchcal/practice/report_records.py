"""Reports as programs read them: records for JSON, CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from couchcal.practice.names import client_label
from couchcal.practice.reports import Report

TABLES = ("hours", "utilisation", "cancellations", "weeks")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""
_FIELDS: dict[str, tuple[str, ...]] = {
    "hours": ("service", "label", "sessions", "hours", "share", "fees"),
    "utilisation": ("week", "booked_hours", "available_hours", "utilisation"),
    "cancellations": ("month", "client", "name", "late_cancels", "no_shows", "fees"),
    "weeks": ("week", "kept", "upcoming", "cancelled"),
}
Record = dict[str, Any]


def records(report: Report, names: str) -> dict[str, list[Record]]:
    """Every table as a list of objects: hours and fees as decimal numbers, shares from 0 to 1, ISO 8601 dates.

    Args:
        names: how clients are called beside their internal id: `id`, `initials`, `first` or `full`.
    """
    rows: dict[str, Iterable[tuple[Any, ...]]] = {
        "hours": (
            (row.code, row.label, row.sessions, _hours(row.seconds), round(row.share, 4), _amount(row.fee_cents))
            for row in report.hours
        ),
        "utilisation": (
            (
                row.week.isoformat(),
                _hours(row.booked),
                None if row.available is None else _hours(row.available),
                None if row.share is None else round(row.share, 4),
            )
            for row in report.utilisation
        ),
        "cancellations": (
            (
                f"{row.month:%Y-%m}",
                row.internal_id,
                client_label(row.internal_id, row.first, row.last, names),
                row.late_cancels,
                row.no_shows,
                _amount(row.fee_cents),
            )
            for row in report.cancellations
        ),
        "weeks": ((row.week.isoformat(), row.kept, row.upcoming, row.cancelled) for row in report.weeks),
    }
    return {name: [dict(zip(_FIELDS[name], row, strict=True)) for row in rows[name]] for name in TABLES}


def csv_text(report: Report, table: str | None, names: str, clean: Callable[[str], str]) -> str:
    """One table as CSV, or with None all of them under one heading, the first column naming the table.

    Text that a spreadsheet would take for a formula gets an apostrophe before it.

    Args:
        clean: makes text of people inert.
    """
    found = records(report, names)
    tables = [table] if table is not None else list(TABLES)
    fields = list(dict.fromkeys(field for name in tables for field in _FIELDS[name]))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(fields if table is not None else ["table", *fields])
    for name in tables:
        for record in found[name]:
            row = [_cell(record, field, clean) for field in fields]
            writer.writerow(row if table is not None else [name, *row])
    return out.getvalue()


def _cell(record: Mapping[str, Any], field: str, clean: Callable[[str], str]) -> object:
    value = record.get(field)
    if not isinstance(value, str):
        return value
    text = clean(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _hours(seconds: int) -> float:
    return round(seconds / 3600, 2)


def _amount(cents: int | None) -> float | None:
    return None if cents is None else cents / 100
