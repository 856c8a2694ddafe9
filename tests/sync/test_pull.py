"""Readings: pages into the stage, tokens that are kept or lost, listings that are not to be believed."""

from __future__ import annotations

from contextlib import closing

import pytest

from couchcal.sync.lease import Lease, LostLease
from couchcal.sync.port import NotThere, RemoteEvent, TokenExpired, Transient
from couchcal.sync.waiter import Stopped
from tests.practice.conftest import Desk
from tests.sync.inbound import Side


@pytest.fixture
def side(desk: Desk) -> Side:
    return Side(desk)


def _token(side: Side, link_id: int = 2) -> str:
    found = [row["sync_token"] for row in side.desk.rows("sync_state").values() if row["link_id"] == link_id]
    return found[0] if found else ""


def _staged(side: Side) -> list[str]:
    return sorted(row["remote_event_id"] for row in side.desk.rows("sync_stage").values())


@pytest.mark.parametrize("page_size", [1, 2, 100])
def test_all_pages_are_staged_and_nothing_counts_before_it_is_applied(side: Side, page_size: int) -> None:
    side.remote.page_size = page_size
    side.fill_there(5)
    pages: list[int] = []
    reading = side.read(2, on_page=pages.append)
    assert (reading.full, reading.staged, reading.shown) == (True, 5, 5)
    assert pages[-1] == 5
    assert _staged(side) == ["e0", "e1", "e2", "e3", "e4"]
    assert (side.externals(), _token(side)) == ([], "")


def test_a_delta_has_what_changed_since(side: Side) -> None:
    side.fill_there(3)
    side.pull(2)
    side.remote.change(side.theirs.id, "e1", title="Other")
    side.remote.drop(side.theirs.id, "e2")
    reading = side.read(2)
    assert (reading.full, reading.staged, reading.shown) == (False, 2, 1)


def test_a_quiet_calendar_costs_one_request_and_no_write(side: Side) -> None:
    side.fill_there(3)
    side.pull(2)
    with closing(side.desk.database.connect()) as watching:
        before = watching.execute("PRAGMA data_version").fetchone()
        requests = side.remote.requests
        side.pull(2)
        assert side.remote.requests == requests + 1
        assert watching.execute("PRAGMA data_version").fetchone() == before


def test_a_row_that_comes_twice_is_there_once_as_it_was_last(side: Side) -> None:
    side.remote.page_size = 1
    side.fill_there(3)

    def change(call: str, _subject: str) -> None:
        if call == "events" and side.remote.requests == 3:
            side.remote.change(side.theirs.id, "e0", title="Later")

    side.remote.before = change
    side.pull(2)
    side.remote.before = lambda _call, _subject: None
    side.pull(2)  # what changed during a walk comes with the next one
    assert [row["title"] for row in side.desk.rows("external_event").values()] == ["Later", "E 1", "E 2"]


def test_a_reading_that_breaks_off_leaves_everything_as_it_was(side: Side) -> None:
    side.remote.page_size = 2
    side.fill_there(5)
    side.pull(2)
    token = _token(side)
    for name in ("e0", "e1", "e2"):
        side.remote.change(side.theirs.id, name, title="New")

    def fail(call: str, _subject: str) -> None:
        if call == "events" and side.remote.calls.count(("events", side.theirs.id)) > 4:
            raise Transient("no answer")

    side.remote.before = fail
    with pytest.raises(Transient):
        side.read(2)
    assert _token(side) == token
    side.remote.before = lambda _call, _subject: None
    assert side.pull(2).pulled == 3
    assert _staged(side) == []


