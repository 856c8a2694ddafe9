"""What clients ask for and say: booking requests, portal tokens, the waitlist, feedback."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from couchcal.store.records.types import Instant, Record, one_of
from couchcal.store.vocabulary import REQUEST_STATUSES, VISIT_TYPES


class BookingRequest(Record, table=True):
    """A client's request. `unverified` and `pending` ones hold their time from other clients (REQ-04).

    A trigger stops one that would hold a time which is taken. `first`, `last`, `email` and `phone` are of somebody
    who is no client yet; `confirm` is what the practice wants at this time, `instant` or `request` (C-06).
    """

    __tablename__ = "booking_request"
    __table_args__ = (
        one_of("status", REQUEST_STATUSES),
        one_of("visit_type", VISIT_TYPES),
        CheckConstraint("end_utc > start_utc", name="request_lasts"),
        Index("ix_booking_request_live", "status", "start_utc"),
    )

    uid: str = Field(unique=True)
    client_id: int | None = Field(default=None, foreign_key="client.id", ondelete="CASCADE", index=True)
    event_type_id: int | None = Field(default=None, foreign_key="event_type.id", ondelete="SET NULL")
    service: str | None = Field(default=None, foreign_key="service_code.code")
    visit_type: str | None = None
    location_id: int | None = Field(default=None, foreign_key="location.id")
    start_utc: datetime = Field(sa_type=Instant)
    end_utc: datetime = Field(sa_type=Instant)
    client_tz: str = "UTC"
    message: str = ""
    status: str = "pending"
    hold_until: datetime | None = Field(default=None, sa_type=Instant)
    verified_at: datetime | None = Field(default=None, sa_type=Instant)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    decline_message: str = ""
    appointment_id: int | None = Field(default=None, foreign_key="appointment.id", ondelete="SET NULL", index=True)
    replaces_appointment_id: int | None = Field(
        default=None, foreign_key="appointment.id", ondelete="SET NULL", index=True
    )
    idempotency_key: str = Field(unique=True)
    ip_hash: str = ""
    first: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    last: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    email: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    phone: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    confirm: str = Field(default="request", sa_column_kwargs={"server_default": text("'request'")})


class PortalToken(Record, table=True):
    """A link, code or session; only the SHA-256 of it is kept. `subject` is what it opens, `tries` counts wrong
    codes."""

    __tablename__ = "portal_token"
    __table_args__ = (Index("ix_portal_token_subject", "purpose", "subject"),)

    sha256: str = Field(unique=True)
    purpose: str
    client_id: int | None = Field(default=None, foreign_key="client.id", ondelete="CASCADE")
    subject: str = ""
    expires_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)
    tries: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})


class Waitlist(Record, table=True):
    """A client who would take an earlier time."""

    __tablename__ = "waitlist"

    client_id: int = Field(foreign_key="client.id", ondelete="CASCADE")
    event_type_id: int | None = Field(default=None, foreign_key="event_type.id", ondelete="SET NULL")
    days: str = ""
    from_time: time | None = None
    to_time: time | None = None
    note: str = ""
    state: str = "waiting"


class Feedback(Record, table=True):
    """What a client said of a session (APT-17): how it was and whether they felt heard, 1 to 5, and words."""

    __tablename__ = "feedback"
    __table_args__ = (
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating_range"),
        CheckConstraint("heard BETWEEN 1 AND 5", name="heard_range"),
    )

    appointment_id: int = Field(foreign_key="appointment.id", unique=True, ondelete="CASCADE")
    rating: int
    heard: int
    text: str = ""
    at: datetime = Field(sa_type=Instant)
