"""Leaving freely: everything a practice keeps, as files that other programs read, and back again exactly.

A folder with `json/<table>.jsonl` (every row, one object a line, values as stored), `csv/<table>.csv` (the same for
a spreadsheet, instants in words), `calendar.ics`, `schema.json` and `README.md`. What is bookkeeping of this
program, or a secret, is not in it: undo, the sync's books and sign-ins, links that open something.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from couchcal.clock import Clock
from couchcal.errors import Refused
from couchcal.paths import private_directory
from couchcal.store.audit import note
from couchcal.store.backup import file_errors
from couchcal.store.connection import SCHEMA_HEAD, Connection, Database, database_errors, tables

if TYPE_CHECKING:
    from sqlalchemy import MetaData

FORMAT = 1
LEFT_OUT = frozenset(
    {
        "change", "change_row", "alembic_version", "portal_token", "calendar_account", "account_secret",
        "calendar_link", "sync_state", "event_map", "sync_outbox", "sync_stage", "sync_review", "sync_log",
        "worker_lease", "external_event", "entry_search_later",
    }
)  # fmt: skip
"""Bookkeeping and secrets; events of other calendars come again with the next sync."""
KEPT_APART = frozenset({"audit_entry"})
"""Written, for the records; a database that reads it back has a trail of its own."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_README = """# Everything of a practice

Made by couchcal on {day}, schema {revision}.

| file | what it has |
|---|---|
| `json/<table>.jsonl` | every row of a table, one JSON object a line, values as they are stored |
| `csv/<table>.csv` | the same for a spreadsheet: instants in words, an apostrophe before formulas |
| `calendar.ics` | the calendar for other calendar programs (RFC 5545), with full names and cancelled sessions |
| `schema.json` | tables, columns, their types, what refers to what, how many rows |

Instants are whole seconds since 1970-01-01T00:00Z, with the time zone in a column of its own (`tz`); days are
`YYYY-MM-DD`; money is in cents; true is 1. `audit_entry` is the audit trail: it names fields, never what was in
them.

Not in here: what can be undone, sign-ins and links that open something, events of other calendars, which the next
sync reads again.

`couchcal import --all THIS_FOLDER` reads it back exactly into a new database. The files are readable by anybody who
has them: keep them as you keep your records.
"""


def tables_of(connection: Connection) -> list[str]:
    """The tables that are exported, in an order in which each comes after those it refers to, where that is."""
    names = [table.name for table in _metadata().sorted_tables]
    there = set(tables(connection))
    return [name for name in names if name in there and name not in LEFT_OUT]


def export_all(database: Database, folder: Path, *, clock: Clock) -> dict[str, int]:
    """Write everything to a new folder, mode 0700, or not at all; how many rows of each table.

    Raises:
        Refused: the folder has something in it. DatabaseProblem: it cannot be written, the disk is full.
    """
    folder = folder.absolute()
    with file_errors(folder.parent):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise Refused(f"{folder} is not empty", "name a new folder")
        private_directory(folder.parent)
        part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
        shutil.rmtree(part, ignore_errors=True)
        try:
            counts = _write(database, private_directory(part), clock())
            if folder.exists():
                folder.rmdir()
            os.replace(part, folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    note(database, "export", "database", fields=f"rows={sum(counts.values())}", clock=clock)
    return counts


def _write(database: Database, part: Path, now: datetime) -> dict[str, int]:
    from couchcal.ics.writer import export

    private_directory(part / "json")
    private_directory(part / "csv")
    counts = {}
    with database_errors(database.path), closing(database.connect()) as connection:
        connection.execute("BEGIN")  # one snapshot
        names = tables_of(connection)
        for name in names:
            counts[name] = _write_table(connection, name, part)
        described = _schema(connection, names, counts, now)
    with _private(part / "schema.json") as out:
        json.dump(described, out, indent=1)
    with _private(part / "README.md") as out:
        out.write(_README.format(day=now.date().isoformat(), revision=SCHEMA_HEAD))
    descriptor = os.open(part / "calendar.ics", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as calendar:
        export(database, calendar, start=None, end=None, names="full", cancelled=True)
    return counts


def _write_table(connection: Connection, name: str, part: Path) -> int:
    instants = _instants(name)
    cursor = connection.execute(f"SELECT * FROM {name} ORDER BY id")  # noqa: S608  a table of the schema
    columns = [column[0] for column in cursor.description]
    count = 0
    with _private(part / "json" / f"{name}.jsonl") as lines, _private(part / "csv" / f"{name}.csv") as sheet:
        writer = csv.writer(sheet)
        writer.writerow(columns)
        for row in cursor:
            lines.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n")
            writer.writerow(
                _cell(value, instant=column in instants) for column, value in zip(columns, row, strict=True)
            )
            count += 1
    return count


def _cell(value: Any, *, instant: bool) -> Any:
    if instant and isinstance(value, int):
        with suppress(OverflowError, ValueError, OSError):
            return datetime.fromtimestamp(value, UTC).isoformat()
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _instants(name: str) -> frozenset[str]:
    from couchcal.store.records import Instant

    return frozenset(column.name for column in _metadata().tables[name].columns if isinstance(column.type, Instant))


def _metadata() -> MetaData:
    from couchcal.store.records import Client

    return Client.metadata


def _schema(connection: Connection, names: list[str], counts: dict[str, int], now: datetime) -> dict[str, Any]:
    sequences = dict(connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    described = {}
    for name in names:
        instants = _instants(name)
        refers = {row[3]: f"{row[2]}.{row[4]}" for row in connection.execute(f"PRAGMA foreign_key_list({name})")}
        described[name] = {
            "rows": counts[name],
            "last_id": sequences.get(name, 0),
            "restored_by_import": name not in KEPT_APART,
            "columns": {
                column: {
                    "type": "instant" if column in instants else kind.lower(),
                    "null": not required,
                    **({"refers_to": refers[column]} if column in refers else {}),
                }
                for _at, column, kind, required, _default, _key in connection.execute(f"PRAGMA table_info({name})")
            },
        }
    return {
        "format": FORMAT,
        "schema": SCHEMA_HEAD,
        "made_at": now.astimezone(UTC).isoformat(),
        "types": {"instant": "whole seconds since 1970-01-01T00:00Z", "boolean": "0 or 1", "*_cents": "cents"},
        "tables": described,
    }


@contextmanager
def _private(path: Path) -> Iterator[IO[str]]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
        yield out
