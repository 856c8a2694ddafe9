"""Changing imported entries that are there already, row by row through the ORM so that each is journalled."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from couchcal.practice import rows
from couchcal.practice.imported_rows import ImportedEvent
from couchcal.practice.imported_series import (
    ImportedSeries,
    Occurrence,
    cover,
    occurrences,
    overridden_fields,
)
from couchcal.practice.locks import worked_on
from couchcal.scheduling.span import span_class
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, AppointmentIcs, Series, SeriesExdate, SeriesIcs, from_epoch


def update_event(session: JournalSession, row_id: int, event: ImportedEvent) -> None:
    """Give a row the values of a newer revision."""
    row = session.get(Appointment, row_id)
    if row is not None:
        _write(session, row, event, event.start, event.end)
        _keep_extra(session, row, event.extra)
        session.flush()


def remove_events(session: JournalSession, row_ids: Iterable[int]) -> None:
    """Take away rows that became something else in a newer revision."""
    for row_id in sorted(row_ids):
        row = session.get(Appointment, row_id)
        if row is not None:
            rows.remove(session, row)
    session.flush()


def remove_series(session: JournalSession, series_ids: Iterable[int]) -> None:
    """Take away series with their rows and exceptions."""
    for series_id in sorted(series_ids):
        for row in session.exec(select(Appointment).where(Appointment.series_id == series_id)).all():
            rows.remove(session, row)
        for exdate in session.exec(select(SeriesExdate).where(SeriesExdate.series_id == series_id)).all():
            session.delete(exdate)
        for extra in session.exec(select(SeriesIcs).where(SeriesIcs.series_id == series_id)).all():
            session.delete(extra)
        session.flush()
        record = session.get(Series, series_id)
        if record is not None:
            session.delete(record)
        session.flush()


def cancel_series(session: JournalSession, series_id: int, event: ImportedEvent) -> None:
    """Cancel a series with all its rows, but for those with a note or a bill (METHOD:CANCEL, RFC 5546 3.2.5)."""
    record = session.get(Series, series_id)
    if record is None:
        return
    rows.put(record, "status", event.status)
    rows.put(record, "sequence", event.sequence)
    _keep_series_extra(session, series_id, event.extra)
    for row in session.exec(select(Appointment).where(Appointment.series_id == series_id)).all():
        if not worked_on(row):
            rows.put(row, "status", event.status)
    session.flush()


def update_series(session: JournalSession, series_id: int, series: ImportedSeries, horizon: datetime) -> None:
    """Give a series and its rows the values of a newer revision.

    With `newer_keys` only those overrides are new and the rest stays. What a person changed on single rows stays
    as long as the rule still has them; rows with a note, a bill or a cancellation of ours stay always.
    """
    record = session.get(Series, series_id)
    if record is None:
        return
    existing = {
        row.series_key or "": row
        for row in session.exec(select(Appointment).where(Appointment.series_id == series_id)).all()
    }
    made_by_file = set(
        session.exec(
            select(AppointmentIcs.appointment_id).join(Appointment).where(col(Appointment.series_id) == series_id)
        ).all()
    )
    if series.newer_keys is not None:
        for key in sorted(series.newer_keys):
            override = series.overrides[key]
            place = Occurrence(key, override.start, override.end, override, True)
            _place(session, record, place, existing.get(key), _field_words(place, record))
        session.flush()
        return
    reach = cover(series, session.now, horizon)
    for name, value in series.columns().items():
        rows.put(record, name, value)
    rows.put(record, "materialised_from", reach.start)
    rows.put(record, "materialised_to", reach.end)
    _sync_exdates(session, series_id, series.exdates)
    _keep_series_extra(session, series_id, series.master.extra)
    wanted: set[str] = set()
    for place in occurrences(series, reach.starts):
        wanted.add(place.key)
        row = existing.get(place.key)
        by_hand = row is not None and bool(row.overridden) and row.id not in made_by_file
        if row is not None and ((worked_on(row) and row.status != "cancelled") or by_hand):
            continue
        _place(session, record, place, row, overridden_fields(place, series))
    for key, row in existing.items():
        if key not in wanted and not worked_on(row):
            rows.remove(session, row)
    session.flush()


def _field_words(place: Occurrence, record: Series) -> str:
    names = [
        name
        for name in ("busy", "instructions", "place", "title")
        if getattr(place.event, name) != getattr(record, name)
    ]
    return " ".join(sorted([*names, "time"]))


def _place(
    session: JournalSession, record: Series, place: Occurrence, row: Appointment | None, changed: str
) -> None:
    if row is None:
        row = Appointment(
            uid=record.uid,
            kind="other_event",
            origin="ics",
            calendar_id=record.calendar_id,
            series_id=record.id,
            series_key=place.key,
            start_utc=from_epoch(place.start),
            end_utc=from_epoch(place.end),
        )
        session.add(row)
    _write(session, row, place.event, place.start, place.end)
    rows.put(row, "overridden", changed)
    session.flush()
    if place.overridden:
        _keep_extra(session, row, place.event.extra)
    else:
        _drop_extra(session, row)


def _write(session: JournalSession, row: Appointment, event: ImportedEvent, start: int, end: int) -> None:
    values: dict[str, Any] = {
        "start_utc": from_epoch(start), "end_utc": from_epoch(end), "span": span_class(end - start), "tz": event.tz,
        "all_day": event.all_day, "status": event.status, "title": event.title, "place": event.place,
        "busy": event.busy, "instructions": event.instructions, "sequence": event.sequence,
    }  # fmt: skip
    for name, value in values.items():
        rows.put(row, name, value)


def _keep_extra(session: JournalSession, row: Appointment, extra: str) -> None:
    kept = session.exec(select(AppointmentIcs).where(AppointmentIcs.appointment_id == row.id)).first()
    if kept is None:
        session.add(AppointmentIcs(appointment_id=row.id or 0, extra=extra))
    else:
        rows.put(kept, "extra", extra)


def _drop_extra(session: JournalSession, row: Appointment) -> None:
    for kept in session.exec(select(AppointmentIcs).where(AppointmentIcs.appointment_id == row.id)).all():
        session.delete(kept)


def _keep_series_extra(session: JournalSession, series_id: int, extra: str) -> None:
    kept = session.exec(select(SeriesIcs).where(SeriesIcs.series_id == series_id)).first()
    if kept is None:
        session.add(SeriesIcs(series_id=series_id, extra=extra))
    else:
        rows.put(kept, "extra", extra)


def _sync_exdates(session: JournalSession, series_id: int, wanted: set[str]) -> None:
    there = session.exec(select(SeriesExdate).where(SeriesExdate.series_id == series_id)).all()
    for exdate in there:
        if exdate.series_key not in wanted:
            session.delete(exdate)
    for key in sorted(wanted - {exdate.series_key for exdate in there}):
        session.add(SeriesExdate(series_id=series_id, series_key=key))
