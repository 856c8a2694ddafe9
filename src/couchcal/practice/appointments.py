"""Book, edit, reschedule, cancel, restore, delete, mark: each one transaction and one undo step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import select

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid, Refused
from couchcal.practice import rows, series
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft, checked, clean_text, with_changes
from couchcal.practice.fields import TIME_FIELDS
from couchcal.practice.occurrences import fill, horizon, key_of
from couchcal.practice.outcome import Done
from couchcal.practice.series_future import change_future
from couchcal.practice.services import ServiceRow, advice, is_telehealth
from couchcal.store.connection import Database
from couchcal.store.journal import JournalSession
from couchcal.store.records import (
    Appointment,
    Cancellation,
    Client,
    Location,
    OutboxEmail,
)
from couchcal.store.session import write_session
from couchcal.store.vocabulary import CANCELLATION_TYPES, Scope

MAIL_DELAY = timedelta(seconds=15)
"""How long a message waits, so that undo can still drop it (practice.md 6)."""


def book(
    database: Database,
    draft: Draft,
    *,
    repeat: Repeat | None = None,
    origin: str = "couchcal",
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Put a new appointment on the calendar (APT-01…21), repeating if `repeat` says so (REC-02).

    Overlaps never block (GRP-01, REC-11); `Done.conflicts` counts them.

    Raises:
        Invalid: a field is missing or wrong.
    """
    draft = checked(draft)
    with write_session(database, "Booked", actor=actor, clock=clock) as session:
        rows.check_references(session, draft)
        row = Appointment(
            uid=rows.new_uid(), origin=origin, kind=draft.kind, start_utc=draft.start, end_utc=draft.end
        )
        rows.apply_draft(session, row, draft)
        made = [row]
        if repeat is not None:
            template = series.template_of(row, draft, repeat, draft.modifiers or [])
            session.add(template)
            session.flush()
            row.series_id, row.series_key = template.id, key_of(template, template.start_local)
        session.add(row)
        session.flush()
        rows.write_modifiers(session, [row], draft.modifiers)
        label = f"Booked {rows.title_of(session, row)} {rows.when_words(row)}"
        if repeat is not None:
            made += fill(session, template, session.now, horizon(session))
            label = f"{label}, {series.phrase(template)}"
        session.relabel(label)
        conflicts = rows.count_conflicts(session, made)
        return Done(label, row.id, len(made), (), conflicts, advice_for(session, row))


def advice_for(session: JournalSession, row: Appointment) -> tuple[str, ...]:
    """What a biller would remark on the row; never blocks."""
    service = rows.service_of(session, row.service) if row.service else None
    if service is None:
        return ()
    location = session.get(Location, row.location_id) if row.location_id is not None else None
    facts = ServiceRow(
        service.code, service.label, service.typical_min, service.billable_min, service.billable_max,
        service.billable, service.group_service, service.addon_of, service.active,
    )  # fmt: skip
    codes = [modifier.code for modifier in rows.modifiers_of(session, row)]
    telehealth = location is not None and is_telehealth(location.pos)
    return advice(facts, rows.length_minutes(row), codes, telehealth=telehealth)


