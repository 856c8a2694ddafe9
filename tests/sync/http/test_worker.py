"""`couchcal worker` beside other processes: SYNC-01."""

from __future__ import annotations

import signal
from functools import partial

from tests.sync.http.place import Place, until
from tests.sync.http.processes import Running


def working(place: Place) -> Running:
    """A worker that has the work."""
    running = place.start("worker")
    until(lambda: place.json("sync", "status")["worker"])
    until(lambda: place.requests("events.list") > 0)
    return running


def _are_there(place: Place, count: int) -> bool:
    return len(place.events()) == count


def test_it_sends_what_another_process_commits(place: Place) -> None:
    worker = working(place)
    for day in (1, 2, 3):
        place.add(f"2026-12-0{day} 15:00")
        until(partial(_are_there, place, day))
    assert len(place.emulator.log) < 40, "it does not ask all the time"
    done = worker.end(signal.SIGTERM)
    assert done.code == 0
    assert "Traceback" not in done.err
    place.settled()


def test_a_sync_beside_it_is_answered(place: Place) -> None:
    worker = working(place)
    place.add("2026-12-01 15:00")
    until(lambda: len(place.events()) == 1)
    place.person("move_time", place.events()[0]["id"], by_minutes=30)
    runs = [place.start("sync", "--json") for _ in range(3)]
    reports = [place.ended(run).json() for run in runs]
    assert {report["status"] for report in reports} == {"ok"}
    shown = place.json("agenda", "--from", "2026-12-01", "--to", "2026-12-02")
    assert shown[0]["start"] == "2026-12-01T15:30:00-05:00"
    assert worker.end(signal.SIGINT).code == 0
    assert place.requests("events.insert") == 1
    assert place.lint() == []


def test_the_next_one_goes_on_where_one_was_killed(place: Place) -> None:
    workers = [working(place), place.start("worker")]
    workers[0].kill()
    place.add("2026-12-01 15:00")
    until(lambda: len(place.events()) == 1)
    assert workers[1].end(signal.SIGTERM).code == 0
    assert not place.json("sync", "status")["worker"]


def test_once_ends_with_what_it_came_to(place: Place) -> None:
    place.add("2026-12-01 15:00")
    assert place.start("worker", "--once").wait().code == 0
    assert len(place.events()) == 1
    place.control("revoke_grant")
    place.control("expire_access")
    place.add("2026-12-02 15:00")
    assert place.start("worker", "--once").wait().code == 3
    place.connected()
    place.fault("status", code=503)
    assert place.start("worker", "--once").wait().code == 4
    place.well()
    place.settled()
    assert len(place.events()) == 2


def test_trouble_does_not_end_it(place: Place) -> None:
    worker = working(place)
    place.fault("drop_before")
    place.add("2026-12-01 15:00")
    until(lambda: place.json("sync", "status")["failures"] > 0)
    place.well()
    assert worker.poll() is None
    place.sync()
    until(lambda: len(place.events()) == 1)
    assert worker.end(signal.SIGTERM).code == 0
