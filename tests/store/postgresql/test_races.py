"""Two programs at one practice on a server: one has the time, both see what the other did, at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from couchcal.practice.availability import BlockRow, set_days
from couchcal.practice.event_types import add
from couchcal.practice.opening import create_practice
from couchcal.scheduling.hours import parse_hours
from couchcal.store.connection import Database
from couchcal.store.locations import parse_location
from couchcal.tui.watching import Watch as ScreenWatch
from couchcal.web.readers import Readers
from couchcal.worker.watch import Watch as WorkerWatch
from tests.practice.test_door_race import clock
from tests.support.postgresql import bare_database

_VISITOR = """
import json, sys
from couchcal.practice import door
from couchcal.store.locations import database_at, parse_location
from tests.practice.test_door_race import NOW, START, clock
from couchcal.practice.door import Applicant, Wish
database = database_at(parse_location(sys.argv[1]))
name = sys.argv[2]
wish = Wish(1, "in_person", START, "America/New_York", Applicant(name, name + "@example.org"), "", name)
sys.stdin.readline()
try:
    print(json.dumps(door.book(database, wish, mail=False, clock=clock).kind))
except door.Taken:
    print(json.dumps("taken"))
"""


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with bare_database() as url:
        made = create_practice(parse_location(url), tz="America/New_York").database
        add(made, {"title": "Session", "service": "90834"}, clock=clock)
        set_days(made, {1: [BlockRow(1, *block) for block in parse_hours("9-17")]}, clock=clock)
        yield made
        made.dispose()


def _url(database: Database) -> str:
    from couchcal.store.postgresql.database import ServerDatabase

    assert isinstance(database, ServerDatabase)
    address = database.address
    return f"postgresql://{address.user}@/{address.database}?host={address.host}&port={address.port}"


def test_of_programs_at_several_places_one_has_the_time(database: Database) -> None:  # INV-B1, BOOK-05
    visitors = [
        subprocess.Popen(
            (sys.executable, "-c", _VISITOR, _url(database), name),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3],
        )
        for name in ("ann", "bob", "cid")
    ]  # fmt: skip
    for visitor in visitors:
        assert visitor.stdin is not None
        visitor.stdin.write("go\n")
        visitor.stdin.flush()
    said = [json.loads(visitor.communicate(timeout=60)[0]) for visitor in visitors]
    assert sorted(said) == ["pending", "taken", "taken"]
    with closing(database.connect()) as connection:
        assert connection.execute("SELECT count(*) FROM booking_request").fetchone() == (1,)


def _until(moved: object) -> bool:
    """Whether it comes true; the server tells within milliseconds, a busy machine may need longer."""
    assert callable(moved)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if moved():
            return True
        time.sleep(0.01)
    return False


def test_screens_the_worker_and_pages_are_told_of_a_change(database: Database) -> None:
    other = database.another()
    screen, worker, readers = ScreenWatch(database), WorkerWatch(database), Readers(database)
    worker.moved()
    asked: list[int] = []

    def page() -> int:
        def answer() -> int:
            asked.append(1)
            (found,) = connection.execute("SELECT count(*) FROM event_type").fetchone()
            return int(found)

        with readers.reading() as connection:
            return readers.once(connection, "how many", answer)

    before = page()
    assert page() == before
    assert (len(asked), screen.moved(), worker.moved()) == (1, False, False)
    add(other, {"title": "Another", "service": "90834"}, clock=clock)
    assert _until(screen.moved)
    assert _until(worker.moved)
    assert page() == before + 1
    assert (screen.moved(), worker.moved()) == (False, False)
    for each in (screen, worker):
        each.close()
    other.dispose()


def test_undo_of_one_program_is_seen_by_the_other(database: Database) -> None:
    from couchcal.practice import undo

    other = database.another()
    with closing(other.connect()) as connection:
        (before,) = connection.execute("SELECT count(*) FROM event_type").fetchone()
        add(database, {"title": "Mistaken", "service": "90834"}, clock=clock)
        assert connection.execute("SELECT count(*) FROM event_type").fetchone() == (before + 1,)
        undo.undo(other, clock=clock)
        assert connection.execute("SELECT count(*) FROM event_type").fetchone() == (before,)
    other.dispose()
