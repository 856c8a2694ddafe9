"""What the acceptance machine once found, each as short as it can be told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from couchcal.sync import review
from tests.google.transport import BASE
from tests.sync.acceptance.faults import BETWEEN
from tests.sync.acceptance.script import Step, play
from tests.sync.acceptance.there import ADMIN, DEEDS
from tests.sync.acceptance.world import World, opened

SESSION: Step = ("book", {"day": 3, "hour": 10, "kind": 0, "who": 0})
DELETED_THERE: Step = ("google", {"what": DEEDS.index("delete"), "pick": 0})
CYCLE: Step = ("cycle", {})
SETTLE: Step = ("settle", {})


@pytest.fixture
def worlds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worlds]:
    monkeypatch.setenv("COUCHCAL_GOOGLE_API_URL", f"{BASE}/calendar/v3")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with ExitStack() as stack:
        yield Worlds(tmp_path, stack)


class Worlds:
    """Worlds of a profile that end with the test."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack

    def __call__(self, profile: str) -> World:
        return self._stack.enter_context(opened(self._folder, profile, 1))


def open_kinds(world: World) -> list[str]:
    return [item.kind for item in review.open_items(world.looking)]


def test_a_refusal_beside_readings_and_sendings_ends_the_cycle_and_nothing_more(worlds: Worlds) -> None:
    """A new calendar may refuse what it will allow, a reset as well: the next cycle goes on."""
    world = worlds("paranoid")
    play(world, [("start_over", {"how": "events"})])
    report = world.cycle()
    assert report is not None
    assert report.status == "retry"
    play(world, [SESSION, SETTLE])


def test_an_answer_older_than_the_last_reading_is_found_out(worlds: Worlds) -> None:
    """The reading said that the event was deleted, the look at it shows it alive as it was long ago; what was done
    here meanwhile was taken back, so that nothing was to be sent and no etag told the difference."""
    world = worlds("friendly")
    play(world, [SESSION, CYCLE, ("move", {"pick": 0, "minutes": 30}), DELETED_THERE])
    world.engine().cycle(push=False)
    play(world, [("undo", {})])
    stale = {"match": {"op": "events.get"}, "action": {"type": "stale_read", "revs": 1}, "times": 1}
    world.emulator.faults.add(stale)
    play(world, [CYCLE, SETTLE])


def test_a_new_calendar_answers_what_was_asked_about_events_of_the_old_one(worlds: Worlds) -> None:
    """Else "keep it here alone" would let go of the event that was just made anew."""
    world = worlds("friendly")
    play(world, [SESSION, CYCLE, DELETED_THERE, CYCLE])
    assert open_kinds(world) == ["remote_deleted"]
    play(world, [("admin", {"what": ADMIN.index("delete_calendar")}), CYCLE])
    lost = next(item for item in review.open_items(world.looking) if item.kind == "calendar_lost")
    review.resolve(world.database, lost.id, "recreate", clock=world.clock)
    assert open_kinds(world) == []
    play(world, [CYCLE, SETTLE])


def test_a_reset_removes_what_the_listing_does_not_show_yet(worlds: Worlds) -> None:
    """A listing lags behind what was just sent; left where it was, it would be there twice."""
    world = worlds("paranoid")
    play(
        world, [("wait", {"seconds": 10}), CYCLE, SESSION, CYCLE, ("start_over", {"how": "events"}), CYCLE, SETTLE]
    )


def test_what_is_moved_and_moved_back_there_while_it_is_read_is_nothing_lost(worlds: Worlds) -> None:
    """A cycle that began before the second edit may have seen no more than its end."""
    world = worlds("friendly")
    play(world, [SESSION, CYCLE, ("delete", {"pick": 0}), ("google", {"what": 0, "pick": 0, "minutes": -2880})])
    play(world, [("between", {"what": BETWEEN.index("undo"), "pick": 0, "minutes": 0, "page": True})])
    play(world, [CYCLE, SETTLE])
    assert open_kinds(world) == []


def test_a_removal_that_was_denied_is_made_all_the_same(worlds: Worlds) -> None:
    """The event was said not to be there, and is."""
    world = worlds("friendly")
    play(world, [SESSION, CYCLE, ("cancel", {"pick": 0})])
    wrong = {"type": "status", "code": 404, "reason": "notFound", "message": "Not Found"}
    world.emulator.faults.add({"match": {"op": "events.delete"}, "action": wrong, "times": 1})
    play(world, [CYCLE, SETTLE])


def test_a_reset_leaves_nothing_of_which_it_is_told_that_it_is_not_there(worlds: Worlds) -> None:
    """Else what is sent again would be there twice."""
    world = worlds("friendly")
    play(world, [SESSION, CYCLE, ("start_over", {"how": "events"})])
    wrong = {"type": "status", "code": 404, "reason": "notFound", "message": "Not Found"}
    world.emulator.faults.add({"match": {"op": "events.delete"}, "action": wrong, "times": 1})
    play(world, [CYCLE, SETTLE])
