"""Upcoming sessions follow their place: visit type, link and modifiers. VIS-04, VID-01, INV-L4."""

from __future__ import annotations

from couchcal.practice import catalogue, practice_settings
from couchcal.practice.undo import undo
from tests.practice.conftest import Desk
from tests.support.database import dump


def test_a_changed_place_of_service_changes_how_sessions_there_take_place(desk: Desk) -> None:  # VIS-04, VID-01
    practice_settings.change(desk.database, {"telehealth_template": "https://x.example/{token}"}, clock=desk.clock)
    office = desk.places["11"]
    ids = desk.weekly("2026-03-03 15:00", location_id=office)
    before = dump(desk.database)
    assert {desk.row(row_id)["visit_type"] for row_id in ids} == {"in_person"}
    done = catalogue.edit(desk.database, "place", office, {"pos": "10"}, clock=desk.clock)
    assert done.changed == 1 + len(ids)
    rows = [desk.row(row_id) for row_id in ids]
    assert {row["visit_type"] for row in rows} == {"telehealth"}
    assert len({row["telehealth_url"] for row in rows} - {""}) == len(ids)
    assert {row["visit_type"] for row in desk.rows("series").values()} == {"telehealth"}
    undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == before


def test_a_locked_session_keeps_its_visit_type(desk: Desk) -> None:  # LCK-01
    office = desk.places["11"]
    row_id = desk.book("2026-03-03 15:00", location_id=office)
    desk.mark(row_id, "note-signed")
    [kept] = catalogue.edit(desk.database, "place", office, {"pos": "10"}, clock=desk.clock).kept
    assert (kept.appointment_id, desk.row(row_id)["visit_type"]) == (row_id, "in_person")
