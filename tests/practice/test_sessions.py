"""Last and next sessions of clients."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from couchcal.errors import NotFound
from couchcal.practice import sessions
from couchcal.scheduling.wallclock import zone
from tests.practice.conftest import Desk

ZONE = zone("America/New_York")


def test_last_and_next_leave_out_what_is_cancelled(desk: Desk) -> None:  # APT-20
    now = desk.at("2026-03-04 12:00")
    first = desk.book("2026-03-03 15:00", client_id=desk.ann)
    gone = desk.book("2026-03-05 15:00", client_id=desk.ann)
    desk.book("2026-03-06 15:00", client_id=desk.ann)
    desk.cancel(gone)
    with closing(desk.database.connect()) as connection:
        seen = sessions.seen_by_client(connection, now)
        record = sessions.record_of(connection, desk.ann, now, ZONE, limit=1)
    assert seen[desk.ann] == (desk.at("2026-03-03 15:00"), desk.at("2026-03-06 15:00"))
    assert desk.bob not in seen
    assert [entry.row_id for entry in record.recent] == [first]
    assert [entry.row_id for entry in record.upcoming] == [gone]
    with closing(desk.database.connect()) as connection:
        assert sessions.seen_by_client(connection, now - timedelta(days=30))[desk.ann].last is None
        with pytest.raises(NotFound):
            sessions.record_of(connection, 999, now, ZONE)
