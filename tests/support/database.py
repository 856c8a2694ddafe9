"""Looking at a whole database in tests: what is in it, less what undo is not to take back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from couchcal.store.connection import Connection, Database, tables
from couchcal.store.journal import bookkeeping

BESIDE = ("change", "change_row", "audit_entry", "alembic_version", "portal_token", "sync_state")
"""Tables that are no part of undo."""
SEARCH_INDEXES = ("entry_search", "client_search")
"""Full-text indexes, and what the tables inside them begin with: what they hold follows from the rest."""

ONLY_ON_SERVER = ("store_change", "audit_counter")
"""Tables by which a server counts changes and entries."""

Rows = dict[int, dict[str, Any]]


def is_constraint(error: BaseException) -> bool:
    """Whether a driver's error says that a rule of the schema refuses a row."""
    cause = getattr(error, "orig", None) or error
    return any(kind.__name__ == "IntegrityError" for kind in type(cause).__mro__)


@contextmanager
def refused(match: str | None = None) -> Iterator[None]:
    """A rule of the schema refuses what is written inside, with these words where there are any."""
    with pytest.raises(Exception, match=match) as found:
        yield
    assert is_constraint(found.value), found.value


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
    return [name for name in tables(connection) if not name.startswith("sqlite_") and name not in ONLY_ON_SERVER]


def read_rows(connection: Connection, table: str) -> Rows:
    """`rows_of` on an open connection."""
    cursor = connection.execute(f"SELECT * FROM {table} ORDER BY id")
    names = [column[0] for column in cursor.description]
    key = names.index("id")
    return {row[key]: dict(zip(names, row, strict=True)) for row in cursor}
