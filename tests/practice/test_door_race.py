"""Many processes want one time, and processes are killed in the middle: one booking or none, never half of one."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from couchcal.practice import availability, door, event_types, request_answers
from couchcal.practice.availability import BlockRow
from couchcal.practice.door import Applicant, Wish
from couchcal.scheduling.hours import parse_hours
from couchcal.store.connection import Database
from couchcal.store.session import engine_of
from tests.practice.conftest import Desk
from tests.practice.door import Door
from tests.support.practice import make_practice

PROCESSES = 24
FORK = get_context("fork")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
START = datetime(2026, 3, 3, 10, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)


def clock() -> datetime:
    return NOW


def _race(database: Database, number: int, ready: Barrier, said: Queue[tuple[str, int]]) -> None:
    """One visitor: waits for the others, then books; half of them want a time that overlaps only partly."""
    start = START + timedelta(minutes=30 * (number % 2))
    wish = Wish(
        1, "in_person", start, "America/New_York", Applicant(f"Visitor {number}", f"v{number}@example.org"), "",
        f"nonce {number}",
    )  # fmt: skip
    ready.wait()
    try:
        said.put((door.book(database, wish, mail=False, clock=clock).kind, 0))
    except door.Taken as taken:
        said.put(("taken", len(taken.next_free)))
    except BaseException:
        traceback.print_exc(file=sys.stderr)
        said.put(("broken", 0))
    finally:
        database.dispose()


@pytest.mark.parametrize("encrypt", [True, False])
def test_of_many_processes_one_has_the_time(tmp_path: Path, encrypt: bool) -> None:  # INV-B1, BOOK-05
    database = make_practice(tmp_path, encrypt)
    event_types.add(database, {"title": "Session", "service": "90834"}, clock=clock)
    hours = [BlockRow(1, *block) for block in parse_hours("9-17")]
    availability.set_days(database, {1: hours}, clock=clock)
    database.dispose()  # nothing open may cross a fork
    ready, said = FORK.Barrier(PROCESSES), FORK.Queue()
    children = [
        FORK.Process(target=_race, args=(database.another(), number, ready, said)) for number in range(PROCESSES)
    ]
    for child in children:
        child.start()
    answers = sorted(said.get() for _ in children)
    for child in children:
        child.join()
    kinds = [kind for kind, _ in answers]
    assert kinds == ["pending"] + ["taken"] * (PROCESSES - 1)
    assert all(others == 5 for kind, others in answers if kind == "taken")
    with closing(database.connect()) as connection:
        assert connection.execute("SELECT count(*) FROM booking_request").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM outbox_email").fetchone() == (1,)


def _killed_at(database: Database, statement: int, change: Callable[[], object]) -> bool:
    """Run a change in a process that is killed before its n-th statement; whether it came to an end by itself."""
    database.dispose()
    child = os.fork()
    if child == 0:
        seen = 0

        def count(*_arguments: Any) -> None:
            nonlocal seen
            seen += 1
            if seen == statement:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(engine_of(database), "before_cursor_execute", count)
        event.listen(engine_of(database), "commit", count)
        try:
            change()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _state(at: Door) -> dict[str, Any]:
    tables = ("booking_request", "appointment", "client", "cancellation", "outbox_email", "portal_token")
    return {table: at.desk.rows(table) for table in tables}


def _verify(at: Door) -> Callable[[], object]:
    at.book("2026-03-06 10:00")
    token = at.secrets("request_verify").token
    return lambda: at.verify(token)


def _book(at: Door) -> Callable[[], object]:
    client = at.known()
    return lambda: at.book("2026-03-06 10:00", client, idempotency_key="once")


def _move(at: Door) -> Callable[[], object]:
    at.practice(confirm_portal="instant")
    at.desk.book("2026-03-06 10:00")
    key = at.sessions(at.known()).upcoming[0].key
    return lambda: door.move_own(
        at.database, at.known(), key, at.desk.at("2026-03-06 14:00"), zone="UTC", idempotency_key="k",
        clock=at.desk.clock,
    )  # fmt: skip


def _cancel(at: Door) -> Callable[[], object]:
    at.desk.book("2026-03-06 10:00")
    key = at.sessions(at.known()).upcoming[0].key
    return lambda: door.cancel_own(at.database, at.known(), key, clock=at.desk.clock)


def _accept(at: Door) -> Callable[[], object]:
    at.book("2026-03-06 10:00", at.known())
    return lambda: request_answers.accept(at.database, 1, clock=at.desk.clock)


@pytest.mark.parametrize("prepare", [_verify, _book, _move, _cancel, _accept])
def test_a_change_that_is_killed_anywhere_has_not_begun(
    desk: Desk, prepare: Callable[[Door], Callable[[], object]]
) -> None:  # INV-B1, INV-B5
    at = Door(desk)
    change = prepare(at)
    before, statement = _state(at), 1
    while not _killed_at(at.database, statement, change):
        assert _state(at) == before
        statement += 3 if statement > 4 else 1
    assert statement > 6
    after = _state(at)
    assert after != before
    assert after["outbox_email"].keys() > before["outbox_email"].keys()
