"""All that an appointment's record holds beside what the agenda carries, as words to list.

Plain statements on the DB-API connection; no ORM.
"""

from __future__ import annotations

from typing import NamedTuple

from couchcal.practice.fields import FIELD_LABELS, FIELDS_BY_KIND
from couchcal.store.connection import Connection

_COLUMNS = (
    "medium", "collateral_role", "collateral_name", "visit_type", "telehealth_url", "diagnoses", "instructions",
    "group_key", "feedback_requested", "remind_email", "remind_text", "remind_phone",
)  # fmt: skip
_CODED = frozenset({"medium", "collateral_role", "visit_type"})
_PRIVATE = frozenset({"collateral_name", "diagnoses", "instructions"})
_REMINDERS = {"remind_email": "e-mail", "remind_text": "text", "remind_phone": "phone"}


class Line(NamedTuple):
    """A field that is set. A private one is text that may say who somebody is or what they have."""

    label: str
    text: str
    private: bool


def record_lines(connection: Connection, appointment_id: int) -> list[Line]:
    """The fields of the appointment's type that have a value (APT-08, APT-09, APT-11, APT-14 to APT-17, EDT-02)."""
    row = connection.execute(
        f"SELECT a.kind, coalesce(r.name, ''), {', '.join(f'a.{name}' for name in _COLUMNS)}"  # noqa: S608  our names
        " FROM appointment a LEFT JOIN room r ON r.id = a.room_id WHERE a.id = ?",
        (appointment_id,),
    ).fetchone()
    if row is None:
        return []
    kind, room, *stored = row
    values = {
        name: value for name, value in zip(_COLUMNS, stored, strict=True) if name in FIELDS_BY_KIND[kind] and value
    }
    lines = [Line("room", room, False)] if room else []
    for name, value in values.items():
        if name in _REMINDERS:
            continue
        text = "yes" if name == "feedback_requested" else str(value)
        label = FIELD_LABELS[name].lower()
        lines.append(Line(label, text.replace("_", " ") if name in _CODED else text, name in _PRIVATE))
    reminders = [words for name, words in _REMINDERS.items() if name in values]
    if reminders:
        lines.append(Line("reminders", ", ".join(reminders), False))
    return lines
