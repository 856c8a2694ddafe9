"""What changed, before and after, in the transaction that changed it. Undo, sync and audit read it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from functools import cache
from typing import Any

from sqlalchemy import Table, event, insert, inspect, update
from sqlalchemy.orm import UOWTransaction
from sqlalchemy.types import TypeEngine
from sqlmodel import Session, SQLModel, col

from couchcal.clock import Clock, system_clock
from couchcal.store import audit
from couchcal.store.connection import Connection
from couchcal.store.records import Change, ChangeRow, Record, epoch_seconds, from_epoch
from couchcal.store.records.types import Instant

_SYNC = (
    "calendar_account", "account_secret", "calendar_link", "sync_state", "event_map", "sync_outbox", "sync_stage",
    "sync_review", "sync_log", "worker_lease", "external_event",
)  # fmt: skip
UNTRACKED = frozenset({"change", "change_row", "audit_entry", "portal_token", "alembic_version", *_SYNC})
"""Tables whose rows are no part of undo."""
_GROWING = frozenset({"created_at", "updated_at", "version"})
_SEQUENCED = frozenset({"appointment", "series"})


def bookkeeping(table: str) -> frozenset[str]:
    """Columns that only grow: undo of a change does not take them back (INV-M4)."""
    return _GROWING | {"sequence"} if table in _SEQUENCED else _GROWING


COVERAGE = frozenset({"materialised_from", "materialised_to"})
"""Columns of a series that say which rows it has; it is the same series when they move."""


def encode_values(values: dict[str, Any]) -> dict[str, Any]:
    """Column values as JSON has them: instants as seconds, dates and wall-clock times as ISO 8601."""
    return {name: value if type(value) in _PLAIN else _encode(value) for name, value in values.items()}


_PLAIN = (str, int, bool, type(None))


def _encode(value: Any) -> Any:
    if isinstance(value, datetime):
        return epoch_seconds(value) if value.tzinfo else value.isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    return value


def encode_row(values: dict[str, Any]) -> str:
    """Column values as the text of a journal entry."""
    return json.dumps(encode_values(values), ensure_ascii=False)


def decode_row(table: Table, text: str) -> dict[str, Any]:
    """Column values out of journal JSON; columns the table no longer has are left out."""
    decoders = _decoders(table)
    return {
        name: value if value is None or decoders[name] is None else decoders[name](value)
        for name, value in json.loads(text).items()
        if name in decoders
    }


@cache
def _decoders(table: Table) -> dict[str, Any]:
    """For each column what makes its value of JSON, None where JSON has it already."""
    return {column.name: _decoder(column.type) for column in table.columns}


def _decoder(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    if isinstance(kind, Instant):
        return from_epoch
    if kind.python_type in (datetime, date, time):
        read: Callable[[str], Any] = kind.python_type.fromisoformat
        return read
    return None


class JournalSession(Session):
    """A session that journals what it flushes as one `Change`."""

    def begin_change(self, label: str, *, actor: str, kind: str = "do", clock: Clock = system_clock) -> None:
        """Name the change that this session will commit. Called by `write_session`."""
        self.clock = clock
        self.now = clock()
        self._change = Change(at=self.now, actor=actor, label=label, kind=kind)
        self._change_id: int | None = None
        self._tally = audit.Tally()
        self._deeds: list[audit.Deed] = []
        self._raw: Connection | None = None

    @property
    def change_id(self) -> int:
        """The id of this change; the row is written when first asked for."""
        if self._change_id is None:
            result = self.connection().execute(insert(Change).values(**self._change.model_dump(exclude={"id"})))
            key = result.inserted_primary_key
            if key is None:
                raise RuntimeError("the journal entry has no key")
            self._change_id = int(key[0])
        return self._change_id

    def join_change(self, change_id: int) -> None:
        """Count what this session writes as a part of an earlier change, so that one undo takes back both."""
        self._change_id = change_id

    @property
    def raw(self) -> Connection:
        """The DB-API connection of this change's transaction; only after `flush` does it see what is pending."""
        if self._raw is None:
            driver: Any = self.connection().connection.driver_connection
            if self.connection().dialect.name == "postgresql":
                from couchcal.store.postgresql.connection import ServerConnection

                driver = ServerConnection(native=driver)
            self._raw = driver
        found: Connection = self._raw
        return found

    @property
    def changed(self) -> bool:
        """Whether anything was journaled yet."""
        return self._change_id is not None

    def relabel(self, label: str) -> None:
        """Say better what happened, once it is known."""
        self._change.label = label
        if self._change_id is not None:
            self.connection().execute(update(Change).where(col(Change.id) == self._change_id).values(label=label))

    def begin_revert(self, change_id: int) -> None:
        """Say that this change takes back another; before the first flush only."""
        self._change.reverts_id = change_id

    def record(self, entries: Iterable[dict[str, Any]]) -> None:
        """Write journal rows: dicts of `ChangeRow` columns without `change_id`."""
        rows = [
            {"last_row_id": None, "before": None, "after": None, "change_id": self.change_id, **entry}
            for entry in entries
        ]
        if not rows:
            return
        self.connection().execute(insert(ChangeRow), rows)
        for row in rows:
            self._tally.add(row["operation"], row["table_name"], row["row_id"], row["last_row_id"], row["after"])

    def record_bulk_insert(self, table: str, first_id: int, last_id: int) -> None:
        """Journal rows that were inserted past the ORM; ids must be contiguous."""
        self.record([{"table_name": table, "row_id": first_id, "last_row_id": last_id, "operation": "insert"}])

    def note(self, action: str, entity: str, entity_id: int | str = "", fields: str = "") -> None:
        """Write into the audit trail, with this change, what the journal does not see."""
        self._deeds.append(audit.Deed(action, entity, str(entity_id), fields))

    def seal(self) -> int:
        """Flush, and write what was changed into the audit trail; the id of its newest entry, 0 if nothing was.

        Called by `write_session` before it commits.
        """
        self.flush()
        deeds = [*self._tally.deeds(), *self._deeds]
        self._deeds = []
        if not deeds:
            return 0
        change = self._change
        if change.kind != "do":
            deeds.insert(0, audit.Deed(change.kind, "change", str(change.reverts_id or "")))
        return audit.append(self.raw, epoch_seconds(self.now), change.actor, deeds)


