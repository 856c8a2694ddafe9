"""The emulator's state and log as JSON: sorted, complete, the same for the same history."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tests.google.model import Calendar, EventRow, Json, LogEntry

if TYPE_CHECKING:
    from tests.google.emulator import Emulator

_INDEXES = {"history", "changes", "rev_us", "by_uid", "by_family", "by_series"}


def state(emulator: Emulator) -> Json:
    world = emulator.world
    return {
        "clock_us": world.clock.now_us,
        "users": {email: _plain(world.users[email]) for email in sorted(world.users)},
        "calendars": {id_: calendar(world.calendars[id_]) for id_ in sorted(world.calendars)},
        "grants": [_plain(grant) for grant in world.grants],
        "config": emulator.config.as_dict(),
    }


def calendar(of: Calendar) -> Json:
    shown = {
        field.name: _plain(getattr(of, field.name))
        for field in dataclasses.fields(of)
        if field.name not in _INDEXES | {"events"}
    }
    return shown | {"events": [row(of.events[id_]) for id_ in sorted(of.events)]}


def row(of: EventRow) -> Json:
    shown: Json = _plain(of)
    return shown | {"overridden": sorted(of.overridden), "etag": of.etag}


def log_line(entry: LogEntry) -> Json:
    shown: Json = _plain(entry)
    return shown


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(value)
    return value
