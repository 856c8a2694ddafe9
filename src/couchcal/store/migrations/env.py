"""Alembic's entry point: runs revisions on the connection that `store.schema` hands over."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from couchcal.store import records

assert records.Appointment.metadata is SQLModel.metadata  # noqa: S101  the import above fills the metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True, transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
