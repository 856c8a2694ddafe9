"""Looking at a whole database in tests: what is in it, less what undo is not to take back."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from couchcal.store.connection import Connection, Database
from couchcal.store.journal import bookkeeping

BESIDE = ("change", "change_row", "audit_entry", "alembic_version", "portal_token", "sync_state")
"""Tables that are no part of undo."""
SEARCH_INDEXES = ("entry_search", "client_search")
"""Full-text indexes, and what the tables inside them begin with: what they hold follows from the rest."""

Rows = dict[int, dict[str, Any]]


def rows_of(database: Database, table: str) -> Rows:
    """Every row of a table by its id, all columns."""
    with closing(database.connect()) as connection:
        return read_rows(connection, table)


def dump(database: Database, *, beside: tuple[str, ...] = ()) -> dict[str, Rows]:
    """Every table but those of the journal, without bookkeeping columns and the columns named in `beside`."""
    found: dict[str, Rows] = {}
    with closing(database.connect()) as connection:
        for name in _tables(connection):
            if name in BESIDE or name.startswith(SEARCH_INDEXES):
                continue
            left_out = {*bookkeeping(name), *beside}
            found[name] = {
                row_id: {column: value for column, value in row.items() if column not in left_out}
                for row_id, row in read_rows(connection, name).items()
            }
    return found


def everything(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table there is: the journal's and what the full-text indexes store among them."""
    return {
        name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
        for name in _tables(connection)
    }


def _tables(connection: Connection) -> list[str]:
    """All tables that store rows: a full-text index is read in the tables inside it."""
    found = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    return [name for (name,) in found]


def read_rows(connection: Connection, table: str) -> Rows:
    """`rows_of` on an open connection."""
    cursor = connection.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description]
    key = names.index("id")
    return {row[key]: dict(zip(names, row, strict=True)) for row in cursor}
