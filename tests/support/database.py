"""Looking at a whole database in tests: what is in it, less what undo is not to take back."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from couchcal.store.connection import Database
from couchcal.store.journal import bookkeeping

BESIDE = ("change", "change_row", "audit_entry", "alembic_version", "portal_token", "sync_state")
"""Tables that are no part of undo."""
SEARCH_INDEXES = ("entry_search", "client_search")
"""Full-text indexes, and what the tables inside them begin with: what they hold follows from the rest."""

Rows = dict[int, dict[str, Any]]


def rows_of(database: Database, table: str) -> Rows:
    """Every row of a table by its id, all columns."""
    with closing(database.connect()) as connection:
        cursor = connection.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        return {row[names.index("id")]: dict(zip(names, row, strict=True)) for row in cursor}


def dump(database: Database, *, beside: tuple[str, ...] = ()) -> dict[str, Rows]:
    """Every table but those of the journal, without bookkeeping columns and the columns named in `beside`."""
    with closing(database.connect()) as connection:
        names = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if name not in BESIDE and not name.startswith(("sqlite_", *SEARCH_INDEXES))
        ]
    return {
        name: {
            row_id: {
                column: value
                for column, value in row.items()
                if column not in bookkeeping(name) and column not in beside
            }
            for row_id, row in rows_of(database, name).items()
        }
        for name in names
    }
