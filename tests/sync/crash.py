"""Ending a process anywhere: before and after each request to the remote, before and after each commit.

What is dead stays dead: no `finally` of the killed run can write or ask any more.
"""

from __future__ import annotations

import copy
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from couchcal.store.connection import Database
from tests.sync.desk import SyncDesk
from tests.sync.fake import FakeRemote

STEP: Final = 1 if os.environ.get("COUCHCAL_SYNC_ALL") == "1" else 3
"""Of so many moments to end at, one is tried; a longer run (`COUCHCAL_SYNC_ALL=1`) tries them all."""


class Killed(BaseException):
    """The process ends here."""


class Life:
    """Counts the moments of a run and ends it at one of them; 0 never."""

    def __init__(self, end: int = 0) -> None:
        self.moments = 0
        self.end = end
        self.dead = False

    def tick(self, *_about: object) -> None:
        self.moments += 1
        if self.dead or self.moments == self.end:
            self.dead = True
            raise Killed


class _Connection(sqlite3.Connection):
    life: Life

    def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
        if sql != "COMMIT":
            return super().execute(sql, *given)
        self.life.tick()
        cursor = super().execute(sql, *given)
        self.life.tick()
        return cursor

    def commit(self) -> None:
        writes = self.in_transaction
        if writes:
            self.life.tick()
        super().commit()
        if writes:
            self.life.tick()


class MortalDatabase(Database):
    """A plain database whose connections die with `life`."""

    __slots__ = ("life",)

    def __init__(self, path: Path, life: Life) -> None:
        super().__init__(path, None)
        self.life = life

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            str(self.path), isolation_level=None, check_same_thread=False, factory=_Connection
        )
        connection.life = self.life
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=OFF")
        return connection


class World:
    """A practice and its remote at one moment, to begin from again and again."""

    def __init__(self, desk: SyncDesk, directory: Path) -> None:
        self._directory = directory
        self._remote = desk.remote
        self._moment = desk.now.moment
        self._file = directory / "world.db"
        desk.database.dispose()
        with closing(desk.database.connect_file()) as source, closing(sqlite3.connect(self._file)) as copied:
            source.backup(copied)
        self._count = 0

    def begin(self, life: Life) -> SyncDesk:
        """The world as it was, in a process that lives so long."""
        self._count += 1
        path = self._directory / f"life{self._count}.db"
        shutil.copyfile(self._file, path)
        remote: FakeRemote = copy.deepcopy(self._remote)
        remote.before = remote.after = life.tick
        return SyncDesk.on(MortalDatabase(path, life), remote, self._moment)


def after_death(desk: SyncDesk) -> SyncDesk:
    """The next process: the file as it was left, the remote as it is, a minute later."""
    desk.database.dispose()
    remote = desk.remote
    remote.before = remote.after = lambda *_: None
    desk = SyncDesk.on(Database(desk.database.path, None), remote, desk.now.moment)
    desk.now.forward(seconds=61)
    return desk


def deaths(world: World, run: Callable[[SyncDesk], object]) -> Iterator[tuple[int, SyncDesk]]:
    """Each `STEP`th way in which `run` can end too early, and the next process after it."""
    whole = Life()
    run(world.begin(whole))
    for end in range(1, whole.moments + 1, STEP):
        desk = world.begin(Life(end))
        with suppress(Killed):
            run(desk)
            raise AssertionError("nothing ended the run")
        yield end, after_death(desk)
        desk.database.dispose()
