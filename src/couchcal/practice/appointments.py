"""Book, edit, reschedule, cancel, restore, delete: each one transaction and one undo step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import select

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid, Refused
from couchcal.practice import booking, editing, letters, rows, series, series_rows
from couchcal.practice.booking import Who
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft, checked, clean_text
from couchcal.practice.editing import Edit
from couchcal.practice.outcome import Done, Preview
from couchcal.practice.series_rows import FutureOutcome
from couchcal.store.connection import Database
from couchcal.store.journal import JournalSession
from couchcal.store.records import Cancellation
from couchcal.store.session import write_session
from couchcal.store.vocabulary import CANCELLATION_TYPES, Scope

_NOT_TOLD = ("no e-mail address on file: the client is not told",)


def book(
    database: Database,
    draft: Draft,
    *,
    repeat: Repeat | None = None,
    who: Sequence[Who] = (),
    strict: bool = False,
    origin: str = "couchcal",
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Put a new appointment on the calendar (APT-01…21), repeating if `repeat` says so (REC-02).

    `who` are the clients, in place of the draft's; several have an appointment each and share a group key
    (GRP-01). Overlaps never block (GRP-01, REC-11) unless `strict`; `Done.conflicts` counts them.

    Raises:
        Invalid: a field is missing or wrong. Refused: `strict`, and something overlaps.
    """
    if not who:
        draft = checked(draft)
    with write_session(database, "Booked", actor=actor, clock=clock) as session:
        groups, words = booking.place_all(session, draft, who, repeat, origin)
        made = [row for group in groups for row in group]
        first = groups[0][0]
        if strict:
            booking.refuse_overlaps(session, made)
        label = f"Booked {booking.names_of(session, [group[0] for group in groups])} {rows.when_words(first)}"
        label += f", {words}" if words else ""
        session.relabel(label)
        conflicts = rows.count_conflicts(session, made)
        return Done(label, first.id, len(made), (), conflicts, booking.advice_for(session, first))


