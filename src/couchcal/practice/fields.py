"""Which fields each type of appointment has (APT-03), and what they are called on screen."""

from __future__ import annotations

_REMINDERS = ("remind_email", "remind_text", "remind_phone")
_TIME = ("start", "end", "tz")

FIELDS_BY_KIND: dict[str, tuple[str, ...]] = {
    "client_session": (
        "client_id", "service", "modifiers", "location_id", "room_id", *_TIME, "telehealth_url",
        "diagnoses", "instructions", *_REMINDERS, "feedback_requested", "visit_type", "group_key",
    ),
    "client_contact": ("client_id", "medium", "location_id", "room_id", *_TIME, "telehealth_url", "instructions"),
    "collateral_contact": (
        "client_id", "collateral_role", "collateral_name", "location_id", "room_id", *_TIME, "telehealth_url",
        "instructions",
    ),
    "other_event": ("title", "all_day", *_TIME, "place", "busy", "instructions"),
}  # fmt: skip
"""Fields of a type, in the order a form asks for them; others are saved empty."""

KIND_LABELS = {
    "client_session": "Client session",
    "client_contact": "Client contact",
    "collateral_contact": "Collateral contact",
    "other_event": "Other event",
    "external": "External event",
    "time_off": "Time off",
    "request": "Request",
}

FIELD_LABELS = {
    "kind": "Type",
    "client_id": "Client",
    "service": "Service",
    "modifiers": "Modifiers",
    "location_id": "Place",
    "room_id": "Room",
    "title": "Title",
    "place": "Where",
    "all_day": "All day",
    "start": "Start",
    "end": "End",
    "tz": "Time zone",
    "busy": "Busy",
    "telehealth_url": "Telehealth link",
    "instructions": "Instructions",
    "medium": "Medium",
    "collateral_role": "Contact with",
    "collateral_name": "Their name",
    "diagnoses": "Diagnoses",
    "visit_type": "Visit type",
    "group_key": "Group",
    "remind_email": "Remind by e-mail",
    "remind_text": "Remind by text",
    "remind_phone": "Remind by phone",
    "feedback_requested": "Ask for feedback",
}

TIME_FIELDS = frozenset({"start", "end", "tz", "all_day"})
NOTE_FIELDS = frozenset({"telehealth_url", "instructions", *_REMINDERS, "feedback_requested"})
"""Fields that stay open while a note or a bill locks the others."""
EMPTY_VALUES: dict[str, object] = {
    "client_id": None,
    "service": None,
    "modifiers": None,
    "location_id": None,
    "room_id": None,
    "title": "",
    "place": "",
    "all_day": False,
    "busy": True,
    "telehealth_url": "",
    "instructions": "",
    "medium": None,
    "collateral_role": None,
    "collateral_name": "",
    "diagnoses": "",
    "visit_type": None,
    "group_key": None,
    "remind_email": True,
    "remind_text": False,
    "remind_phone": False,
    "feedback_requested": False,
}
"""What a field holds when its type does not have it."""
