"""What is on the calendar: one row an occurrence."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from couchcal.store.records.template import OccurrenceFields
from couchcal.store.records.types import Instant, Record, one_of
from couchcal.store.vocabulary import (
    APPOINTMENT_KINDS,
    APPOINTMENT_STATUSES,
    BILLING_STATUSES,
    CANCELLATION_TYPES,
    CLAIM_STATUSES,
    COLLATERAL_ROLES,
    CONTACT_MEDIUMS,
    MODIFIER_SOURCES,
    ORIGINS,
    VISIT_TYPES,
)


class Appointment(OccurrenceFields, table=True):
    """One occurrence.

    `start_utc`/`end_utc` are instants; for an all-day entry they are the UTC midnights that stand for
    its first date and for the date after its last. `span` is the index class of the duration
    (`scheduling.interval.span_class`). `series_key` is the original local date of an occurrence of
    ours, the original local start (`YYYY-MM-DDTHH:MM:SS`) of an imported one.
    `overridden` lists field names that a person changed on this occurrence only.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        Index(
            "ux_appointment_series_key",
            "series_id",
            "series_key",
            unique=True,
            sqlite_where=text("series_id IS NOT NULL"),
            postgresql_where=text("series_id IS NOT NULL"),
        ),
        Index("ix_appointment_span", "span", "start_utc", "end_utc"),
        Index(
            "ix_appointment_client",
            "client_id",
            "start_utc",
            sqlite_where=text("client_id IS NOT NULL"),
            postgresql_where=text("client_id IS NOT NULL"),
        ),
        CheckConstraint("end_utc >= start_utc", name="ends_after_start"),
        CheckConstraint("origin = 'ics' OR end_utc > start_utc", name="own_entries_last"),
        CheckConstraint(
            "kind <> 'client_session' OR (service IS NOT NULL AND client_id IS NOT NULL)",
            name="session_has_client_and_service",
        ),
        CheckConstraint("kind = 'other_event' OR client_id IS NOT NULL", name="contact_has_client"),
        CheckConstraint("kind <> 'other_event' OR client_id IS NULL", name="event_has_no_client"),
        CheckConstraint("NOT all_day OR kind = 'other_event'", name="all_day_is_other_event"),
        one_of("kind", APPOINTMENT_KINDS),
        one_of("status", APPOINTMENT_STATUSES),
        one_of("origin", ORIGINS),
        one_of("medium", CONTACT_MEDIUMS),
        one_of("collateral_role", COLLATERAL_ROLES),
        one_of("visit_type", VISIT_TYPES),
        one_of("billing_status", BILLING_STATUSES),
        one_of("claim_status", CLAIM_STATUSES),
    )

    uid: str = Field(index=True)
    client_id: int | None = Field(default=None, foreign_key="client.id")
    start_utc: datetime = Field(sa_type=Instant)
    end_utc: datetime = Field(sa_type=Instant)
    span: int = 0
    series_id: int | None = Field(default=None, foreign_key="series.id", ondelete="CASCADE")
    series_key: str | None = None
    overridden: str = ""
    moved_at: datetime | None = Field(default=None, sa_type=Instant)

    event_type_id: int | None = Field(default=None, foreign_key="event_type.id", ondelete="SET NULL")
    note_signed_at: datetime | None = Field(default=None, sa_type=Instant)
    billing_status: str = "none"
    claim_status: str = "none"


class AppointmentModifier(Record, table=True):
    """A modifier on an appointment; `auto` ones follow the place of service, `manual` ones stay (MOD-01)."""

    __tablename__ = "appointment_modifier"
    __table_args__ = (
        UniqueConstraint("appointment_id", "code"),
        CheckConstraint("position BETWEEN 1 AND 4", name="four_at_most"),
        one_of("source", MODIFIER_SOURCES),
    )

    appointment_id: int = Field(foreign_key="appointment.id", ondelete="CASCADE")
    position: int = 1
    code: str
    source: str = "manual"


class Cancellation(Record, table=True):
    """Why a cancelled appointment is; removed when it is restored (CXL-02…05)."""

    __tablename__ = "cancellation"
    __table_args__ = (
        one_of("type", CANCELLATION_TYPES),
        CheckConstraint("cancelled_by = 'practitioner' OR cancelled_by = 'client'", name="cancelled_by_word"),
        CheckConstraint("fee_cents IS NULL OR fee_cents >= 0", name="fee_not_negative"),
    )

    appointment_id: int = Field(foreign_key="appointment.id", unique=True, ondelete="CASCADE")
    type: str = "other"
    cancelled_by: str = "practitioner"
    reason: str = ""
    fee_cents: int | None = None
    note: str = ""
    at: datetime = Field(sa_type=Instant)
    notified: bool = False


class AppointmentIcs(Record, table=True):
    """Properties and sub-components of an imported event that have no column of ours."""

    __tablename__ = "appointment_ics"

    appointment_id: int = Field(foreign_key="appointment.id", unique=True, ondelete="CASCADE")
    extra: str = ""
