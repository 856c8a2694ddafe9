"""Editing and deleting events in the web page: this one, this and following, all (spec 5.1)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.google import series
from tests.google.messages import ApiError, not_found
from tests.google.model import Calendar, EventRow, When
from tests.google.recurrence import Anchor, instance_id, split_id, to_instant, to_wall
from tests.google.splitting import moved, remainder, truncated
from tests.google.ui_change import Change, Person, changed, read_change, read_time, rescheduled, with_rules

SCOPES = ("this", "following", "all")


@dataclass(frozen=True, slots=True)
class Picked:
    """What the person clicked on: the event, its series if it has one, and how far the change is to reach."""

    calendar: Calendar
    row: EventRow
    master: EventRow | None
    scope: str


def picked(person: Person, body: Mapping[str, Any], calendar: Calendar | None = None) -> Picked:
    """The live event of `calendar` and `event` in the body. A master with the scope `this` or `following` needs
    `original_start`, else its first instance is meant. Raises 404, and 400 for an unknown scope."""
    world = person.world
    calendar = calendar or person.calendar(body.get("calendar"))
    row = series.find(world, calendar, str(body.get("event")))
    scope = body.get("scope", "this")
    if scope not in SCOPES:
        raise ApiError(400, "invalid", f"Unknown scope {scope!r}.")
    if row is None or row.purged or row.cancelled:
        raise not_found()
    if row.kind == "single":
        return Picked(calendar, row, None, "this")
    master = calendar.events[row.series or row.id]
    if row.kind == "master" and ("original_start" in body or ("scope" in body and scope != "all")):
        row = _instance(person, calendar, master, body.get("original_start"))
    elif row.kind == "master":
        scope = "all"
    return Picked(calendar, row, master, scope)


def _instance(person: Person, calendar: Calendar, master: EventRow, original: Any) -> EventRow:
    world = person.world
    if original is None:
        live = (row for row in series.instances(world, calendar, master, None, None) if not row.cancelled)
        row = next(live, None)
    else:
        start = series.moment(read_time(original, series.anchor(calendar, master).zone))
        row = series.find(world, calendar, instance_id(master.id, start, master.start.all_day))
    if row is None or row.cancelled:
        raise not_found()
    return row


def edit(person: Person, at: Picked, wire: Mapping[str, Any]) -> EventRow:
    """Make the change and answer the row the person now looks at."""
    return apply(person, at, read_change(at.calendar, at.row, wire))


def apply(person: Person, at: Picked, change: Change) -> EventRow:
    """The same with a change that is read already."""
    if at.master is None or at.scope == "this":
        new = changed(at.calendar, at.row, change)
        if new.kind != at.row.kind and new.kind == "single":
            new = dataclasses.replace(new, family=new.id)
        reminders_only = set(change.content) == {"reminders"} and not change.reschedules(at.row)
        return person.write(at.calendar, [new], touch_updated=not reminders_only)[0]
    if at.scope == "following" and not _is_first(person, at):
        return _split(person, at, at.master, change)
    masters = live_masters(at.calendar, at.master) if at.scope == "all" else [at.master]
    rows = [row for master in masters for row in _whole_series(person, at, master, change)]
    person.write(at.calendar, rows)
    return at.calendar.events[at.master.id]


def delete(person: Person, at: Picked) -> None:
    """Put the event, the rest of the series or all of it into the bin."""
    world, calendar = person.world, at.calendar
    if at.master is None or at.scope == "this":
        person.write(calendar, [binned(at.row)])
        return
    if at.scope == "following" and not _is_first(person, at):
        split = series.original_instant(at.row)
        later = [row for row in _from(calendar, at.master, split) if not row.cancelled]
        person.write(calendar, [_shortened(calendar, at.master, split), *map(binned, later)])
        return
    masters = live_masters(calendar, at.master) if at.scope == "all" else [at.master]
    gone = [binned(master) for master in masters]
    rest = [
        binned(row)
        for before, after in zip(masters, gone, strict=True)
        for row in series.follow(world, calendar, before, after)
    ]
    if world.config.series_delete_emits == "master":
        person.write(calendar, gone, silent=rest)
    else:
        person.write(calendar, gone + rest)


def binned(row: EventRow) -> EventRow:
    """The row in the bin: cancelled by a person, its content kept."""
    return dataclasses.replace(row, status="cancelled", deleted_in_ui=True)


def live_masters(calendar: Calendar, master: EventRow) -> list[EventRow]:
    """The master and the others its series was split into, as far as they still live."""
    family = calendar.relatives(master.family)
    others = [row for row in family if row.kind == "master" and not row.cancelled and row.id != master.id]
    return [master, *others]


def _is_first(person: Person, at: Picked) -> bool:
    """Whether nothing of the series lies before the picked instance: then following means all of it."""
    assert at.master is not None
    first = next(
        (
            row
            for row in series.instances(person.world, at.calendar, at.master, None, None)
            if not row.cancelled or _gives(person, at.calendar, at.master, row)  # else of a start that was moved
        ),
        None,
    )
    return first is None or series.original_instant(at.row) <= series.original_instant(first)


def _whole_series(person: Person, at: Picked, master: EventRow, change: Change) -> list[EventRow]:
    world, calendar = person.world, at.calendar
    own_rules = change.recurrence if master is at.master else None
    moves = change.start is not None and (change.start, change.end) != (at.row.start, at.row.end)
    new = rescheduled(calendar, master, at.row, change) if moves else master
    new = changed(calendar, new, Change(content=change.content, recurrence=own_rules))
    if (new.start, new.end, new.recurrence) != (master.start, master.end, master.recurrence):
        new = dataclasses.replace(new, sequence=master.sequence + 1)
    if moves and world.config.ui_all_resets_exceptions and new.kind == "master":
        return [new, *_reset(person, calendar, new)]
    return [new, *series.follow(world, calendar, master, new)]


def _reset(person: Person, calendar: Calendar, master: EventRow) -> Iterable[EventRow]:
    """The exceptions without their own changes; those whose start is no occurrence any more are cancelled."""
    for row in calendar.exceptions(master.id):
        if _gives(person, calendar, master, row):
            yield series.virtual(calendar, master, series.original_instant(row))
        elif not row.cancelled:
            yield series.cancelled(row)


def _gives(person: Person, calendar: Calendar, master: EventRow, row: EventRow) -> bool:
    """Whether the series has an instance where the exception was originally."""
    same_kind = (row.original or row.start).all_day == master.start.all_day
    return same_kind and series.has_instance(person.world, calendar, master, series.original_instant(row))


def _shortened(calendar: Calendar, master: EventRow, split: datetime) -> EventRow:
    lines = truncated(master.recurrence, series.anchor(calendar, master), split)
    return dataclasses.replace(master, recurrence=tuple(lines), sequence=master.sequence + 1)


def _from(calendar: Calendar, master: EventRow, split: datetime) -> list[EventRow]:
    return [row for row in calendar.exceptions(master.id) if series.original_instant(row) >= split]


def _split(person: Person, at: Picked, master: EventRow, change: Change) -> EventRow:
    """This and following: shorten the old series, begin a new one, settle the exceptions in between."""
    world, calendar = person.world, at.calendar
    split = series.original_instant(at.row)
    anew = change.reschedules(dataclasses.replace(at.row, recurrence=master.recurrence))
    new = _rest(person, calendar, master, split, anew)
    new = changed(calendar, new, Change(content=change.content))
    if change.start is not None and change.end is not None:
        plain = Anchor(split, series.anchor(calendar, master).zone, master.start.all_day)
        new = dataclasses.replace(new, start=change.start, end=change.end)
        lines = moved(new.recurrence, plain, series.anchor(calendar, new)) if anew else new.recurrence
        new = dataclasses.replace(new, recurrence=tuple(lines))
    if change.recurrence is not None:
        new = with_rules(new, change.recurrence)
    later = _from(calendar, master, split)
    carries = world.config.split_exceptions == "carry" and new.kind == "master"
    settled = _moved_over(person, calendar, later, split, new, carries) if anew else []
    for row in [] if anew else later:
        if _gives(person, calendar, new, row):
            plain_row = series.virtual(calendar, new, series.original_instant(row))
            settled.append(series.with_overrides(plain_row, row) if carries else plain_row)
        elif not row.cancelled:
            settled.append(series.cancelled(row))
    person.write(calendar, [_shortened(calendar, master, split), new, *settled])
    return calendar.events[new.id]


def _rest(person: Person, calendar: Calendar, master: EventRow, split: datetime, anew: bool) -> EventRow:
    """The master of the part from `split` on, before any change: `_R…` id, or a fresh one for another time."""
    world = person.world
    id_ = world.new_id() if anew else split_id(master.id, split, master.start.all_day)
    plain = series.virtual(calendar, master, split)
    lines = remainder(
        master.recurrence,
        series.anchor(calendar, master),
        split,
        keep_count=world.config.split_count == "keep",
        dtstart_counts=world.config.dtstart_counts,
    )
    return dataclasses.replace(
        master,
        id=id_,
        uid=f"{id_}@google.com",
        start=plain.start,
        end=plain.end,
        series=id_,
        recurrence=tuple(lines),
        sequence=1 if anew else 0,
    )


def _moved_over(
    person: Person, calendar: Calendar, later: list[EventRow], split: datetime, new: EventRow, carries: bool
) -> list[EventRow]:
    """The exceptions after a split with another time: cancelled, and begun anew in the new series if carried."""
    rows = [series.cancelled(row) for row in later if not row.cancelled]
    if not carries:
        return rows
    anchor = series.anchor(calendar, new)
    old_zone = "UTC" if anchor.all_day else anchor.zone
    distance = anchor.wall - to_wall(split, old_zone)
    for row in later:
        wall = to_wall(series.original_instant(row), old_zone) + distance
        start = anchor.instant_of(wall)
        if series.has_instance(person.world, calendar, new, start):
            rows.append(series.with_overrides(series.virtual(calendar, new, start), row))
    return rows


def to_zone(row: EventRow, calendar: Calendar, zone: str) -> tuple[When, When]:
    """The same wall-clock times declared in another zone."""
    moved_times = []
    for when in (row.start, row.end):
        wall = to_wall(series.moment(when), when.zone or calendar.zone)
        moved_times.append(When(instant=int(to_instant(wall, zone).timestamp()), zone=zone))
    return moved_times[0], moved_times[1]
