"""Connections that pages read with. Opening one costs more than most pages, so they are kept and used again.

What is worked out from the practice is kept with them, as long as nobody changes anything.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import finalize

from couchcal.store.connection import Connection, Database, database_errors

_MOST = 24
"""Answers that are kept at a time."""
_File = tuple[int, int] | None
"""What the file system calls the database's file; None if there is none."""
_T = TypeVar("_T")


@dataclass
class _Reader:
    """A connection, and what is known of the practice as it was when its page began."""

    connection: Connection
    file: _File
    _version: int = -1
    _known: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, question: Hashable, answer: Callable[[], _T]) -> _T:
        if question in self._known:
            found: _T = self._known[question]
            return found
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[question] = found = answer()
        return found

    def begin(self) -> None:
        """Begin a page."""
        self.connection.execute("BEGIN")
        (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._known.clear()
        self._version = version


class Readers:
    """The connections of a server."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._idle: list[_Reader] = []
        self._at_work: dict[int, _Reader] = {}
        finalize(self, _close, self._idle)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for one page: each of its reads sees the practice as it was at the first one.

        Raises:
            DatabaseProblem: busy, locked, unreadable.
        """
        with database_errors():
            reader, kept = self._taken(), False
            try:
                reader.begin()
                self._at_work[id(reader.connection)] = reader
                try:
                    yield reader.connection
                finally:
                    del self._at_work[id(reader.connection)]
                    reader.connection.execute("ROLLBACK")
                    kept = True
            finally:
                if kept:
                    self._idle.append(reader)
                else:
                    reader.connection.close()

    def once(self, connection: Connection, question: Hashable, answer: Callable[[], _T]) -> _T:
        """`answer()`, or what it was to the same question if nothing in the practice has changed since then.

        Args:
            connection: the one of `reading` that `answer` reads with.
            question: all that the answer depends on besides the practice, the time too. What is known is shared by
                pages and must not be changed.
        """
        return self._at_work[id(connection)].once(question, answer)

    def _taken(self) -> _Reader:
        """A reader of the file that is there now: a practice that is restored from a copy is a new file."""
        file = self._file()
        while self._idle:
            with suppress(IndexError):  # another thread was faster
                found = self._idle.pop()
                if found.file == file:
                    return found
                found.connection.close()
        return _Reader(self._database.connect(), file)

    def _file(self) -> _File:
        with suppress(OSError):
            found = os.stat(self._database.path)
            return found.st_dev, found.st_ino
        return None


def _close(idle: list[_Reader]) -> None:
    for reader in idle:
        reader.connection.close()
