"""What a person does in the remote calendar arrives here, or goes back there, and nothing is lost on the way."""

from __future__ import annotations

import pytest

from tests.practice.conftest import Desk
from tests.sync.inbound import Side

TUESDAY = "2026-03-03 15:00"


@pytest.fixture
def side(desk: Desk) -> Side:
    return Side(desk)


def test_a_session_moved_in_google_moves_here(side: Side) -> None:  # SYNC-11
    row_id = side.desk.book(TUESDAY)
    (name,) = side.sent(row_id)
    side.pull()
    side.move_there(name, "2026-03-04 10:00")
    applied = side.pull()
    assert (applied.moved, side.desk.local(row_id)) == (1, "2026-03-04 10:00")
    assert side.queued() == set()
    assert side.google_changes() == ["Moved Ann S. to Wed 4 Mar 10:00"]


def test_external(side: Side) -> None:
    side.add_there("Dentist", "2026-03-03 09:00")
    side.pull(2)
    assert side.externals() == ["Dentist 03 09:00"]
