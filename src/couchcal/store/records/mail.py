"""Mail that is due, queued or sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from couchcal.store.records.types import Instant, Record, one_of


class Reminder(Record, table=True):
    """A reminder of one kind for one appointment, by e-mail or text, sent at most once (INV-M1)."""

    __tablename__ = "reminder"
    __table_args__ = (
        UniqueConstraint("appointment_id", "kind", "channel"),
        one_of("kind", ("24h", "lead")),
        one_of("channel", ("email", "text")),
        one_of("state", ("pending", "claimed", "sent", "skipped", "missed")),
        Index("ix_reminder_due", "state", "due_at"),
    )

    appointment_id: int = Field(foreign_key="appointment.id", ondelete="CASCADE")
    kind: str = "lead"
    channel: str = "email"
    due_at: datetime = Field(sa_type=Instant)
    state: str = "pending"
    reason: str = ""


class OutboxEmail(Record, table=True):
    """A message written in the transaction of its cause; the worker sends it after `not_before`."""

    __tablename__ = "outbox_email"
    __table_args__ = (
        UniqueConstraint("kind", "appointment_id", "sequence", "recipient"),
        one_of("state", ("queued", "claimed", "sent", "failed", "cancelled")),
        Index("ix_outbox_email_due", "state", "not_before"),
    )

    kind: str
    recipient: str = ""
    client_id: int | None = Field(default=None, foreign_key="client.id", ondelete="CASCADE")
    to_practitioner: bool = False
    appointment_id: int | None = Field(default=None, foreign_key="appointment.id", ondelete="SET NULL")
    sequence: int = 0
    payload: str = ""
    not_before: datetime = Field(sa_type=Instant)
    state: str = "queued"
    attempts: int = 0
    message_id: str = ""
    error: str = ""
