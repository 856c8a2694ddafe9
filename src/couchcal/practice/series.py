"""Recurring appointments: start, extend, stop, delete from here on (REC-01 to REC-13)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sqlmodel import Session, col, or_, select

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid, Refused
from couchcal.practice import external, rows, visit
from couchcal.practice.cadence import Repeat, repeat_phrase, rule_text
from couchcal.practice.draft import Draft
from couchcal.practice.locks import lock_reasons, work_reason, worked_on
from couchcal.practice.occurrences import (
    END_OF_TIME,
    UnreadableRule,
    cover,
    fill,
    horizon,
    key_of,
    key_start,
    local_starts,
    shifted,
    zone_of,
)
from couchcal.practice.outcome import Done, Kept
from couchcal.scheduling.wallclock import to_instant, to_local, zone_or_utc
from couchcal.store.connection import Database
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, Series, SeriesExdate, SeriesIcs
from couchcal.store.session import write_session

TEMPLATE_FIELDS = tuple(name for name in rows.PLAIN_FIELDS if name not in ("tz", "all_day"))
"""Draft fields that a series hands on to new rows as they are."""


class FutureOutcome(NamedTuple):
    """Rows a series change touched, and those it left alone; `by_hand` kept what was changed on them by hand."""

    changed: list[Appointment]
    kept: tuple[Kept, ...]
    removed: int = 0
    added: int = 0
    by_hand: tuple[Kept, ...] = ()


def template_of(row: Appointment, draft: Draft, repeat: Repeat, modifiers: list[str]) -> Series:
    """A new series whose first occurrence is `row` (REC-02, REC-07); not added to the session yet.

    `modifiers` are the codes a person chose; the automatic one comes with the place.
    """
    start_local = local_start(draft)
    return Series(
        uid=rows.new_uid(),
        origin=row.origin,
        tz=draft.tz,
        all_day=draft.all_day,
        start_local=start_local,
        duration_s=int((draft.end - draft.start).total_seconds()),
        rrule=rule_text(repeat, start_local.date()),
        until_date=checked_until(repeat.until, start_local.date()),
        materialised_from=draft.start,
        materialised_to=draft.start + timedelta(seconds=1),
        modifiers=" ".join(modifiers),
        calendar_id=row.calendar_id,
        **{name: getattr(draft, name) for name in TEMPLATE_FIELDS},
    )


def checked_until(until: date | None, first: date) -> date | None:
    """The last possible date of a series that begins on `first`.

    Raises:
        Invalid: it lies before that.
    """
    if until is not None and until < first:
        raise Invalid("the series would end before it begins", "choose a later last date", field="until")
    return until


def local_start(draft: Draft) -> datetime:
    """The draft's start on its own wall clock."""
    return draft.start.replace(tzinfo=None) if draft.all_day else to_local(draft.start, zone_or_utc(draft.tz))


def phrase(series: Series) -> str:
    """`every 2 weeks` or `every week until 3 Mar 2027`."""
    until = f" until {series.until_date.day} {series.until_date:%b %Y}" if series.until_date else ""
    return repeat_phrase(series.rrule) + until


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
    draft = rows.draft_of(session, row)
    series = template_of(row, draft, repeat, rows.chosen_modifiers(session, row))
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


def sweep(session: JournalSession, doomed: list[Appointment]) -> tuple[list[Appointment], tuple[Kept, ...]]:
    """Delete the rows that nobody worked on; those that went, and those that stay."""
    kept = tuple(kept_row(session, row) for row in doomed if worked_on(row))
    removed = [row for row in doomed if not worked_on(row)]
    rows.remove(session, *removed)
    session.flush()
    return removed, kept


def _close(session: JournalSession, series: Series, local: datetime) -> None:
    """End the series before `local`; a series without rows goes away with its exceptions."""
    if has_rows(session, series):
        end_before(session, series, local)
        series.stopped_at = session.now
    else:
        discard(session, series)


def has_rows(session: JournalSession, series: Series) -> bool:
    """Whether any occurrence of the series is left."""
    session.flush()
    statement = select(Appointment.id).where(Appointment.series_id == series.id).limit(1)
    return session.exec(statement).first() is not None


