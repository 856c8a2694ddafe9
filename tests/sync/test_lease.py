"""One process does the background work at a time, whatever happens to it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from couchcal.clock import system_clock
from couchcal.store.connection import Connection, Database
from couchcal.sync import lease as leases
from couchcal.sync.lease import TTL, Lease, LostLease, transaction
from tests.support.practice import make_practice
from tests.sync.desk import Now


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return make_practice(tmp_path)


@pytest.fixture
def connection(database: Database) -> Iterator[sqlite3.Connection]:
    with closing(database.connect_file()) as opened:
        yield opened


def lease_of(database: Database, now: Now, pid: int, *alive: int, host: str = "here") -> Lease:
    return Lease(database, clock=now, pid=pid, host=host, is_alive=lambda asked: asked in alive)


def test_only_one_has_it_until_it_is_given_back(database: Database) -> None:
    now = Now()
    first, second = lease_of(database, now, 1, 1, 2), lease_of(database, now, 2, 1, 2)
    assert first.take()
    assert not second.take()
    assert first.take()
    first.release()
    assert second.take()
    assert not first.take()


def test_that_of_a_dead_process_of_this_machine_is_taken_at_once(database: Database) -> None:
    now = Now()
    lease_of(database, now, 1).take()
    assert not lease_of(database, now, 2, host="elsewhere").take()
    assert lease_of(database, now, 2, 2).take()


def test_that_of_a_sleeper_is_taken_when_it_runs_out(database: Database) -> None:
    now = Now()
    sleeper, other = lease_of(database, now, 1, 1, 2), lease_of(database, now, 2, 1, 2)
    sleeper.take()
    now.forward(seconds=TTL.total_seconds() - 1)
    assert not other.take()
    now.forward(seconds=1)
    assert other.take()


def test_a_clock_that_was_put_back_a_day_holds_up_nobody(database: Database) -> None:
    now = Now()
    lease_of(database, now, 1, 1, 2).take()
    now.forward(days=-1)
    assert lease_of(database, now, 2, 1, 2).take()


def test_who_lost_it_writes_nothing_more(database: Database, connection: Connection) -> None:
    now = Now()
    sleeper = lease_of(database, now, 1, 1, 2)
    sleeper.take()
    now.forward(minutes=5)
    lease_of(database, now, 2, 1, 2).take()
    with pytest.raises(LostLease), transaction(connection, sleeper):
        connection.execute("INSERT INTO sync_log (at, level, text) VALUES (0, 'info', 'late')")
    assert connection.execute("SELECT count(*) FROM sync_log").fetchone() == (0,)
    assert not sleeper.held
    sleeper.release()
    assert not lease_of(database, now, 3, 1, 2, 3).take()


def test_work_keeps_it_and_renews_it_rarely(database: Database, connection: sqlite3.Connection) -> None:
    now = Now()
    busy, other = lease_of(database, now, 1, 1, 2), lease_of(database, now, 2, 1, 2)
    busy.take()
    for _ in range(20):
        now.forward(seconds=15)
        with transaction(connection, busy):
            before = connection.total_changes
        assert connection.total_changes == before
        assert not other.take()
    now.forward(days=-2)
    busy.renew()
    assert not other.take()


def test_who_finds_it_taken_asks_and_is_answered(database: Database, connection: Connection) -> None:
    now = Now()
    assert leases.ask(connection) == 1
    busy = lease_of(database, now, 1, 1)
    busy.take()
    asked = leases.ask(connection)
    assert asked == 2
    assert leases.wanted(connection) == asked
    assert not leases.is_answered(connection, asked)
    busy.answered(leases.wanted(connection))
    assert leases.is_answered(connection, asked)
    assert leases.wanted(connection) == 0
    assert leases.ask(connection) == 3
    busy.answered(2)
    assert not leases.is_answered(connection, 3)


def test_others_see_who_is_at_it_and_how_far(database: Database, connection: Connection) -> None:
    assert leases.holder(connection) is None
    busy = lease_of(database, Now(), 7, 7)
    busy.take()
    with transaction(connection, busy):
        busy.tell(connection, "[1]")
    assert leases.holder(connection) == ("here", 7, "[1]")
    busy.release()
    assert leases.holder(connection) is None


_WORK = """
import sys, time
from pathlib import Path
from couchcal.clock import system_clock
from couchcal.clock import system_clock
from couchcal.store.connection import Database
from couchcal.sync.lease import Lease, transaction
database = Database(Path(sys.argv[1]), None)
lease = Lease(database, clock=system_clock)
connection = database.connect()
rounds = 0
while rounds < int(sys.argv[2]):
    if not lease.take():
        time.sleep(0.001)
        continue
    with transaction(connection, lease):
        connection.execute("INSERT INTO sync_log (at, level, text) VALUES (0, 'info', 'in')")
    with transaction(connection, lease):
        connection.execute("INSERT INTO sync_log (at, level, text) VALUES (0, 'info', 'out')")
    lease.release()
    rounds += 1
lease.take() if len(sys.argv) > 3 else None
print("done", flush=True)
sys.stdin.read() if len(sys.argv) > 3 else None
"""


def test_processes_never_work_at_the_same_time(database: Database, connection: Connection) -> None:
    workers = [
        subprocess.Popen((sys.executable, "-c", _WORK, str(database.path), "25"), stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    for worker in workers:
        worker.communicate(timeout=60)
        assert worker.returncode == 0
    told = [text for (text,) in connection.execute("SELECT text FROM sync_log ORDER BY id")]
    assert told == ["in", "out"] * 75


def test_a_killed_process_holds_up_nobody(database: Database, connection: Connection) -> None:
    worker = subprocess.Popen(
        (sys.executable, "-c", _WORK, str(database.path), "0", "stay"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"done\n"
    found = leases.holder(connection)
    assert found is not None
    assert found.pid == worker.pid
    next_one = Lease(database, clock=system_clock)
    assert not next_one.take()
    os.kill(worker.pid, signal.SIGKILL)
    worker.communicate(timeout=60)
    assert next_one.take()
