"""A practice on a server: hands out connections as a file does."""

from __future__ import annotations

from typing import Any

import psycopg

from couchcal.errors import DatabaseProblem
from couchcal.store.connection import BUSY_TIMEOUT_MS, Connection, Database
from couchcal.store.postgresql.address import Address
from couchcal.store.postgresql.connection import ServerConnection
from couchcal.store.postgresql.errors import describe, without_values

_SETTINGS = {
    "lock_timeout": str(BUSY_TIMEOUT_MS),
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "jit": "off",
    "client_min_messages": "error",
}


_PATIENCE = {
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""A network that swallows everything is noticed in half a minute, and not by a screen that waits for ever."""


class ServerDatabase(Database):
    """A database on a server; `path` is where this machine keeps what belongs to it."""

    __slots__ = ("address",)
    server = True

    def __init__(self, address: Address) -> None:
        super().__init__(address.place, None)
        self.address = address

    def __str__(self) -> str:
        return str(self.address)

    def connect(self) -> Connection:
        """A new autocommit connection (`BEGIN` is explicit), usable from any thread.

        Raises:
            DatabaseProblem: the server cannot be reached (code `unreachable`), refuses the sign-in (`denied`), has
                no such database (`no_database`) or no trusted certificate (`tls`).
        """
        return ServerConnection(self.native)

    def native(self) -> psycopg.Connection[Any]:
        """A new connection of the driver, in autocommit: `BEGIN` says what a transaction is for.

        Raises:
            DatabaseProblem: as `connect`.
        """
        options = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
        told = {"application_name": "couchcal", **_PATIENCE, **self.address.parameters()}
        told["options"] = options
        try:
            return psycopg.connect(**told, autocommit=True)  # type: ignore[arg-type]  # of the libpq's own names
        except psycopg.Error as error:
            without_values(error)
            problem = describe(error)
            raise problem or DatabaseProblem("the database server refused", "check its address") from None

    def another(self) -> ServerDatabase:
        """The same database with pooled connections of its own."""
        return ServerDatabase(self.address)

    def takes_writes(self) -> bool:
        """Whether changes can be written down; a server that takes none says so at the first one."""
        return True

    def connect_file(self) -> Any:
        """There is no file.

        Raises:
            DatabaseProblem: always (code `server`).
        """
        raise DatabaseProblem(
            "the practice is on a server, not in a file", "use the server's own tools for that", code="server"
        )
