"""One process at a time: setting up a practice, and changing its key or its encryption."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from couchcal.errors import DatabaseProblem, Refused

PATIENCE_S = 60.0
"""How long one waits for another; a person may be choosing a passphrase."""
_ROUNDS = 200


@contextmanager
def alone(path: Path, *, patience: float = PATIENCE_S) -> Iterator[None]:
    """Wait for others who set up or change the database at `path`, and keep them waiting. SQLite's own file lock
    serves: it is on every system, and a killed process lets go of it.

    Args:
        patience: seconds to wait.

    Raises:
        DatabaseProblem: another process has it for longer than that, or the folder cannot be written.
    """
    lock = path.with_name(f".{path.name}.setup")
    with closing(_held(lock, path, patience)):
        try:
            yield
        finally:
            with suppress(OSError):
                lock.unlink(missing_ok=True)


def close_log(connection: sqlite3.Connection, *, code: str = Refused.code) -> None:
    """Bring what is in the log into the database and do without one, which takes that nobody else has it open.

    Raises:
        Refused: another program has it open; the error has this `code`.
    """
    mode = None
    try:
        mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
    except Exception as error:
        if "locked" not in str(error):
            raise
        mode = None
    if mode != ("delete",):
        raise Refused(
            "another program has the calendar open",
            "close it, stop couchcal worker and serve, and try again",
            code=code,
        )


def _held(lock: Path, path: Path, patience: float) -> sqlite3.Connection:
    problem: sqlite3.Error | None = None
    for _ in range(_ROUNDS):
        held: sqlite3.Connection | None = None
        try:
            held = sqlite3.connect(lock, isolation_level=None, timeout=patience)
            held.execute("PRAGMA journal_mode=MEMORY")
            held.execute("BEGIN EXCLUSIVE")
            held.execute("PRAGMA user_version=1")  # fails where the one before has removed the file meanwhile
        except sqlite3.Error as error:
            problem = error
            if held is not None:
                held.close()
            if "readonly" not in str(error) and "disk I/O" not in str(error):
                break
        else:
            return held
    if "locked" in str(problem):
        raise DatabaseProblem("another program is setting up or changing this calendar", "try again in a moment")
    raise DatabaseProblem(f"{path.parent} cannot be written", "choose another place with --db") from None
