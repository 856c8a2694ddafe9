"""The DB-API connection: where the database is, whether it is encrypted, its key and pragmas.

Imports no ORM, so that the hot read and the first screen do not wait for one.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from couchcal.errors import DatabaseProblem
from couchcal.store.driver_errors import damaged, describe_driver_error
from couchcal.store.lending import Keeper

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

SCHEMA_HEAD = "0006"
"""The newest Alembic revision; a test holds it against the migrations folder."""
BUSY_TIMEOUT_MS = 15_000
"""How long one waits for others who write. A change takes 50 ms; twenty at once on a machine that is busy with
other things take seconds."""
SYNCHRONOUS = "FULL"
"""What is acknowledged outlives a power cut: a commit returns when the log is on the disk (docs/decisions/0015)."""


class Cursor(Protocol):
    """What a statement gave: the part of a DB-API cursor that is used here."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    @property
    def description(self) -> Any:
        """For each column of the result a sequence that begins with its name."""

    def fetchone(self) -> Any:
        """The next row, None at the end."""

    def fetchmany(self, size: int | None = ..., /) -> list[Any]:
        """The next rows, at most `size`."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """The rows that are left, one by one."""

    def close(self) -> None:
        """Give up the rows that are left."""


class Connection(Protocol):
    """An open database as everything but the store sees it: `sqlite3.Connection` is one."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor:
        """Run one statement. Values are bound to `?` by order or to `:name` by name."""

    def executemany(self, sql: str, parameters: Any, /) -> Cursor:
        """Run one statement once for each row of values."""

    def close(self) -> None:
        """Close it; a transaction that is open is rolled back."""

    @property
    def in_transaction(self) -> bool:
        """Whether one was begun and not ended."""


class Database:
    """A database file and the key that opens it; hands out connections.

    With `keeps` a connection that is closed is kept until `dispose`, and lent to the next who asks: for a program
    that asks again and again. `key` is 32 bytes for SQLCipher, None for a plain file. `engine` is filled by
    `store.session`, and `unanchored_since` (monotonic seconds) by `store.audit_anchor`.
    """

    __slots__ = ("_keeper", "engine", "key", "locked", "path", "unanchored_since")
    server: ClassVar[bool] = False
    """Whether it is on a server, and no file."""

    def __init__(self, path: Path, key: bytes | None, *, keeps: bool = False) -> None:
        self.path = path
        self.key = key
        self.locked = False
        """Whether the key was dropped: nobody gets a connection until `unlock`."""
        self._keeper = Keeper(path) if keeps else None
        self.engine: Engine | None = None
        self.unanchored_since: float | None = None

    def __str__(self) -> str:
        """Where it is, for people."""
        return str(self.path)

    @property
    def encrypted(self) -> bool:
        return self.key is not None or self.locked

    def another(self) -> Database:
        """The same database with pooled connections and a key of its own: locking this one does not lock it."""
        return Database(self.path, self.key, keeps=self._keeper is not None)

    def takes_writes(self) -> bool:
        """Whether changes can be written down, as far as can be seen without trying."""
        return os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)

    def lock(self) -> None:
        """Close pooled connections and drop the key; a plain file has none and stays open."""
        self.dispose()
        if self.key is not None:
            self.key, self.locked = None, True

    def unlock(self, key: bytes) -> None:
        """Take the key back."""
        self.key, self.locked = key, False

    def connect(self) -> Connection:
        """An autocommit connection (`BEGIN` is explicit), usable from any thread; errors as `connect_file`.

        Whoever wants the file closed after its `close`, because it is moved or copied, takes `connect_file`.
        """
        if self._keeper is None or not self.takes_writes():  # what is read-only opens in a way that sees no changes
            return self.connect_file()
        self._refuse_if_locked()
        return self._keeper.lend(self.connect_file)

    def connect_file(self) -> sqlite3.Connection:
        """A connection of one's own, with what only a file has: copying it page by page, progress and traces.

        A file on a read-only mount opens for reading only.

        Raises:
            DatabaseProblem: wrong key, not a database, unreadable; locked (code `locked`); on a read-only
                mount also if changes are still in the log.
        """
        self._refuse_if_locked()
        with database_errors(self.path):
            try:
                return self._open(str(self.path.absolute()))
            except UnicodeDecodeError:  # the driver, on a schema with something else in it
                raise damaged(self.path) from None
            except Exception as error:
                if not self.path.exists() or self.takes_writes():
                    raise
                if "file is not a database" in str(error):
                    raise
                if _has_log(self.path):
                    raise DatabaseProblem(
                        f"the last changes are in a log that cannot be read here ({self.path})",
                        "the place takes no writes: copy the database with all files beside it to one that does",
                    ) from None
                return self._open(_immutable(self.path), uri=True)

    def _open(self, place: str, *, uri: bool = False) -> sqlite3.Connection:
        driver = dbapi(self.encrypted)
        connection: sqlite3.Connection = driver.connect(
            place, uri=uri, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000
        )
        try:
            if self.key is not None:
                connection.execute("PRAGMA cipher_log_level=NONE")
                connection.execute(f"PRAGMA key=\"x'{self.key.hex()}'\"")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute(f"PRAGMA synchronous={SYNCHRONOUS}")
            connection.execute("PRAGMA fullfsync=ON")  # macOS: to the medium, not to the disk's own memory
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except Exception:
            connection.close()
            raise
        return connection

    def _refuse_if_locked(self) -> None:
        if self.locked:
            raise DatabaseProblem("the calendar is locked", "unlock it first", code="locked")

    def dispose(self) -> None:
        """Close pooled connections; the object can be used again."""
        if self.engine is not None:
            self.engine.dispose()
            self.engine = None
        if self.unanchored_since is not None:
            from couchcal.store.audit_anchor import settle

            settle(self)
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = Keeper(self.path)


