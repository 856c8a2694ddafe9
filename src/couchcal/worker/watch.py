"""One reading connection of the worker's own, by which it notices that somebody wrote."""

from __future__ import annotations

from couchcal.store.connection import Connection, Database, database_errors, followed_version


class Watch:
    """Sees commits of other connections, of this process and others, at next to no cost."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._version: int | None = None

    @property
    def connection(self) -> Connection:
        """The connection, for statements that only read.

        Raises:
            DatabaseProblem: it cannot be opened.
        """
        if self._connection is None:
            self._connection = self._database.connect()
        return self._connection

    def moved(self) -> bool:
        """Whether there was a commit by another connection since the last call; True the first time."""
        with database_errors(self._database.path):
            version = followed_version(self.connection)
        before, self._version = self._version, version
        return bool(version != before)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
