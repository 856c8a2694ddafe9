"""Opening a practice on a server, and setting one up in a database that is empty."""

from __future__ import annotations

from contextlib import closing

from couchcal import paths
from couchcal.clock import Clock
from couchcal.errors import DatabaseProblem, NotFound
from couchcal.practice.custom_zones import register_stored
from couchcal.store.connection import (
    SCHEMA_HEAD,
    Connection,
    Database,
    database_errors,
    refuse_newer,
    schema_revision,
)
from couchcal.store.locations import database_at
from couchcal.store.postgresql.address import Address

OLDEST = 140_000
"""The first version of PostgreSQL that has all the schema says: 14."""


def open_on_server(address: Address) -> Database:
    """The practice at an address, its schema up to date.

    Raises:
        NotFound: there is no practice in that database yet (code `no_database`).
        DatabaseProblem: it cannot be reached, refuses the sign-in, is no couchcal database, or of a newer couchcal.
    """
    database = _prepared(address)
    with database_errors(), closing(database.connect()) as connection:
        refuse_newer(connection, database)
        revision = schema_revision(connection)
        if revision is None or not _has_practice(connection):
            raise NotFound(f"there is no practice at {address} yet", "couchcal init makes one", code="no_database")
        if revision == SCHEMA_HEAD:
            register_stored(connection)
            return database
    from couchcal.store import schema

    schema.ensure_current(database)
    return database


def create_on_server(address: Address, *, name: str, tz: str, clock: Clock) -> Database:
    """A new practice in a database that has no tables yet, or only those of a setting-up that was cut short.

    Raises:
        DatabaseProblem: a practice is there already (code `exists`), or tables of something else.
    """
    from couchcal.practice.opening import fill

    database = empty_on_server(address)
    fill(database, name, tz, clock)
    return database


def empty_on_server(address: Address) -> Database:
    """A database with today's tables and nothing in them, in one that has no tables yet, or only those.

    Raises:
        DatabaseProblem: a practice is there already (code `exists`), or tables of something else, or of a newer
            couchcal (code `newer_schema`).
    """
    from couchcal.store import schema

    database = _prepared(address)
    with database_errors(), closing(database.connect()) as connection:
        refuse_newer(connection, database)
        _refuse_unfit(connection)
        if schema_revision(connection) is None:
            _refuse_others(connection, address)
        elif _has_practice(connection):
            raise _exists(address)
    schema.upgrade(database)
    return database


def _prepared(address: Address) -> Database:
    database = database_at(address)
    paths.private_directory(database.path.parent)
    return database


def _has_practice(connection: Connection) -> bool:
    return connection.execute("SELECT 1 FROM practice LIMIT 1").fetchone() is not None


def _exists(address: Address) -> DatabaseProblem:
    return DatabaseProblem(
        f"a practice is at {address} already", "open it with couchcal, or choose another with --db", code="exists"
    )


def _refuse_unfit(connection: Connection) -> None:
    version, encoding = connection.execute(
        "SELECT CAST(current_setting('server_version_num') AS integer), current_setting('server_encoding')"
    ).fetchone()
    if version < OLDEST:
        raise DatabaseProblem(
            f"the server is PostgreSQL {version // 10_000}", "couchcal needs 14 or newer", code="old_server"
        )
    if encoding != "UTF8":
        raise DatabaseProblem(
            f"the database is in {encoding}, which cannot keep every name",
            "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
            code="encoding",
        )


def _refuse_others(connection: Connection, address: Address) -> None:
    found = connection.execute(
        "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p', 'v')"  # those of others, too
        " AND relnamespace = to_regnamespace(current_schema())"
    ).fetchone()
    if found[0]:
        raise DatabaseProblem(
            f"{address} has tables of something else", "give couchcal a database of its own", code="not_empty"
        )
