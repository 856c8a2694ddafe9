"""The lock matrix, cell by cell, through the functions that every surface calls."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from couchcal.errors import Refused
from couchcal.practice import appointments, series, undo
from couchcal.practice.locks import ACTIONS, lock_reasons, refusal
from couchcal.practice.services import advice
from tests.practice.conftest import Desk
from tests.support.database import dump

TUESDAY = "2026-03-03 15:00"

STATES: dict[str, tuple[str, ...]] = {
    "free": (),
    "note signed": ("note-signed",),
    "billing started": ("billing-started",),
    "paid": ("billing-started", "paid"),
    "claim submitted": ("claim-submitted",),
    "claim processed": ("claim-submitted", "claim-processed"),
    "cancelled": ("cancelled",),
    "cancelled with a claim": ("cancelled", "claim-submitted"),
    "cancelled with a note": ("cancelled", "note-signed"),
}
COMMANDS: dict[str, Callable[[Desk, int], object]] = {
    "time": lambda desk, row_id: desk.move(row_id, "2026-03-04 10:00"),
    "service": lambda desk, row_id: desk.edit(row_id, {"service": "90837"}),
    "modifiers": lambda desk, row_id: desk.edit(row_id, {"modifiers": ["HO"]}),
    "diagnoses": lambda desk, row_id: desk.edit(row_id, {"diagnoses": "F41.1"}),
    "place": lambda desk, row_id: desk.edit(row_id, {"location_id": desk.places["11"]}),
    "client": lambda desk, row_id: desk.edit(row_id, {"client_id": desk.bob}),
    "link": lambda desk, row_id: desk.edit(row_id, {"telehealth_url": "https://example.org"}),
    "instructions": lambda desk, row_id: desk.edit(row_id, {"instructions": "Ring"}),
    "reminders": lambda desk, row_id: desk.edit(row_id, {"remind_email": False}),
    "cancel": lambda desk, row_id: desk.cancel(row_id),
    "restore": lambda desk, row_id: appointments.restore(desk.database, row_id, clock=desk.clock),
    "delete": lambda desk, row_id: desk.delete(row_id),
}
DETAILS = {"service", "modifiers", "diagnoses", "place", "client"}
EVERYTHING = set(COMMANDS) - {"restore"}
ALLOWED: dict[str, set[str]] = {
    "free": EVERYTHING,
    "note signed": EVERYTHING - DETAILS - {"delete"},  # EDT-03, LCK-01
    "billing started": EVERYTHING - DETAILS - {"delete"},  # LCK-02, DEL-02
    "paid": EVERYTHING - DETAILS - {"delete"},
    "claim submitted": set(),  # LCK-03, DEL-01, DND-04
    "claim processed": set(),
    "cancelled": {"restore", "delete"},  # DND-06
    "cancelled with a claim": set(),
    "cancelled with a note": {"restore"},
}


def prepared(desk: Desk, state: str) -> int:
    row_id = desk.book(TUESDAY)
    for mark in STATES[state]:
        if mark == "cancelled":
            desk.cancel(row_id)
        else:
            desk.mark(row_id, mark)
    return row_id


# INV-L1, EDT-01, EDT-03, DND-04, DND-06, DEL-01, DEL-02, LCK-01, LCK-02, LCK-03
@pytest.mark.parametrize("state", sorted(STATES))
def test_commands_are_refused_iff_the_matrix_says_so(desk: Desk, state: str) -> None:
    row_id = prepared(desk, state)
    before, journal = dump(desk.database), desk.rows("change")
    for name, command in COMMANDS.items():
        if name in ALLOWED[state]:
            command(desk, row_id)
            assert dump(desk.database) != before, name
            undo.undo(desk.database, clock=desk.clock)
            assert dump(desk.database) == before, name
            journal = desk.rows("change")
            continue
        with pytest.raises(Refused) as error:
            command(desk, row_id)
        assert error.value.message
        assert error.value.hint  # the way out
        assert dump(desk.database) == before, name  # INV-L2: what is refused writes nothing
        assert desk.rows("change") == journal, name


@pytest.mark.parametrize("state", sorted(STATES))
def test_stop_repeating_sweeps_free_rows_only(desk: Desk, state: str) -> None:  # REC-09, INV-S7
    rows = desk.weekly(TUESDAY)
    for mark in STATES[state]:
        if mark == "cancelled":
            desk.cancel(rows[2])
        else:
            desk.mark(rows[2], mark)
    kept = desk.row(rows[2])
    done = series.stop_repeating(desk.database, rows[0], clock=desk.clock)
    left = desk.rows()
    assert set(left) == (set() if state == "free" else {rows[2]})
    if state != "free":
        assert left[rows[2]] == kept
        assert [row.appointment_id for row in done.kept] == [rows[2]]
        assert done.kept[0].reason


def test_the_entry_and_the_row_have_the_same_locks(desk: Desk) -> None:  # INV-L1: one function for each surface
    for state in STATES:
        entry = desk.entry(prepared(desk, state))
        row = SimpleNamespace(**desk.row(entry.row_id))
        assert lock_reasons(entry) == lock_reasons(row)
        for action in ACTIONS:
            assert refusal(entry, action) == refusal(row, action)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    ("kind", "origin", "name"),
    [
        ("request", "portal", "request"),
        ("time_off", "couchcal", "time_off"),
        ("external", "google", "google"),
        ("other_event", "google", "google"),
    ],
)
def test_what_is_not_ours_is_locked_whole(  # DND-04, SYNC-23
    action: str, kind: str, origin: str, name: str
) -> None:
    subject: Any = SimpleNamespace(kind=kind, origin=origin)
    lock = refusal(subject, action)
    assert lock is not None
    assert lock.name == name
    assert lock.way_out


def test_a_bill_is_cancelled_before_a_delete_in_that_order(desk: Desk) -> None:  # DEL-02
    row_id = prepared(desk, "paid")
    with pytest.raises(Refused, match="refund or remove it, then cancel the bill"):
        desk.delete(row_id)
    desk.mark(row_id, "refunded")
    with pytest.raises(Refused, match="cancel the bill first"):
        desk.delete(row_id)
    desk.mark(row_id, "billing-cancelled")
    desk.delete(row_id)
    assert desk.rows() == {}


def test_the_strongest_lock_is_named_first(desk: Desk) -> None:
    row_id = desk.book(TUESDAY)
    desk.mark(row_id, "note-signed", "billing-started", "paid", "claim-submitted")
    assert [lock.name for lock in lock_reasons(desk.entry(row_id))] == [
        "claim", "paid", "billing_started", "note_signed",
    ]  # fmt: skip


def test_unlocking_opens_again(desk: Desk) -> None:  # LCK-01, LCK-03
    row_id = desk.book(TUESDAY)
    desk.mark(row_id, "note-signed", "claim-submitted", "claim-processed", "claim-cleared", "note-unlocked")
    desk.edit(row_id, {"service": "90837"})
    assert desk.row(row_id)["service"] == "90837"


@pytest.mark.parametrize(
    ("marks", "refused"),
    [
        ((), "note-unlocked"),
        (("note-signed",), "note-signed"),
        ((), "paid"),
        ((), "billing-cancelled"),
        ((), "refunded"),
        (("billing-started",), "billing-started"),
        (("billing-started", "paid"), "billing-cancelled"),
        (("billing-started", "claim-submitted"), "billing-cancelled"),
        ((), "claim-processed"),
        ((), "claim-cleared"),
        (("claim-submitted",), "claim-submitted"),
        (("claim-submitted", "claim-processed"), "claim-submitted"),
    ],
)
def test_marks_follow_their_order(desk: Desk, marks: tuple[str, ...], refused: str) -> None:
    row_id = desk.book(TUESDAY)
    desk.mark(row_id, *marks)
    before = dump(desk.database)
    with pytest.raises(Refused):
        desk.mark(row_id, refused)
    assert dump(desk.database) == before


def test_other_events_have_no_bills(desk: Desk) -> None:
    with pytest.raises(Refused):
        desk.mark(desk.book(TUESDAY, kind="other_event"), "note-signed")


def test_advice_never_blocks(desk: Desk) -> None:
    done = desk.done(TUESDAY, 50, service="90837")
    assert done.advice == ("needs 53 min for 90837",)
    assert desk.done("2026-03-04 15:00", 60, service="90837").advice == ()
    assert advice(None, 5, ()) == ()
