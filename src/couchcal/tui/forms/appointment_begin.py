"""What the appointment form begins with: what it is opened for, and the values of a new appointment. APT-13."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from couchcal.tui.forms.appointment_data import FormData

Mode = Literal["new", "edit", "times"]
USUAL = timedelta(minutes=50)
"""The length of an appointment of which nothing else is known."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What the form is opened for.

    `tz_name` is the zone of the view, the default of a new appointment (APT-13, TZ-02); `draft` holds draft
    fields of a new appointment that are known already (`kind`, `start`, `client_id` …; `repeats` may hold a
    cadence), an existing one is shown as stored; `names` is how clients are called: `id`, `initials`, `first`
    or `full`.
    """

    tz_name: str
    draft: Mapping[str, Any] = field(default_factory=dict)
    appointment_id: int | None = None
    mode: Mode = "new"
    names: str = "full"


def first_values(opening: Opening, data: FormData, now: datetime) -> dict[str, Any]:
    """The draft fields that the form shows at first: those stored, or those of a new appointment."""
    if data.stored:
        return dict(data.stored)
    values: dict[str, Any] = {"kind": "client_session", "tz": opening.tz_name, "medium": "phone"}
    values["location_id"] = next((row.id for row in data.locations if row.is_default), None)
    values |= opening.draft
    if "start" not in values:
        values["start"] = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if "end" not in values:
        values["end"] = values["start"] + USUAL
    return values
