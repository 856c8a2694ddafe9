"""Events whose making nobody answered, and ids that cannot be used: there is one event in the end (SYNC-01)."""

from __future__ import annotations

from pathlib import Path

import pytest

from couchcal.sync.port import Forbidden, NotThere, Transient
from tests.support.demo import at
from tests.sync.desk import SyncDesk
from tests.sync.sending import once, push_only, sees_nothing, shift


@pytest.fixture
def desk(tmp_path: Path) -> SyncDesk:
    """A practice whose calendar is there and empty; nothing waits."""
    desk = SyncDesk(tmp_path)
    desk.ensure()
    desk.cycle()
    desk.now.forward(minutes=5)
    desk.calls()
    return desk


@pytest.mark.parametrize("how", ["purged", "forbidden"])
def test_an_event_that_cannot_come_back_is_made_anew(desk: SyncDesk, how: str) -> None:
    row = desk.book(4, 9)
    push_only(desk)
    before = desk.mapped(row)
    desk.cancel(row)
    push_only(desk)
    if how == "purged":
        desk.remote.purge(desk.calendar, before.event_id)
    else:
        desk.remote.before = once("patch", Forbidden("not this one"))
    desk.restore(row)
    if how == "purged":
        sees_nothing(desk)
    assert push_only(desk)[-1] == "insert"
    assert desk.mapped(row).attempt == before.attempt + 1
    assert list(desk.live) == [desk.mapped(row).event_id] != [before.event_id]


def test_an_insert_whose_answer_got_lost_is_adopted(desk: SyncDesk) -> None:
    row = desk.book(4, 9)
    desk.remote.after = once("insert", Transient("no answer"))
    assert push_only(desk) == ["insert", "insert", "event"]
    assert len(desk.live) == 1
    assert desk.mapped(row).state == "live"


def test_what_changed_here_before_it_was_adopted_is_sent(desk: SyncDesk) -> None:
    row = desk.book(4, 9)
    desk.remote.after = once("insert", *(Transient("no answer") for _ in range(1)))
    desk.remote.before = once("event", then=lambda: desk.move(row, 5, 9))
    assert push_only(desk) == ["insert", "insert", "event", "patch"]
    when = desk.there(row).when
    assert when is not None
    assert when.start == at(5, 9)


def test_an_id_that_was_used_up_gives_way_to_the_next(desk: SyncDesk) -> None:
    row = desk.book(4, 9)

    def burn() -> None:
        desk.remote.shelves[desk.calendar].burnt.add(desk.mapped(row).event_id)

    desk.remote.before = once("insert", then=burn)
    sees_nothing(desk)
    assert push_only(desk) == ["insert", "event", "insert"]
    assert desk.mapped(row).attempt == 1


def test_an_event_that_is_not_to_be_seen_yet_is_not_made_twice(desk: SyncDesk) -> None:
    """The answer to the making got lost, and the first look is one at how things were before it."""
    row = desk.book(4, 9)
    desk.remote.after = once("insert", Transient("no answer"))
    desk.remote.before = once("event", NotThere("no such event"))
    sees_nothing(desk)
    assert push_only(desk) == ["insert", "event"]
    assert list(desk.live) == [desk.mapped(row).event_id]
    assert (desk.mapped(row).attempt, desk.pending) == (0, 0)


def test_an_event_that_changed_and_is_not_to_be_seen_is_not_gone(desk: SyncDesk) -> None:
    """The answer to the look is older than the event."""
    row = desk.book(4, 9)
    push_only(desk)
    shift(desk, row, 2)
    desk.move(row, 4, 12)
    desk.remote.before = once("event", NotThere("no such event"))
    desk.cycle(pull=False)
    assert list(desk.live) == [desk.mapped(row).event_id]
    assert (desk.mapped(row).state, desk.reviews(), desk.pending) == ("live", ["conflict"], 0)


def test_what_was_moved_there_before_it_was_adopted_is_moved_here(desk: SyncDesk) -> None:
    """No answer told that the event was made, and a person there was quicker than the next cycle."""
    row = desk.book(4, 9)
    desk.remote.after = once("insert", *[Transient("no answer")] * 9)
    desk.cycle(pull=False)
    desk.remote.after = once("")
    shift(desk, row, 2)
    desk.now.forward(minutes=5)
    desk.cycle()
    assert desk.start(row) == at(4, 11)
    assert (desk.pending, desk.reviews()) == (0, [])


def test_what_was_sent_in_two_ways_before_it_was_adopted_is_as_it_is_here(desk: SyncDesk) -> None:
    """Which of them the event was made of nobody knows: what it shows may be either."""
    row = desk.book(4, 9)
    desk.remote.before = once("insert", *[Transient("no answer")] * 9)
    desk.cycle(pull=False)
    desk.remote.before = once("")
    desk.move(row, 4, 11)
    desk.remote.after = once("insert", *[Transient("no answer")] * 9)
    desk.cycle(pull=False)
    desk.remote.after = once("")
    desk.move(row, 4, 9)
    desk.now.forward(minutes=5)
    desk.cycle()
    assert desk.start(row) == at(4, 9)
    event = desk.there(row)
    assert event.when is not None
    assert (event.when.start, desk.pending, desk.reviews()) == (at(4, 9), 0, [])


def test_an_event_that_was_deleted_before_it_was_known_is_a_question(desk: SyncDesk) -> None:  # SYNC-11
    row = desk.book(4, 9)
    desk.remote.after = once(
        "insert", Transient("no answer"),
        then=lambda: desk.remote.drop(desk.calendar, desk.mapped(row).event_id),
    )  # fmt: skip
    push_only(desk)
    assert desk.reviews() == ["remote_deleted"]
    assert desk.pending == 0
    assert desk.value("SELECT status FROM appointment WHERE id = ?", row) == "scheduled"


def test_purged_there_and_changed_here_is_made_anew(desk: SyncDesk) -> None:
    row = desk.book(4, 9)
    push_only(desk)
    desk.remote.purge(desk.calendar, desk.mapped(row).event_id)
    desk.move(row, 4, 11)
    sees_nothing(desk)
    assert push_only(desk)[-1] == "insert"
    assert len(desk.live) == 1
    assert desk.mapped(row).attempt == 1
