"""Recurring appointments: start, extend, stop, delete from here on (REC-01 to REC-13)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import col, or_, select

from couchcal.clock import Clock, system_clock
from couchcal.errors import Refused
from couchcal.practice import external, row_drafts, row_modifiers, rows, visit
from couchcal.practice.cadence import Repeat
from couchcal.practice.locks import lock_reasons
from couchcal.practice.occurrences import UnreadableRule, cover, fill, horizon, key_of, key_start
from couchcal.practice.outcome import Done
from couchcal.practice.series_rows import (
    FutureOutcome,
    discard,
    end_before,
    following,
    has_rows,
    phrase,
    refuse_past,
    series_id,
    series_of,
    sweep,
    template_of,
    upcoming,
    wall_clock,
)
from couchcal.store.connection import Database
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, Series, SeriesExdate
from couchcal.store.session import write_session


def start_repeating(
    database: Database,
    appointment_id: int,
    repeat: Repeat,
    *,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Make an existing appointment the first of a series (REC-02); fills every slot (REC-11, INV-S8).

    Raises:
        Refused: it belongs to a series, is cancelled, or is not ours.
    """
    with write_session(database, "Repeats", actor=actor, clock=clock) as session:
        row = rows.load(session, appointment_id)
        made, phrase_ = start(session, row, repeat)
        label = f"{rows.title_of(session, row)} repeats {phrase_}"
        session.relabel(label)
        return Done(label, row.id, len(made) + 1, (), rows.count_conflicts(session, [row, *made]))


def start(session: JournalSession, row: Appointment, repeat: Repeat) -> tuple[list[Appointment], str]:
    """`start_repeating` as a part of a larger change; the rows it made and how it repeats, in words.

    Raises:
        Refused: the row belongs to a series, is cancelled, or is not ours.
    """
    if row.series_id is not None:
        raise Refused("it repeats already", "stop repeating first")
    if row.status == "cancelled" or row.origin == "google":
        lock = lock_reasons(row)[0]
        raise Refused(f"it cannot repeat: {lock.reason}", lock.way_out, code=f"locked_{lock.name}")
    draft = row_drafts.draft_of(session, row)
    series = template_of(row, draft, repeat, row_modifiers.chosen_modifiers(session, row))
    visit.generalise(session, series)
    session.add(series)
    session.flush()
    row.series_id, row.series_key = series.id, key_of(series, series.start_local)
    made = fill(session, series, session.now, max(horizon(session), draft.start + timedelta(seconds=1)))
    return made, phrase(series)


def stop_repeating(
    database: Database, appointment_id: int, *, actor: str = "user", clock: Clock = system_clock
) -> Done:
    """End the series of an appointment now: upcoming rows go, past and worked-on ones stay (REC-09, INV-S7).

    Raises:
        Refused: it does not repeat.
    """
    with write_session(database, "Stopped", actor=actor, clock=clock) as session:
        row = rows.load(session, appointment_id)
        label = f"Stopped repeating {rows.title_of(session, row)}"
        session.relabel(label)
        swept = stop(session, row)
        return Done(label, None if row in swept.changed else row.id, len(swept.changed), swept.kept)


def stop(session: JournalSession, row: Appointment) -> FutureOutcome:
    """`stop_repeating` as a part of a larger change; the rows that went are its `changed`."""
    series = series_of(session, row)
    now_local = wall_clock(series, session.now)
    removed, kept = sweep(session, upcoming(session, series, session.now))
    early = {gone.series_key for gone in removed if key_start(series, gone.series_key or "") < now_local}
    session.add_all(
        SeriesExdate(series_id=series_id(series), series_key=key) for key in sorted(filter(None, early))
    )
    _close(session, series, now_local)
    return FutureOutcome(removed, kept)


def end_from(session: JournalSession, row: Appointment) -> FutureOutcome:
    """Delete this and all following of a series (REC-05); worked-on rows stay and are told."""
    series = series_of(session, row)
    refuse_past(session, row)
    removed, kept = sweep(session, following(session, series, row, session.now))
    _close(session, series, key_start(series, row.series_key or ""))
    return FutureOutcome(removed, kept)


def _close(session: JournalSession, series: Series, local: datetime) -> None:
    """End the series before `local`; a series without rows goes away with its exceptions."""
    if has_rows(session, series):
        end_before(session, series, local)
        series.stopped_at = session.now
    else:
        discard(session, series)


def extend_all(database: Database, start: datetime, end: datetime, *, clock: Clock = system_clock) -> int:
    """Give every series its rows in `[start, end)` and up to the horizon; returns how many were made (REC-08).

    Recurring events of remote calendars get theirs, too. A series whose rule cannot be read keeps the rows it has
    and does not hold up the others.

    Raises:
        Refused: the window would take too many occurrences.
    """
    with write_session(database, "Extended series", actor="worker", clock=clock) as session:
        until = max(end, horizon(session))
        lacking = session.exec(
            select(Series).where(or_(col(Series.materialised_to) < until, col(Series.materialised_from) > start))
        ).all()
        made = 0
        for series in lacking:
            try:
                made += cover(session, series, start, end)
            except UnreadableRule:
                continue
        return made + external.extend(session, start, until)
