"""Undo and redo through the journal: a new change that puts rows back, never a rewind (house decision 4)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import Column, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, col
from sqlmodel import select as select_model

from couchcal.clock import Clock, system_clock
from couchcal.errors import Refused
from couchcal.store.bulk import search_later, search_now
from couchcal.store.connection import Database
from couchcal.store.journal import (
    UNTRACKED,
    JournalSession,
    bookkeeping,
    decode_row,
    encode_row,
    encode_values,
)
from couchcal.store.records import Change, ChangeRow
from couchcal.store.session import write_session

UNDOABLE_ACTORS = ("user", "import")
_ENTRIES = ("appointment", "series")
_MANY = 500
"""Appointments that are indexed for search one by one when they are fewer."""
_HORIZON = frozenset({"materialised_from", "materialised_to"})
"""Columns of a series that the worker moves on by itself."""
_DELIVERIES = ("outbox_email", "reminder")
"""What was sent stays sent: undo takes back the rest."""


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
    session.raw.execute("PRAGMA defer_foreign_keys=ON")
    entries = session.exec(
        select_model(ChangeRow).where(ChangeRow.change_id == target.id).order_by(col(ChangeRow.id).desc())
    ).all()
    if any(_decides(entry) for entry in entries):
        raise Refused("an answer to a request is final", "cancel the session, or book one, instead", code="final")
    for (name, operation), group in groupby(entries, key=lambda entry: (entry.table_name, entry.operation)):
        try:
            journal = _REVERTS[operation](session, SQLModel.metadata.tables[name], list(group))
        except IntegrityError as error:
            if "slot_taken" not in str(error.orig):
                raise
            raise Refused("another client asked for that time since", "answer their request first") from None
        session.record(journal)
    target.reverted_by_id = session.change_id
    session.flush()
    return label


def _decides(entry: ChangeRow) -> bool:
    """Whether it answers a request: the client is told, and a decided request never changes (INV-B3)."""
    return (
        entry.table_name == "booking_request"
        and entry.operation == "update"
        and "status" in json.loads(entry.after or "{}")
    )


def _stored(session: JournalSession, table: Table, column: Column[Any], keys: list[int]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for batch in _batches(keys):
        rows = session.connection().execute(select(table).where(column.in_(batch)))
        found += [dict(row) for row in rows.mappings()]
    return found


def _batches(keys: list[int]) -> Iterator[list[int]]:
    for first in range(0, len(keys), 500):
        yield keys[first : first + 500]


def _revert_inserts(session: JournalSession, table: Table, entries: list[ChangeRow]) -> list[dict[str, Any]]:
    ids = [row_id for e in entries for row_id in range(e.last_row_id or e.row_id, e.row_id - 1, -1)]
    current = {row["id"]: row for row in _stored(session, table, table.c.id, ids)}
    for entry in entries:
        if entry.after is not None and entry.row_id in current:
            _refuse_if_changed(table, current[entry.row_id], entry.after)
    return _remove(session, table, current)


def _refuse_if_changed(table: Table, current: dict[str, Any], image: str) -> None:
    """A later change by somebody else (a client, a sync) is not thrown away with ours."""
    if table.name in _DELIVERIES:
        return
    now = encode_values(current)
    loose = bookkeeping(table.name) | _HORIZON
    for name, value in json.loads(image).items():
        if name in now and now[name] != value and name not in loose:
            raise Refused("it was changed again since", "undo that first, or change it by hand")


def _remove(session: JournalSession, table: Table, doomed: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """Delete rows that the change made, with rows that came to hang on them since (series top-ups)."""
    if table.name == "outbox_email":
        doomed = {row_id: row for row_id, row in doomed.items() if row["state"] in ("queued", "cancelled")}
    journal: list[dict[str, Any]] = []
    ids = list(doomed)
    for child, column, ondelete in _children(table):
        hanging = {row["id"]: row for row in _stored(session, child, column, ids)} if ids else {}
        if not hanging:
            continue
        if ondelete == "SET NULL":
            for row in hanging.values():
                journal += _update(session, child, row, {column.name: None})
        elif ondelete == "CASCADE" and (child.name not in _ENTRIES or _topped_up(table, child, hanging)):
            journal += _remove(session, child, hanging)
        else:
            raise Refused("it is in use since", "undo that first, or delete it by hand")
    with _indexed_together(session, table, ids):
        for batch in _batches(ids):
            session.connection().execute(delete(table).where(table.c.id.in_(batch)))
    if table.name not in UNTRACKED:
        journal += [_entry(table, row_id, "delete", before=row) for row_id, row in doomed.items()]
    return journal


@contextmanager
def _indexed_together(session: JournalSession, table: Table, ids: list[int]) -> Iterator[None]:
    """Tell the index of search before and after of appointments that one import has brought."""
    together = table.name == "appointment" and len(ids) >= _MANY and max(ids) - min(ids) < 2 * len(ids)
    if together:
        search_later(session, min(ids), max(ids))
    yield
    if together:
        search_now(session)


@cache
def _children(table: Table) -> tuple[tuple[Table, Column[Any], str | None], ...]:
    """Tables whose rows refer to the id of `table`: table, column, what the schema does on delete."""
    return tuple(
        (child, column, key.ondelete)
        for child in SQLModel.metadata.sorted_tables
        for column in child.columns
        for key in column.foreign_keys
        if key.column is table.c.id
    )


def _topped_up(table: Table, child: Table, hanging: dict[int, dict[str, Any]]) -> bool:
    """Whether these are occurrences that a series was given since, none of them worked on."""
    if (table.name, child.name) != ("series", "appointment"):
        return False
    return all(
        row["note_signed_at"] is None
        and row["billing_status"] == "none"
        and row["claim_status"] == "none"
        and row["status"] != "cancelled"
        for row in hanging.values()
    )


def _revert_deletes(session: JournalSession, table: Table, entries: list[ChangeRow]) -> list[dict[str, Any]]:
    if _stored(session, table, table.c.id, [entry.row_id for entry in entries]):
        raise Refused("it is there again already", "nothing was changed")
    images = [decode_row(table, entry.before or "{}") for entry in entries]
    for values in images:
        _grow(session, table, values)
    with _indexed_together(session, table, [entry.row_id for entry in entries]):
        for _columns, group in groupby(images, key=tuple):
            session.connection().execute(insert(table), list(group))
    return [
        _entry(table, entry.row_id, "insert", after=values) for entry, values in zip(entries, images, strict=True)
    ]


def _revert_updates(session: JournalSession, table: Table, entries: list[ChangeRow]) -> list[dict[str, Any]]:
    stored = _stored(session, table, table.c.id, list({entry.row_id for entry in entries}))
    current = {row["id"]: row for row in stored}
    journal: list[dict[str, Any]] = []
    for entry in entries:
        row = current.get(entry.row_id)
        if row is None and table.name in UNTRACKED:  # a link used up or expired since
            continue
        if row is None:
            raise Refused("it was deleted since", "undo that first")
        _refuse_if_changed(table, row, entry.after or "{}")
        before = decode_row(table, entry.before or "{}")
        grown = bookkeeping(table.name)
        journal += _update(
            session, table, row, {name: value for name, value in before.items() if name not in grown}
        )
    return journal


def _update(
    session: JournalSession, table: Table, current: dict[str, Any], values: dict[str, Any]
) -> list[dict[str, Any]]:
    """Give a stored row other values; `current` follows."""
    grown = {name: current[name] for name in bookkeeping(table.name) - {"created_at"} if name in current}
    values = {**values, **grown}
    _grow(session, table, values)
    session.connection().execute(update(table).where(table.c.id == current["id"]).values(**values))
    old = {name: current[name] for name in values}
    current.update(values)
    return [_entry(table, current["id"], "update", before=old, after=values)]


def _grow(session: JournalSession, table: Table, values: dict[str, Any]) -> None:
    """Bookkeeping only moves forward: who holds an older copy notices, SEQUENCE stays strictly rising."""
    for name in bookkeeping(table.name) & {"version", "sequence"} & set(values):
        values[name] += 1
    if "updated_at" in values:
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


_Revert = Callable[[JournalSession, Table, list[ChangeRow]], list[dict[str, Any]]]
_REVERTS: dict[str, _Revert] = {"insert": _revert_inserts, "delete": _revert_deletes, "update": _revert_updates}
