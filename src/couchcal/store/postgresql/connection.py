"""A connection to the server that answers as one of SQLite does, statements in SQLite's words included.

One writes at a time, as SQLite has it: a transaction that will write takes the writer's lock of the database first,
so that what it checks stays true until it commits. Who reads sees one moment, from `BEGIN` on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

import psycopg
from psycopg import RawCursor
from psycopg.adapt import AdaptersMap
from psycopg.pq import TransactionStatus

from couchcal.store.postgresql.errors import without_values
from couchcal.store.postgresql.pragmas import answer
from couchcal.store.postgresql.translate import Statement, translate
from couchcal.store.postgresql.values import AS_SQLITE, bound

CHANNEL = "couchcal"
"""Where the server says that something was committed; it does not say what."""
_WRITER = 0x636F756368
"""The number of the writer's lock."""
BEGIN_TO_WRITE = f"BEGIN; SELECT pg_advisory_xact_lock({_WRITER})"
BEGIN_TO_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WROTE = "pg_current_xact_id_if_assigned() IS NOT NULL"
TELL = (
    f"UPDATE store_change SET version = version + 1 WHERE {_WROTE};"  # noqa: S608  our own words
    f" SELECT pg_notify('{CHANNEL}', '') WHERE {_WROTE}"
)
"""Said before each commit: counts it and wakes who listens, if anything was written."""
_LOOK_ANYWAY = 60
"""After so many looks at the version without a word from the server it is asked itself."""

Native = psycopg.Connection[Any]


class _Cursor(RawCursor[Any]):
    """Gives values as SQLite does, whatever the connection does for SQLAlchemy."""

    @property
    def adapters(self) -> AdaptersMap:
        return AS_SQLITE


