"""What a copy takes along, and what belongs to the one appointment."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from couchcal.errors import NotFound
from couchcal.practice import appointments
from couchcal.practice.copying import copy_of
from couchcal.practice.draft import Draft
from tests.practice.conftest import Desk

_FULL = {
    "instructions": "ring twice", "diagnoses": "F41.1", "remind_text": True, "feedback_requested": True,
    "modifiers": ["HO"],
}  # fmt: skip


def copied(desk: Desk, row_id: int) -> Draft:
    return copy_of(desk.database, row_id, desk.at("2026-03-12 09:00"), "America/New_York")


def test_every_detail_goes_along_but_group_link_and_series(desk: Desk) -> None:
    original = desk.draft(
        "2026-03-03 10:00", 55, remind_phone=True, group_key="circle", telehealth_url="https://meet.example/1",
        location_id=desk.places["11"], **_FULL,
    )  # fmt: skip
    row = appointments.book(desk.database, original, clock=desk.clock).appointment_id or 0
    draft = copied(desk, row)
    changed = {"start", "end", "group_key", "telehealth_url", "visit_type"}
    assert {name: value for name, value in asdict(draft).items() if name not in changed} == {
        name: value for name, value in asdict(original).items() if name not in changed
    }
    assert (draft.start, draft.end) == (desk.at("2026-03-12 09:00"), desk.at("2026-03-12 09:55"))
    assert (draft.group_key, draft.telehealth_url) == (None, "")
    copy = appointments.book(desk.database, draft, clock=desk.clock).appointment_id or 0
    assert desk.codes(copy) == desk.codes(row)
    assert desk.row(copy)["series_id"] is None


def test_the_place_decides_the_automatic_modifier_anew(desk: Desk) -> None:
    # MOD-01: 95 came with the place; in the copy it still does, and is not a person's
    row = desk.book("2026-03-03 10:00", location_id=desk.places["10"])
    assert ("95", "auto") in desk.codes(row)
    draft = copied(desk, row)
    assert draft.modifiers is None
    copy = appointments.book(desk.database, draft, clock=desk.clock).appointment_id or 0
    assert desk.codes(copy) == [("95", "auto")]


def test_a_copy_of_a_cancelled_one_is_not_cancelled(desk: Desk) -> None:
    row = desk.book("2026-03-03 10:00")
    desk.cancel(row)
    copy = appointments.book(desk.database, copied(desk, row), clock=desk.clock).appointment_id or 0
    assert desk.row(copy)["status"] == "scheduled"


def test_what_is_gone_cannot_be_copied(desk: Desk) -> None:
    with pytest.raises(NotFound):
        copied(desk, 999)
