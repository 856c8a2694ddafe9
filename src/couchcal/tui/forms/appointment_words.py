"""Values of an appointment's fields in words, for comparing them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from couchcal.scheduling.wallclock import zone_or_utc
from couchcal.tui.forms.appointment_data import FormData
from couchcal.tui.forms.appointment_live import span_words, zone_name
from couchcal.tui.forms.appointment_merge import Unit
from couchcal.tui.forms.appointment_values import Times
from couchcal.tui.forms.client_field import client_text


def unit_words(unit: Unit, values: Mapping[str, Any], data: FormData) -> str:
    """`Tue 3 Mar 2026 15:00–15:50 New York`, `Office`, `90834`; a dash for nothing."""
    if unit.label == "When":
        times = Times(values["start"], values["end"], values["tz"], bool(values.get("all_day")))
        return f"{span_words(times, zone_or_utc(times.tz), 0)} {zone_name(times.tz)}"
    if unit.label == "Place":
        place = data.location(values.get("location_id"))
        room = next((row.name for row in data.rooms if row.id == values.get("room_id")), "")
        return " ".join(part for part in (place.name if place is not None else "", room) if part) or "—"
    (name,) = unit.names
    value = values.get(name)
    if name == "client_id":
        client = data.client(value) if isinstance(value, int) else None
        return client_text(client, data.names) if client is not None else str(value or "—")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(value) or "—"
    return str(value).replace("_", " ") if value else "—"
