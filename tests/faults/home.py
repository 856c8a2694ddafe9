"""A practice in a directory of its own, the program over it, and the ways to kill that."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from couchcal.store.connection import Database
from tests.faults.inspection import damage
from tests.faults.tally import Tally
from tests.support.practice import make_practice
from tests.sync.http.processes import Done, Running, Starter

NOW = "2026-03-03T15:42:00Z"
"""Tuesday, 10:42 in New York."""
_TICK_S = 0.0002
_WRITING_S = 0.012
"""About how long a change takes from its first page on the disk to the end of the process."""

Row = tuple[str, int, int, str]
State = dict[int, Row]
"""Title, start, end and status of each appointment."""


class Home:
    """One practice. Encrypted ones have their key in a file, so that no start has to derive it."""

    def __init__(self, directory: Path, starter: Starter, env: Mapping[str, str], *, encrypt: bool) -> None:
        self.directory, self.starter = directory, starter
        self.database = make_practice(directory / "home", encrypt)
        self.env = {**env, "COUCHCAL_HOME": str(directory / "home"), "COUCHCAL_NOW": NOW, "LC_ALL": "C.UTF-8"}
        self.env |= key_of(self.database, directory)

    @property
    def path(self) -> Path:
        """The database."""
        return self.database.path

    def start(self, *argv: str, **env: str) -> Running:
        """Start a command."""
        return self.starter.start(argv, {**self.env, **env}, self.directory, None, 0)

    def run(self, *argv: str, **env: str) -> Done:
        """Run a command to its end."""
        return self.start(*argv, **env).wait()

    def state(self) -> State:
        """All appointments."""
        return state(self.database)

    def inspect(self, tally: Tally, where: str) -> None:
        """Look whether all is whole, and whether the next start works."""
        tally.damaged += [f"{where}: {words}" for words in damage(self.database)]
        done = self.run("agenda", "--json")
        if done.code or done.err:
            tally.damaged.append(f"{where}: the next start: {done.code} {done.err.strip()}")


def key_of(database: Database, directory: Path) -> dict[str, str]:
    """The environment that opens `database`, with its key in a file in `directory`."""
    if database.key is None:
        return {}
    file = directory / "key"
    file.touch(0o600)
    file.write_text(database.key.hex(), "ascii")
    return {"COUCHCAL_KEY_FILE": str(file)}


def state(database: Database) -> State:
    """All appointments of a database."""
    with closing(database.connect()) as connection:
        rows = connection.execute("SELECT id, title, start_utc, end_utc, status FROM appointment")
        return {row_id: (title, start, end, status) for row_id, title, start, end, status in rows}


def strike(running: Running, database: Path, chance: random.Random, lasts: float) -> bool:
    """Kill a command that lasts about so many seconds: at any moment, or from the moment on when it writes.

    Returns:
        Whether it was killed; it may have ended before.
    """
    if chance.random() < 0.4:
        time.sleep(chance.uniform(0, lasts))
    else:
        writes(running, database, 2 * lasts)
        time.sleep(chance.uniform(0, _WRITING_S))
    return running.end(signal.SIGKILL).code == -signal.SIGKILL


def writes(running: Running, database: Path, patience: float) -> None:
    """Wait until the write-ahead log grows, the command is over, or so many seconds are."""
    log = database.with_name(f"{database.name}-wal")
    before, end = size(log), time.monotonic() + patience
    while running.poll() is None and time.monotonic() < end:
        now = size(log)
        if now and now != before:
            return
        before = now or before
        time.sleep(_TICK_S)


def size(path: Path) -> int:
    """The size of a file, 0 if there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
