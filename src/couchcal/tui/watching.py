"""Whether anybody has written to the database, in this program or another."""

from __future__ import annotations

from contextlib import suppress

from couchcal.errors import CouchcalError
from couchcal.store.connection import Database, database_errors, followed_version

LOOK_S = 1.0
"""How often a screen that follows others looks."""


class Watch:
    """Asks for the data version on a connection of its own; costs microseconds."""

    def __init__(self, database: Database) -> None:
        self._connection = database.connect()
        self._seen = self._version()

    def moved(self) -> bool:
        """Whether something was written since this was last asked."""
        before, self._seen = self._seen, self._version()
        return self._seen != before

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _version(self) -> int:
        with suppress(CouchcalError), database_errors():
            return followed_version(self._connection)
        return 0
