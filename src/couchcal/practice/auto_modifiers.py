"""Bringing the automatic modifier of upcoming sessions in line when a place or the setting changes (INV-L4)."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import col, select

from couchcal.practice import rows
from couchcal.practice.locks import refusal
from couchcal.practice.outcome import Kept
from couchcal.practice.services import with_automatic
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, Location


def bring_in_line(
    session: JournalSession, location_ids: Collection[int] | None = None
) -> tuple[int, tuple[Kept, ...]]:
    """Give upcoming sessions at these places (None: at all) the modifiers that their place and the setting ask for.

    Returns how many changed, and which would have but are locked. What began, what was cancelled and what a
    person chose or took away stay as they are.
    """
    statement = select(Appointment).where(
        Appointment.kind == "client_session",
        Appointment.status != "cancelled",
        col(Appointment.start_utc) >= session.now,
        col(Appointment.location_id).is_not(None),
    )
    if location_ids is not None:
        statement = statement.where(col(Appointment.location_id).in_(location_ids))
    codes = {place.id: place.pos for place in session.exec(select(Location))}
    automatic = rows.automatic_modifier(session)
    differing = [
        row
        for row in session.exec(statement.order_by(col(Appointment.start_utc))).all()
        if _differs(session, row, codes[row.location_id], automatic)
    ]
    kept = []
    free = []
    for row in differing:
        lock = refusal(row, "details")
        if lock is None:
            free.append(row)
        else:
            label = f"{rows.title_of(session, row)} {rows.when_words(row)}"
            kept.append(Kept(row.id or 0, label, lock.reason))
    rows.write_modifiers(session, free, None)
    session.flush()
    return len(free), tuple(kept)


def _differs(session: JournalSession, row: Appointment, pos: str, automatic: str) -> bool:
    present = [(modifier.code, modifier.source) for modifier in rows.modifiers_of(session, row)]
    removed = rows.NO_AUTO_MODIFIER in row.overridden.split()
    return with_automatic(present, pos, automatic, removed_by_hand=removed) != present
