"""A process may end anywhere: the next one goes on, nothing is lost and nothing is there twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from couchcal.sync import reset
from tests.sync.crash import STEP, Life, World, deaths
from tests.sync.desk import SyncDesk


def _quiet(desk: SyncDesk) -> SyncDesk:
    """Cycles until nothing is left to do, four at most."""
    for _ in range(4):
        report = desk.cycle()
        if report.status == "ok" and not report.changed and not report.pending:
            break
        desk.now.forward(seconds=90)
    return desk


def _busy_desk(path: Path) -> SyncDesk:
    """Changes of every kind wait on both sides."""
    desk = SyncDesk(path)
    moved, cancelled, deleted, back, there, gone, both, cancelled_and_gone, edited_and_gone = desk.book_many(9)
    desk.ensure()
    desk.cycle()
    desk.cancel(back)
    desk.cycle()
    calendar = desk.calendar

    def shifted(row_id: int, hours: int) -> None:
        event = desk.there(row_id)
        assert event.when is not None
        start, end, _ = event.when
        shift = timedelta(hours=hours)
        desk.remote.change(calendar, event.id, when=event.when._replace(start=start + shift, end=end + shift))

    shifted(there, 40)
    shifted(both, 50)
    for row_id in (gone, cancelled_and_gone, edited_and_gone):
        desk.remote.drop(calendar, desk.mapped(row_id).event_id)
    desk.remote.put(calendar, replace(desk.there(moved), id="byhand", ours="", title="By hand"))
    desk.move(moved, 20, 9)
    desk.move(both, 21, 9)
    desk.move(edited_and_gone, 22, 9)
    desk.cancel(cancelled)
    desk.cancel(cancelled_and_gone)
    desk.delete(deleted)
    desk.restore(back)
    desk.book(23, 9)
    desk.event(day=24)
    return desk


def _nothing(_desk: SyncDesk) -> None:
    return None


def _survives(
    world: World,
    run: Callable[[SyncDesk], object],
    at_least: int,
    again: Callable[[SyncDesk], object] = _nothing,
) -> SyncDesk:
    """Whenever `run` ends too early, the end is the same; the desk of a run that did not.

    Args:
        again: what a person does once more in the next process, if they see that it was not begun.
    """
    sound = world.begin(Life())
    run(sound)
    expected = _quiet(sound).outcome()
    assert expected["pending"] == (0,)
    tried = 0
    for end, desk in deaths(world, run):
        again(desk)
        assert _quiet(desk).outcome() == expected, f"ended at {end}"
        tried += 1
    assert tried * STEP >= at_least
    return sound


def test_a_cycle_that_ends_anywhere_is_taken_up_again(tmp_path: Path) -> None:
    sound = _survives(World(_busy_desk(tmp_path / "desk"), tmp_path), SyncDesk.cycle, 40)
    assert sound.reviews() == ["conflict", "remote_deleted"]  # SYNC-11


def test_one_calendar_is_made_whenever_the_making_of_it_ends(tmp_path: Path) -> None:  # SYNC-08
    desk = SyncDesk(tmp_path / "desk")
    desk.book_many(2)

    def connect(desk: SyncDesk) -> None:
        desk.ensure()
        desk.cycle()

    sound = _survives(World(desk, tmp_path), connect, 12, again=SyncDesk.ensure)
    assert len(sound.remote.shelves) == 1
    assert len(sound.live) == 2


@pytest.mark.parametrize("how", ["events", "calendar"])
def test_a_reset_that_ends_anywhere_is_taken_up_again(tmp_path: Path, how: reset.How) -> None:  # SYNC-13
    desk = SyncDesk(tmp_path / "desk")
    first, _ = desk.book_many(2)
    desk.ensure()
    desk.cycle()
    desk.cancel(first)
    desk.cycle()
    calendar = desk.calendar
    desk.remote.put(calendar, replace(next(iter(desk.live.values())), id="byhand", ours="", title="By hand"))

    def run(desk: SyncDesk) -> None:
        reset.reset(desk.database, desk.remote, how=how, clock=desk.now, waiter=desk.waiter)
        desk.cycle()

    def again(desk: SyncDesk) -> None:
        if not desk.value("SELECT count(*) FROM sync_log WHERE text LIKE 'reset:%'"):
            run(desk)

    sound = _survives(World(desk, tmp_path), run, 8, again)
    assert (sound.calendar == calendar) == (how != "calendar")
    assert len(sound.remote.shelves) == 1
    assert len(sound.live) == (1 if how == "calendar" else 2)
