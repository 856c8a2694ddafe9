"""Starting over: nothing is lost, nothing is there twice (SYNC-13, SYNC-20)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from couchcal.errors import NotFound, Refused
from couchcal.sync import reset
from couchcal.sync.lease import Lease, Taken
from couchcal.sync.port import Rejected, Transient
from couchcal.sync.waiter import Unreachable
from tests.sync.desk import SyncDesk


@pytest.fixture
def desk(tmp_path: Path) -> SyncDesk:
    """Four sessions in the calendar, one of them cancelled, and an event made by hand."""
    desk = SyncDesk(tmp_path)
    rows = desk.book_many(4)
    desk.ensure()
    desk.cycle()
    desk.cancel(rows[0])
    desk.remote.put(desk.calendar, replace(desk.there(rows[1]), id="byhand", ours="", title="By hand"))
    desk.cycle()
    desk.calls()
    return desk


def start_over(desk: SyncDesk, how: reset.How, *, ask: bool = True) -> None:
    remote = desk.remote if ask else None
    reset.reset(desk.database, remote, how=how, clock=desk.now, waiter=desk.waiter)


def test_reading_anew_compares_and_sends_nothing(desk: SyncDesk) -> None:
    start_over(desk, "cursors")
    before = dict(desk.live)
    report = desk.cycle()
    assert desk.calls() == ["events"]
    assert not report.changed
    assert desk.live == before
    assert desk.pending == 0


def test_reading_anew_tries_again_what_was_refused(desk: SyncDesk) -> None:
    def refuse(call: str, _name: str) -> None:
        if call == "insert":
            raise Rejected("never")

    desk.remote.before = refuse
    desk.book(20, 9)
    assert len(desk.cycle().blocked) == 1
    desk.remote.before = lambda *_: None
    assert len(desk.cycle().blocked) == 1
    start_over(desk, "cursors")
    assert desk.cycle().blocked == ()
    assert len(desk.live) == 5


def test_our_events_are_removed_and_sent_again(desk: SyncDesk) -> None:
    ours = {name for name, event in desk.live.items() if event.ours}
    start_over(desk, "events")
    assert list(desk.live) == ["byhand"]
    desk.cycle()
    again = {name for name, event in desk.live.items() if event.ours}
    assert len(again) == 3
    assert not again & ours
    assert desk.value("SELECT count(*) FROM appointment") == 4
    assert desk.value("SELECT count(*) FROM external_event") == 1
    assert desk.reviews() == []
    assert not desk.cycle().changed


def test_copies_of_ours_are_removed_too(desk: SyncDesk) -> None:
    ours = next(event for event in desk.live.values() if event.ours)
    desk.remote.put(desk.calendar, replace(ours, id="copy"))
    start_over(desk, "events")
    assert list(desk.live) == ["byhand"]


def test_what_was_cancelled_can_still_be_restored_afterwards(desk: SyncDesk) -> None:
    start_over(desk, "events")
    desk.cycle()
    desk.restore(1)
    desk.cycle()
    assert desk.reviews() == []
    assert len(desk.live) == 5


def test_the_calendar_is_removed_and_another_is_made(desk: SyncDesk) -> None:
    before = desk.calendar
    start_over(desk, "calendar")
    assert before not in desk.remote.shelves
    desk.cycle()
    assert list(desk.remote.shelves) == [desk.calendar] != [before]
    assert len(desk.live) == 3
    assert desk.value("SELECT count(*) FROM external_event") == 0
    assert not desk.cycle().changed


@pytest.mark.parametrize("how", ["events", "calendar"])
def test_without_the_service_the_next_cycle_does_it(desk: SyncDesk, how: reset.How) -> None:
    start_over(desk, how, ask=False)
    assert desk.calls() == []
    desk.cycle()
    assert sum(bool(event.ours) for event in desk.live.values()) == 3
    assert len(desk.remote.shelves) == 1


def test_when_nobody_answers_the_next_cycle_goes_on(desk: SyncDesk) -> None:
    made = []

    def silent(call: str, _name: str) -> None:
        if call == "delete":
            made.append(1)
            if len(made) > 1:
                raise Transient("no answer")

    desk.remote.before = silent
    with pytest.raises(Unreachable):
        start_over(desk, "events")
    assert desk.cycle().status == "retry"
    desk.remote.before = lambda *_: None
    assert desk.cycle().status == "ok"
    assert sum(bool(event.ours) for event in desk.live.values()) == 3


def test_a_lost_calendar_is_made_again(desk: SyncDesk) -> None:
    del desk.remote.shelves[desk.calendar]
    assert desk.cycle().status == "paused"
    with pytest.raises(Refused):
        start_over(desk, "events")
    start_over(desk, "calendar")
    assert desk.reviews() == []
    assert desk.cycle().status == "ok"
    assert len(desk.live) == 3


def test_a_calendar_that_goes_while_it_is_cleared_is_lost(desk: SyncDesk) -> None:
    start_over(desk, "events", ask=False)
    del desk.remote.shelves[desk.calendar]
    assert desk.cycle().status == "paused"
    assert desk.reviews() == ["calendar_lost"]


def test_what_is_here_alone_stays_so(desk: SyncDesk) -> None:
    desk.write("UPDATE event_map SET state = 'unlinked' WHERE appointment_id = 2")
    desk.remote.drop(desk.calendar, desk.mapped(2).event_id)
    for how in ("events", "calendar"):
        start_over(desk, how)
        desk.cycle()
        assert sum(bool(event.ours) for event in desk.live.values()) == 2


def test_nobody_starts_over_while_another_process_works(desk: SyncDesk) -> None:
    other = Lease(desk.database, clock=desk.now, pid=1, is_alive=lambda _: True)
    other.take()
    with pytest.raises(Taken):
        start_over(desk, "cursors")


def test_without_a_calendar_there_is_nothing_to_start_over(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        start_over(SyncDesk(tmp_path), "cursors")
