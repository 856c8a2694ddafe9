"""A master and its exceptions to an `ImportedSeries` (RFC 5545 3.8.4.4, 3.8.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, time, tzinfo
from typing import NamedTuple

from couchcal.ics.reader import EventReader, ParsedEvent
from couchcal.ics.recurrence import Recurrence
from couchcal.ics.turns import split_series
from couchcal.practice.imported import ImportedSeries
from couchcal.practice.imported_rows import event_key
from couchcal.scheduling.wallclock import to_instant, to_local

Remark = Callable[[int, str, str], None]


class Grouped(NamedTuple):
    """What a UID came to: series (the first is that of the master, others its continuations) and overrides of
    occurrences that the series has not."""

    series: list[ImportedSeries]
    lone: list[ParsedEvent]


def group(master: ParsedEvent, overrides: Iterable[ParsedEvent], reader: EventReader, remark: Remark) -> Grouped:
    """The series of a master, split where a component changes this and all following occurrences.

    Raises:
        EventError: a rule that cannot be read or would fill too many rows.
    """
    found = Recurrence(master, reader)
    series = ImportedSeries(master, found.rules, list(found.rdates), set(found.exdates), {}, found.lengths)
    lone: list[ParsedEvent] = []
    turns: list[tuple[str, ParsedEvent]] = []
    for override in _newest(overrides, found, lone, remark):
        key = override.key
        if key in found.exdates and override.version < master.version:
            remark(override.line, override.uid, "its occurrence is excluded by the series, it was left out")
        elif not found.has(key):
            lone.append(override)
        elif override.future:
            turns.append((key, override))
        else:
            series.overrides[key] = override
            series.exdates.discard(key)
    if not turns:
        return Grouped([series], lone)
    return Grouped(split_series(found, series, sorted(turns, key=lambda turn: turn[0])), lone)


def _newest(
    overrides: Iterable[ParsedEvent], found: Recurrence, lone: list[ParsedEvent], remark: Remark
) -> list[ParsedEvent]:
    """Overrides with their keys set, the newest of each key; of equals the later one in the file."""
    newest: dict[tuple[str, bool], ParsedEvent] = {}
    for override in overrides:
        parameters, text = override.recurrence or ({}, "")
        try:
            keys = found.keys_of(parameters, text)
        except (ValueError, OverflowError):
            keys = []
        if not keys:
            override.key = override.start_key
            lone.append(override)
            continue
        override.key = keys[0]
        identity = (override.key, override.future)
        other = newest.get(identity)
        if other is None or override.version >= other.version:
            newest[identity] = override
            override = other if other is not None else override
        if other is not None:
            remark(
                override.line, override.uid, "another component replaces the same occurrence, the newer was kept"
            )
    return list(newest.values())


def excluded(event: ParsedEvent, reader: EventReader) -> bool:
    """Whether the EXDATEs of an event that does not repeat take away its only occurrence."""
    return event.start_key in Recurrence(event, reader).exdates


def key_alone(event: ParsedEvent, reader: EventReader, tz: tzinfo, start: time, *, all_day: bool) -> str:
    """The key that the RECURRENCE-ID of an override means in a series that is not in its file.

    Args:
        tz, start, all_day: those of the series; where there is none, of the override itself.
    """
    try:
        local, zone, is_date = reader.moment(event.recurrence or ({}, ""), final=True)
    except ValueError:
        return event.start_key
    if is_date and not all_day:
        local = datetime.combine(local, start)
    elif zone is not None and not all_day:
        local = to_local(to_instant(local, zone.tz), tz)
    return event_key(local, all_day=all_day)
