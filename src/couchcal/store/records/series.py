"""Recurring templates. Occurrences are `Appointment` rows; a series only says how to make more."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import DateTime, ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field

from couchcal.store.records.template import OccurrenceFields
from couchcal.store.records.types import Instant, Record, one_of
from couchcal.store.vocabulary import APPOINTMENT_KINDS, ORIGINS


class Series(OccurrenceFields, table=True):
    """A template and a horizon.

    `start_local` is DTSTART on the wall clock of `tz`; `rrule` is one RFC 5545 rule a line (empty for
    RDATE-only sets); `rdates` holds ISO wall-clock starts, one a line. `until_date` is the last local
    date that may have an occurrence. Rows exist for every start in
    `[materialised_from, materialised_to)`.
    """

    __tablename__ = "series"
    __table_args__ = (one_of("kind", APPOINTMENT_KINDS), one_of("origin", ORIGINS))

    uid: str = Field(index=True)
    client_id: int | None = Field(default=None, foreign_key="client.id", index=True)
    start_local: datetime = Field(sa_type=DateTime)
    duration_s: int = 3000
    rrule: str = ""
    rdates: str = ""
    until_date: date | None = None
    materialised_from: datetime = Field(sa_type=Instant, index=True)
    materialised_to: datetime = Field(sa_type=Instant, index=True)
    parent_series_id: int | None = Field(default=None, foreign_key="series.id", ondelete="SET NULL")
    stopped_at: datetime | None = Field(default=None, sa_type=Instant)

    modifiers: str = ""


class SeriesExdate(Record, table=True):
    """A key that must not come back: the occurrence was deleted by itself (INV-S3)."""

    __tablename__ = "series_exdate"
    __table_args__ = (
        UniqueConstraint("series_id", "series_key"),
        ForeignKeyConstraint(["series_id"], ["series.id"], ondelete="CASCADE"),
    )

    series_id: int
    series_key: str


class SeriesIcs(Record, table=True):
    """Properties and sub-components of an imported master that have no column of ours."""

    __tablename__ = "series_ics"

    series_id: int = Field(foreign_key="series.id", unique=True, ondelete="CASCADE")
    extra: str = ""
