"""Who the practitioner sees."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field

from couchcal.store.records.types import Instant, Record, one_of
from couchcal.store.vocabulary import CLIENT_STATES, PORTAL_STATES


class Client(Record, table=True):
    """A client. `internal_id` (`C-0001`) is what may leave the house by default (SYNC-05)."""

    __tablename__ = "client"
    __table_args__ = (
        one_of("state", CLIENT_STATES),
        one_of("portal_state", PORTAL_STATES),
        one_of("self_scheduling", ("inherit", "on", "off")),
        Index(
            "ux_client_portal_email",
            text("lower(email)"),
            unique=True,
            sqlite_where=text("portal_state <> 'none' AND email <> ''"),
            postgresql_where=text("portal_state <> 'none' AND email <> ''"),
        ),
    )

    internal_id: str = Field(unique=True)
    first: str = ""
    last: str = ""
    preferred: str = ""
    email: str = ""
    phone: str = ""
    tz: str = ""
    state: str = "active"
    portal_state: str = "none"
    portal_accepted_at: datetime | None = Field(default=None, sa_type=Instant)
    remind_email: bool = True
    remind_text: bool = False
    remind_phone: bool = False
    unsubscribed_at: datetime | None = Field(default=None, sa_type=Instant)
    self_scheduling: str = "inherit"
    usual_service: str | None = Field(default=None, foreign_key="service_code.code")
    usual_location_id: int | None = Field(default=None, foreign_key="location.id")
    notes_admin: str = ""
