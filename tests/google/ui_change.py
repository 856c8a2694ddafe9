"""What a person changes in the dialog of an event, and the rows that come of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.google import series
from tests.google.messages import ApiError, not_found
from tests.google.model import Calendar, EventRow, Json, When
from tests.google.recurrence import to_instant, to_wall
from tests.google.splitting import moved
from tests.google.times import parse_day, shifted
from tests.google.world import World

NOT_CONTENT = ("start", "end", "recurrence", "by_minutes")


class Person:
    """Somebody at the web page: writes rows and remembers what was there before, for the undo."""

    def __init__(self, world: World, email: str) -> None:
        if email not in world.users:
            raise not_found()
        self.world = world
        self.email = email
        self.before: list[tuple[str, str, EventRow | None]] = []

    def calendar(self, id_: str | None) -> Calendar:
        """The named calendar, the person's own without a name. Raises 404."""
        calendar = self.world.calendars.get(self.email if id_ in (None, "primary") else str(id_))
        if calendar is None or calendar.deleted:
            raise not_found()
        return calendar

    def write(
        self,
        calendar: Calendar,
        rows: Sequence[EventRow],
        *,
        silent: Sequence[EventRow] = (),
        touch_updated: bool = True,
    ) -> list[EventRow]:
        """Write rows as the web page does: split siblings are touched too. Nothing to write writes nothing."""
        unique = {row.id: row for row in rows}
        if not unique:
            return []
        for row in (*unique.values(), *silent):
            self.before.append((calendar.id, row.id, calendar.events.get(row.id)))
        return self.world.write(
            calendar, list(unique.values()), touch_updated=touch_updated, siblings=True, silent=silent
        )


@dataclass(frozen=True, slots=True)
class Change:
    """The new time (both or none), the new rules (empty: does not repeat) and the other members by wire name."""

    start: When | None = None
    end: When | None = None
    recurrence: tuple[str, ...] | None = None
    content: Mapping[str, Any] = field(default_factory=dict)

    @property
    def timed(self) -> bool:
        return self.start is not None

    def reschedules(self, row: EventRow) -> bool:
        """Whether this gives `row` another time or other rules."""
        moves = self.start is not None and (self.start, self.end) != (row.start, row.end)
        return moves or (self.recurrence is not None and self.recurrence != row.recurrence)


def read_change(calendar: Calendar, row: EventRow, wire: Mapping[str, Any]) -> Change:
    """The change as the body of an operation says it: wire names, `by_minutes` to shift. Raises ApiError 400."""
    zone = row.start.zone or calendar.zone
    start, end = row.start, row.end
    if "by_minutes" in wire:
        by = timedelta(minutes=int(wire["by_minutes"]))
        start, end = shifted(start, by), shifted(end, by)
    if "start" in wire:
        lasts = series.length(row)
        start = read_time(wire["start"], zone)
        if start.all_day != row.start.all_day:
            lasts = timedelta(days=1) if start.all_day else timedelta(hours=1)
        end = shifted(start, lasts)
    if "end" in wire:
        end = read_time(wire["end"], zone)
    if start.all_day != end.all_day:
        raise ApiError(400, "invalid", "Start and end are of different kinds.")
    moves = any(name in wire for name in ("start", "end", "by_minutes"))
    return Change(
        start=start if moves else None,
        end=end if moves else None,
        recurrence=tuple(wire["recurrence"] or ()) if "recurrence" in wire else None,
        content={name: value for name, value in wire.items() if name not in NOT_CONTENT},
    )


def read_time(wire: Any, zone: str) -> When:
    """A time as an operation names it: the wire form or its text alone; without a zone it is in `zone`."""
    parts = {"date" if parse_day(wire) else "dateTime": wire} if isinstance(wire, str) else dict(wire)
    try:
        if parts.get("date") is not None:
            return When(day=date.fromisoformat(parts["date"]).isoformat())
        moment = datetime.fromisoformat(parts["dateTime"])
        declared = parts.get("timeZone") or zone
        if moment.tzinfo is None:
            moment = to_instant(moment, declared)
    except (KeyError, TypeError, ValueError):
        raise ApiError(400, "badRequest", f"Not a time: {wire!r}") from None
    return When(instant=int(moment.timestamp()), zone=declared)


def changed(calendar: Calendar, row: EventRow, change: Change) -> EventRow:
    """The row with the change made to it alone: an exception notes what it now says for itself."""
    fields, private = _content(calendar, row, change.content)
    new = dataclasses.replace(row, fields=fields, private=private)
    if "status" in change.content:
        new = dataclasses.replace(new, status=change.content["status"])
    names = set(change.content) - {"status"}
    if change.start is not None and change.end is not None:
        new = dataclasses.replace(new, start=change.start, end=change.end)
        names |= {"start", "end"}
    if change.recurrence is not None and row.kind != "exception":
        new = with_rules(new, change.recurrence)
    if change.reschedules(row):
        new = dataclasses.replace(new, sequence=row.sequence + 1)
    if row.kind == "exception":
        new = dataclasses.replace(new, overridden=row.overridden | names)
    return new


def with_rules(row: EventRow, lines: tuple[str, ...]) -> EventRow:
    """The row as the master of these rules, or as a single event without any."""
    if not lines:
        return dataclasses.replace(row, kind="single", series=None, recurrence=())
    return dataclasses.replace(row, kind="master", series=row.id, recurrence=lines)


def rescheduled(calendar: Calendar, master: EventRow, row: EventRow, change: Change) -> EventRow:
    """The master after a change of time made on `row` (itself, an instance or a sibling): its own start moves by
    the same distance on the wall clock, its rules follow."""
    if change.start is None or change.end is None:
        return master
    old = series.anchor(calendar, master)
    zone = change.start.zone or old.zone
    if change.start.all_day:
        distance = _midnight(change.start) - _midnight(row.start, series.anchor(calendar, row).zone)
        start = When(day=(old.wall + distance).date().isoformat())
    else:
        was = row.start.zone or calendar.zone
        before = _midnight(row.start) if row.start.all_day else to_wall(series.moment(row.start), was)
        wall = old.wall + (to_wall(series.moment(change.start), zone) - before)
        start = When(instant=int(to_instant(wall, zone).timestamp()), zone=zone)
    lasts = series.length(dataclasses.replace(row, start=change.start, end=change.end))
    end = dataclasses.replace(shifted(start, lasts), zone=None if start.all_day else change.end.zone)
    new = dataclasses.replace(master, start=start, end=end)
    if new.start == master.start:
        return new
    lines = moved(master.recurrence, old, series.anchor(calendar, new))
    return dataclasses.replace(new, recurrence=tuple(lines))


def _midnight(when: When, zone: str = "UTC") -> datetime:
    wall = to_wall(series.moment(when), zone)
    return datetime.combine(wall.date(), datetime.min.time())


def _content(
    calendar: Calendar, row: EventRow, content: Mapping[str, Any]
) -> tuple[Json, Mapping[str, Mapping[str, str]]]:
    fields, private = dict(row.fields), dict(row.private)
    for name, value in content.items():
        if name == "status":
            continue
        if name == "extendedProperties":
            properties = dict(value or {})
            own = properties.pop("private", None)
            if own is not None:
                private[calendar.id] = {**private.get(calendar.id, {}), **own}
            value = {**fields.get(name, {}), **properties} or None
        if value is None:
            fields.pop(name, None)
        else:
            fields[name] = value
    return fields, private
