"""SQLAlchemy on the server: transactions begin and end as those of `ServerConnection`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine, ExceptionContext
from sqlalchemy.pool import QueuePool

from couchcal.store.postgresql.connection import BEGIN_TO_READ, BEGIN_TO_WRITE, TELL
from couchcal.store.postgresql.errors import without_values

if TYPE_CHECKING:
    from couchcal.store.postgresql.database import ServerDatabase


def make_engine(database: ServerDatabase) -> Engine:
    """An engine whose sessions write one at a time. Bound values never show in its errors."""
    engine = create_engine(
        "postgresql+psycopg://",
        creator=database.native,
        poolclass=QueuePool,
        pool_pre_ping=True,
        hide_parameters=True,
        use_native_hstore=False,
    )
    event.listen(engine, "begin", _begin)
    event.listen(engine, "commit", _commit)
    event.listen(engine, "handle_error", _scrub)
    return engine


def _writes(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("write", False))


def _native(connection: Connection) -> psycopg.Connection[Any]:
    found: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return found


def _begin(connection: Connection) -> None:
    _native(connection).execute(BEGIN_TO_WRITE if _writes(connection) else BEGIN_TO_READ)


def _commit(connection: Connection) -> None:
    if _writes(connection):
        _native(connection).execute(TELL)


def _scrub(context: ExceptionContext) -> None:
    if isinstance(context.original_exception, psycopg.Error):
        without_values(context.original_exception)