def edit(
    database: Database,
    appointment_id: int,
    changes: dict[str, Any],
    *,
    scope: Scope = "this",
    expected_version: int | None = None,
    repeat: Repeat | None = None,
    stop: bool = False,
    also: Sequence[Who] = (),
    reset_moved: bool = False,
    notify: bool | None = None,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Change any field of the draft (EDT-01…03) and how it repeats (REC-02, REC-03); `scope="future"` changes
    the rest of its series too. See `editing.Edit`, and `reschedule` on `notify`.

    Raises:
        Invalid: a value is wrong. Refused: a lock forbids it. Stale: changed meanwhile.
    """
    wanted = Edit(changes, scope, repeat, stop, also, reset_moved)
    return _change(database, appointment_id, wanted, "Changed", expected_version, notify, actor, clock)


def preview_edit(database: Database, appointment_id: int, edit: Edit, *, clock: Clock = system_clock) -> Preview:
    """What an edit would do (REC-04): it is made, counted and taken back, so that it cannot differ from the
    real one. Writes nothing."""
    try:
        with write_session(database, "Preview", clock=clock) as session:
            raise _Enough(editing.apply(session, rows.load(session, appointment_id), edit, "Changed"))
    except _Enough as enough:
        done, outcome = enough.found
        changes = len(outcome.changed) - outcome.added
        return Preview(changes, done.kept, outcome.removed, outcome.added, outcome.by_hand)
    except (Invalid, Refused) as problem:
        return Preview(0, (), problem=problem.message)


class _Enough(Exception):
    """Ends a write session without keeping what it did."""

    def __init__(self, found: tuple[Done, FutureOutcome]) -> None:
        super().__init__()
        self.found = found


def reschedule(
    database: Database,
    appointment_id: int,
    start: datetime,
    end: datetime,
    *,
    scope: Scope = "this",
    expected_version: int | None = None,
    reset_moved: bool = False,
    notify: bool | None = None,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Give an appointment another time (DND-01…06); aware instants, or UTC midnights for all-day.

    Args:
        notify: whether the client is told; None leaves it to the practice's setting "Mail on a move", by which
            `ask` tells nobody until somebody says so (`Done.untold`, `tell_of_move`).
    """
    wanted = Edit({"start": start, "end": end}, scope, reset_moved=reset_moved)
    return _change(database, appointment_id, wanted, "Moved", expected_version, notify, actor, clock)


def tell_of_move(database: Database, appointment_id: int, was: datetime, *, clock: Clock = system_clock) -> Done:
    """Tell the client of an appointment's time after it was moved; `was` is the start they know.

    Raises:
        Refused: there is no address, or they are told already.
    """
    with write_session(database, "Told the client", clock=clock) as session:
        row = rows.load(session, appointment_id)
        label = f"{rows.title_of(session, row)} is told of the new time"
        session.relabel(label)
        if not letters.tell_moved(session, row, was):
            raise Refused(_NOT_TOLD[0], "add one to their record")
        if not session.changed:
            raise Refused("the client is told already", "nothing was sent again")
        return Done(label, row.id)


def _change(
    database: Database,
    appointment_id: int,
    wanted: Edit,
    verb: str,
    expected_version: int | None,
    notify: bool | None,
    actor: str,
    clock: Clock,
) -> Done:
    with write_session(database, verb, actor=actor, clock=clock) as session:
        row = rows.load(session, appointment_id, expected_version)
        was = row.start_utc, row.end_utc
        done, outcome = editing.apply(session, row, wanted, verb)
        session.relabel(done.label)
        moved = row in outcome.changed and (row.start_utc, row.end_utc) != was and row.start_utc > session.now
        if not (moved and row.status == "scheduled" and row.client_id is not None):
            return done
        setting = rows.practice_of(session).notify_on_move
        if notify is None and setting == "ask":
            return done._replace(untold=was[0] if letters.has_address(session, row.client_id) else None)
        if not (setting == "always" if notify is None else notify):
            return done
        following = len(outcome.changed) - outcome.added - 1 if wanted.scope == "future" else 0
        told = letters.tell_moved(session, row, was[0], max(0, following))
        return done if told else done._replace(advice=(*done.advice, *_NOT_TOLD))


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
    with write_session(database, "Cancelled", actor=actor, clock=clock) as session:
        return cancel_in(
            session, appointment_id, type, reason=reason, fee_cents=fee_cents, note=note, notify=notify, by=by
        )


def cancel_in(
    session: JournalSession,
    appointment_id: int,
    type: str,
    *,
    reason: str = "",
    fee_cents: int | None = None,
    note: str = "",
    notify: bool = False,
    by: str = "practitioner",
) -> Done:
    """`cancel` as a part of a change that does more."""
    if type not in CANCELLATION_TYPES:
        raise Invalid(f"'{type}' is no cancellation type", f"use {', '.join(CANCELLATION_TYPES)}", field="type")
    if fee_cents is not None and not 0 <= fee_cents <= 100_000_000:
        raise Invalid("the fee is not an amount", "give it like 25.00", field="fee")
    row = rows.load(session, appointment_id)
    if row.status == "cancelled":
        raise Refused("it is cancelled already", "restore it first to cancel it otherwise")
    rows.refuse_if_locked(row, "cancel")
    label = f"Cancelled {rows.title_of(session, row)} {rows.when_words(row)}"
    session.relabel(label)
    row.status = "cancelled"
    row.sequence += 1
    series_rows.bump(session, row)
    hint = () if not notify or letters.tell_cancelled(session, row) else _NOT_TOLD
    session.add(
        Cancellation(
            appointment_id=appointment_id, type=type, cancelled_by=by, reason=clean_text(reason, 500),
            fee_cents=fee_cents, note=clean_text(note, 2000), at=session.now, notified=notify and not hint,
        )
    )  # fmt: skip
    return Done(label, row.id, 1, (), 0, hint)


def restore(database: Database, appointment_id: int, *, actor: str = "user", clock: Clock = system_clock) -> Done:
    """Uncancel (CXL-08): scheduled again; overlaps are counted anew. A client who was told of the cancellation is
    told that it holds after all.

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
        series_rows.bump(session, row)
        for record in session.exec(select(Cancellation).where(Cancellation.appointment_id == row.id)):
            session.delete(record)
        letters.take_back_cancellation(session, row)
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
            series_rows.remove_occurrence(session, row)
        else:
            rows.remove(session, row)
        return Done(label)
