"""The lock matrix: one function for form, grab, CLI, web and tests.

Works on anything that has the columns: `Entry` of the agenda and `Appointment` records.
"""

from __future__ import annotations

from typing import Any, NamedTuple

ACTIONS = ("time", "details", "notes", "cancel", "restore", "delete")
"""Change of time; of service, modifiers, diagnosis, place, client; of telehealth link, instructions,
reminders; cancel; restore a cancelled one; delete."""


class Lock(NamedTuple):
    """Why something may not be changed, and the way out, as sentences for people."""

    name: str
    reason: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.way_out}"


NOTE_SIGNED = Lock("note_signed", "the note is signed", "unlock the note first")
BILLING_STARTED = Lock("billing_started", "billing has started", "cancel the bill first")
PAID = Lock("paid", "a payment is applied", "refund or remove it, then cancel the bill")
CLAIM = Lock("claim", "the claim is submitted or processed", "clear the claim first")
CANCELLED = Lock("cancelled", "it is cancelled", "press U to restore it first")
REQUEST = Lock("request", "it is a pending request", "accept or decline it")
GOOGLE = Lock("google", "it belongs to Google Calendar", "change it there and it syncs back")
TIME_OFF = Lock("time_off", "it is time off", "remove the time off and add another")

_REFUSES: dict[str, frozenset[str]] = {
    "note_signed": frozenset({"details", "delete"}),
    "billing_started": frozenset({"details", "delete"}),
    "paid": frozenset({"details", "delete"}),
    "claim": frozenset(ACTIONS),
    "cancelled": frozenset({"time", "details", "notes", "cancel"}),
    "request": frozenset(ACTIONS),
    "google": frozenset(ACTIONS),
    "time_off": frozenset(ACTIONS),
}


def lock_reasons(subject: Any) -> list[Lock]:
    """Every lock on `subject`, strongest first (LCK-01…03, DND-04, DND-06, SYNC-23)."""
    kind = subject.kind
    if kind == "request":
        return [REQUEST]
    if kind == "time_off":
        return [TIME_OFF]
    if kind == "external" or subject.origin == "google":
        return [GOOGLE]
    locks = []
    if subject.claim_status in ("submitted", "processed"):
        locks.append(CLAIM)
    if subject.billing_status == "paid":
        locks.append(PAID)
    if subject.billing_status in ("started", "paid"):
        locks.append(BILLING_STARTED)
    if _note_signed(subject):
        locks.append(NOTE_SIGNED)
    if subject.status == "cancelled":
        locks.append(CANCELLED)
    return locks


def _note_signed(subject: Any) -> bool:
    signed = getattr(subject, "note_signed", None)
    return bool(subject.note_signed_at if signed is None else signed)


def refusal(subject: Any, action: str) -> Lock | None:
    """The lock that forbids `action` on `subject`, None if it is allowed (INV-L1)."""
    for lock in lock_reasons(subject):
        if action in _REFUSES[lock.name]:
            return lock
    return None


def documented(subject: Any) -> bool:
    """Whether a note, a bill or a claim is on record for it."""
    return _note_signed(subject) or subject.billing_status != "none" or subject.claim_status != "none"


def worked_on(subject: Any) -> bool:
    """Whether series changes must leave it alone: note, bill, claim or cancellation (REC-09)."""
    return documented(subject) or subject.status == "cancelled"


def work_reason(subject: Any) -> str:
    """Why series changes leave a worked-on row alone, in words."""
    locks = lock_reasons(subject)
    return locks[0].reason if locks else "a claim is begun"
