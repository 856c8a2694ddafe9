"""Whom to call, and which reminders a new session begins with."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from couchcal.practice import appointments, client_changes
from couchcal.practice.cadence import Repeat
from couchcal.practice.calls import calls, next_days
from couchcal.store.connection import Database
from tests.practice.conftest import NEW_YORK, Desk


def wants_calls(desk: Desk, client_id: int, phone: str = "555 0100") -> None:
    changes = {"remind_phone": True, "phone": phone}
    client_changes.edit(desk.database, client_id, changes, clock=desk.clock)


def listed(desk: Desk, days: int = 7) -> list[tuple[int, str]]:
    with closing(desk.database.connect()) as connection:
        found = calls(connection, desk.now, desk.now + timedelta(days=days), NEW_YORK)
    return [(call.entry.row_id, call.phone) for call in found]


def test_sessions_of_who_wants_it_are_to_be_called_about_the_earliest_first(desk: Desk) -> None:  # APT-16
    wants_calls(desk, desk.ann)
    later, soon = desk.book("2026-03-04 15:00"), desk.book("2026-03-03 09:00")
    desk.book("2026-03-03 11:00", client_id=desk.bob)
    desk.book("2026-03-03 13:00", remind_phone=False)
    desk.book("2026-03-02 06:00")  # it has begun
    desk.book("2026-03-10 15:00")
    assert listed(desk) == [(soon, "555 0100"), (later, "555 0100")]


@pytest.mark.parametrize("ended", ["cancelled", "unticked", "not for the session"])
def test_nobody_is_called_who_need_not_be(desk: Desk, ended: str) -> None:  # C-04
    wants_calls(desk, desk.ann, phone="")
    made = desk.book("2026-03-03 09:00")
    assert listed(desk) == [(made, "")]
    if ended == "cancelled":
        appointments.cancel(desk.database, made, "late_cancel", clock=desk.clock)
    elif ended == "unticked":
        client_changes.edit(desk.database, desk.ann, {"remind_phone": False}, clock=desk.clock)
    else:
        appointments.edit(desk.database, made, {"remind_phone": False}, clock=desk.clock)
    assert listed(desk) == []


def test_it_is_about_the_rest_of_today_and_all_of_tomorrow(desk: Desk) -> None:
    desk.now = desk.at("2026-03-07 22:30")  # the clock is put forward in the night
    assert next_days(desk.now, NEW_YORK) == (desk.now, desk.at("2026-03-09 00:00"))


def reminders(database: Database) -> set[tuple[bool, bool]]:
    with closing(database.connect()) as connection:
        rows = connection.execute("SELECT remind_text, remind_phone FROM appointment").fetchall()
    return {(bool(text), bool(phone)) for text, phone in rows}


def test_a_new_session_has_the_reminders_that_its_client_wants(desk: Desk) -> None:  # APT-16
    client_changes.edit(desk.database, desk.ann, {"remind_text": True}, clock=desk.clock)
    wants_calls(desk, desk.bob)
    desk.book("2026-03-03 09:00", repeat=Repeat("weekly"))
    assert reminders(desk.database) == {(True, False)}
    desk.book("2026-03-03 11:00", client_id=desk.bob)
    assert reminders(desk.database) == {(True, False), (False, True)}


def test_what_is_said_of_a_session_goes_before(desk: Desk) -> None:  # APT-16
    wants_calls(desk, desk.ann)
    made = desk.book("2026-03-03 09:00", remind_text=True, remind_phone=False)
    assert reminders(desk.database) == {(True, False)}
    appointments.edit(
        desk.database,
        made,
        {"start": desk.at("2026-03-03 10:00"), "end": desk.at("2026-03-03 11:00")},
        clock=desk.clock,
    )
    assert reminders(desk.database) == {(True, False)}
