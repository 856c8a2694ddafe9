"""What a series and each of its occurrences both have: what happens, with whom, where."""

from __future__ import annotations

from sqlmodel import Field

from couchcal.store.records.types import Record


class OccurrenceFields(Record):
    """Columns that a series hands on to its rows as they are. Modifiers and times are not among them."""

    kind: str = "client_session"
    calendar_id: int | None = Field(default=None, foreign_key="calendar.id", ondelete="CASCADE")
    tz: str = "UTC"
    all_day: bool = False
    status: str = "scheduled"
    origin: str = "couchcal"
    sequence: int = 0

    service: str | None = Field(default=None, foreign_key="service_code.code")
    location_id: int | None = Field(default=None, foreign_key="location.id")
    room_id: int | None = Field(default=None, foreign_key="room.id")
    title: str = ""
    place: str = ""
    busy: bool = True
    telehealth_url: str = ""
    instructions: str = ""
    medium: str | None = None
    collateral_role: str | None = None
    collateral_name: str = ""
    diagnoses: str = ""
    visit_type: str | None = None
    group_key: str | None = None
    remind_email: bool = True
    remind_text: bool = False
    remind_phone: bool = False
    feedback_requested: bool = False
