"""Work on series and on the rows of one that several write functions share. Each runs inside a write session."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sqlmodel import Session, col, select

from couchcal.errors import Invalid, Refused
from couchcal.practice import row_drafts, rows
from couchcal.practice.cadence import Repeat, repeat_phrase, rule_text
from couchcal.practice.draft import Draft
from couchcal.practice.locks import work_reason, worked_on
from couchcal.practice.occurrences import END_OF_TIME, key_of, key_start, local_starts, shifted, zone_of
from couchcal.practice.outcome import Kept
from couchcal.scheduling.wallclock import to_instant, to_local, zone_or_utc
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, Series, SeriesExdate, SeriesIcs

TEMPLATE_FIELDS = tuple(name for name in row_drafts.PLAIN_FIELDS if name not in ("tz", "all_day"))
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


def sweep(session: JournalSession, doomed: list[Appointment]) -> tuple[list[Appointment], tuple[Kept, ...]]:
    """Delete the rows that nobody worked on; those that went, and those that stay."""
    kept = tuple(kept_row(session, row) for row in doomed if worked_on(row))
    removed = [row for row in doomed if not worked_on(row)]
    rows.remove(session, *removed)
    session.flush()
    return removed, kept


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
