"""What the sync may cost, as far as it can be counted: requests, reads, what is loaded. The bench has the times."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from couchcal.practice.disclosure import disclosed
from couchcal.store.connection import Connection
from couchcal.sync import ledger, outbox
from tests.google.transport import BASE
from tests.support.practice import make_practice
from tests.sync.acceptance import here
from tests.sync.acceptance.world import EMAIL, World, opened
from tests.sync.crash import MortalDatabase

SENT, READ, PER_PAGE = 40, 2_600, 2_500
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("COUCHCAL_GOOGLE_API_URL", f"{BASE}/calendar/v3")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with opened(tmp_path, "friendly", seed=1) as made:
        made.cycle()
        yield made


def _asked(world: World, do: Callable[[], object]) -> list[str]:
    """The API requests that come of something, by operation."""
    since = len(world.emulator.log)
    do()
    return [entry.op for entry in world.emulator.log[since:] if not entry.op.startswith("oauth.")]


def test_a_push_costs_one_request_each_and_a_reading_of_each_calendar(world: World) -> None:
    for number in range(SENT):
        here.book(world, day=1 + number // 10, hour=number % 10, kind=0, who=0)
    asked = _asked(world, world.cycle)
    assert asked.count("events.insert") == len(world.appointments()) == SENT
    assert asked.count("events.list") == len([link for link in world.links() if link.enabled])
    assert len(asked) - SENT <= 3


def test_a_pull_costs_one_request_a_page(world: World) -> None:
    world.emulator.control("fill_calendar", {"calendar": EMAIL, "n": READ})
    world.foreign = world.foreign_state()
    asked = _asked(world, lambda: world.engine().cycle(anew=True))
    read = world.rows(
        "SELECT count(*) FROM external_event e JOIN calendar_link l ON l.id = e.link_id"
        " WHERE l.remote_calendar_id = ?", EMAIL,
    )  # fmt: skip
    assert read[0][0] == READ
    others = len([link for link in world.links() if link.enabled]) - 1
    assert len(asked) == -(-READ // PER_PAGE) + others


def test_a_quiescent_cycle_lists_each_calendar_once_and_writes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.book(world, day=1, hour=9, kind=0, who=0)
    world.cycle()
    world.wait(60)
    world.cycle()  # what was sent comes back once
    world.wait(5)
    statements: list[str] = []
    connect = MortalDatabase.connect

    def watched(database: MortalDatabase) -> sqlite3.Connection:
        connection = connect(database)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(MortalDatabase, "connect", watched)
    asked = _asked(world, lambda: world.engine().cycle())
    assert asked == ["events.list"] * len([link for link in world.links() if link.enabled])
    written = {text.split()[1 if text.startswith("UPDATE") else 2] for text in statements if _writes(text)}
    assert written == {"worker_lease"}


def _writes(statement: str) -> bool:
    return statement.startswith(("INSERT", "UPDATE", "DELETE", "REPLACE"))


Read = Callable[[Connection], Any]
READS: dict[str, Read] = {
    "the row of an appointment": lambda connection: outbox.due_for(connection, 7),
    "the events of appointments": lambda connection: ledger.maps_of(connection, 1, [1, 2]),
    "the appointments of events": lambda connection: ledger.maps_by_event(connection, 1, ["a", "b"]),
    "what is known of the remote's own events": lambda connection: ledger.external_etags(connection, 1, ["a"]),
    "what is disclosed of appointments": lambda connection: disclosed(connection, [1, 2]),
    "what is due": lambda connection: outbox.due(connection, NOW, 50, [1]),
    "removals that are due": lambda connection: outbox.deletes_due(connection, 1),
}


def _steps(connection: sqlite3.Connection, waiting: int) -> int:
    """How many hundreds of steps SQLite takes to find the next to send when so many wait."""
    connection.execute("DELETE FROM sync_outbox")
    outbox.enqueue(connection, range(1, waiting + 1))
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    connection.set_progress_handler(step, 100)
    assert len(outbox.due(connection, NOW, 50, [waiting])) == 50
    connection.set_progress_handler(None, 0)
    return steps


def test_the_next_to_send_cost_the_same_however_many_wait(tmp_path: Path) -> None:
    with closing(make_practice(tmp_path).connect_file()) as connection:
        assert _steps(connection, 5_000) <= _steps(connection, 100) + 1


_SMALL = ("SCAN sync_outbox", "SCAN o", "SCAN practice", "SCAN json_each")
"""What is read whole by some: what waits, of which most of the time there is nothing, the one row of the practice,
and the lists that are asked for."""


@pytest.mark.parametrize("read", READS)
def test_reads_of_the_outbox_look_up_what_they_join(tmp_path: Path, read: str) -> None:
    statements: list[str] = []
    with closing(make_practice(tmp_path).connect_file()) as connection:
        connection.set_trace_callback(statements.append)
        READS[read](connection)
        connection.set_trace_callback(None)
        asked = [statement for statement in statements if statement.startswith(("SELECT", "WITH"))]
        plan = [row[3] for each in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {each}")]
    assert plan
    assert [step for step in plan if step.startswith("SCAN") and not step.startswith(_SMALL)] == []


def test_a_cycle_that_finds_nothing_new_loads_no_orm() -> None:
    look = "import sys, couchcal.sync.engine; print(*{'sqlalchemy', 'sqlmodel', 'requests'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
