"""SIGKILL at every request, before it is answered and after it was applied; the next run makes it good (§16).

The emulator holds the request it is told to, which its log shows; then the process is killed, as by the kernel when
memory is short. `COUCHCAL_SYNC_ALL=1` kills at every request of every script, otherwise at a few.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

import pytest

from tests.sync.http.conftest import PlaceOf
from tests.sync.http.place import Place, until
from tests.sync.http.processes import ALL, Running

HOLD = {
    "before": {"type": "hang"},
    "applied": {"type": "hang", "applied": True},
}
MOST = 40
"""No script makes so many requests."""


class Script:
    """What is there, and what has to be sent and taken over in the run that is killed."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.expected: set[str] = set()
        self.deleted = 0
        """How many are deleted in Google, which a person has to decide on."""

    def first(self) -> None:
        """Everything is new: the calendar is there, nothing in it."""
        for day in (1, 2, 3):
            self.place.add(f"2026-12-0{day} 15:00")
        self.expected = {f"2026-12-0{day}T15:00:00" for day in (1, 2, 3)}

    def changes(self) -> None:
        """Each kind of change on both sides."""
        ids = [self.place.add(f"2026-12-0{day} 15:00") for day in range(1, 7)]
        self.place.settled()
        there = {when[8:10]: event["id"] for when, event in self.place.live().items()}
        self.place.json("move", ids[0], "2026-12-01T10:00")
        self.place.json("cancel", ids[1], "--type", "no_show")
        self.place.run("delete", ids[2], "--yes")
        self.place.add("2026-12-08 09:00")
        self.place.person("move_time", there["04"], by_minutes=30)
        self.place.person("delete", there["05"])
        self.deleted = 1
        self.place.person("move_time", there["06"], by_minutes=30)
        self.place.json("move", ids[5], "2026-12-06T18:00")
        walls = {"01T10:00", "04T15:30", "06T18:00", "08T09:00"}
        self.expected = {f"2026-12-{wall}:00" for wall in walls}

    def restored(self) -> None:
        """A cancelled session comes back: the event with the id that was used."""
        one = self.place.add("2026-12-01 15:00")
        self.place.settled()
        self.place.json("cancel", one, "--type", "no_show")
        self.place.settled()
        self.place.run("restore", one)
        self.expected = {"2026-12-01T15:00:00"}

    def started_over(self) -> None:
        """A reset that removes and sends everything again was begun."""
        for day in (1, 2):
            self.place.add(f"2026-12-0{day} 15:00")
        self.place.settled()
        self.expected = {f"2026-12-0{day}T15:00:00" for day in (1, 2)}


SCRIPTS: dict[str, tuple[Callable[[Script], None], tuple[str, ...]]] = {
    "first": (Script.first, ("sync",)),
    "changes": (Script.changes, ("sync",)),
    "restored": (Script.restored, ("sync",)),
    "reset events": (Script.started_over, ("sync", "reset", "--events", "--yes")),
    "reset calendar": (Script.started_over, ("sync", "reset", "--calendar", "--yes")),
    "worker": (Script.changes, ("worker",)),
    "worker once": (Script.first, ("worker", "--once")),
}
FEW = [
    ("first", "applied", 3), ("changes", "applied", 5), ("restored", "applied", 4),
    ("reset calendar", "applied", 3), ("worker", "applied", 4),
]  # fmt: skip


def killed_at(place: Place, argv: tuple[str, ...], number: int, how: str) -> bool:
    """Run and kill at the request with this number; False if it makes fewer."""
    since = len(place.emulator.log)
    place.emulator.control("faults", {"id": "hold", "match": {}, "when": {"nth": [number]}, "action": HOLD[how]})
    running = place.start(*argv)
    try:
        reached = _reached(place, running, since + number)
    finally:
        place.well()
    running.kill()
    return reached


def _reached(place: Place, running: Running, seq: int) -> bool:
    def held() -> bool:
        log = place.emulator.log
        return any(entry.fault == "hold" for entry in log[seq - 1 :])

    def over() -> bool:
        """Whether it is through: it ended, or it is a worker that has nothing more to do."""
        if running.poll() is not None:
            return True
        return running.argv == ("worker",) and "sync: ok" in running.err.read_text("utf-8")

    until(lambda: held() or over())
    return held()


def check(place: Place, script: Script) -> None:
    """Everything is there once and nothing is lost, after as many cycles as §16 allows."""
    place.settled(4)
    assert set(place.live()) == script.expected
    kinds = [item["kind"] for item in place.json("sync", "review")]
    assert kinds.count("remote_deleted") == script.deleted
    assert set(kinds) <= {"remote_deleted", "conflict"}
    rows = place.json("agenda", "--from", "2026-12-01", "--to", "2026-12-20")
    assert len(rows) == len(script.expected) + script.deleted
    assert place.lint() == []


def run(place_of: PlaceOf, name: str, how: str, number: int) -> bool:
    """One script, one kill, the check; False if the script makes fewer requests."""
    place = place_of(profile="friendly")
    place.made()
    place.connected()
    script = Script(place)
    write, argv = SCRIPTS[name]
    write(script)
    reached = killed_at(place, argv, number, how)
    check(place, script)
    return reached


@pytest.mark.parametrize(("name", "how", "number"), FEW)
def test_a_kill_loses_and_doubles_nothing(place_of: PlaceOf, name: str, how: str, number: int) -> None:
    assert run(place_of, name, how, number)


@pytest.mark.skipif(not ALL, reason="COUCHCAL_SYNC_ALL=1")
@pytest.mark.parametrize("how", sorted(HOLD))
@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_a_kill_at_every_request(
    place_of: PlaceOf, name: str, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kills = 0
    while kills < MOST and run(place_of, name, how, kills + 1):
        kills += 1
    with capsys.disabled():
        sys.stdout.write(f" {name}, {how}: {kills} kills ")
    assert 2 <= kills < MOST


@pytest.mark.skipif(not ALL, reason="COUCHCAL_SYNC_ALL=1")
def test_kills_one_after_the_other(place_of: PlaceOf) -> None:
    """Each run of twenty is killed somewhere; then one may end."""
    chance = random.Random(5)  # noqa: S311  seeded on purpose
    place = place_of(profile="paranoid", null_sync_token=0.0)
    place.made()
    place.connected()
    script = Script(place)
    script.changes()
    for _ in range(20):
        killed_at(place, ("sync",), chance.randint(1, 9), chance.choice(sorted(HOLD)))
    check(place, script)
