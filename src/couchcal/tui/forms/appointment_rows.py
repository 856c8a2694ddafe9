"""The controls of the appointment form: one row a field, in the order one would say them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from textual.widgets import Checkbox, Input, Static, TextArea

from couchcal.practice.cadence import repeat_phrase
from couchcal.practice.draft import LIMITS
from couchcal.practice.fields import FIELD_LABELS, FIELDS_BY_KIND, KIND_LABELS
from couchcal.store.vocabulary import APPOINTMENT_KINDS, COLLATERAL_ROLES, CONTACT_MEDIUMS, VISIT_TYPES
from couchcal.tui.forms.appointment_data import FormData
from couchcal.tui.forms.appointment_state import Raw
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.pick import Pick
from couchcal.tui.forms.tick import Tick

REPEATS = (
    ("none", "Does not repeat"),
    ("weekly", "Every week"),
    ("2w", "Every 2 weeks"),
    ("3w", "Every 3 weeks"),
    ("4w", "Every 4 weeks"),
    ("monthly", "Monthly, same weekday"),
    ("monthly-last", "Monthly, last weekday"),
    ("custom", "Every … weeks"),
)
"""Cadences of a form (REC-03)."""
ROW_FIELDS = {
    "client": "client_id",
    "service": "service",
    "modifiers": "modifiers",
    "group_key": "group_key",
    "visit_type": "visit_type",
    "medium": "medium",
    "collateral_role": "collateral_role",
    "collateral_name": "collateral_name",
    "title": "title",
    "location_id": "location_id",
    "room_id": "room_id",
    "all_day": "all_day",
    "place": "place",
    "busy": "busy",
    "telehealth_url": "telehealth_url",
    "diagnoses": "diagnoses",
    "instructions": "instructions",
    "reminders": "remind_email",
    "feedback_requested": "feedback_requested",
}
"""Rows that only some types have, and the field that decides. Day, times, zone and repeats are in all."""
_AT_FIRST_UNSEEN = ("group_key", "room_id", "every", "until", "last_day")
ROW_ACTIONS = {
    **dict.fromkeys(("day", "times", "last_day", "all_day", "tz"), "time"),
    **dict.fromkeys(("telehealth_url", "instructions", "reminders", "feedback_requested"), "notes"),
    **dict.fromkeys(("repeats", "every", "until"), "notes"),
}
"""What a row changes, as the lock matrix calls it; every other row changes `details`."""


def _words(key: str) -> str:
    return {"email": "E-mail"}.get(key, key.replace("_", " ").capitalize())


def _text(name: str, placeholder: str = "") -> Input:
    return Input(id=name, placeholder=placeholder, max_length=LIMITS.get(name, 200))


def _rows() -> Iterator[Field]:
    label = FIELD_LABELS
    kinds = [(kind, KIND_LABELS[kind]) for kind in APPOINTMENT_KINDS]
    yield Field("", Choice(kinds, id="kind"), id="row-kind", long=True)
    client = Input(id="client", placeholder="name or id; several: a; b", max_length=500)
    yield Field(label["client_id"], client, id="row-client", classes="group")
    yield Field(label["service"], Pick(blank="choose a service", id="service"), id="row-service")
    yield Field(label["modifiers"], _text("modifiers"), id="row-modifiers")
    yield Field(
        label["group_key"],
        _text("group_key", "a name they share"),
        id="row-group_key",
        hint="members do not clash",
    )
    mediums = [(key, _words(key)) for key in CONTACT_MEDIUMS]
    yield Field(label["medium"], Choice(mediums, "phone", id="medium"), id="row-medium", long=True)
    roles = [(_words(key), key) for key in COLLATERAL_ROLES]
    yield Field(
        label["collateral_role"],
        Pick(roles, blank="who they are", id="collateral_role"),
        id="row-collateral_role",
    )
    yield Field(label["collateral_name"], _text("collateral_name"), id="row-collateral_name")
    yield Field(label["title"], _text("title"), id="row-title", long=True, classes="group")
    visits = [(key, _words(key)) for key in VISIT_TYPES]
    yield Field(label["visit_type"], Choice(visits, id="visit_type"), id="row-visit_type", classes="group")
    yield Field(label["location_id"], Pick(blank="no place", id="location_id"), id="row-location_id")
    yield Field(label["room_id"], Pick(blank="no room", id="room_id"), id="row-room_id")
    yield Field("", Tick(label["all_day"], id="all_day"), id="row-all_day", classes="group")
    yield Field("Date", _text("day", "tue, +1w, 3 mar"), id="row-day")
    times = (_text("start"), Static("–", id="dash"), _text("end"), _text("length"))
    yield Field("Time", *times, id="row-times")
    yield Field("Last day", _text("last_day", "tue, +1w, 3 mar"), id="row-last_day")
    yield Field(label["tz"], _text("tz", "a city"), id="row-tz")
    repeats = [(words, key) for key, words in REPEATS]
    yield Field("Repeats", Pick(repeats, "none", id="repeats"), id="row-repeats", classes="group")
    yield Field("Weeks apart", _text("every", "1 to 52"), id="row-every")
    yield Field("Last date", _text("until", "until stopped"), id="row-until")
    yield Field(label["place"], _text("place"), id="row-place", long=True, classes="group")
    yield Field("", Tick(label["busy"], id="busy"), id="row-busy", hint="blocks online booking")
    yield Field(
        label["telehealth_url"],
        _text("telehealth_url", "https://"),
        id="row-telehealth_url",
        long=True,
        classes="group",
    )
    yield Field(label["diagnoses"], _text("diagnoses", "F41.1 F33.0"), id="row-diagnoses")
    instructions = TextArea(id="instructions", show_line_numbers=False, highlight_cursor_line=False)
    yield Field(label["instructions"], instructions, id="row-instructions", long=True)
    boxes = [
        Tick(words, id=name)
        for name, words in (("remind_email", "e-mail"), ("remind_text", "text"), ("remind_phone", "phone"))
    ]
    yield Field("Remind by", *boxes, id="row-reminders", long=True)
    yield Field("", Tick(label["feedback_requested"], id="feedback_requested"), id="row-feedback_requested")


def repeat_options(data: FormData, now: datetime) -> list[tuple[str, str]]:
    """The cadences on offer: of a series also that it stays as it is or stops. Only an upcoming session of a
    cadence of ours leads to another one (REC-06)."""
    offered = [(words, key) for key, words in REPEATS]
    if data.entry is None or data.entry.series_id is None:
        return offered
    phrase = repeat_phrase(data.entry.rrule)
    kept = (f"{phrase[:1].upper()}{phrase[1:]}, as it is", "keep")
    others = offered[1:] if data.repeat is not None and data.entry.start > now else []
    return [kept, *others, ("Stop repeating", "stop")]


class Rows:
    """The rows of a form and their controls, by name, so that nothing has to be looked for while one types."""

    def __init__(self, kind: str) -> None:
        """Those that `kind` lacks are unseen; `show` decides in detail once the data is there."""
        fields = FIELDS_BY_KIND[kind]
        self.fields = {(field.id or "").removeprefix("row-"): field for field in _rows()}
        for name, field in self.fields.items():
            field.display = ROW_FIELDS.get(name, "kind") in ("kind", *fields) and name not in _AT_FIRST_UNSEEN
        self.controls = {
            control.id: control
            for field in self.fields.values()
            for control in field.controls
            if control.id is not None and isinstance(control, Input | TextArea | Checkbox | Choice | Pick)
        }

    def offer(self, data: FormData, now: datetime) -> None:
        """Put the practice's lists in place."""
        places = [(f"{row.name} (POS {row.pos})", row.id) for row in data.locations]
        offered: dict[str, list[tuple[str, Any]]] = {
            "service": [(f"{row.code} {row.label}", row.code) for row in data.services],
            "location_id": places,
            "room_id": [(row.name, row.id) for row in data.rooms],
            "repeats": repeat_options(data, now),
        }
        for name, options in offered.items():
            pick = self.controls[name]
            if isinstance(pick, Pick):
                pick.offer(options)

    def collect(self) -> Raw:
        """What the controls hold."""
        return {
            name: control.text if isinstance(control, TextArea) else control.value
            for name, control in self.controls.items()
        }

    def put(self, raw: Raw) -> None:
        """Put values into the controls; a key that a list does not offer leaves it blank."""
        for name, value in raw.items():
            control = self.controls[name]
            if isinstance(control, TextArea):
                if control.text != value:
                    control.load_text(value)  # and forget what could be undone: it was typed for somebody else
                    control.move_cursor(control.document.end)
            elif isinstance(control, Input):
                if control.value != (value or ""):
                    control.value = value or ""
            else:
                control.value = value

    def show(self, raw: Raw, data: FormData, *, times_only: bool) -> None:
        """Show the rows that the type needs and the other answers call for (APT-03, APT-11)."""
        fields = FIELDS_BY_KIND[raw["kind"]]
        all_day = raw["all_day"] and "all_day" in fields
        service = data.service(raw["service"])
        seen = {row: field in fields for row, field in ROW_FIELDS.items()}
        seen |= {"kind": True, "day": True, "times": not all_day, "last_day": all_day, "tz": True, "repeats": True}
        seen["group_key"] = seen["group_key"] and bool(
            raw["group_key"] or (service is not None and service.group_service)
        )
        seen["room_id"] = seen["room_id"] and any(room.location_id == raw["location_id"] for room in data.rooms)
        seen["every"] = raw["repeats"] == "custom"
        seen["until"] = raw["repeats"] not in ("none", "stop") and (
            raw["repeats"] != "keep" or data.repeat is not None
        )
        if times_only:
            seen = {row: seen[row] and row in ("day", "times", "last_day", "tz") for row in seen}
        for row, shown in seen.items():
            field = self.fields[row]
            if field.display != shown:
                field.display = shown
        self.fields["location_id"].set_class(not seen["visit_type"], "group")
        self.fields["day"].set_class(not seen["all_day"] and not times_only, "group")

    def lock(self, locked: Collection[str]) -> None:
        """Take these rows out of reach, and no others; each says so."""
        for name, field in self.fields.items():
            field.lock_with("locked" if name in locked else "")
