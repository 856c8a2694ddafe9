"""Modifiers of appointment rows: those a person chose, and the one that comes with the place (MOD-01, INV-L4)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import col, select

from couchcal.practice.draft import REMOVED_BY_HAND
from couchcal.practice.rows import batches, practice_of, put, stored_id
from couchcal.practice.services import with_automatic
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, AppointmentModifier, Location

NO_AUTO_MODIFIER = "auto_modifier"
"""In `overridden`: a person removed the automatic modifier, so it stays away (INV-L4)."""


def chosen_modifiers(session: JournalSession, row: Appointment) -> list[str]:
    """The codes a person chose for the row, with the marker of a removed automatic one."""
    codes = [modifier.code for modifier in modifiers_of(session, row) if modifier.source == "manual"]
    return codes + removed_marker(session, row)


def removed_marker(session: JournalSession, row: Appointment) -> list[str]:
    """What stands among the modifiers of a draft where a person removed the automatic one; else nothing."""
    removed = NO_AUTO_MODIFIER in row.overridden.split()
    return [f"{REMOVED_BY_HAND}{automatic_modifier(session)}"] if removed else []


def automatic_modifier(session: JournalSession) -> str:
    """The code that telehealth adds (setting, 95)."""
    return practice_of(session).telehealth_modifier


def modifiers_of(session: JournalSession, row: Appointment) -> list[AppointmentModifier]:
    """The row's modifiers in order."""
    statement = select(AppointmentModifier).where(AppointmentModifier.appointment_id == row.id)
    return sorted(session.exec(statement), key=lambda modifier: modifier.position)


def write_modifiers(session: JournalSession, subjects: list[Appointment], wanted: list[str] | None) -> None:
    """Bring the modifiers of stored rows in line with `wanted` codes and the place of service (MOD-01, INV-L4).

    None keeps what a person chose and lets the place decide the automatic one.
    """
    if not subjects:
        return
    automatic = automatic_modifier(session)
    current = modifiers_by_row(session, subjects)
    targets: list[tuple[Appointment, list[tuple[str, str]]]] = []
    for row in subjects:
        mine = current.get(stored_id(row), [])
        target = _target(session, row, mine, wanted, automatic)
        if [(modifier.code, modifier.source) for modifier in mine] == target:
            continue
        sources = dict(target)
        for modifier in mine:
            if sources.get(modifier.code) != modifier.source:
                session.delete(modifier)
        targets.append((row, target))
    session.flush()
    for row, target in targets:
        existing = {(modifier.code, modifier.source): modifier for modifier in current.get(stored_id(row), [])}
        for position, (code, source) in enumerate(target, start=1):
            if (code, source) in existing:
                put(existing[code, source], "position", position)
            else:
                session.add(
                    AppointmentModifier(appointment_id=stored_id(row), position=position, code=code, source=source)
                )


def _target(
    session: JournalSession,
    row: Appointment,
    current: list[AppointmentModifier],
    wanted: list[str] | None,
    automatic: str,
) -> list[tuple[str, str]]:
    if row.kind != "client_session":
        set_overridden(row, NO_AUTO_MODIFIER, on=False)
        return []
    removed = NO_AUTO_MODIFIER in row.overridden.split()
    sources = {modifier.code: modifier.source for modifier in current}
    if wanted is None:
        kept = list(sources.items())
    else:
        codes = [code for code in wanted if not code.startswith(REMOVED_BY_HAND)]
        removed = f"{REMOVED_BY_HAND}{automatic}" in wanted or (
            sources.get(automatic) == "auto" and automatic not in codes
        )
        kept = [(code, sources.get(code, "manual")) for code in codes]
    location = session.get(Location, row.location_id) if row.location_id is not None else None
    pos = location.pos if location is not None else None
    set_overridden(row, NO_AUTO_MODIFIER, on=removed)
    return with_automatic(kept, pos, automatic, removed_by_hand=removed)


def modifiers_by_row(
    session: JournalSession, subjects: Iterable[Appointment]
) -> dict[int, list[AppointmentModifier]]:
    """The modifiers of stored rows, in order, by the id of the row; a row without any is left out."""
    found: dict[int, list[AppointmentModifier]] = {}
    for batch in batches([stored_id(row) for row in subjects]):
        statement = select(AppointmentModifier).where(col(AppointmentModifier.appointment_id).in_(batch))
        for modifier in session.exec(statement.order_by(col(AppointmentModifier.position))):
            found.setdefault(modifier.appointment_id, []).append(modifier)
    return found


def set_overridden(row: Appointment, name: str, *, on: bool) -> None:
    """Add a name to the row's `overridden` set, or take it out."""
    names = set(row.overridden.split())
    names = names | {name} if on else names - {name}
    put(row, "overridden", " ".join(sorted(names)))
