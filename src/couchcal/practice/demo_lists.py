"""What the invented practice offers and how it works: rules, event types, zones of clients, the waitlist."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Any

from sqlmodel import select

from couchcal.store.journal import JournalSession
from couchcal.store.records import Client, EventType, Practice, Practitioner, Waitlist

_EVENT_TYPES: tuple[dict[str, Any], ...] = (
    {"title": "First meeting", "minutes": 60, "visit_mode": "both", "service": "90791", "min_notice_min": 1440},
    {"title": "Session", "minutes": 50, "visit_mode": "both", "service": "90834", "buffer_after": 10},
    {"title": "Short session", "minutes": 30, "visit_mode": "telehealth", "service": "90832"},
    {"title": "Couple", "minutes": 80, "visit_mode": "in_person", "service": "90847", "audience": "portal"},
)
_ELSEWHERE = {6: "America/Chicago", 17: "America/Los_Angeles"}
"""By place in the list of clients the zone of those who live elsewhere."""
_WAITING: tuple[tuple[int, str, tuple[time, time] | None, str], ...] = (
    (7, "1 3", (time(12), time(17)), "Prefers late afternoons"),
    (20, "", None, "Any time, can come at short notice"),
    (13, "0 4", (time(9), time(12)), ""),
)
"""Place in the list of clients, weekdays, hours, note."""


def fill(session: JournalSession, people: Sequence[int]) -> None:
    """Add it all; `people` are the ids of the clients in their order."""
    practice = session.exec(select(Practice)).one()
    practice.public_label = "Quiet Room"
    practice.street, practice.city = "7 Willow Lane", "Elmsbrook"
    practice.region, practice.postal_code = "NY", "10000"
    practice.telehealth_template = "https://video.example.org/quiet-room"
    practitioner = session.exec(select(Practitioner)).one()
    practitioner.name, practitioner.credentials = "Marlow Quill", "LCSW"
    session.add_all(EventType(position=position, **values) for position, values in enumerate(_EVENT_TYPES))
    for place, name in _ELSEWHERE.items():
        client = session.get_one(Client, people[place])
        client.tz = name
    session.flush()
    session.add_all(
        Waitlist(
            client_id=people[place], days=days, from_time=hours[0] if hours else None,
            to_time=hours[1] if hours else None, note=note,
        )
        for place, days, hours, note in _WAITING
    )  # fmt: skip
