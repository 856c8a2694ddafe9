"""Creating a database and bringing an older one up to date."""

from __future__ import annotations

import os
from pathlib import Path

from couchcal.errors import DatabaseProblem
from couchcal.paths import private_directory
from couchcal.store.connection import SCHEMA_HEAD, Database, database_errors, refuse_newer, schema_revision


def create(path: Path, key: bytes | None) -> Database:
    """A new, empty database with today's schema, mode 0600 (P1).

    Raises:
        DatabaseProblem: if the file exists and is not empty, or cannot be written.
    """
    private_directory(path.parent)
    if path.exists() and path.stat().st_size:
        raise DatabaseProblem(f"{path} is already there", "choose another place with --db")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.fchmod(descriptor, 0o600)  # an empty file that was there already may have another mode
        finally:
            os.close(descriptor)
    except OSError as error:
        raise DatabaseProblem(f"{path} cannot be written: {error.strerror}", "choose another place") from None
    database = Database(path, key)
    connection = database.connect()
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
    upgrade(database)
    return database


def ensure_current(database: Database) -> None:
    """Upgrade an older schema; refuse a newer one.

    Raises:
        DatabaseProblem: made by a newer couchcal, or no couchcal database at all.
    """
    with database_errors(database.path):
        connection = database.connect()
        try:
            revision = schema_revision(connection)
            refuse_newer(connection, database)
        finally:
            connection.close()
    if revision == SCHEMA_HEAD:
        return
    if revision is None:
        raise DatabaseProblem(f"{database} is no couchcal database", "choose another with --db")
    upgrade(database)


def upgrade(database: Database, revision: str = "head") -> None:
    """Run Alembic up to `revision`, each step in one transaction."""
    from alembic import command
    from alembic.config import Config

    from couchcal.store.session import engine_of

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = engine_of(database).execution_options(write=True)
    with database_errors(database.path), engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