def dbapi(encrypted: bool) -> Any:
    """The DB-API module: `sqlcipher3.dbapi2` for an encrypted file, else the standard `sqlite3`."""
    if not encrypted:
        return sqlite3
    from sqlcipher3 import dbapi2

    return dbapi2


def _has_log(path: Path) -> bool:
    """Whether a program that was killed has left changes that are not in the file yet."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except OSError:
        return False


def _immutable(path: Path) -> str:
    """The URI that opens a file for reading where SQLite can write nothing beside it."""
    from urllib.parse import quote

    return f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"


def on_server(connection: Connection) -> bool:
    """Whether a connection is to a server."""
    return getattr(connection, "server", False)


def refuse_newer(connection: Connection, place: Database | Path) -> None:
    """Raise DatabaseProblem (code `newer_schema`) if a newer couchcal has changed the schema of this database."""
    if (schema_revision(connection) or "") > SCHEMA_HEAD:
        raise DatabaseProblem(
            f"{place} was made by a newer couchcal", "upgrade couchcal to open it", code="newer_schema"
        )


def schema_revision(connection: Connection) -> str | None:
    """The Alembic revision of an open database, None for an empty one."""
    if on_server(connection):
        asked = "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL"
    else:
        asked = "SELECT name FROM sqlite_schema WHERE type='table' AND name='alembic_version'"
    if connection.execute(asked).fetchone() is None:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def followed_version(connection: Connection) -> int:
    """`PRAGMA data_version` for who looks again and again: another number whenever another connection has committed
    a change. It costs next to nothing; on a server it may be some milliseconds late."""
    if on_server(connection):
        found: int = connection.followed_version()  # type: ignore[attr-defined]
        return found
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)


def tables(connection: Connection) -> list[str]:
    """The names of all tables that store rows; of an index of search in a file, those inside it."""
    if on_server(connection):
        asked = (
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
        )
    else:
        asked = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    return [name for (name,) in connection.execute(asked)]


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """One immediate transaction on a connection of `Database.connect`: all of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(Exception):  # the cause matters more than a connection that is of no use any more
            connection.execute("ROLLBACK")
        raise


@contextmanager
def database_errors(path: Path | None = None) -> Iterator[None]:
    """Turn driver errors (sqlite3, sqlcipher3, SQLAlchemy-wrapped) into one clear `DatabaseProblem`.

    Errors of another kind, integrity errors among them, pass unchanged.
    """
    try:
        yield
    except Exception as error:
        problem = describe_driver_error(error, path)
        if problem is None:
            raise
        raise problem from None
