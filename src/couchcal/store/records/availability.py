"""When clients may book, and for what."""

from __future__ import annotations

from datetime import datetime, time
from uuid import uuid4

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from couchcal.store.records.types import Instant, Record, one_of
from couchcal.store.vocabulary import VISIT_MODES


class AvailabilityBlock(Record, table=True):
    """Weekly local hours; `end_time` 00:00 is the next midnight. Empty lists allow everything (AVL-07)."""

    __tablename__ = "availability_block"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_range"),
        CheckConstraint("end_time > start_time OR end_time LIKE '00:00%'", name="block_lasts"),
    )

    weekday: int
    start_time: time
    end_time: time
    event_types: str = ""
    visit_types: str = ""


class EventType(Record, table=True):
    """Something a client can book (EVT-01). Buffers and notice are minutes."""

    __tablename__ = "event_type"
    __table_args__ = (
        one_of("visit_mode", VISIT_MODES),
        one_of("audience", ("public", "portal", "both")),
        CheckConstraint("minutes BETWEEN 5 AND 480", name="minutes_range"),
    )

    title: str
    minutes: int = 50
    visit_mode: str = "both"
    description: str = ""
    buffer_before: int = 0
    buffer_after: int = 0
    service: str | None = Field(default=None, foreign_key="service_code.code")
    position: int = 0
    active: bool = True
    audience: str = "both"
    min_notice_min: int | None = None
    window_days: int | None = None
    slot_step: int | None = None
    max_per_day: int | None = None
    confirm: str | None = None


class TimeOff(Record, table=True):
    """Time nobody can book (TOF-01). All-day rows store dates as UTC midnights, like appointments."""

    __tablename__ = "time_off"
    __table_args__ = (CheckConstraint("end_utc > start_utc", name="time_off_lasts"),)

    uid: str = Field(default_factory=lambda: f"{uuid4()}@couchcal", index=True)
    start_utc: datetime = Field(sa_type=Instant, index=True)
    end_utc: datetime = Field(sa_type=Instant)
    all_day: bool = True
    tz: str = "UTC"
    reason: str = ""
