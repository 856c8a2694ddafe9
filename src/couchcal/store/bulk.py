"""Many rows changed by one statement, each journalled as the ORM would journal it, so that undo is exact.

What the session holds of these rows is not refreshed: flush before, and load afterwards.

The index of search follows each row by itself, and thousands of them in half the time when it is told before and
after: `search_later`, `search_now`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, select, text, update

from couchcal.store.journal import UNTRACKED, JournalSession, encode_row


def update_rows(
    session: JournalSession, table: Table, where: ColumnElement[bool], values: Mapping[str, Any]
) -> int:
    """Give every row that fits the same values; returns how many there were.

    `version` and `updated_at` follow, as with every change of a row.
    """
    columns = [table.c[name] for name in ("id", "version", "updated_at", *values)]
    found = session.connection().execute(select(*columns).where(where)).mappings().all()
    if not found:
        return 0
    grown = {"version": table.c.version + 1, "updated_at": session.now}
    session.connection().execute(update(table).where(where).values(**values, **grown))
    session.record(
        {
            "table_name": table.name,
            "row_id": row["id"],
            "operation": "update",
            "before": encode_row({name: value for name, value in row.items() if name != "id"}),
            "after": encode_row({**values, "version": row["version"] + 1, "updated_at": session.now}),
        }
        for row in found
    )
    return len(found)


def delete_rows(session: JournalSession, table: Table, where: ColumnElement[bool]) -> int:
    """Delete every row that fits; returns how many there were."""
    found = session.connection().execute(select(table).where(where)).mappings().all()
    if not found:
        return 0
    session.connection().execute(delete(table).where(where))
    if table.name not in UNTRACKED:
        session.record(
            {
                "table_name": table.name,
                "row_id": row["id"],
                "operation": "delete",
                "before": encode_row(dict(row)),
            }
            for row in found
        )
    return len(found)


def search_later(session: JournalSession, first_id: int, last_id: int = (1 << 63) - 1) -> None:
    """Take the appointments `first_id` to `last_id` out of the index of search until `search_now`.

    A session that is left in between cannot be committed.
    """
    session.connection().execute(
        text("INSERT INTO entry_search_later (id, first_id, last_id) VALUES (1, :first, :last)"),
        {"first": first_id, "last": last_id},
    )


def search_now(session: JournalSession) -> None:
    """Put into the index of search what the appointments of `search_later` have become."""
    session.connection().exec_driver_sql("DELETE FROM entry_search_later")


def referring(table: Table) -> list[Column[Any]]:
    """The columns of all tables that refer to the id of `table`."""
    return [
        column
        for other in table.metadata.sorted_tables
        for column in other.columns
        if any(key.column is table.c.id for key in column.foreign_keys)
    ]
