"""Series on the state: addressing instances (R-INST), expanding them, and what follows a change of the master.

A virtual instance is a row that is not stored: kind exception, everything else the master's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.google.model import Calendar, EventRow, When
from tests.google.recurrence import (
    Anchor,
    Recurrence,
    anchor_of,
    expand,
    instance_id,
    is_occurrence,
    read_instance_id,
    read_lines,
    split_base,
)
from tests.google.times import seconds, shifted
from tests.google.world import World

_DAY = timedelta(days=1)


def anchor(calendar: Calendar, master: EventRow) -> Anchor:
    """Where the series starts and in which zone it is expanded."""
    return anchor_of(master.start, calendar.zone)


def rules(calendar: Calendar, master: EventRow) -> Recurrence:
    """The read recurrence of a stored master; what was let in once stays readable."""
    return read_lines(master.recurrence, anchor(calendar, master), bad_until="accept", two_rrules="accept")


def original_instant(row: EventRow) -> datetime:
    """The original start of an instance as `recurrence` counts it: all-day at midnight UTC."""
    return moment(row.original or row.start)


def moment(when: When) -> datetime:
    """A start as `recurrence` counts it."""
    return anchor_of(when, "UTC").instant


def when_at(start: datetime, like: When, zone: str) -> When:
    """The start or end at `start` of the same kind as `like`, declared in `zone`."""
    if like.all_day:
        return When(day=start.date().isoformat())
    return When(instant=int(start.timestamp()), zone=zone)


def length(row: EventRow) -> timedelta:
    """How long the event lasts; whole days when all-day."""
    if row.start.day is not None and row.end.day is not None:
        return date.fromisoformat(row.end.day) - date.fromisoformat(row.start.day)
    return timedelta(seconds=(row.end.instant or 0) - (row.start.instant or 0))


def has_instance(world: World, calendar: Calendar, master: EventRow, start: datetime) -> bool:
    """Whether the rules of the series give an instance that starts at `start`."""
    return is_occurrence(
        anchor(calendar, master),
        rules(calendar, master),
        start,
        dtstart_counts=world.config.dtstart_counts,
    )


def virtual(calendar: Calendar, master: EventRow, start: datetime) -> EventRow:
    """The instance of the series that starts at `start`, as long as nobody has changed it."""
    zone = anchor(calendar, master).zone
    first = when_at(start, master.start, zone)
    end = shifted(first, length(master))
    if not end.all_day:
        end = dataclasses.replace(end, zone=master.end.zone)
    return dataclasses.replace(
        master,
        id=instance_id(master.id, start, master.start.all_day),
        kind="exception",
        start=dataclasses.replace(first, zone=master.start.zone) if not first.all_day else first,
        end=end,
        series=master.id,
        original=first,
        recurrence=(),
        overridden=frozenset(),
    )


def find(world: World, calendar: Calendar, event_id: str) -> EventRow | None:
    """The row of that id or the virtual instance it names; None for what is no occurrence of a live series.

    Parts of a split series share the ids of their instances: a row one part has cancelled or lost gives way to an
    instance of another part.
    """
    row = calendar.events.get(event_id)
    if row is not None and not (row.kind == "exception" and row.cancelled):
        return row
    named = read_instance_id(event_id)
    if named is not None:
        base, start, all_day = named
        givers = [
            master
            for master in _masters_called(calendar, base)
            if master.start.all_day == all_day and has_instance(world, calendar, master, start)
        ]
        own = row is not None and not row.purged and row.series in {master.id for master in givers}
        if givers and not own:
            return virtual(calendar, givers[0], start)
    return None if row is not None and row.purged else row


def _masters_called(calendar: Calendar, base: str) -> Iterator[EventRow]:
    """The live masters whose instances are called `{base}_…`, later parts of a split series first."""
    if split_base(base) != base:
        return
    own = calendar.events.get(base)
    family = own.family if own is not None else base
    for id_ in sorted({base, *calendar.by_family.get(family, ())}, reverse=True):
        row = calendar.events.get(id_)
        if row and row.kind == "master" and not row.cancelled and not row.purged and split_base(id_) == base:
            yield row


def instances(
    world: World, calendar: Calendar, master: EventRow, start: int | None, end: int | None
) -> Iterator[EventRow]:
    """The instances of a master by original start, cancelled ones too, that touch [start, end) of seconds.

    Open ends reach to the first start and to `expansion_horizon_days` after now or the first start.
    """
    origin = anchor(calendar, master).instant
    horizon = max(origin, world.clock.now()) + _DAY * world.config.expansion_horizon_days
    # A day of slack: all-day instances count midnight UTC here and midnight of the calendar's zone on the wire.
    low = origin if start is None else datetime.fromtimestamp(start, UTC) - length(master) - _DAY
    high = horizon if end is None else min(horizon, datetime.fromtimestamp(end, UTC) + _DAY)
    stored = {original_instant(row): row for row in calendar.exceptions(master.id)}
    starts = expand(
        anchor(calendar, master),
        rules(calendar, master),
        low,
        max(low, high),
        dtstart_counts=world.config.dtstart_counts,
    )
    for at in sorted({*starts, *stored}):
        row = stored.get(at) or virtual(calendar, master, at)
        if _touches(row, calendar.zone, start, end):
            yield row


def _touches(row: EventRow, zone: str, start: int | None, end: int | None) -> bool:
    first, last = seconds(row.start, zone), seconds(row.end, zone)
    return (end is None or first < end) and (start is None or last > start or first == last == start)


# -- what follows a change of the master -------------------------------------------------------------------


def follow(world: World, calendar: Calendar, before: EventRow, after: EventRow) -> list[EventRow]:
    """The exceptions as they are after the master changed from `before` to `after`; those unchanged left out.

    R-SINGLE and a deleted series cancel them, R-MASTER-EDIT cancels those whose original start is no occurrence
    any more and, under `exception_inherit=live`, hands on what they do not say for themselves. Those made plain
    again (5.1) say nothing for themselves and follow like instances that are not stored. A series brought back
    brings back what was cancelled along with it.
    """
    if before.kind != "master":
        return []
    exceptions = calendar.exceptions(before.id)
    if after.cancelled or after.kind != "master":
        return [cancelled(row) for row in exceptions if not row.cancelled]
    changed = []
    for row in exceptions:
        new = row
        if before.cancelled and row.cancelled and row.deleted_us == before.deleted_us:
            new = dataclasses.replace(new, status="confirmed", deleted_us=None, deleted_in_ui=False)
        if _is_orphan(world, calendar, before, after, row):
            new = cancelled(new) if world.config.orphan_exceptions == "cancel" else new
        elif world.config.exception_inherit == "live" or not (new.cancelled or new.overridden):
            new = _inheriting(before, after, new)
        if new != row:
            changed.append(new)
    return changed


def cancelled(row: EventRow) -> EventRow:
    """The row once deleted, its content kept."""
    return dataclasses.replace(row, status="cancelled")


def _is_orphan(world: World, calendar: Calendar, before: EventRow, after: EventRow, row: EventRow) -> bool:
    if row.cancelled or (before.start, before.recurrence) == (after.start, after.recurrence):
        return False
    same_kind = (row.original or row.start).all_day == after.start.all_day
    return not (same_kind and has_instance(world, calendar, after, original_instant(row)))


def _inheriting(before: EventRow, after: EventRow, row: EventRow) -> EventRow:
    fields = dict(row.fields)
    for name in {*before.fields, *after.fields} - row.overridden:
        if before.fields.get(name) == after.fields.get(name):
            continue
        if name in after.fields:
            fields[name] = after.fields[name]
        else:
            fields.pop(name, None)
    end = row.end
    if length(before) != length(after) and not row.overridden & {"start", "end"}:
        end = dataclasses.replace(shifted(row.start, length(after)), zone=row.end.zone)
    private = row.private
    if before.private != after.private and "extendedProperties" not in row.overridden:
        private = after.private
    return dataclasses.replace(row, fields=fields, private=private, end=end)


def with_overrides(plain: EventRow, row: EventRow) -> EventRow:
    """The virtual instance `plain` with what the exception `row` says for itself."""
    fields: Mapping[str, Any] = row.fields
    kept = dict(plain.fields)
    for name in row.overridden - {"start", "end"}:
        if name in fields:
            kept[name] = fields[name]
        else:
            kept.pop(name, None)
    timed = bool(row.overridden & {"start", "end"}) and row.start.all_day == plain.start.all_day
    return dataclasses.replace(
        plain,
        fields=kept,
        private=row.private if "extendedProperties" in row.overridden else plain.private,
        start=row.start if timed else plain.start,
        end=row.end if timed else plain.end,
        status=row.status,
        sequence=row.sequence,
        overridden=row.overridden,
        deleted_us=row.deleted_us,
    )