def test_a_token_that_expired_leads_to_a_full_reading_without_anything_lost(side: Side) -> None:
    side.fill_there(4)
    side.pull(2)
    rows = side.desk.rows("external_event")
    side.remote.expire_tokens(side.theirs.id)
    side.remote.purge(side.theirs.id, "e3")
    reading = side.read(2)
    assert (reading.full, reading.staged, reading.shown) == (True, 4, 3)
    assert side.desk.rows("external_event") == rows  # the old data stays until then
    assert side.pull(2).deleted == 1
    assert sorted(row["remote_event_id"] for row in side.desk.rows("external_event").values()) == ["e0", "e1", "e2"]


def test_a_token_that_is_never_accepted_is_tried_no_more_than_that(side: Side) -> None:
    def refuse(call: str, _subject: str) -> None:
        if call == "events":
            raise TokenExpired("of no use")

    side.remote.before = refuse
    with pytest.raises(Transient):
        side.read(2)
    assert side.remote.requests == 2


def test_a_missing_sync_token_applies_nothing(side: Side) -> None:
    side.fill_there(3)
    side.pull(2)
    token = _token(side)
    side.remote.change(side.theirs.id, "e0", title="New")
    side.remote.null_tokens = 1
    assert side.pull(2).pulled == 0
    assert (_token(side), _staged(side)) == (token, [])
    assert side.pull(2).pulled == 1


def test_a_short_listing_is_not_believed(side: Side) -> None:
    side.fill_there(4)
    side.pull(2)
    side.remote.hidden = {"e1", "e2"}
    with pytest.raises(Transient, match="short"):
        side.read(2, anew=True)
    assert side.waiter.waited == [3.0]  # read once more in between
    assert len(side.desk.rows("external_event")) == 4


def test_a_listing_that_lagged_is_read_once_more(side: Side) -> None:
    side.fill_there(3)
    side.pull(2)
    side.remote.hidden = {"e1"}

    def settle(call: str, _subject: str) -> None:
        if call == "event":
            side.remote.hidden = set()

    side.remote.before = settle
    assert side.read(2, anew=True).shown == 3


def test_of_very_many_missing_a_sample_is_asked_for(side: Side) -> None:
    names = side.fill_there(120)
    side.pull(2)
    for name in names:
        side.remote.purge(side.theirs.id, name)
    side.remote.calls.clear()
    reading = side.read(2, anew=True)
    asked = [subject for call, subject in side.remote.calls if call == "event"]
    assert 40 <= len(asked) <= 50
    assert reading.staged == 120


def test_our_own_that_a_listing_leaves_out_is_asked_for(side: Side) -> None:
    row_id = side.desk.book("2026-03-03 15:00")
    (name,) = side.sent(row_id)
    side.pull()
    side.remote.purge(side.ours.id, name)
    side.pull(anew=True)
    assert side.mapped(row_id).state == "missing"
    assert side.kinds() == ["remote_deleted"]


def test_a_calendar_that_goes_while_it_is_read_is_no_deletion(side: Side) -> None:
    side.fill_there(2)
    side.pull(2)
    side.remote.hidden = {"e0", "e1"}

    def vanish(call: str, _subject: str) -> None:
        if call == "event":
            side.remote.shelves.pop(side.theirs.id, None)

    side.remote.before = vanish
    with pytest.raises(NotThere):
        side.read(2, anew=True)


def test_ids_of_instances_in_small_letters_are_those_in_capitals(side: Side) -> None:
    event = RemoteEvent("abc_20260303t200000z", when=side.when("2026-03-03 16:00"), recurring_id="abc")
    side.remote.put(side.theirs.id, event)
    side.read(2)
    assert _staged(side) == ["abc_20260303T200000Z"]


def test_a_stop_ends_the_reading(side: Side) -> None:
    side.fill_there(2)
    side.waiter.stopping = True
    with pytest.raises(Stopped):
        side.read(2)


def test_who_lost_the_lease_stages_nothing(side: Side) -> None:
    side.fill_there(2)
    mine = Lease(side.desk.database, clock=side.desk.clock)
    with pytest.raises(LostLease):
        side.read(2, lease=mine)
    mine.close()
    assert _staged(side) == []