def _table_order(row: SQLModel) -> int:
    return _ORDER[str(row.__tablename__)]


_ORDER = {table.name: index for index, table in enumerate(SQLModel.metadata.sorted_tables)}


def _tracked(rows: Iterable[Any]) -> list[SQLModel]:
    return [row for row in rows if row.__tablename__ not in UNTRACKED]


@event.listens_for(JournalSession, "before_flush")
def _stamp(session: JournalSession, _context: UOWTransaction, _instances: object) -> None:
    for row in session.new:
        if isinstance(row, Record):
            row.created_at = row.updated_at = session.now
    for row in session.dirty:
        if isinstance(row, Record) and session.is_modified(row) and set(_changed_values(row)[1]) - COVERAGE:
            row.updated_at = session.now
            row.version += 1


@event.listens_for(JournalSession, "after_flush")
def _journal(session: JournalSession, _context: UOWTransaction) -> None:
    entries = [
        _entry(row, "insert", None, row.model_dump()) for row in sorted(_tracked(session.new), key=_table_order)
    ]
    for row in sorted(_tracked(session.dirty), key=_table_order):
        before, after = _changed_values(row)
        if set(after) - {"updated_at", "version"}:
            entries.append(_entry(row, "update", before, after))
    entries += [
        _entry(row, "delete", _stored_values(row), None)
        for row in sorted(_tracked(session.deleted), key=_table_order, reverse=True)
    ]
    if entries:
        session.record(entries)


def _entry(
    row: SQLModel, operation: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> dict[str, Any]:
    return {
        "table_name": row.__tablename__,
        "row_id": row.id,  # type: ignore[attr-defined]  # every tracked table has an integer id
        "operation": operation,
        "before": None if before is None else encode_row(before),
        "after": None if after is None else encode_row(after),
    }


def _changed_values(row: SQLModel) -> tuple[dict[str, Any], dict[str, Any]]:
    before, after = {}, {}
    for attribute in inspect(row).attrs:
        history = attribute.history
        if history.has_changes():
            before[attribute.key] = history.deleted[0] if history.deleted else None
            after[attribute.key] = history.added[0] if history.added else None
    return before, after


def _stored_values(row: SQLModel) -> dict[str, Any]:
    values = row.model_dump()
    before, _ = _changed_values(row)
    return {**values, **before}
