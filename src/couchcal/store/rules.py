"""The rules a schema keeps by triggers, and taking them away for what was judged before. Imports no ORM."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from couchcal.errors import Refused
from couchcal.store.connection import Connection, on_server

_OF_CHANGE = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND {}"
_BUT_SEARCH = "name NOT LIKE '%\\_search\\_%' ESCAPE '\\' AND tbl_name <> 'audit_entry'"
_ON_SERVER = (
    "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE NOT t.tgisinternal AND c.relkind = 'r' AND c.relnamespace = to_regnamespace(current_schema()) AND {}"
)
_BUT_SEARCH_ON_SERVER = (
    "t.tgname NOT LIKE '%\\_search\\_%' ESCAPE '\\' AND t.tgname <> 'keep_ids' AND c.relname <> 'audit_entry'"
)


@contextmanager
def without_rules_of_change(connection: Connection) -> Iterator[None]:
    """Inside a transaction, take away the triggers that judge changes (a time that is taken, a list that is full)
    and queue them for the sync: what is written here was judged when it was made. The index of search follows.

    References are looked at when it ends.

    Raises:
        Refused: a row refers to one that is not there (code `damaged`).
    """
    if on_server(connection):
        with _disabled(connection, _BUT_SEARCH_ON_SERVER):
            yield
        return
    with _dropped(connection, _BUT_SEARCH):
        yield
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise _leads_nowhere()


@contextmanager
def without_trigger(connection: Connection, name: str) -> Iterator[None]:
    """Inside a transaction, take one trigger away."""
    if on_server(connection):
        with _disabled(connection, f"t.tgname = '{name}'"):
            yield
    else:
        with _dropped(connection, f"name = '{name}'"):
            yield


@contextmanager
def _dropped(connection: Connection, which: str) -> Iterator[None]:
    triggers = connection.execute(_OF_CHANGE.format(which)).fetchall()
    for name, _sql in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    yield
    for _name, sql in triggers:
        connection.execute(sql)


@contextmanager
def _disabled(connection: Connection, which: str) -> Iterator[None]:
    """A table with references that are still to be looked at cannot be altered: they are looked at before."""
    triggers = connection.execute(_ON_SERVER.format(which)).fetchall()
    for name, table in triggers:
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
    yield
    try:
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except Exception as error:
        if getattr(error, "sqlstate", None) == "23503":
            raise _leads_nowhere() from None
        raise
    for name, table in triggers:
        connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}")


def _leads_nowhere() -> Refused:
    return Refused("rows lead nowhere: what they refer to is not there", "run couchcal doctor", code="damaged")