class ServerConnection:
    """An open connection; usable from any thread, autocommit unless a transaction was begun.

    Args:
        reconnect: opens it; used again after the server has ended a connection outside a transaction.
        native: one that is open already, in a transaction that somebody else began and will end.
    """

    server = True

    def __init__(self, reconnect: Callable[[], Native] | None = None, *, native: Native | None = None) -> None:
        if native is None and reconnect is not None:
            native = reconnect()
        if native is None:
            raise ValueError("neither a connection nor a way to one")
        self._reconnect = reconnect
        self._native = native
        self._closed = False
        self._writes = False
        self._own = 0
        """Commits of this connection, which its own `data_version` does not count."""
        self._listens = False
        self._version: int | None = None
        self._looks = 0
        self._heard = False
        self._regaining: Future[Native] | None = None

    @property
    def native(self) -> Native:
        """The connection of the driver."""
        return self._native

    @property
    def in_transaction(self) -> bool:
        """Whether one was begun and not ended."""
        return self._native.info.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN)

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """Run one statement in SQLite's words.

        Raises:
            psycopg.Error: of any kind, without the values it is about.
        """
        statement = translate(sql)
        control = _CONTROL.get(statement.verb)
        if control is not None:
            return control(self, statement.text)
        values = [bound(value) for value in statement.values(parameters)]
        if statement.changes and not self.in_transaction:
            with self._alone():
                return self._run(statement.text, values)
        if self.in_transaction:
            return self._run(statement.text, values)
        return self._again_if_lost(lambda: self._run(statement.text, values))

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Any:
        """Run one statement once for each row of values, all of them or none."""
        statement = translate(sql)
        rows = [[bound(value) for value in statement.values(each)] for each in parameters]
        if self.in_transaction:
            return self._run_many(statement, rows)
        with self._alone():
            return self._run_many(statement, rows)

    def close(self) -> None:
        """Close it; a transaction that is open is rolled back."""
        self._closed = True
        self._native.close()

    def cancel(self) -> None:
        """End what is running, from another thread; it raises there."""
        self._native.cancel_safe()

    def data_version(self) -> int:
        """Another number whenever another connection has committed a change."""
        row = self.execute("SELECT version FROM store_change").fetchone()
        return int(row[0]) - self._own

    def followed_version(self) -> int:
        """`data_version` for who looks again and again: nothing is asked of the server as long as it is silent.

        It may be some milliseconds late, and stays as it is while the server cannot be reached: a screen that
        follows does not wait for it. Outside a transaction only.
        """
        if self._native.closed and not self._regained():
            return self._version or 0
        try:
            if not self._listens:
                self._plain(f"LISTEN {CHANNEL}")
                self._native.add_notify_handler(self._hear)
                self._listens, self._version = True, None
            if self._told() or self._version is None or self._looks >= _LOOK_ANYWAY:
                self._version, self._looks = self.data_version(), 0
        except psycopg.OperationalError:
            if not self._native.closed:
                raise
        self._looks += 1
        return self._version or 0

    def _regained(self) -> bool:
        """Whether a lost connection is there again; it is made in the background, anew at each look."""
        if self._reconnect is None or self._closed:
            return False
        if self._regaining is None:
            self._regaining = Future()
            Thread(target=_answer, args=(self._regaining, self._reconnect), daemon=True).start()
        if not self._regaining.done():
            return False
        regaining, self._regaining = self._regaining, None
        if regaining.exception() is not None:
            return False
        self._use(regaining.result())
        return True

    def _told(self) -> bool:
        """Whether the server has said something since this was last asked."""
        pgconn = self._native.pgconn
        told, self._heard = self._heard, False
        with suppress(psycopg.OperationalError):  # it is lost: the next look sees to it
            pgconn.consume_input()
            while pgconn.notifies() is not None:
                told = True
        return told and not self._native.closed

    def _hear(self, _notify: psycopg.Notify) -> None:
        """Something was said while a statement ran."""
        self._heard = True

    def begin(self, text: str) -> _Cursor:
        """`BEGIN` reads; `BEGIN IMMEDIATE` and `BEGIN EXCLUSIVE` wait for others who write."""
        self._writes = text.upper() != "BEGIN"
        words = BEGIN_TO_WRITE if self._writes else BEGIN_TO_READ
        try:
            return self._again_if_lost(lambda: self._plain(words))
        except psycopg.Error:
            with suppress(psycopg.Error):
                self._native.rollback()
            raise

    def end(self, text: str) -> _Cursor:
        """`COMMIT` or `ROLLBACK`."""
        if text.upper().startswith("ROLLBACK") or not self._writes:
            return self._plain(text)
        told = self._plain(f"{TELL}; COMMIT")
        self._own += told.rowcount
        return told

    def pragma(self, text: str) -> Any:
        """What SQLite's pragma asks for, where it means anything here."""
        return answer(self, text)

    def plain(self, text: str) -> _Cursor:
        """Run a statement as it stands."""
        return self._plain(text)

    def _plain(self, text: str) -> _Cursor:
        cursor = _Cursor(self._native)
        with _scrubbed():
            cursor.execute(text.encode())
        return cursor

    def _run(self, text: str, values: Sequence[Any]) -> _Cursor:
        cursor = _Cursor(self._native)
        with _scrubbed():
            cursor.execute(text.encode(), values)
        return cursor

    def _run_many(self, statement: Statement, rows: list[list[Any]]) -> _Cursor:
        cursor = _Cursor(self._native)
        with _scrubbed():
            cursor.executemany(statement.text.encode(), rows)
        return cursor

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A writing statement outside a transaction is one by itself."""
        self.begin("BEGIN IMMEDIATE")
        try:
            yield
            self.end("COMMIT")
        except BaseException:
            with suppress(psycopg.Error):
                self._native.rollback()
            raise

    def _again_if_lost(self, asked: Callable[[], _Cursor]) -> _Cursor:
        """What is asked outside a transaction is asked once more where the server has ended the connection."""
        try:
            return asked()
        except psycopg.OperationalError:
            if not self._native.closed or self._reconnect is None or self._closed:
                raise
        self._open_again()
        return asked()

    def _open_again(self) -> None:
        if self._reconnect is None or self._closed or self._regaining is not None:
            raise psycopg.OperationalError("the connection is lost")
        self._use(self._reconnect())

    def _use(self, native: Native) -> None:
        self._native = native
        self._own, self._version, self._listens = 0, None, False


def _answer(asked: Future[Native], reconnect: Callable[[], Native]) -> None:
    try:
        asked.set_result(reconnect())
    except Exception as error:
        asked.set_exception(error)


_CONTROL: dict[str, Callable[[ServerConnection, str], Any]] = {
    "BEGIN": ServerConnection.begin,
    "COMMIT": ServerConnection.end,
    "ROLLBACK": lambda connection, text: connection.plain(text) if " TO " in text.upper() else connection.end(text),
    "SAVEPOINT": ServerConnection.plain,
    "RELEASE": ServerConnection.plain,
    "ANALYZE": ServerConnection.plain,
    "PRAGMA": ServerConnection.pragma,
}


@contextmanager
def _scrubbed() -> Iterator[None]:
    """Let an error through without the values the server names in it."""
    try:
        yield
    except psycopg.Error as error:
        without_values(error)
        raise
