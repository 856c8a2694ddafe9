"""What changes in a remote calendar is queued in the transaction of the change, whoever writes (SYNC-01)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple

import pytest

from couchcal.errors import Refused
from couchcal.practice import appointments, client_changes, practice_settings, series, undo
from tests.practice.conftest import Desk
from tests.support.entries import insert_link

TUESDAY = "2026-03-03 15:00"


class Queued(NamedTuple):
    """A row of the outbox, as far as it matters here."""

    revision: int
    state: str


def make_target(desk: Desk) -> None:
    with closing(desk.database.connect()) as connection:
        insert_link(connection)
        connection.execute("UPDATE calendar_link SET role = 'owned_target'")


def queued(desk: Desk) -> dict[int, Queued]:
    with closing(desk.database.connect()) as connection:
        rows = connection.execute("SELECT appointment_id, revision, state FROM sync_outbox").fetchall()
    return {row_id: Queued(revision, state) for row_id, revision, state in rows}


def forget(desk: Desk, state: str | None = None) -> None:
    """Empty the outbox, or give all of it another state."""
    with closing(desk.database.connect()) as connection:
        if state is None:
            connection.execute("DELETE FROM sync_outbox")
        else:
            connection.execute("UPDATE sync_outbox SET state = ?, attempts = 3, error = 'x', next_at = 9", (state,))


def test_nothing_is_queued_before_there_is_a_calendar_to_send_to(desk: Desk) -> None:
    with closing(desk.database.connect()) as connection:
        insert_link(connection)  # one that is only read
    desk.weekly(TUESDAY)
    assert queued(desk) == {}


_CHANGES: dict[str, Callable[[Desk, list[int]], object]] = {
    "move": lambda desk, ids: desk.move(ids[0], "2026-03-03 17:00"),
    "length": lambda desk, ids: desk.move(ids[0], TUESDAY, minutes=80),
    "cancel": lambda desk, ids: desk.cancel(ids[0]),
    "delete": lambda desk, ids: desk.delete(ids[0]),
    "client": lambda desk, ids: desk.edit(ids[0], {"client_id": desk.bob}),
    "place": lambda desk, ids: desk.edit(ids[0], {"location_id": desk.places["10"]}),
}


@pytest.mark.parametrize("name", _CHANGES)
def test_a_change_queues_its_appointment_and_undo_and_redo_do_again(desk: Desk, name: str) -> None:  # INV-Y3
    ids = desk.weekly(TUESDAY)
    make_target(desk)
    acts: list[Callable[[], object]] = [
        lambda: _CHANGES[name](desk, ids),
        lambda: undo.undo(desk.database, clock=desk.clock),
        lambda: undo.redo(desk.database, clock=desk.clock),
    ]
    for act in acts:
        forget(desk)
        act()
        assert set(queued(desk)) == {ids[0]}


def test_a_series_queues_each_of_its_rows(desk: Desk) -> None:
    make_target(desk)
    ids = desk.weekly(TUESDAY)
    assert queued(desk) == dict.fromkeys(ids, Queued(1, "pending")) | {ids[0]: queued(desk)[ids[0]]}
    forget(desk)
    desk.edit(ids[2], {"start": desk.at("2026-03-17 16:00"), "end": desk.at("2026-03-17 16:50")}, scope="future")
    assert set(queued(desk)) == set(ids[2:])
    forget(desk)
    series.stop_repeating(desk.database, ids[4], clock=desk.clock)
    assert set(queued(desk)) >= set(ids[5:])


def test_what_stays_here_queues_nothing(desk: Desk) -> None:  # SYNC-27
    row_id = desk.book(TUESDAY)
    make_target(desk)
    desk.mark(row_id, "note-signed", "note-unlocked", "billing-started", "billing-cancelled")
    desk.edit(row_id, {"instructions": "ring twice", "diagnoses": "F41.1", "service": "90837"})
    client_changes.edit(desk.database, desk.ann, {"email": "ann@example.org", "phone": "555"}, clock=desk.clock)
    assert queued(desk) == {}


def test_another_name_queues_the_sessions_of_that_client(desk: Desk) -> None:  # SYNC-03
    mine, other = desk.weekly(TUESDAY), desk.book("2026-03-04 09:00", client_id=desk.bob)
    make_target(desk)
    client_changes.edit(desk.database, desk.ann, {"preferred": "Annie"}, clock=desk.clock)
    assert set(queued(desk)) == set(mine)
    assert other not in queued(desk)


def test_another_name_mode_queues_what_is_there(desk: Desk) -> None:  # SYNC-21
    ids = desk.weekly(TUESDAY)
    make_target(desk)
    with closing(desk.database.connect()) as connection:
        for row_id in ids[:3]:
            connection.execute(
                "INSERT INTO event_map (link_id, appointment_id, remote_event_id, attempt, etag, state, ours,"
                " theirs) VALUES (1, ?, ?, 0, '', ?, '', '')",
                (row_id, f"e{row_id}", "live" if row_id != ids[2] else "deleted"),
            )
    practice_settings.change(desk.database, {"name": "Another"}, clock=desk.clock)
    assert queued(desk) == {}
    practice_settings.change(desk.database, {"identifier_mode": "initials"}, clock=desk.clock)
    assert set(queued(desk)) == set(ids[:2])


def test_a_change_that_fails_queues_nothing(desk: Desk) -> None:
    row_id = desk.book(TUESDAY)
    make_target(desk)
    with pytest.raises(Refused):
        appointments.book(desk.database, desk.draft(TUESDAY), strict=True, clock=desk.clock)
    assert queued(desk) == {}
    assert row_id in desk.rows()


def test_a_change_while_one_is_sent_is_not_forgotten(desk: Desk) -> None:
    make_target(desk)
    row_id = desk.book(TUESDAY)
    first = queued(desk)[row_id].revision
    forget(desk, "inflight")
    desk.move(row_id, "2026-03-03 17:00")
    assert queued(desk) == {row_id: Queued(first + 1, "inflight")}


def test_a_change_gives_what_was_blocked_another_try(desk: Desk) -> None:
    make_target(desk)
    row_id = desk.book(TUESDAY)
    forget(desk, "blocked")
    desk.move(row_id, "2026-03-03 17:00")
    assert queued(desk)[row_id].state == "pending"
    with closing(desk.database.connect()) as connection:
        row = connection.execute("SELECT attempts, next_at, error FROM sync_outbox").fetchone()
    assert row == (0, None, "")
