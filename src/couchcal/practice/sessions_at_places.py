"""Bringing upcoming sessions in line when their place or the automatic modifier changes (INV-L4, VIS-04)."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import col, select

from couchcal.practice import row_modifiers, rows, visit
from couchcal.practice.locks import refusal
from couchcal.practice.outcome import Kept
from couchcal.practice.services import with_automatic
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, AppointmentModifier, Location, Series


def bring_in_line(
    session: JournalSession, location_ids: Collection[int] | None = None
) -> tuple[int, tuple[Kept, ...]]:
    """Give upcoming sessions at these places (None: at all) the modifiers, the visit type and the link that their
    place and the settings ask for, and series the visit type of their sessions to come.

    Returns how many sessions changed, and which would have but are locked. What began, what was cancelled and
    what a person chose or took away stay as they are.
    """
    statement = select(Appointment).where(
        Appointment.kind == "client_session",
        Appointment.status != "cancelled",
        col(Appointment.start_utc) >= session.now,
        col(Appointment.location_id).is_not(None),
    )
    if location_ids is not None:
        statement = statement.where(col(Appointment.location_id).in_(location_ids))
    places = {place.id: place for place in session.exec(select(Location))}
    automatic = row_modifiers.automatic_modifier(session)
    coming = session.exec(statement.order_by(col(Appointment.start_utc))).all()
    modifiers = row_modifiers.modifiers_by_row(session, coming)
    kept: list[Kept] = []
    free: list[Appointment] = []
    other_visits: list[Appointment] = []
    for row in coming:
        place = places[row.location_id]
        changed_visit = _other_visit(row, place)
        if not changed_visit and not _differs(row, modifiers.get(row.id or 0, []), place.pos, automatic):
            continue
        lock = refusal(row, "details")
        if lock is not None:
            label = f"{rows.title_of(session, row)} {rows.when_words(row)}"
            kept.append(Kept(row.id or 0, label, lock.reason))
            continue
        free.append(row)
        if changed_visit:
            row.visit_type = visit.visit_of(place)
            other_visits.append(row)
    visit.settle_links(session, other_visits)
    row_modifiers.write_modifiers(session, free, None)
    for series in session.exec(select(Series).where(col(Series.location_id).in_(location_ids or ()))):
        if _other_visit(series, places[series.location_id]):
            series.visit_type = visit.visit_of(places[series.location_id])
    session.flush()
    return len(free), tuple(kept)


def _other_visit(subject: Appointment | Series, place: Location) -> bool:
    return subject.visit_type not in (None, visit.visit_of(place))


def _differs(row: Appointment, modifiers: list[AppointmentModifier], pos: str, automatic: str) -> bool:
    present = [(modifier.code, modifier.source) for modifier in modifiers]
    removed = row_modifiers.NO_AUTO_MODIFIER in row.overridden.split()
    return with_automatic(present, pos, automatic, removed_by_hand=removed) != present
