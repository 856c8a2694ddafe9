"""What is not on here goes there, too, even if the remote was wrong about it once; nothing is removed twice for an
old listing (SYNC-17)."""

from __future__ import annotations

import pytest

from couchcal.practice import appointments
from couchcal.practice.disclosure import disclosed
from couchcal.sync.fields import outgoing
from couchcal.sync.push_books import base_of
from tests.practice.conftest import Desk
from tests.sync.inbound import Side

LATER = "2026-03-04 10:00"


@pytest.fixture
def side(desk: Desk) -> Side:
    return Side(desk)


def cancelled(side: Side) -> tuple[int, str]:
    """An appointment that was sent and then cancelled here, and its event."""
    row_id = side.desk.book("2026-03-03 15:00")
    (name,) = side.sent(row_id)
    side.pull()
    side.desk.cancel(row_id)
    return row_id, name


def test_moved_there_while_it_was_not_on_here_it_goes_back_when_it_is_on_again(side: Side) -> None:
    row_id, name = cancelled(side)
    side.move_there(name, LATER)
    side.pull()
    appointments.restore(side.desk.database, row_id, clock=side.desk.clock)
    local = outgoing(disclosed(side.desk.reading, [row_id])[row_id])
    assert base_of(side.mapped(row_id)).due(local) == {"when"}


def test_an_event_that_was_never_removed_is_removed_again(side: Side) -> None:  # SYNC-17
    """The remote said that there was nothing to remove, but everything shows it."""
    row_id, name = cancelled(side)
    side.counts_as_removed(row_id)
    side.pull()  # what changed does not show it
    assert side.queued() == set()
    side.pull(anew=True)
    assert (side.mapped(row_id).state, side.queued(), side.kinds()) == ("live", {row_id}, [])
    side.counts_as_removed(row_id)
    side.drop_there([name])
    side.pull(anew=True)
    assert (side.mapped(row_id).state, side.queued()) == ("deleted", set())


def test_a_listing_from_before_a_removal_removes_nothing_again(side: Side) -> None:
    row_id, name = cancelled(side)
    side.counts_as_removed(row_id)

    def remove(call: str, _subject: str) -> None:
        if call == "events":  # what was just listed is gone by now
            side.drop_there([name])
            side.remote.after = lambda *_: None

    side.remote.after = remove
    side.pull(anew=True)
    assert (side.mapped(row_id).state, side.queued()) == ("deleted", set())
