"""The practice itself, its practitioner, its local calendars and zone definitions of imported files."""

from __future__ import annotations

from sqlalchemy import false, text, true
from sqlmodel import Field

from couchcal.store.records.types import Record, one_of
from couchcal.store.vocabulary import IDENTIFIER_MODES


class Practice(Record, table=True):
    """The one row of practice-wide rules; minutes, hours and days are integers."""

    __tablename__ = "practice"
    __table_args__ = (
        one_of("identifier_mode", IDENTIFIER_MODES),
        one_of("confirm_public", ("instant", "request")),
        one_of("confirm_portal", ("instant", "request")),
        one_of("notify_on_move", ("ask", "always", "never")),
        one_of("reveal_address", ("always", "after_accept")),
    )

    name: str = ""
    public_label: str = ""
    slug: str = ""
    tz: str = "UTC"
    street: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    use_rooms: bool = False
    identifier_mode: str = "id"
    week_start: int = 0
    locale: str = ""
    mail_from: str = ""
    mail_minimal: bool = False
    reminders_on: bool = False
    reminder_lead: int = 30
    reminder_24h: bool = False
    cancel_notice_h: int = 24
    self_scheduling: bool = False
    allow_reschedule: bool = True
    min_notice_min: int = 30
    window_days: int = 60
    slot_step: int = 30
    max_per_day: int | None = None
    confirm_public: str = "instant"
    confirm_portal: str = "request"
    notify_on_move: str = "ask"
    telehealth_template: str = ""
    telehealth_modifier: str = "95"
    reveal_address: str = "always"
    google_title: str = Field(default="{name}", sa_column_kwargs={"server_default": text("'{name}'")})
    google_event_titles: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    google_place: bool = Field(default=True, sa_column_kwargs={"server_default": true()})


class Practitioner(Record, table=True):
    """The one implicit practitioner (APT-07)."""

    __tablename__ = "practitioner"

    name: str = ""
    credentials: str = ""
    npi: str = ""
    license: str = ""


class Calendar(Record, table=True):
    """A local calendar that imported entries live in; our own appointments have none."""

    __tablename__ = "calendar"

    name: str = Field(unique=True)
    color: str = ""
    visible: bool = True


class CustomZone(Record, table=True):
    """A VTIMEZONE that is no IANA zone, kept as its file wrote it; `tz` columns name it."""

    __tablename__ = "custom_zone"

    name: str = Field(unique=True)
    definition: str = ""
