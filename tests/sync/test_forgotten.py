"""A client who is forgotten leaves the remote calendar, too, however many events they have there."""

from __future__ import annotations

from pathlib import Path

import pytest

from couchcal.practice import appointments, client_changes
from couchcal.practice.forget import forget
from couchcal.sync.guard import FEW_HERE
from tests.support.demo import at, session
from tests.sync.desk import SyncDesk

THEIRS = 3 * FEW_HERE


@pytest.fixture
def desk(tmp_path: Path) -> SyncDesk:
    made = SyncDesk(tmp_path)
    made.ensure()
    made.book_many(THEIRS)
    other = client_changes.add(made.database, "Bob Other", clock=made.now).id
    for hour in (8, 10, 12):
        session(made.database, other, at(20, hour))
    assert made.cycle().status == "ok"
    assert len(made.live) == THEIRS + 3
    return made


def test_no_event_of_theirs_stays_and_nobody_is_asked(desk: SyncDesk) -> None:
    forget(desk.database, desk.jane, early=True, clock=desk.now)
    assert desk.cycle().status == "ok"
    assert len(desk.live) == 3
    assert desk.reviews() == []
    assert desk.pending == 0
    assert desk.cycle().status == "ok"


def test_other_deletions_of_that_moment_are_asked_about_as_before(desk: SyncDesk) -> None:
    other = client_changes.add(desk.database, "Cem Third", clock=desk.now).id
    rows = [session(desk.database, other, at(21, 0) + index * (at(21, 1) - at(21, 0))) for index in range(THEIRS)]
    assert desk.cycle().status == "ok"
    forget(desk.database, desk.jane, early=True, clock=desk.now)
    for row in rows:
        appointments.delete(desk.database, row, clock=desk.now)
    assert desk.cycle().status == "paused"
    assert len(desk.live) == THEIRS + 3, "theirs are gone, the others wait"
    assert desk.reviews() == ["mass_delete"]
