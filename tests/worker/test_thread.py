"""The worker beside a screen: it starts late, works with connections of its own, and ends at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from couchcal.sync.lease import Lease
from couchcal.worker import Worker
from couchcal.worker.loop import WORKER
from tests.sync.desk import SyncDesk
from tests.worker.test_sync_job import Kept

PATIENCE_S = 20.0


def until(condition: Callable[[], object]) -> None:
    """Wait for a condition; fails if it does not come about."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


def sent(desk: SyncDesk) -> bool:
    return any(name == "insert" for name, _ in desk.remote.calls)


def test_a_commit_of_anybody_is_sent_and_told(tmp_path: Path) -> None:  # SYNC-01
    desk = SyncDesk(tmp_path)
    desk.ensure()
    changes: list[None] = []
    threads: set[str] = set()
    desk.remote.before = lambda _call, _subject: threads.add(threading.current_thread().name)
    worker = Worker(
        desk.database, clock=desk.now, on_change=lambda: changes.append(None),
        source_of=lambda _database: Kept(desk.remote),
    )  # fmt: skip
    worker.start()
    worker.start()
    desk.book()
    until(lambda: sent(desk) and changes)
    worker.stop()
    until(lambda: not worker.running)
    assert threads == {"couchcal-worker"}
    assert Lease(desk.database, clock=desk.now, name=WORKER, pid=1, host="elsewhere").take()


def test_a_stop_waits_for_no_answer_and_what_was_under_way_is_done_later(tmp_path: Path) -> None:
    desk = SyncDesk(tmp_path)
    desk.ensure()
    desk.book()
    asked, answer = threading.Event(), threading.Event()

    def slow(call: str, _subject: str) -> None:
        if call == "insert":
            asked.set()
            answer.wait(PATIENCE_S)

    desk.remote.before = slow
    worker = Worker(desk.database, clock=desk.now, source_of=lambda _database: Kept(desk.remote))
    worker.start()
    assert asked.wait(PATIENCE_S)
    worker.stop()
    assert worker.running  # still in its request: nobody waited for it
    answer.set()
    until(lambda: not worker.running)
    desk.remote.before = lambda _call, _subject: None
    desk.cycle()
    assert desk.value("SELECT count(*) FROM sync_outbox") == 0


def test_a_screen_that_is_gone_does_not_end_the_worker(tmp_path: Path) -> None:
    desk = SyncDesk(tmp_path)
    desk.ensure()

    def gone() -> None:
        raise RuntimeError("no loop")

    worker = Worker(desk.database, clock=desk.now, on_change=gone, source_of=lambda _database: Kept(desk.remote))
    worker.start()
    for number in (1, 2):
        desk.book(hour=10)
        until(lambda: len(desk.live) == number)  # noqa: B023  called at once
    worker.stop()
    until(lambda: not worker.running)


@pytest.mark.sqlite_only("a program that is given a path")
def test_without_an_account_the_worker_loads_nothing_of_the_network(tmp_path: Path) -> None:
    desk = SyncDesk(tmp_path)
    with closing(desk.database.connect()) as connection:
        connection.execute("UPDATE calendar_account SET state = 'disabled'")
    script = (
        "import json, sys, time\n"
        "from pathlib import Path\n"
        "from couchcal.store.connection import Database\n"
        "from couchcal.worker import Worker\n"
        f"worker = Worker(Database(Path({str(desk.database.path)!r}), None))\n"
        "worker.start()\n"
        "time.sleep(0.7)\n"
        "worker.stop()\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run((sys.executable, "-c", script), env=dict(os.environ), capture_output=True, check=True)
    assert not {"sqlalchemy", "sqlmodel", "requests", "google", "keyring", "textual"} & set(json.loads(done.stdout))


def test_the_interpreter_switches_as_before_once_the_worker_ended(tmp_path: Path) -> None:
    before = sys.getswitchinterval()
    desk = SyncDesk(tmp_path)
    worker = Worker(desk.database, clock=desk.now, source_of=lambda _database: Kept(desk.remote))
    worker.start()
    until(lambda: desk.value("SELECT count(*) FROM worker_lease WHERE name = 'worker'"))
    worker.stop()
    until(lambda: not worker.running)
    assert sys.getswitchinterval() == before


def test_the_database_of_the_screen_is_not_touched(tmp_path: Path) -> None:
    desk = SyncDesk(tmp_path)
    desk.ensure()
    screen = desk.database.another()
    worker = Worker(screen, clock=desk.now, source_of=lambda _database: Kept(desk.remote))
    worker.start()
    desk.book()
    until(lambda: sent(desk))
    worker.stop()
    until(lambda: not worker.running)
    assert screen.engine is None
