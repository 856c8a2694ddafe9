"""Who does the background work: one process at a time, the next one when that is gone.

The lease is a row of the database. Every transaction of the work looks at it first, so that a holder who slept
too long writes nothing after another has taken over.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

from couchcal.clock import Clock
from couchcal.store.connection import Connection, Database, database_errors
from couchcal.store.connection import transaction as immediate

NAME = "sync"
TTL = timedelta(seconds=60)
"""How long a lease is good without being renewed."""
_UNBELIEVABLE = 2 * TTL
"""A lease that ends later than this was taken before the clock was put back."""


class LostLease(Exception):
    """Another process does the work now; this one must write nothing more."""


class Taken(Exception):
    """Another process holds the lease."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__("another process is syncing")
        self.holder = holder


class Holder(NamedTuple):
    """Who holds the lease, on which machine, and how far it is (JSON of `Progress`, or empty)."""

    host: str
    pid: int
    progress: str


def alive(pid: int) -> bool:
    """Whether a process of this machine is running."""
    if pid <= 0:
        return False
    if os.name == "nt":
        return True  # asking would end it there: its lease runs out instead
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


class Lease:
    """One process's claim on the work `name`. Every method may be called from any thread, one at a time."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        name: str = NAME,
        pid: int | None = None,
        host: str | None = None,
        is_alive: Callable[[int], bool] = alive,
    ) -> None:
        self._database = database
        self._clock = clock
        self._name = name
        self._pid = os.getpid() if pid is None else pid
        self._host = socket.gethostname() if host is None else host
        self._is_alive = is_alive
        self._owner = secrets.token_hex(8)
        self._connection: Connection | None = None
        self.held = False

    def take(self) -> bool:
        """Take the lease if it is free, ran out, or is of a dead process of this machine; whether we have it."""
        with self._writing() as connection:
            row = connection.execute(
                "SELECT owner, host, pid, expires_at FROM worker_lease WHERE name = ?", (self._name,)
            ).fetchone()
            if row is not None and row[0] != self._owner and self._in_use(*row):
                self.held = False
                return False
            connection.execute(
                "INSERT INTO worker_lease (name, owner, host, pid, expires_at, asked, answered, progress)"
                " VALUES (?, ?, ?, ?, ?, 0, 0, '') ON CONFLICT (name) DO UPDATE SET"
                " owner = excluded.owner, host = excluded.host, pid = excluded.pid,"
                " expires_at = excluded.expires_at, progress = ''",
                (self._name, self._owner, self._host, self._pid, self._now() + _seconds(TTL)),
            )
        self.held = True
        return True

    def hold(self, connection: Connection) -> None:
        """Inside a transaction: make sure the lease is ours, and renew it if half its time is over.

        Raises:
            LostLease: it is not; roll back.
        """
        row = connection.execute(
            "SELECT owner, expires_at FROM worker_lease WHERE name = ?", (self._name,)
        ).fetchone()
        if row is None or row[0] != self._owner:
            self.held = False
            raise LostLease
        left = (row[1] or 0) - self._now()
        if not _seconds(TTL) / 2 < left <= _seconds(TTL):
            connection.execute(
                "UPDATE worker_lease SET expires_at = ? WHERE name = ?", (self._now() + _seconds(TTL), self._name)
            )

    def renew(self) -> None:
        """Hold the lease in a transaction of its own: while nothing else is written for long.

        Raises:
            LostLease: it is not ours.
        """
        with self._writing() as connection:
            self.hold(connection)

    def tell(self, connection: Connection, progress: str) -> None:
        """Inside a transaction: say how far the work is, for other processes to show."""
        connection.execute(
            "UPDATE worker_lease SET progress = ? WHERE name = ? AND owner = ?", (progress, self._name, self._owner)
        )

    def release(self) -> None:
        """Give the lease back; nothing happens if it is not ours any more."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE worker_lease SET owner = '', pid = 0, host = '', expires_at = NULL, progress = ''"
                " WHERE name = ? AND owner = ?",
                (self._name, self._owner),
            )
        self.held = False
        self.close()

    def close(self) -> None:
        """Close the connection of its own; the lease stays as it is."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def answered(self, asked: int) -> None:
        """Tell those who asked up to `asked` that their turn is done."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE worker_lease SET answered = max(answered, ?) WHERE name = ? AND answered < ?",
                (asked, self._name, asked),
            )

    def _in_use(self, owner: str, host: str, pid: int, expires_at: int | None) -> bool:
        if not owner or expires_at is None:
            return False
        if not 0 < expires_at - self._now() <= _seconds(_UNBELIEVABLE):
            return False
        return host != self._host or self._is_alive(pid)

    def _now(self) -> int:
        return int(self._clock().timestamp())

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction on a connection that is kept open: opening one costs more than what is done here."""
        with database_errors(self._database.path):
            if self._connection is None:
                self._connection = self._database.connect()
            with transaction(self._connection):
                yield self._connection


@contextmanager
def transaction(connection: Connection, lease: Lease | None = None) -> Iterator[None]:
    """One immediate transaction: all of it or nothing. With a lease it is held first.

    Raises:
        LostLease: the lease is another's; nothing is written.
    """
    with immediate(connection):
        if lease is not None:
            lease.hold(connection)
        yield


def holder(connection: Connection, name: str = NAME) -> Holder | None:
    """Who holds the lease as it is written; that process may be gone."""
    row = connection.execute(
        "SELECT host, pid, progress FROM worker_lease WHERE name = ? AND owner <> ''", (name,)
    ).fetchone()
    return Holder(*row) if row else None


def ask(connection: Connection, name: str = NAME) -> int:
    """Ask the holder for a turn now. Returns the number of the question, for `is_answered`."""
    row = connection.execute(
        "INSERT INTO worker_lease (name, owner, host, pid, expires_at, asked, answered, progress)"
        " VALUES (?, '', '', 0, NULL, 1, 0, '') ON CONFLICT (name) DO UPDATE SET asked = worker_lease.asked + 1"
        " RETURNING asked",
        (name,),
    ).fetchall()
    return int(row[0][0])


def is_answered(connection: Connection, asked: int, name: str = NAME) -> bool:
    """Whether the turn that was asked for is done."""
    row = connection.execute("SELECT answered FROM worker_lease WHERE name = ?", (name,)).fetchone()
    return row is not None and row[0] >= asked


def wanted(connection: Connection, name: str = NAME) -> int:
    """The number of the last question that has no answer yet, 0 if there is none."""
    row = connection.execute("SELECT asked, answered FROM worker_lease WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row is not None and row[0] > row[1] else 0


def _seconds(span: timedelta) -> int:
    return span // timedelta(seconds=1)
