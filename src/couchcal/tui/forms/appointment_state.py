"""The appointment form as plain values: stored fields to text, and text back to fields or problems. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from couchcal.practice.cadence import Repeat, is_last_weekday, parse_cadence
from couchcal.practice.draft import REMOVED_BY_HAND
from couchcal.practice.fields import EMPTY_VALUES, FIELDS_BY_KIND
from couchcal.practice.services import is_telehealth
from couchcal.store.vocabulary import MAX_MODIFIERS
from couchcal.tui.forms.appointment_data import FormData
from couchcal.tui.forms.appointment_values import Read, Times, TimeText, read_times, write_times
from couchcal.tui.forms.client_field import NEW, client_text, read_members
from couchcal.tui.forms.zone_field import read_zone
from couchcal.typed_dates import parse_day

Raw = dict[str, Any]
"""What the controls hold, by name: text, a chosen key or None, or whether a box is ticked."""
PLAIN = (
    "service", "location_id", "room_id", "title", "place", "busy", "telehealth_url", "instructions", "medium",
    "collateral_role", "collateral_name", "diagnoses", "group_key", "remind_email", "remind_text", "remind_phone",
    "feedback_requested", "visit_type",
)  # fmt: skip
"""Draft fields that a control of the same name holds as they are."""
CUSTOM_WEEKS = timedelta(weeks=12)
"""How far a custom cadence reaches unless a last day is given (REC-03)."""
_TIME_TEXT = ("day", "start", "end", "length", "last_day", "tz", "all_day")


class ReadForm(NamedTuple):
    """What the form says: draft fields, or per row what is wrong; a series to begin, to change or to stop.

    `client_id` of the values may be the name of a client to add; `also` are further ones of the slot, ids or
    names (GRP-01).
    """

    values: dict[str, Any]
    errors: dict[str, str]
    time: Read
    also: tuple[int | str, ...] = ()
    repeat: Repeat | None = None
    stop: bool = False

    @property
    def clients(self) -> tuple[int | str, ...]:
        """All of them, the first one first."""
        first = self.values.get("client_id")
        return self.also if first is None else (first, *self.also)


def write_form(values: dict[str, Any], data: FormData) -> Raw:
    """The controls' content for draft fields."""
    times = Times(values["start"], values["end"], values["tz"], values.get("all_day", False))
    text = write_times(times)
    raw: Raw = {name: getattr(text, name) for name in _TIME_TEXT}
    raw |= {name: values.get(name, EMPTY_VALUES[name]) for name in PLAIN}
    raw["group_key"] = raw["group_key"] or ""
    raw["kind"] = values["kind"]
    raw["visit_type"] = values.get("visit_type") or visit_of(data, raw["location_id"])
    raw["client"] = _write_client(values.get("client_id"), data)
    raw["modifiers"] = " ".join(values.get("modifiers") or [])
    series = data.entry is not None and data.entry.series_id is not None
    until = data.until.isoformat() if data.until is not None else ""
    raw |= {"repeats": "keep" if series else values.get("repeats") or "none", "every": "", "until": until}
    if raw["all_day"]:
        raw |= {"start": "09:00", "end": "10:00", "length": "60 min"}
    return raw


def time_text(raw: Raw) -> TimeText:
    """The time fields of the controls."""
    return TimeText(**{name: raw[name] for name in _TIME_TEXT})


def read_form(
    raw: Raw, data: FormData, now_local: datetime, known: tuple[TimeText, Times] | None = None
) -> ReadForm:
    """Understand the controls; fields that the type does not have are left out (APT-03)."""
    kind = raw["kind"]
    fields = FIELDS_BY_KIND[kind]
    text = replace(time_text(raw), tz=read_zone(raw["tz"]))
    if "all_day" not in fields:
        text = replace(text, all_day=False)
    time = read_times(text, now_local, known)
    errors = dict(time.errors)
    values: dict[str, Any] = {"kind": kind}
    values |= {name: raw[name] for name in PLAIN if name in fields}
    for name in ("title", "place", "telehealth_url", "collateral_name", "diagnoses", "instructions"):
        if name in values:
            values[name] = values[name].strip()
    if "group_key" in values:
        values["group_key"] = values["group_key"].strip() or None
    if "room_id" in values and not _room_fits(values["room_id"], values.get("location_id"), data):
        values["room_id"] = None
    also: tuple[int | str, ...] = ()
    if "client_id" in fields:
        values["client_id"], also, problem = _read_clients(raw["client"], data, several=kind == "client_session")
        if problem:
            errors["client"] = problem
    if "service" in fields and not values["service"]:
        errors["service"] = "a session needs one"
    if "title" in fields and not values["title"]:
        errors["title"] = "give it a title"
    if "modifiers" in fields:
        values["modifiers"], problem = _read_modifiers(raw["modifiers"], data)
        if problem:
            errors["modifiers"] = problem
    repeat = None
    if time.times is not None:
        values |= {"start": time.times.start, "end": time.times.end, "tz": time.times.tz}
        values["all_day"] = time.times.all_day
        repeat, repeat_errors = _read_repeat(raw, data, time.times, now_local)
        errors |= repeat_errors
    return ReadForm(values, errors, time, also, repeat, raw["repeats"] == "stop")


