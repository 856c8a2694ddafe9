"""The journal (undo, sync and audit read it) and the audit chain."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from couchcal.store.records.types import Instant, one_of


class Change(SQLModel, table=True):
    """One committed write: who, when, and in words what. Undo and redo are changes themselves."""

    __tablename__ = "change"
    __table_args__ = (one_of("kind", ("do", "undo", "redo")),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Instant)
    actor: str = "user"
    label: str = ""
    kind: str = "do"
    reverts_id: int | None = None
    reverted_by_id: int | None = None


class ChangeRow(SQLModel, table=True):
    """One row's part in a change. `before`/`after` are JSON objects of column values.

    A bulk insert is one entry: rows `row_id` to `last_row_id` of a table, without images; what
    removes them later records their images as `before`.
    """

    __tablename__ = "change_row"
    __table_args__ = (
        one_of("operation", ("insert", "update", "delete")),
        Index("ix_change_row_entity", "table_name", "row_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    change_id: int = Field(foreign_key="change.id", index=True, ondelete="CASCADE")
    table_name: str
    row_id: int
    last_row_id: int | None = None
    operation: str
    before: str | None = None
    after: str | None = None


class AuditEntry(SQLModel, table=True):
    """An append-only link of the audit chain: names of changed fields, never values."""

    __tablename__ = "audit_entry"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Instant)
    actor: str
    action: str
    entity: str = ""
    entity_id: str = ""
    fields: str = ""
    prev_hash: str = ""
    hash: str = ""
