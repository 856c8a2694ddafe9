"""All future sessions follow one that was moved (C-02, REC-04)."""

from __future__ import annotations

from contextlib import closing

import pytest

from couchcal.errors import NotFound, Refused
from couchcal.practice import undo
from couchcal.practice.follow import let_future_follow
from couchcal.practice.glance import held_back
from couchcal.practice.outcome import Done
from tests.practice.conftest import Desk


def follow(desk: Desk, row_id: int, was: str, until: str) -> Done:
    return let_future_follow(desk.database, row_id, desk.at(was), desk.at(until), clock=desk.clock)


def test_the_rest_follows_and_what_is_worked_on_stays_and_is_told(desk: Desk) -> None:
    # REC-09: a signed note keeps its session where it is
    ids = desk.weekly("2026-03-03 10:00")
    desk.mark(ids[3], "note-signed")
    desk.move(ids[1], "2026-03-11 14:00")
    with closing(desk.database.connect()) as connection:
        announced = held_back(connection, ids[1])
    done = follow(desk, ids[1], "2026-03-10 10:00", "2026-03-10 10:50")
    assert announced == len(done.kept)
    assert desk.locals_of(ids[:5]) == [
        "2026-03-03 10:00", "2026-03-11 14:00", "2026-03-18 14:00", "2026-03-24 10:00", "2026-04-01 14:00",
    ]  # fmt: skip
    assert [kept.appointment_id for kept in done.kept] == [ids[3]]
    assert done.label.endswith("and all following")


def test_it_is_one_undo_step_that_leaves_the_first_move(desk: Desk) -> None:
    ids = desk.weekly("2026-03-03 10:00")
    desk.move(ids[0], "2026-03-03 11:00")
    before = desk.rows()
    follow(desk, ids[0], "2026-03-03 10:00", "2026-03-03 10:50")
    assert desk.local(ids[1]) == "2026-03-10 11:00"
    undo.undo(desk.database, clock=desk.clock)
    assert desk.locals_of(ids[:2]) == ["2026-03-03 11:00", "2026-03-10 10:00"]
    ignored = {"version", "updated_at", "sequence"}
    after = desk.rows()
    assert {k: {n: v for n, v in row.items() if n not in ignored} for k, row in after.items()} == {
        k: {n: v for n, v in row.items() if n not in ignored} for k, row in before.items()
    }


def test_a_later_one_that_was_moved_by_hand_stays_where_it_is(desk: Desk) -> None:
    # INV-S4
    ids = desk.weekly("2026-03-03 10:00")
    desk.move(ids[2], "2026-03-18 09:00")
    desk.move(ids[0], "2026-03-03 11:00")
    follow(desk, ids[0], "2026-03-03 10:00", "2026-03-03 10:50")
    assert desk.local(ids[2]) == "2026-03-18 09:00"
    assert desk.local(ids[3]) == "2026-03-24 11:00"


def test_what_is_gone_or_repeats_no_more_is_refused(desk: Desk) -> None:
    single = desk.book("2026-03-03 10:00")
    with pytest.raises(Refused, match="does not repeat"):
        follow(desk, single, "2026-03-03 09:00", "2026-03-03 09:50")
    desk.delete(single)
    with pytest.raises(NotFound):
        follow(desk, single, "2026-03-03 09:00", "2026-03-03 09:50")