def end_before(session: JournalSession, series: Series, local: datetime) -> None:
    """Let the rule have no occurrence at or after the wall-clock moment `local`."""
    midnight = datetime.combine(local.date(), time())
    today = local_starts(series, midnight, shifted(midnight, timedelta(days=1)))
    last = local.date()
    if not any(start < local for start in today):
        last -= timedelta(days=1)
    else:
        gone = set(exdate_keys(session, series))
        later = {key_of(series, start) for start in today if start >= local} - gone
        session.add_all(SeriesExdate(series_id=series_id(series), series_key=key) for key in sorted(later))
    if series.until_date is None or last < series.until_date:
        series.until_date = last
    if to_instant(local, zone_of(series)) <= series.materialised_to:  # else rows before `local` are still to come
        series.materialised_to = END_OF_TIME
    series.sequence += 1


def discard(session: JournalSession, series: Series) -> None:
    """Delete a series that has no rows, with what hangs on it, each journalled."""
    for kind in (SeriesExdate, SeriesIcs):
        for record in session.exec(select(kind).where(kind.series_id == series.id)):
            session.delete(record)
    for child in session.exec(select(Series).where(Series.parent_series_id == series.id)):
        child.parent_series_id = series.parent_series_id
    session.flush()
    session.delete(series)


def bump(session: JournalSession, row: Appointment) -> None:
    """Raise the SEQUENCE of the series of a row: its exceptions changed, other calendars must notice (INV-M4)."""
    series = session.get(Series, row.series_id) if row.series_id is not None else None
    if series is not None:
        series.sequence += 1


def remove_occurrence(session: JournalSession, row: Appointment) -> None:
    """Delete one occurrence for good; its key does not come back (INV-S3). The last one takes the series along."""
    series = series_of(session, row)
    session.add(SeriesExdate(series_id=series_id(series), series_key=row.series_key or ""))
    rows.remove(session, row)
    series.sequence += 1
    if series.materialised_to >= END_OF_TIME and not has_rows(session, series):
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


def series_of(session: Session, row: Appointment) -> Series:
    """The series of a row.

    Raises:
        Refused: it has none.
    """
    series = session.get(Series, row.series_id) if row.series_id is not None else None
    if series is None:
        raise Refused("it does not repeat", "couchcal repeat starts a series")
    return series


def refuse_past(session: JournalSession, row: Appointment) -> None:
    """Raise Refused if the row has begun: a series change never reaches the past (REC-06, INV-S2)."""
    if row.start_utc < session.now:
        raise Refused(
            "past occurrences of a series stay as they are",
            "change this one only, or begin from an upcoming one",
        )


def upcoming(session: Session, series: Series, now: datetime) -> list[Appointment]:
    """Rows that have not begun, by their place in the rule, wherever they were moved to."""
    statement = select(Appointment).where(Appointment.series_id == series.id, col(Appointment.start_utc) >= now)
    return sorted(session.exec(statement), key=lambda row: (key_start(series, row.series_key or ""), row.id or 0))


def following(session: Session, series: Series, row: Appointment, now: datetime) -> list[Appointment]:
    """Upcoming rows whose place in the rule is that of `row` or a later one."""
    since = key_start(series, row.series_key or "")
    found = upcoming(session, series, now)
    return [other for other in found if key_start(series, other.series_key or "") >= since]


def wall_clock(series: Series, instant: datetime) -> datetime:
    """What the clocks of the series show at an instant."""
    return to_local(instant, zone_of(series))


def exdate_keys(session: Session, series: Series) -> list[str]:
    """Keys that must not come back."""
    return list(session.exec(select(SeriesExdate.series_key).where(SeriesExdate.series_id == series.id)))


def kept_row(session: Session, row: Appointment, reason: str = "") -> Kept:
    """Tell of a row that stays as it is; without a `reason`, for what was done with it."""
    label = f"{rows.title_of(session, row)} {rows.when_words(row)}"
    return Kept(row.id or 0, label, reason or work_reason(row))


def series_id(series: Series) -> int:
    """The id of a stored series."""
    if series.id is None:
        raise RuntimeError("the series is not stored yet")
    return series.id
