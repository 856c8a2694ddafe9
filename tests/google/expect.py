"""The canonical view of a calendar, for comparing two ways of looking at it: what is there, and when it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.google import series
from tests.google.messages import not_found
from tests.google.model import Calendar, EventRow, Json, When
from tests.google.times import seconds

if TYPE_CHECKING:
    from tests.google.emulator import Emulator


def view(emulator: Emulator, calendar: str, start: int | None = None, end: int | None = None) -> Json:
    """The live events by id, and the occurrences that touch [start, end) of seconds by their start.

    A master whose series is gone and an exception to such a master are not live. Raises ApiError 404.
    """
    found = emulator.world.calendars.get(calendar)
    if found is None or found.deleted:
        raise not_found()
    rows = [found.events[id_] for id_ in sorted(found.events)]
    live = [row for row in rows if is_live(found, row)]
    occurrences: list[EventRow] = []
    for row in live:
        if row.kind == "master":
            instances = series.instances(emulator.world, found, row, start, end)
            occurrences += [instance for instance in instances if not instance.cancelled]
        elif row.kind == "single" and _touches(found, row, start, end):
            occurrences.append(row)
    occurrences.sort(key=lambda row: (seconds(row.start, found.zone), row.id))
    return {
        "calendar": found.id,
        "timeZone": found.zone,
        "events": [_event(found, row) for row in live],
        "occurrences": [_occurrence(found, row) for row in occurrences],
    }


def is_live(calendar: Calendar, row: EventRow) -> bool:
    """Whether a person sees the row: neither deleted nor part of a deleted series."""
    if row.cancelled or row.purged:
        return False
    if row.kind != "exception":
        return True
    master = calendar.events.get(row.series or "")
    return master is not None and master.kind == "master" and not master.cancelled


def _touches(calendar: Calendar, row: EventRow, start: int | None, end: int | None) -> bool:
    first, last = seconds(row.start, calendar.zone), seconds(row.end, calendar.zone)
    return (end is None or first < end) and (start is None or last > start)


def _event(calendar: Calendar, row: EventRow) -> Json:
    shown: Json = {
        "id": row.id,
        "family": row.family,
        "kind": row.kind,
        "iCalUID": row.uid,
        "allday": row.start.all_day,
        "start": _when(calendar, row.start),
        "end": _when(calendar, row.end),
        "summary": row.fields.get("summary"),
        "location": row.fields.get("location"),
        "transparency": row.fields.get("transparency", "opaque"),
        "status": row.status,
        "private": dict(row.private.get(calendar.id, {})),
    }
    if row.recurrence:
        shown["recurrence"] = list(row.recurrence)
    if row.original is not None:
        shown["series"] = row.series
        shown["original"] = _when(calendar, row.original)
    return shown


def _occurrence(calendar: Calendar, row: EventRow) -> Json:
    return {
        "id": row.id,
        "series": row.series,
        "allday": row.start.all_day,
        "start": _when(calendar, row.start),
        "end": _when(calendar, row.end),
        "summary": row.fields.get("summary"),
        "status": row.status,
    }


def _when(calendar: Calendar, when: When) -> Json:
    if when.day is not None:
        return {"date": when.day}
    instant = datetime.fromtimestamp(when.instant or 0, UTC)
    zone = when.zone or calendar.zone
    wall = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return {"instant": instant.strftime("%Y-%m-%dT%H:%M:%SZ"), "wall": wall.isoformat(), "zone": zone}