def changes(values: dict[str, Any], data: FormData) -> dict[str, Any]:
    """The fields in which `values` differ from what is stored, as `practice.appointments.edit` takes them."""
    found = {name: value for name, value in values.items() if value != data.stored.get(name)}
    if data.stored.get("visit_type") is None and values.get("visit_type") == visit_of(
        data, data.stored.get("location_id")
    ):
        found.pop("visit_type", None)  # it was not asked then; the place says it
    if "modifiers" in found:
        codes = list(found["modifiers"])
        if data.auto_present and f"{REMOVED_BY_HAND}{data.auto_modifier}" not in codes:
            codes.append(data.auto_modifier)
        found["modifiers"] = codes
    return found


def automatic_modifier(raw: Raw, data: FormData) -> str:
    """The modifier that the place adds by itself, empty if it adds none (MOD-01)."""
    location = data.location(raw["location_id"])
    typed = raw["modifiers"].upper().split()
    automatic = data.auto_modifier
    if location is None or not is_telehealth(location.pos) or not automatic:
        return ""
    return "" if automatic in typed or f"{REMOVED_BY_HAND}{automatic}" in typed else automatic


def visit_of(data: FormData, location_id: int | None) -> str | None:
    """The visit type of a place, None without one (VIS-04)."""
    location = data.location(location_id)
    if location is None:
        return None
    return "telehealth" if location.telehealth else "in_person"


def place_of(data: FormData, visit_type: str, preferred: int | None = None) -> int | None:
    """The place that a visit of this type goes to: the preferred one if it is of the type, else the first, which
    is the default one; None if there is none (VIS-04)."""
    fitting = [row.id for row in data.locations if visit_of(data, row.id) == visit_type]
    return preferred if preferred in fitting else fitting[0] if fitting else None


def _write_client(who: int | str | None, data: FormData) -> str:
    """A client of the list, or the name of somebody to add."""
    if isinstance(who, str):
        return f"{NEW}{who}"
    client = data.client(who)
    return client_text(client, data.names) if client is not None else ""


def _read_clients(
    text: str, data: FormData, *, several: bool
) -> tuple[int | str | None, tuple[int | str, ...], str]:
    """The client, further ones of the slot, and what is wrong. The one whose session it is stays first."""
    found = read_members(data.clients, text, data.names)
    problem = next((one.problem for one in found if one.problem), "")
    who = [one.client.id if one.client is not None else one.new_name for one in found if not one.problem]
    who = list(dict.fromkeys(who))
    stored = data.stored.get("client_id")
    if stored in who:
        who.remove(stored)
        who.insert(0, stored)
    if not found:
        return None, (), "who is it for?"
    if len(found) > 1 and not several:
        problem = problem or "one client; only sessions have groups"
    return (who[0] if who else None), tuple(who[1:]), problem


def _read_modifiers(text: str, data: FormData) -> tuple[list[str], str]:
    codes = list(dict.fromkeys(text.upper().replace(",", " ").split()))
    known = data.modifier_codes
    for code in codes:
        bare = code.removeprefix(REMOVED_BY_HAND)
        if known and bare not in known:
            return codes, f"{bare[:6]} is no modifier"
    if sum(not code.startswith(REMOVED_BY_HAND) for code in codes) > MAX_MODIFIERS:
        return codes, f"at most {MAX_MODIFIERS}"
    return codes, ""


def _room_fits(room_id: int | None, location_id: int | None, data: FormData) -> bool:
    return room_id is None or any(row.id == room_id and row.location_id == location_id for row in data.rooms)


def _read_repeat(
    raw: Raw, data: FormData, times: Times, now_local: datetime
) -> tuple[Repeat | None, dict[str, str]]:
    """The cadence to begin or to change to, None where it stays as it is."""
    cadence = raw["repeats"]
    if cadence in ("none", "stop") or (cadence == "keep" and data.repeat is None):
        return None, {}
    first = parse_day(raw["day"], now_local.date()) or times.start.date()
    until: date | None = None
    if raw["until"].strip():
        until = parse_day(raw["until"], first)
        if until is None:
            return None, {"until": "a day: +12w, 1 jun"}
        if until < first:
            return None, {"until": "before the first one"}
    if cadence == "keep" and data.repeat is not None:
        return (data.repeat._replace(until=until) if until != data.until else None), {}
    if cadence == "monthly-last" and not is_last_weekday(first):
        return None, {"repeats": f"this is not the last {first:%A} of the month"}
    if cadence == "custom":
        weeks = raw["every"].strip().lower().removesuffix("weeks").removesuffix("w").strip()
        if not weeks.isdecimal() or not 1 <= int(weeks) <= 52:
            return None, {"every": "1 to 52 weeks"}
        repeat = Repeat("weekly", int(weeks), until or first + CUSTOM_WEEKS)
    else:
        repeat = parse_cadence(cadence, until)
    return (repeat if repeat != data.repeat else None), {}
