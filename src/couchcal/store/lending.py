"""Connections of a file are kept when they are closed, and lent to the next who asks.

Opening one takes milliseconds: SQLite reads every trigger of the schema. What is done with one takes microseconds.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Never, TypeAlias

MOST_IDLE: Final = 2
"""So many are kept of one database: each has a page cache of up to two megabytes."""
File: TypeAlias = tuple[int, int] | None
"""Which file it is that is open: another one may have come to the place since."""
_OF_ANOTHER_PROCESS: Final[list[sqlite3.Connection]] = []
"""What a fork has copied. To close it here would take away the locks of the process that opened it."""


class Lent:
    """An open connection until `close`, which leaves it to the next; afterwards it is of no use any more.

    A transaction that is open then is rolled back.
    """

    __slots__ = ("_connection", "_file", "_keeper", "execute", "executemany")

    def __init__(self, connection: sqlite3.Connection, file: File, keeper: Keeper) -> None:
        self._connection: sqlite3.Connection | None = connection
        self._file = file
        self._keeper = keeper
        self.execute: Callable[..., sqlite3.Cursor] = connection.execute
        self.executemany: Callable[..., sqlite3.Cursor] = connection.executemany

    @property
    def in_transaction(self) -> bool:
        """Whether one was begun and not ended."""
        return self._connection is not None and self._connection.in_transaction

    def close(self) -> None:
        """Give it back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self.execute = self.executemany = _closed
            self._keeper.take_back(connection, self._file)


def _closed(*_: Any) -> Never:
    raise sqlite3.ProgrammingError("Cannot operate on a closed database.")


class Keeper:
    """The connections of one database that nobody uses at the moment; of use from any thread."""

    __slots__ = ("_idle", "_open", "_path", "_process")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[tuple[sqlite3.Connection, File]] = []
        self._process = os.getpid()
        self._open = True

    def __del__(self) -> None:
        self.close()

    def lend(self, make: Callable[[], sqlite3.Connection]) -> Lent:
        """One that is idle, else what `make` gives. Another file that has come to the place is opened anew."""
        if self._process != os.getpid():
            _OF_ANOTHER_PROCESS.extend(connection for connection, _ in self._idle)
            self._idle, self._process = [], os.getpid()
        present = _identity(self._path)
        while self._idle:
            with suppress(IndexError):  # another thread had the last one
                connection, file = self._idle.pop()
                if file == present:
                    return Lent(connection, file, self)
                connection.close()
        return Lent(make(), _identity(self._path), self)

    def take_back(self, connection: sqlite3.Connection, file: File) -> None:
        """Keep a connection, unless it is in the middle of something, or nobody is to have one any more."""
        if self._open and len(self._idle) < MOST_IDLE and not connection.in_transaction:
            self._idle.append((connection, file))
        else:
            connection.close()
        if not self._open:  # it was closed meanwhile
            self._close_idle()

    def close(self) -> None:
        """Close what is idle; what is lent is closed by whoever has it."""
        self._open = False
        if self._process == os.getpid():
            self._close_idle()

    def _close_idle(self) -> None:
        while self._idle:
            with suppress(IndexError):
                self._idle.pop()[0].close()


def _identity(path: Path) -> File:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
