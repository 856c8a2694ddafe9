"""What the columns of an event type may hold. EVT-01, VIS-01. No ORM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from couchcal.errors import Invalid
from couchcal.store.vocabulary import VISIT_MODES

SESSION_STEP = 0
"""`slot_step` of types whose starts follow one another by the session's length."""
AUDIENCES = ("public", "portal", "both")
CONFIRMS = ("instant", "request")
SLOT_STEPS = (5, 10, 15, 20, 30, 60, SESSION_STEP)
RANGES = {
    "minutes": (5, 480),
    "buffer_before": (0, 480),
    "buffer_after": (0, 480),
    "min_notice_min": (0, 30 * 1440),
    "window_days": (0, 3650),
    "max_per_day": (1, 96),
}
"""Whole numbers from, to."""
INHERITED = ("min_notice_min", "window_days", "slot_step", "max_per_day", "confirm")
"""None leaves these to the practice."""
EDITABLE = (
    "title", "minutes", "visit_mode", "description", "buffer_before", "buffer_after", "service", "audience",
    *INHERITED,
)  # fmt: skip
"""Columns that a person changes."""
_WORDS: dict[str, tuple[Any, ...]] = {
    "visit_mode": VISIT_MODES,
    "audience": AUDIENCES,
    "confirm": CONFIRMS,
    "slot_step": SLOT_STEPS,
}
_LENGTHS = {"title": 100, "description": 500}
_UNITS = {"window_days": "days", "max_per_day": "sessions"}


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored.

    Raises:
        Invalid: there is no such column, or a value cannot be right; `field` names it.
    """
    return {name: _value(name, value) for name, value in values.items()}


def _value(name: str, value: Any) -> Any:
    if name not in EDITABLE:
        raise Invalid(f"an event type has no '{name}'", f"fields are {', '.join(EDITABLE)}", field=name)
    if name in _LENGTHS:
        return _text(name, value)
    if value is None and name in INHERITED:
        return None
    if name == "service":
        return value or None
    if name in _WORDS:
        if isinstance(value, bool) or value not in _WORDS[name]:
            raise Invalid(f"{_called(name)} is none of its values", f"it is {_choices(name)}", field=name)
        return value
    low, high = RANGES[name]
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        unit = _UNITS.get(name, "minutes")
        raise Invalid(f"{_called(name)} is {low} to {high} {unit}", "change the number", field=name)
    return value


def _text(name: str, value: Any) -> str:
    text = str(value or "").strip()
    if name == "title":
        text = " ".join(text.split())
        if not text:
            raise Invalid("an event type needs a title", "give it one, such as Intake", field=name)
    if len(text) > _LENGTHS[name]:
        raise Invalid(f"the {name} is longer than {_LENGTHS[name]} characters", "shorten it", field=name)
    return text


def _called(name: str) -> str:
    return _CALLED.get(name, f"the {name.replace('_', ' ')}")


_CALLED = {
    "minutes": "the length",
    "buffer_before": "the buffer before",
    "buffer_after": "the buffer after",
    "min_notice_min": "the notice",
    "window_days": "the window",
    "max_per_day": "the most a day",
    "slot_step": "the step between starts",
    "visit_mode": "the kind of visit",
}


def _choices(name: str) -> str:
    return ", ".join("0 (the length)" if word == SESSION_STEP else str(word) for word in _WORDS[name])
