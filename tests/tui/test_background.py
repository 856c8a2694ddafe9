"""The worker beside the calendar, in the real program: it starts with it, and never holds up its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from couchcal.store.connection import Database
from couchcal.sync.lease import Lease
from couchcal.worker.loop import WORKER
from tests.support.connected import Online, online
from tests.support.demo import NOW
from tests.support.terminal import Terminal
from tests.tui.test_terminal import show

pytestmark = pytest.mark.terminal


@pytest.fixture
def google(demo: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Online]:
    """The emulator that the demo practice is connected with; nothing is sent yet."""
    with online(tmp_path, monkeypatch) as found:
        found.connect(demo)
        yield found


def calendar(demo: Database, google: Online) -> Terminal:
    terminal = show(demo, 120, 36, **google.env, PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring")
    terminal.wait_for("Omar")
    return terminal


def leave(terminal: Terminal) -> None:
    terminal.send("q")
    assert terminal.finish() == 0
    assert b"Traceback" not in terminal.raw
    assert terminal.modes_left_on() == set()


def waiting(demo: Database) -> int:
    with closing(demo.connect()) as connection:
        return int(connection.execute("SELECT count(*) FROM sync_outbox").fetchone()[0])


@pytest.mark.long
def test_the_program_ends_beside_a_request_that_hangs_and_the_next_goes_on(demo: Database, google: Online) -> None:
    google.emulator.control("faults", {"match": {"op": "events.list"}, "action": {"type": "hang"}})
    before = waiting(demo)
    assert before > 0
    terminal = calendar(demo, google)
    terminal.until(lambda: google.requests("events.list") > 0)
    leave(terminal)  # the answer never comes
    assert waiting(demo) == before
    for name in (WORKER, "sync"):  # free, although nobody was there to give it back
        lease = Lease(demo, clock=lambda: NOW, name=name)
        assert lease.take()
        lease.release()
    google.emulator.control("faults", method="DELETE")
    terminal = calendar(demo, google)
    terminal.until(lambda: waiting(demo) == 0)
    terminal.wait_for("↑ synced")
    leave(terminal)
    assert len(google.events()) == before


@pytest.mark.long
def test_of_two_programs_the_second_takes_over_when_the_first_ends(demo: Database, google: Online) -> None:
    first = calendar(demo, google)
    first.until(lambda: waiting(demo) == 0)
    second = calendar(demo, google)
    second.wait_for("↑ synced")
    leave(first)
    before = len(google.events())
    second.send("a")
    second.wait_for("ctrl+e")
    second.send("sat 12:00 50m maria 90837\r")
    second.wait_for("Booked Maria S.")
    second.until(lambda: len(google.events()) == before + 1)
    leave(second)
