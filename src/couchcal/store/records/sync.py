"""What is known of remote calendars, and how far the two sides have told each other of changes.

None of it is a part of undo: a change taken back here is a new change, and is sent like any other.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from couchcal.store.records.types import Instant, Record, one_of


class CalendarAccount(Record, table=True):
    """A signed-in account of a provider; its secret is elsewhere, under `secret_ref`.

    `paused` says what it waits for: a person (`user`) or a decision (`mass_delete`, `calendar_lost`).
    `failures` counts attempts in a row that did not get through; nothing is tried before `next_try`.
    """

    __tablename__ = "calendar_account"
    __table_args__ = (one_of("state", ("ok", "needs_auth", "disabled")),)

    provider: str = "google"
    email: str = ""
    scopes: str = ""
    state: str = "ok"
    secret_ref: str = ""
    paused: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    failures: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    next_try: datetime | None = Field(default=None, sa_type=Instant)
    last_ok: datetime | None = Field(default=None, sa_type=Instant)
    last_error: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    calendars_read_at: datetime | None = Field(default=None, sa_type=Instant)


class AccountSecret(SQLModel, table=True):
    """The secret of an account where no keyring can hold it."""

    __tablename__ = "account_secret"

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="calendar_account.id", unique=True, ondelete="CASCADE")
    secret: str = ""


class CalendarLink(Record, table=True):
    """A remote calendar we write to or read from; the primary is never a target (SYNC-08).

    `direction` is that of the target: one-way reads nothing back, from no calendar (SYNC-14). `state` is empty,
    `creating` while the target is not known to be there, or `lost` (deleted, or no longer shared with us).
    """

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
    is_primary: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    time_zone: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    enabled: bool = False
    state: str = ""
    last_ok: datetime | None = Field(default=None, sa_type=Instant)
    last_error: str = ""


class SyncState(SQLModel, table=True):
    """How far a link was read. `generation` counts full readings; `live` is how many events the last one left."""

    __tablename__ = "sync_state"

    id: int | None = Field(default=None, primary_key=True)
    link_id: int = Field(foreign_key="calendar_link.id", unique=True, ondelete="CASCADE")
    sync_token: str = ""
    generation: int = 0
    full_sync_at: datetime | None = Field(default=None, sa_type=Instant)
    live: int = 0


class EventMap(SQLModel, table=True):
    """Which remote event stands for which appointment of ours.

    `appointment_id` refers to no row, so that the event is found when its appointment is gone, and again when undo
    brings it back (ids are never used twice). `ours` and `theirs` are the last state both sides knew, as JSON: what
    we last sent or took over, and what the remote last showed. `attempt` grows when a remote id was used up.
    """

    __tablename__ = "event_map"
    __table_args__ = (
        UniqueConstraint("link_id", "remote_event_id"),
        UniqueConstraint("link_id", "appointment_id"),
        one_of("state", ("creating", "live", "deleted", "missing", "unlinked")),
    )

    id: int | None = Field(default=None, primary_key=True)
    link_id: int = Field(foreign_key="calendar_link.id", ondelete="CASCADE")
    appointment_id: int
    remote_event_id: str
    attempt: int = 0
    etag: str = ""
    state: str = "creating"
    ours: str = ""
    theirs: str = ""


class SyncOutbox(SQLModel, table=True):
    """An appointment whose remote event may have to follow; one row each, written by triggers in the transaction
    of the change. `revision` grows with every further change, so that none is forgotten while one is sent."""

    __tablename__ = "sync_outbox"
    __table_args__ = (one_of("state", ("pending", "inflight", "blocked")),)

    id: int | None = Field(default=None, primary_key=True)
    appointment_id: int = Field(unique=True)
    revision: int = 1
    state: str = "pending"
    attempts: int = 0
    next_at: datetime | None = Field(default=None, sa_type=Instant)
    error: str = ""


class SyncStage(SQLModel, table=True):
    """Events of a reading that is not complete; inert until it is."""

    __tablename__ = "sync_stage"
    __table_args__ = (UniqueConstraint("link_id", "remote_event_id"),)

    id: int | None = Field(default=None, primary_key=True)
    link_id: int = Field(foreign_key="calendar_link.id", ondelete="CASCADE")
    remote_event_id: str
    event: str


class SyncReview(SQLModel, table=True):
    """What a person has to decide or should know of. `ours` and `theirs` are JSON; `detail` names no client."""

    __tablename__ = "sync_review"
    __table_args__ = (
        Index("ix_sync_review_appointment", "appointment_id"),
        one_of("kind", ("remote_deleted", "conflict", "calendar_lost", "mass_delete", "put_back", "unknown_event")),
    )

    id: int | None = Field(default=None, primary_key=True)
    link_id: int | None = Field(default=None, foreign_key="calendar_link.id", ondelete="CASCADE")
    appointment_id: int | None = None
    remote_event_id: str = ""
    kind: str
    detail: str = ""
    ours: str = ""
    theirs: str = ""
    at: datetime = Field(sa_type=Instant)
    resolved_at: datetime | None = Field(default=None, sa_type=Instant, index=True)
    resolution: str = ""


class SyncLog(SQLModel, table=True):
    """What the sync did, without names; the oldest lines go."""

    __tablename__ = "sync_log"
    __table_args__ = (one_of("level", ("info", "warning", "error")),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Instant)
    level: str = "info"
    text: str = ""


class WorkerLease(SQLModel, table=True):
    """Which process does the background work, until when, how far it is, and who asks it for a turn now."""

    __tablename__ = "worker_lease"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    owner: str = ""
    host: str = ""
    pid: int = 0
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    asked: int = 0
    answered: int = 0
    progress: str = ""


class ExternalEvent(Record, table=True):
    """An event, master or occurrence of a remote calendar, as the remote wrote it (SYNC-23).

    Occurrences and single events are on the calendar; a master (`rrule` not empty) is not. Of a master `rrule` has
    the RFC 5545 lines (RRULE, RDATE, EXDATE), and occurrence rows exist from `expanded_from` to `expanded_to`.
    Of an exception `original_start` is the instant (UTC midnight of the date) it stands for.
    """

    __tablename__ = "external_event"
    __table_args__ = (
        UniqueConstraint("link_id", "remote_event_id"),
        Index("ix_external_event_span", "span", "start_utc", "end_utc"),
        Index("ix_external_event_master", "link_id", "recurring_id"),
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
    event_type: str = Field(default="default", sa_column_kwargs={"server_default": text("'default'")})
    place: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    original_start: datetime | None = Field(default=None, sa_type=Instant)
    exception: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    expanded_from: datetime | None = Field(default=None, sa_type=Instant)
    expanded_to: datetime | None = Field(default=None, sa_type=Instant)
