"""Marks on an appointment: its note signed, its bill and its claim under way, so that the locks are real."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid, Refused
from couchcal.practice import rows
from couchcal.practice.outcome import Done
from couchcal.store.connection import Database
from couchcal.store.records import Appointment
from couchcal.store.session import write_session
from couchcal.store.vocabulary import MARKS


def mark(
    database: Database, appointment_id: int, what: str, *, actor: str = "user", clock: Clock = system_clock
) -> Done:
    """Set note, billing and claim states, so that the locks are real.

    Every appointment with a client may have a note; only client sessions are billed (APT-02).

    Raises:
        Invalid: no such mark. Refused: the state does not allow it, or the type of appointment.
    """
    if what not in _MARKS:
        raise Invalid(f"'{what}' is no mark", f"use {', '.join(MARKS)}", field="mark")
    with write_session(database, f"Marked {what}", actor=actor, clock=clock) as session:
        row = rows.load(session, appointment_id)
        if row.kind == "other_event" or row.origin == "google":
            raise Refused("only appointments with a client have notes and bills", "choose another")
        if row.kind != "client_session" and not what.startswith("note-"):
            raise Refused("only client sessions are billed", "change its type to client session first")
        label = f"Marked {rows.title_of(session, row)} {what.replace('-', ' ')}"
        session.relabel(label)
        _MARKS[what](row, session.now)
        return Done(label, row.id)


def _need(condition: bool, problem: str, way_out: str) -> None:
    if not condition:
        raise Refused(problem, way_out)


def _sign_note(row: Appointment, now: datetime) -> None:
    _need(row.note_signed_at is None, "the note is signed already", "unlock it first")
    row.note_signed_at = now


def _unlock_note(row: Appointment, _now: datetime) -> None:
    _need(row.note_signed_at is not None, "the note is not signed", "there is nothing to unlock")
    row.note_signed_at = None


def _bill(
    before: str, after: str, refusals: Mapping[str, tuple[str, str]]
) -> Callable[[Appointment, datetime], None]:
    """From one state of the bill to another; `refusals` says why not, and what to do, for each other state."""

    def apply(row: Appointment, _now: datetime) -> None:
        if row.billing_status != before:
            raise Refused(*refusals[row.billing_status])
        if after == "none":
            _need(row.claim_status == "none", "there is a claim on it", "clear the claim first")
        row.billing_status = after

    return apply


def _claim(
    before: tuple[str, ...], after: str, problem: str, way_out: str
) -> Callable[[Appointment, datetime], None]:
    def apply(row: Appointment, _now: datetime) -> None:
        _need(row.claim_status in before, problem, way_out)
        row.claim_status = after

    return apply


_BILLED = ("billing has started already", "cancel the bill to start again")
_NO_BILL = ("billing has not started", "start billing first")
_UNPAID = ("nothing is paid", "there is nothing to refund")
_MARKS: dict[str, Callable[[Appointment, datetime], None]] = {
    "note-signed": _sign_note,
    "note-unlocked": _unlock_note,
    "billing-started": _bill("none", "started", {"started": _BILLED, "paid": _BILLED}),
    "billing-cancelled": _bill(
        "started", "none", {"none": _NO_BILL, "paid": ("a payment is applied", "refund it first")}
    ),
    "paid": _bill(
        "started", "paid", {"none": _NO_BILL, "paid": ("it is paid already", "refund it to start again")}
    ),
    "refunded": _bill("paid", "started", {"none": _UNPAID, "started": _UNPAID}),
    "claim-submitted": _claim(("none", "draft"), "submitted", "there is a claim already", "clear it first"),
    "claim-processed": _claim(("submitted",), "processed", "no claim is submitted", "submit it first"),
    "claim-cleared": _claim(("draft", "submitted", "processed"), "none", "there is no claim", "nothing to clear"),
}
