"""ORM sessions: `read_session()` and `write_session()`, the one way to change anything.

A write session is BEGIN IMMEDIATE (checks and change see one state, two writers never interleave),
journals every row it touches, and commits all or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import configure_mappers
from sqlalchemy.pool import QueuePool
from sqlmodel import Session

from couchcal.clock import Clock, system_clock
from couchcal.store.audit_anchor import appended
from couchcal.store.connection import Database, database_errors, dbapi, refuse_newer
from couchcal.store.journal import JournalSession


def engine_of(database: Database) -> Engine:
    """The engine of `database`, made on first use. Bound values never show in its errors."""
    if database.engine is None:
        database.engine = _server_engine(database) if database.server else _file_engine(database)
    return database.engine


def _server_engine(database: Database) -> Engine:
    from couchcal.store.postgresql import database as server
    from couchcal.store.postgresql import engine

    if not isinstance(database, server.ServerDatabase):
        raise TypeError(type(database).__name__)
    return engine.make_engine(database)


def _file_engine(database: Database) -> Engine:
    engine = create_engine(
        "sqlite://",
        module=dbapi(database.encrypted),
        creator=database.connect_file,
        poolclass=QueuePool,
        hide_parameters=True,
    )
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def read_session(database: Database) -> Iterator[Session]:
    """A session over one consistent snapshot; what it loads must not be changed."""
    with database_errors(database.path), Session(engine_of(database)) as session:
        yield session


@contextmanager
def write_session(
    database: Database,
    label: str,
    *,
    actor: str = "user",
    kind: str = "do",
    clock: Clock = system_clock,
) -> Iterator[JournalSession]:
    """One change: checks, rows and journal entry in one immediate transaction.

    Args:
        label: what happens, in the words of the undo toast ("Moved Jane D.").
        actor: `user`, `client:<id>`, `google`, `worker` or `import`; only `user` and `import` changes
            are undone by undo.
        kind: `do`, `undo` or `redo`.

    Raises:
        DatabaseProblem: busy for longer than the timeout, read-only, full disk, upgraded by a newer couchcal
            meanwhile (code `newer_schema`). Nothing is changed.
    """
    engine = engine_of(database).execution_options(write=True)
    configure_mappers()  # before the transaction: other writers wait for whatever is done inside
    with database_errors(database.path), JournalSession(engine, expire_on_commit=False) as session:
        session.begin_change(label, actor=actor, kind=kind, clock=clock)
        refuse_newer(session.raw, database)  # a newer program may have come while this one was open
        yield session
        grown = session.seal()
        session.commit()
    if grown:
        appended(database)
