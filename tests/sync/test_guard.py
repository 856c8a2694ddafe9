"""A great many deletions at once wait for a person, whichever side they come from."""

from __future__ import annotations

from contextlib import closing

import pytest

from couchcal.sync import guard, review
from couchcal.sync.ledger import account
from tests.practice.conftest import Desk
from tests.support.database import dump
from tests.sync.inbound import Side


@pytest.fixture
def side(desk: Desk) -> Side:
    return Side(desk)


def _paused(side: Side) -> str:
    found = account(side.desk.reading)
    assert found is not None
    return found.paused


@pytest.mark.parametrize(("there", "gone", "waits"), [
    (10, 5, False), (10, 6, True), (2, 2, False), (40, 8, False), (40, 9, True), (3, 3, False),
])  # fmt: skip
def test_a_delta_may_take_five_or_a_fifth(side: Side, there: int, gone: int, *, waits: bool) -> None:
    names = side.fill_there(there)
    side.pull(2)
    before = dump(side.desk.database, beside=("sync_state",))["external_event"]
    side.drop_there(names[:gone], side.theirs.id)
    applied = side.pull(2)
    assert applied.paused == waits
    assert _paused(side) == ("mass_delete" if waits else "")
    assert side.kinds() == (["mass_delete"] if waits else [])
    after = dump(side.desk.database, beside=("sync_state",))["external_event"]
    assert (after == before) == waits
    assert side.desk.rows("sync_stage") == {}


@pytest.mark.parametrize(("there", "waits"), [(2, False), (3, True)])
def test_an_empty_calendar_is_asked_about(side: Side, there: int, *, waits: bool) -> None:
    for name in side.fill_there(there):
        side.pull(2)
        side.remote.purge(side.theirs.id, name)
    assert side.pull(2, anew=True).paused == waits


def test_what_waits_is_read_again_from_the_same_token_and_asked_about_once(side: Side) -> None:
    names = side.fill_there(10)
    side.pull(2)
    (state,) = side.desk.rows("sync_state").values()
    side.drop_there(names, side.theirs.id)
    side.pull(2)
    side.pull(2)
    assert list(side.desk.rows("sync_state").values()) == [state]
    assert side.kinds() == ["mass_delete"]


def test_ours_that_would_be_missing_are_named_by_their_time(side: Side) -> None:
    ids = [side.desk.book(f"2026-03-{day:02} 15:00") for day in range(3, 11)]
    side.drop_there(side.sent(*ids))
    side.pull()
    (item,) = side.reviews()
    assert item.detail == (
        "8 of 8 entries of the calendar are said to be deleted at Google: session Tue 3 Mar 15:00,"
        " session Wed 4 Mar 15:00, session Thu 5 Mar 15:00 and 5 more; nothing was changed here"
    )
    assert {side.mapped(row_id).state for row_id in ids} == {"live"}


def test_what_is_cancelled_here_too_is_no_loss(side: Side) -> None:
    ids = [side.desk.book(f"2026-03-{day:02} 15:00") for day in range(3, 11)]
    names = side.sent(*ids)
    side.pull()
    for row_id in ids:
        side.desk.cancel(row_id)
    side.drop_there(names)
    assert not side.pull().paused
    assert {side.mapped(row_id).state for row_id in ids} == {"deleted"}


def test_one_that_is_allowed_passes_once_and_for_no_more_than_that(side: Side) -> None:
    names = side.fill_there(30)
    side.pull(2)
    side.drop_there(names[:10], side.theirs.id)
    side.pull(2)
    review.resolve(side.desk.database, side.reviews()[0].id, "apply", clock=side.desk.clock)
    assert _paused(side) == ""
    assert side.pull(2).deleted == 10
    side.drop_there(names[10:20], side.theirs.id)
    assert side.pull(2).paused


def test_more_than_was_allowed_is_asked_about_anew(side: Side) -> None:
    names = side.fill_there(30)
    side.pull(2)
    side.drop_there(names[:10], side.theirs.id)
    side.pull(2)
    review.resolve(side.desk.database, side.reviews()[0].id, "apply", clock=side.desk.clock)
    side.drop_there(names[10:15], side.theirs.id)
    assert side.pull(2).paused


@pytest.mark.parametrize(("live", "doomed", "waits"), [(20, 10, False), (20, 11, True), (80, 16, False)])
def test_removing_ten_or_a_fifth_needs_no_question(side: Side, live: int, doomed: int, *, waits: bool) -> None:
    with closing(side.desk.database.connect()) as connection:
        connection.executemany(
            "INSERT INTO event_map (link_id, appointment_id, remote_event_id, attempt, etag, state, ours, theirs)"
            " VALUES (1, ?, ?, 0, '', 'live', '', '')",
            [(number, f"x{number}") for number in range(1, live + 1)],
        )
        ids = list(range(1, doomed + 1))
        held = guard.held_deletes(connection, side.link(), ids, clock=side.desk.clock)
        assert held == (frozenset(ids) if waits else frozenset())
        assert side.kinds() == (["mass_delete"] if waits else [])
        if waits:
            guard.held_deletes(connection, side.link(), ids, clock=side.desk.clock)
            (item,) = side.reviews()
            review.resolve(side.desk.database, item.id, "apply", clock=side.desk.clock)
            assert guard.held_deletes(connection, side.link(), ids, clock=side.desk.clock) == frozenset()
            assert _paused(side) == ""
