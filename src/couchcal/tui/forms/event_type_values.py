"""What is typed into the form of an event type, read into values and written back. No widgets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, NamedTuple

from couchcal.practice import practice_settings, services
from couchcal.practice.event_type_values import SESSION_STEP, SLOT_STEPS
from couchcal.practice.event_types import EventTypeRow
from couchcal.practice.practice_settings import PracticeSettings
from couchcal.practice.services import ServiceRow
from couchcal.store.connection import Database

COMMON_MINUTES = (15, 30, 45, 50, 60, 90)
VISITS = (("both", "Telehealth & in person"), ("telehealth", "Telehealth only"), ("in_person", "In person only"))
AUDIENCES = (("both", "Everybody"), ("public", "Booking page"), ("portal", "Client portal"))
CONFIRMS = (("", "As set"), ("instant", "At once"), ("request", "On request"))
_DURATION = re.compile(
    r"^(?:([0-9]{1,3}) ?(?:d|days?))?"
    r" ?(?:([0-9]{1,4}) ?(?:h|hrs?|hours?))?"
    r" ?(?:([0-9]{1,5}) ?(?:m|min|minutes?)?)?$"
)
_COUNT = re.compile(r"^[0-9]{1,5}$")


class FormFacts(NamedTuple):
    """What the form offers and compares with."""

    services: list[ServiceRow]
    rules: PracticeSettings


def read_facts(database: Database) -> FormFacts:
    """The practice's services and rules. Blocks."""
    with closing(database.connect()) as connection:
        return FormFacts(services.services(connection), practice_settings.read(connection))


def parse_duration(text: str) -> int | None:
    """Minutes of `45`, `2h`, `1 day`, `1h 30`; None for nothing.

    Raises:
        ValueError: it is no length of time, in words for the person at the form.
    """
    text = text.strip().casefold()
    if not text:
        return None
    found = _DURATION.match(text)
    if found is None:
        raise ValueError("minutes, or 2h, or 1d")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return days * 1440 + hours * 60 + minutes


def duration_words(minutes: int) -> str:
    """`45 min`, `2 h`, `1 h 30 min`, `2 d`: as `parse_duration` reads it back."""
    days, rest = divmod(minutes, 1440)
    hours, left = divmod(rest, 60)
    parts = [f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (left, "min")) if count]
    return " ".join(parts) or "0 min"


def parse_count(text: str) -> int | None:
    """A whole number; None for nothing.

    Raises:
        ValueError: it is not one, in words for the person at the form.
    """
    text = text.strip()
    if not text:
        return None
    if not _COUNT.match(text):
        raise ValueError("a whole number")
    return int(text)


READERS: Mapping[str, Callable[[str], int | None]] = {
    "minutes": parse_duration,
    "buffer_before": parse_duration,
    "buffer_after": parse_duration,
    "min_notice_min": parse_duration,
    "window_days": parse_count,
    "max_per_day": parse_count,
}
"""How the lines of numbers are read."""


class Read(NamedTuple):
    """The values of a form, and what is wrong by field."""

    values: dict[str, Any]
    errors: dict[str, str]


def read(typed: Mapping[str, Any]) -> Read:
    """What a form says, by the names of the record's columns. Ranges are the practice's to judge."""
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, text in typed.items():
        reader = READERS.get(name)
        if reader is None:
            values[name] = text.strip() if isinstance(text, str) else text
            continue
        try:
            values[name] = reader(text)
        except ValueError as problem:
            errors[name] = str(problem)
    if not values.get("title"):
        errors["title"] = "give it a title"
    if "minutes" in values and values["minutes"] is None:
        errors["minutes"] = "how long is it?"
    for name in ("buffer_before", "buffer_after"):
        if name in values:
            values[name] = values[name] or 0
    values["confirm"] = values.get("confirm") or None
    return Read(values, errors)


def texts_of(row: EventTypeRow) -> dict[str, str]:
    """The lines of numbers as a stored event type fills them; empty where the practice's rule holds."""
    return {
        "minutes": str(row.minutes),
        "buffer_before": str(row.buffer_before or ""),
        "buffer_after": str(row.buffer_after or ""),
        "min_notice_min": "" if row.min_notice_min is None else duration_words(row.min_notice_min),
        "window_days": "" if row.window_days is None else str(row.window_days),
        "max_per_day": "" if row.max_per_day is None else str(row.max_per_day),
    }


def step_words(step: int) -> str:
    """`30 min`, `session length`: how far apart starts are."""
    return "session length" if step == SESSION_STEP else f"{step} min"


STEPS = tuple((step_words(step), step) for step in SLOT_STEPS)
"""What the list of steps offers."""


def rule_hints(rules: PracticeSettings) -> dict[str, str]:
    """What holds where a rule is left empty, by field."""
    most = "no limit" if rules.max_per_day is None else f"{rules.max_per_day} a day"
    public, portal = ("asks" if way == "request" else "now" for way in (rules.confirm_public, rules.confirm_portal))
    window = f"{rules.window_days} days" if rules.window_days else "any day"
    return {
        "min_notice_min": f"as set: {duration_words(rules.min_notice_min)}",
        "window_days": f"as set: {window} · 0 is any day",
        "slot_step": f"as set: {step_words(rules.slot_step)}",
        "max_per_day": f"as set: {most}",
        "confirm": f"page {public}, portal {portal}",
    }