def edit(
    database: Database,
    appointment_id: int,
    changes: dict[str, Any],
    *,
    scope: Scope = "this",
    expected_version: int | None = None,
    reset_moved: bool = False,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Change any field of the draft (EDT-01…03); `scope="future"` changes the rest of its series too.

    Raises:
        Invalid: a value is wrong. Refused: a lock forbids it. Stale: changed meanwhile.
    """
    return _change(
        database, appointment_id, changes, "Changed", scope=scope, expected_version=expected_version,
        reset_moved=reset_moved, actor=actor, clock=clock,
    )  # fmt: skip


def reschedule(
    database: Database,
    appointment_id: int,
    start: datetime,
    end: datetime,
    *,
    scope: Scope = "this",
    expected_version: int | None = None,
    reset_moved: bool = False,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Give an appointment another time (DND-01…06); aware instants, or UTC midnights for all-day."""
    return _change(
        database, appointment_id, {"start": start, "end": end}, "Moved", scope=scope,
        expected_version=expected_version, reset_moved=reset_moved, actor=actor, clock=clock,
    )  # fmt: skip


def _change(
    database: Database,
    appointment_id: int,
    changes: dict[str, Any],
    verb: str,
    *,
    scope: Scope,
    expected_version: int | None,
    reset_moved: bool,
    actor: str,
    clock: Clock,
) -> Done:
    with write_session(database, verb, actor=actor, clock=clock) as session:
        row = rows.load(session, appointment_id, expected_version)
        before = rows.draft_of(session, row)
        draft = checked(with_changes(before, changes), before)
        names = changed_names(before, draft)
        for action in sorted(rows.actions_of(names)):
            rows.refuse_if_locked(row, action)
        if not names:
            return Done("Nothing changed", row.id, 0)
        rows.check_references(session, draft)
        following = scope == "future" and row.series_id is not None
        if following:
            outcome = change_future(session, row, before, draft, names, reset_moved=reset_moved)
        else:
            _change_one(session, row, draft, names)
            outcome = series.FutureOutcome([row], ())
        conflicts = rows.count_conflicts(session, outcome.changed)
        label = f"{verb} {rows.title_of(session, row)}"
        if "start" in names or "end" in names:
            label += f" to {rows.when_words(row)}"
        if following:
            label += " and all following"
        session.relabel(label)
        return Done(label, row.id, len(outcome.changed), outcome.kept, conflicts, advice_for(session, row))


def changed_names(before: Draft, after: Draft) -> set[str]:
    """Names of the fields in which two drafts differ; an automatic modifier is no difference."""
    names = {name for name in (*rows.PLAIN_FIELDS, "start", "end") if getattr(before, name) != getattr(after, name)}
    if after.modifiers is not None and after.modifiers != before.modifiers:
        names.add("modifiers")
    return names


def _change_one(session: JournalSession, row: Appointment, draft: Draft, names: set[str]) -> None:
    """Write a draft into one row; in a series it is marked as changed by hand (INV-S4)."""
    if row.series_id is not None:
        marks = {rows.TIME if name in TIME_FIELDS else name for name in names}
        row.overridden = " ".join(sorted(set(row.overridden.split()) | marks))
    rows.apply_change(session, row, draft, names)
    session.flush()
    if "modifiers" in names or names & rows.PLACES:
        rows.write_modifiers(session, [row], draft.modifiers if "modifiers" in names else None)
        session.flush()


def cancel(
    database: Database,
    appointment_id: int,
    type: str,
    *,
    reason: str = "",
    fee_cents: int | None = None,
    note: str = "",
    notify: bool = False,
    by: str = "practitioner",
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Cancel: the appointment stays, marked with its type (CXL-01…05); the fee is recorded, not charged.

    Raises:
        Invalid: no such type. Refused: cancelled already, or a claim holds it.
    """
    if type not in CANCELLATION_TYPES:
        raise Invalid(f"'{type}' is no cancellation type", f"use {', '.join(CANCELLATION_TYPES)}", field="type")
    if fee_cents is not None and not 0 <= fee_cents <= 100_000_000:
        raise Invalid("the fee is not an amount", "give it like 25.00", field="fee")
    with write_session(database, "Cancelled", actor=actor, clock=clock) as session:
        row = rows.load(session, appointment_id)
        if row.status == "cancelled":
            raise Refused("it is cancelled already", "restore it first to cancel it otherwise")
        rows.refuse_if_locked(row, "cancel")
        label = f"Cancelled {rows.title_of(session, row)} {rows.when_words(row)}"
        session.relabel(label)
        row.status = "cancelled"
        row.sequence += 1
        series.bump(session, row)
        hint = _queue_cancellation_mail(session, row) if notify else ()
        session.add(
            Cancellation(
                appointment_id=appointment_id, type=type, cancelled_by=by, reason=clean_text(reason, 500),
                fee_cents=fee_cents, note=clean_text(note, 2000), at=session.now, notified=notify and not hint,
            )
        )  # fmt: skip
        return Done(label, row.id, 1, (), 0, hint)


def _queue_cancellation_mail(session: JournalSession, row: Appointment) -> tuple[str, ...]:
    client = session.get(Client, row.client_id) if row.client_id is not None else None
    if client is None or not client.email:
        return ("no e-mail address on file: the client is not told",)
    session.add(
        OutboxEmail(
            kind="cancelled_by_practitioner", recipient=client.email, client_id=client.id,
            appointment_id=row.id, sequence=row.sequence, not_before=session.now + MAIL_DELAY,
        )
    )  # fmt: skip
    return ()


def restore(database: Database, appointment_id: int, *, actor: str = "user", clock: Clock = system_clock) -> Done:
    """Uncancel (CXL-08): scheduled again; overlaps are counted anew.

    Raises:
        Refused: it is not cancelled, or a claim holds it.
    """
    with write_session(database, "Restored", actor=actor, clock=clock) as session:
        row = rows.load(session, appointment_id)
        if row.status != "cancelled":
            raise Refused("it is not cancelled", "there is nothing to restore")
        rows.refuse_if_locked(row, "restore")
        label = f"Restored {rows.title_of(session, row)} {rows.when_words(row)}"
        session.relabel(label)
        row.status = "scheduled"
        row.sequence += 1
        series.bump(session, row)
        for record in session.exec(select(Cancellation).where(Cancellation.appointment_id == row.id)):
            session.delete(record)
        return Done(label, row.id, 1, (), rows.count_conflicts(session, [row]))


def delete(
    database: Database,
    appointment_id: int,
    *,
    scope: Scope = "this",
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Delete for good (DEL-01…03); of a series this one, or this and all following (REC-05).

    Raises:
        Refused: a lock forbids it, naming the steps out in order.
    """
    with write_session(database, "Deleted", actor=actor, clock=clock) as session:
        row = rows.load(session, appointment_id)
        label = f"Deleted {rows.title_of(session, row)} {rows.when_words(row)}"
        if scope == "future" and row.series_id is not None:
            label += " and all following"
            session.relabel(label)
            outcome = series.end_from(session, row)
            return Done(label, None, len(outcome.changed), outcome.kept)
        rows.refuse_if_locked(row, "delete")
        session.relabel(label)
        if row.series_id is not None:
            series.remove_occurrence(session, row)
        else:
            rows.remove(session, row)
        return Done(label)


def mark(
    database: Database, appointment_id: int, what: str, *, actor: str = "user", clock: Clock = system_clock
) -> Done:
    """Set note, billing and claim states, so that the locks are real (practice.md 12).

    Raises:
        Invalid: no such mark. Refused: the state does not allow it.
    """
    if what not in MARKS:
        raise Invalid(f"'{what}' is no mark", f"use {', '.join(MARKS)}", field="mark")
    with write_session(database, f"Marked {what}", actor=actor, clock=clock) as session:
        row = rows.load(session, appointment_id)
        if row.kind == "other_event" or row.origin == "google":
            raise Refused("only appointments with a client have notes and bills", "choose another")
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


def _bill(before: str, after: str, problem: str, way_out: str) -> Callable[[Appointment, datetime], None]:
    def apply(row: Appointment, _now: datetime) -> None:
        _need(row.billing_status == before, problem, way_out)
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


_MARKS: dict[str, Callable[[Appointment, datetime], None]] = {
    "note-signed": _sign_note,
    "note-unlocked": _unlock_note,
    "billing-started": _bill("none", "started", "billing has started already", "cancel the bill to start again"),
    "billing-cancelled": _bill("started", "none", "there is no open bill", "refund a payment first"),
    "paid": _bill("started", "paid", "there is no open bill", "start billing first"),
    "refunded": _bill("paid", "started", "nothing is paid", "there is nothing to refund"),
    "claim-submitted": _claim(("none", "draft"), "submitted", "there is a claim already", "clear it first"),
    "claim-processed": _claim(("submitted",), "processed", "no claim is submitted", "submit it first"),
    "claim-cleared": _claim(("draft", "submitted", "processed"), "none", "there is no claim", "nothing to clear"),
}
MARKS = tuple(_MARKS)
