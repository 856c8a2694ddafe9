"""What is known of remote calendars."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from couchcal.store.records.types import Instant, Record, one_of


class CalendarAccount(Record, table=True):
    """A signed-in account of a provider; its secret is elsewhere, under `secret_ref`."""

    __tablename__ = "calendar_account"
    __table_args__ = (one_of("state", ("ok", "needs_auth", "disabled")),)

    provider: str = "google"
    email: str = ""
    scopes: str = ""
    state: str = "ok"
    secret_ref: str = ""


class CalendarLink(Record, table=True):
    """A remote calendar we write to or read from; the primary is never a target (SYNC-08)."""

    __tablename__ = "calendar_link"
    __table_args__ = (
        UniqueConstraint("account_id", "remote_calendar_id"),
        one_of("role", ("owned_target", "inbound")),
        one_of("direction", ("two_way", "one_way")),
    )

    account_id: int = Field(foreign_key="calendar_account.id", ondelete="CASCADE")
    remote_calendar_id: str
    name: str = ""
    role: str = "inbound"
    direction: str = "two_way"
    access_role: str = ""
    enabled: bool = False
    state: str = ""
    last_ok: datetime | None = Field(default=None, sa_type=Instant)
    last_error: str = ""


class SyncState(Record, table=True):
    """The cursor of a link."""

    __tablename__ = "sync_state"

    link_id: int = Field(foreign_key="calendar_link.id", unique=True, ondelete="CASCADE")
    sync_token: str = ""
    full_sync_at: datetime | None = Field(default=None, sa_type=Instant)
    backoff_until: datetime | None = Field(default=None, sa_type=Instant)


class EventMap(Record, table=True):
    """Which remote event stands for which appointment of ours."""

    __tablename__ = "event_map"
    __table_args__ = (
        UniqueConstraint("link_id", "remote_event_id"),
        UniqueConstraint("link_id", "appointment_id"),
        one_of("state", ("synced", "dirty", "deleted")),
    )

    appointment_id: int | None = Field(default=None, foreign_key="appointment.id", ondelete="SET NULL")
    link_id: int = Field(foreign_key="calendar_link.id", ondelete="CASCADE")
    remote_event_id: str
    etag: str = ""
    pushed_hash: str = ""
    state: str = "dirty"


class ExternalEvent(Record, table=True):
    """An event, master or occurrence of a remote calendar, as the remote wrote it (SYNC-23).

    Occurrences and single events are on the calendar; a master (`rrule` not empty) is not.
    """

    __tablename__ = "external_event"
    __table_args__ = (
        UniqueConstraint("link_id", "remote_event_id"),
        Index("ix_external_event_span", "span", "start_utc", "end_utc"),
    )

    link_id: int = Field(foreign_key="calendar_link.id", ondelete="CASCADE")
    remote_event_id: str
    recurring_id: str = ""
    rrule: str = ""
    start_utc: datetime = Field(sa_type=Instant)
    end_utc: datetime = Field(sa_type=Instant)
    span: int = 0
    tz: str = "UTC"
    all_day: bool = False
    title: str = ""
    transparent: bool = False
    status: str = "confirmed"
    etag: str = ""
    raw_hash: str = ""
