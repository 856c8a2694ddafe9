"""Undo and redo through the journal: a new change that puts rows back, never a rewind (house decision 4)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, delete, insert, select, update
from sqlmodel import SQLModel, col
from sqlmodel import select as select_model

from couchcal.clock import Clock, system_clock
from couchcal.errors import Refused
from couchcal.store.connection import Database
from couchcal.store.journal import BOOKKEEPING, JournalSession, decode_row, encode_row
from couchcal.store.records import Change, ChangeRow
from couchcal.store.session import write_session

UNDOABLE_ACTORS = ("user", "import")


def undo(database: Database, *, clock: Clock = system_clock) -> str:
    """Take back the latest change of the user; returns its label.

    Raises:
        Refused: nothing to undo, or what it changed was changed again since.
    """
    with write_session(database, "Undo", kind="undo", clock=clock) as session:
        target = session.exec(
            select_model(Change)
            .where(
                col(Change.kind).in_(("do", "redo")),
                col(Change.reverted_by_id).is_(None),
                col(Change.actor).in_(UNDOABLE_ACTORS),
            )
            .order_by(col(Change.id).desc())
            .limit(1)
        ).first()
        if target is None:
            raise Refused("there is nothing to undo", "every change is already taken back")
        return _revert(session, target, f"Undid: {target.label.removeprefix('Redid: ')}")


def redo(database: Database, *, clock: Clock = system_clock) -> str:
    """Do again what was undone last, unless something else was changed since; returns its label.

    Raises:
        Refused: nothing to redo.
    """
    with write_session(database, "Redo", kind="redo", clock=clock) as session:
        newest_do = session.exec(
            select_model(Change.id)
            .where(Change.kind == "do", col(Change.actor).in_(UNDOABLE_ACTORS))
            .order_by(col(Change.id).desc())
            .limit(1)
        ).first()
        target = session.exec(
            select_model(Change)
            .where(Change.kind == "undo", col(Change.reverted_by_id).is_(None), col(Change.id) > (newest_do or 0))
            .order_by(col(Change.id).desc())
            .limit(1)
        ).first()
        if target is None:
            raise Refused("there is nothing to redo", "redo follows undo")
        return _revert(session, target, f"Redid: {target.label.removeprefix('Undid: ')}")


def _revert(session: JournalSession, target: Change, label: str) -> str:
    session.relabel(label)
    session.begin_revert(target.id or 0)
    session.connection().exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    entries = session.exec(
        select_model(ChangeRow).where(ChangeRow.change_id == target.id).order_by(col(ChangeRow.id).desc())
    ).all()
    journal: list[dict[str, Any]] = []
    for entry in entries:
        table = SQLModel.metadata.tables[entry.table_name]
        if entry.operation == "insert":
            for row_id in range(entry.last_row_id or entry.row_id, entry.row_id - 1, -1):
                journal += _remove(session, table, row_id)
        elif entry.operation == "delete":
            journal.append(_bring_back(session, table, entry))
        else:
            journal.append(_put_back(session, table, entry))
    session.record(journal)
    target.reverted_by_id = session.change_id
    session.flush()
    return label


def _current(session: JournalSession, table: Table, row_id: int) -> dict[str, Any] | None:
    row = session.connection().execute(select(table).where(table.c.id == row_id)).mappings().first()
    return dict(row) if row is not None else None


def _remove(session: JournalSession, table: Table, row_id: int) -> list[dict[str, Any]]:
    """Delete a row that the change made, with rows that came to hang on it since (series top-ups)."""
    current = _current(session, table, row_id)
    if current is None:
        return []
    journal: list[dict[str, Any]] = []
    for child in SQLModel.metadata.sorted_tables:
        for column in child.columns:
            if not any(key.column.table is table and key.column.name == "id" for key in column.foreign_keys):
                continue
            hanging = session.connection().execute(select(child).where(column == row_id)).mappings().all()
            for row in hanging:
                if column.nullable and child.name != "appointment":
                    journal.append(_update(session, child, dict(row), {column.name: None}))
                    continue
                if child.name == "appointment" and not _untouched(dict(row)):
                    raise Refused("it was worked on since", "undo that first, or delete it by hand")
                journal += _remove(session, child, row["id"])
    session.connection().execute(delete(table).where(table.c.id == row_id))
    journal.append(_entry(table, row_id, "delete", before=current))
    return journal


def _untouched(row: dict[str, Any]) -> bool:
    return (
        row["note_signed_at"] is None
        and row["billing_status"] == "none"
        and row["claim_status"] == "none"
        and row["status"] != "cancelled"
    )


def _bring_back(session: JournalSession, table: Table, entry: ChangeRow) -> dict[str, Any]:
    values = decode_row(table, entry.before or "{}")
    if _current(session, table, entry.row_id) is not None:
        raise Refused("it is there again already", "nothing was changed")
    _grow(session, values)
    session.connection().execute(insert(table).values(**values))
    return _entry(table, entry.row_id, "insert", after=values)


def _put_back(session: JournalSession, table: Table, entry: ChangeRow) -> dict[str, Any]:
    current = _current(session, table, entry.row_id)
    if current is None:
        raise Refused("it was deleted since", "undo that first")
    before = decode_row(table, entry.before or "{}")
    after = decode_row(table, entry.after or "{}")
    for name, value in after.items():
        if name not in BOOKKEEPING and current[name] != value:
            raise Refused("it was changed again since", "undo that first, or change it by hand")
    values = {name: value for name, value in before.items() if name not in BOOKKEEPING}
    return _update(session, table, current, values)


def _update(
    session: JournalSession, table: Table, current: dict[str, Any], values: dict[str, Any]
) -> dict[str, Any]:
    values = dict(values)
    if "version" in current:
        values["version"] = current["version"]
        if "sequence" in current:
            values["sequence"] = current["sequence"]
        _grow(session, values)
    session.connection().execute(update(table).where(table.c.id == current["id"]).values(**values))
    old = {name: current[name] for name in values}
    return _entry(table, current["id"], "update", before=old, after=values)


def _grow(session: JournalSession, values: dict[str, Any]) -> None:
    """Bookkeeping only moves forward: who holds an older copy notices, SEQUENCE stays strictly rising."""
    for name in ("version", "sequence"):
        if name in values:
            values[name] += 1
    if "updated_at" in values or "version" in values:
        values["updated_at"] = session.now


def _entry(
    table: Table,
    row_id: int,
    operation: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "table_name": table.name,
        "row_id": row_id,
        "last_row_id": None,
        "operation": operation,
        "before": None if before is None else encode_row(before),
        "after": None if after is None else encode_row(after),
    }
