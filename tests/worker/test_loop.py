"""The loop over the jobs: when they run, what their failures do, who may run them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from couchcal.store.connection import Database
from couchcal.sync.lease import Lease, is_answered, wanted
from couchcal.worker.loop import FIRST_BACKOFF_S, LONGEST_BACKOFF_S, RENEW_S, TRY_S, WORKER, Loop
from couchcal.worker.watch import Watch
from tests.support.practice import make_practice

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
SECRET = "Jane Doe"


@dataclass
class Job:
    """Runs when somebody wrote, or asked; fails as it is told to."""

    name: str = "job"
    runs: list[tuple[float, bool, bool]] = field(default_factory=list)
    fails: Exception | None = None
    _why: tuple[bool, bool] = (False, False)

    def due(self, now: float, *, moved: bool, asked: bool) -> bool:
        self._why = moved, asked
        return moved or asked

    def run(self, now: float) -> bool:
        self.runs.append((now, *self._why))
        if self.fails is not None:
            raise self.fails
        return True


class Desk:
    """A loop over some jobs whose clocks are turned by hand."""

    def __init__(self, database: Database, *jobs: Job, pid: int = 1) -> None:
        self.database, self.monotonic, self.clock = database, 1000.0, NOON
        self.alive = {1, 2}
        self.lines: list[str] = []
        self.changes: list[None] = []
        self.stop, self.nudge = threading.Event(), threading.Event()
        self.watch = Watch(database)
        self.lease = Lease(
            database,
            clock=lambda: self.clock,
            pid=pid,
            host="here",
            is_alive=lambda number: number in self.alive,
            name=WORKER,
        )
        self.loop = Loop(
            jobs, self.lease, self.watch, stop=self.stop, nudge=self.nudge, log=self.lines.append,
            ticks=lambda: self.monotonic, on_change=lambda: self.changes.append(None),
        )  # fmt: skip

    def turn(self, seconds: float = 0.5, *, asked: bool = False) -> None:
        self.monotonic += seconds
        self.clock += timedelta(seconds=seconds)
        self.loop.turn(asked=asked)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return make_practice(tmp_path)


@pytest.fixture
def desk_of(database: Database) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def make(*jobs: Job, pid: int = 1) -> Desk:
        made.append(Desk(database, *jobs, pid=pid))
        return made[-1]

    yield make
    for desk in made:
        desk.watch.close()


def commit(database: Database) -> None:
    """Somebody writes."""
    with closing(database.connect()) as connection:
        connection.execute("UPDATE practice SET version = version + 1")


def test_a_job_is_asked_once_for_each_time_somebody_wrote(
    database: Database, desk_of: Callable[..., Desk]
) -> None:  # SYNC-01
    job = Job()
    desk = desk_of(job)
    desk.turn()
    assert len(job.runs) == 1  # whatever was written before the start
    desk.turn()  # the lease was written, too
    before = len(job.runs)
    desk.turn()
    assert len(job.runs) == before
    commit(database)
    desk.turn()
    assert job.runs[before:] == [(desk.monotonic, True, False)]
    assert len(desk.changes) == before + 1


def test_a_crash_is_told_by_its_type_and_ends_nobody(database: Database, desk_of: Callable[..., Desk]) -> None:
    broken, sound = Job("broken", fails=ValueError(SECRET)), Job("sound")
    desk = desk_of(broken, sound)
    desk.turn()
    assert len(sound.runs) == 1
    assert desk.lines == ["broken: went wrong (ValueError), tried again in 5 s"]
    commit(database)
    desk.turn()
    assert len(broken.runs) == 1  # it is left alone
    assert len(sound.runs) == 2
    desk.turn(FIRST_BACKOFF_S)
    assert [moved for _, moved, _ in broken.runs] == [True, True]  # what was written meanwhile is not forgotten
    waits = []
    for _ in range(12):
        desk.turn(LONGEST_BACKOFF_S)
        waits.append(desk.lines[-1].rsplit(" ", 2)[1])
    assert waits == ["20", "40", "80", "160", "320", "640", "1280", "1800", "1800", "1800", "1800", "1800"]
    broken.fails = None
    desk.turn(LONGEST_BACKOFF_S)
    broken.fails = KeyError(SECRET)
    desk.turn(asked=True)
    assert desk.lines[-1] == "broken: went wrong (KeyError), tried again in 5 s"
    assert SECRET not in "".join(desk.lines)


def test_one_loop_works_at_a_time_and_the_next_goes_on_when_it_leaves(desk_of: Callable[..., Desk]) -> None:
    first, second = Job(), Job()
    one, two = desk_of(first, pid=1), desk_of(second, pid=2)
    one.turn()
    two.turn()
    assert (len(first.runs), len(second.runs)) == (1, 0)
    one.loop.leave()
    two.turn()
    assert len(second.runs) == 1
    one.turn(TRY_S)
    assert len(first.runs) == 1


def test_the_lease_of_a_process_that_is_gone_is_taken_over(desk_of: Callable[..., Desk]) -> None:
    first, second = Job(), Job()
    one, two = desk_of(first, pid=1), desk_of(second, pid=2)
    one.turn()
    two.turn()
    two.alive = {2}
    two.turn(TRY_S)
    assert len(second.runs) == 1


def test_the_lease_is_kept_while_there_is_nothing_to_do(desk_of: Callable[..., Desk]) -> None:
    one, two = desk_of(Job(), pid=1), desk_of(other := Job(), pid=2)
    for _ in range(20):
        one.turn(RENEW_S)
        two.turn(RENEW_S)
    assert one.lease.held
    assert other.runs == []


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_is_set_by_a_day_does_no_harm(
    database: Database, desk_of: Callable[..., Desk], days: int
) -> None:
    job = Job()
    desk = desk_of(job)
    desk.turn()
    desk.clock += timedelta(days=days)
    for _ in range(200):
        desk.turn()
    assert desk.lease.held
    assert len(job.runs) < 10  # once for each time that the lease was renewed
    assert desk.lines == []
    commit(database)
    desk.turn()
    assert job.runs[-1] == (desk.monotonic, True, False)


def test_who_is_asked_while_another_works_asks_that_one(
    database: Database, desk_of: Callable[..., Desk]
) -> None:  # SYNC-20
    one, two = desk_of(Job(), pid=1), desk_of(other := Job(), pid=2)
    one.turn()
    two.turn(asked=True)
    assert other.runs == []
    with closing(database.connect()) as connection:
        question = wanted(connection)
        assert question == 1
        Lease(database, clock=lambda: NOON).answered(question)
        assert is_answered(connection, question)
        assert not wanted(connection)


@pytest.mark.sqlite_only("the file is moved away")
def test_a_database_that_cannot_be_read_is_tried_again(
    database: Database, desk_of: Callable[..., Desk], tmp_path: Path
) -> None:
    job = Job()
    desk = desk_of(job)
    away = tmp_path / "away.db"
    database.path.rename(away)
    database.path.mkdir()
    desk.turn()
    assert desk.lines == ["worker: went wrong (DatabaseProblem), tried again in 5 s"]
    assert job.runs == []
    database.path.rmdir()
    away.rename(database.path)
    desk.turn(FIRST_BACKOFF_S)
    assert len(job.runs) == 1


def test_the_loop_ends_when_it_is_told_to_and_gives_the_lease_back(
    database: Database, desk_of: Callable[..., Desk]
) -> None:
    job = Job()
    desk = desk_of(job)
    thread = threading.Thread(target=desk.loop.run)
    thread.start()
    while not job.runs:
        desk.nudge.set()
    desk.stop.set()
    desk.nudge.set()
    thread.join()
    assert not desk.lease.held
    assert Lease(database, clock=lambda: NOON, name=WORKER, pid=2, host="here").take()
