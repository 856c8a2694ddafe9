"""What a person does in couchcal. What is refused is not done."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from couchcal.practice import appointments, client_changes, practice_settings, series, undo
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from tests.sync.acceptance.world import (
    DIAGNOSIS,
    FIRST_NAMES,
    INSTRUCTIONS,
    RENAMED,
    TITLES,
    ZONE,
    World,
    suppressed,
)

KINDS = ("client_session", "client_session", "client_contact", "other_event", "all_day")
MODES = ("id", "initials", "first")
FIELDS: tuple[dict[str, Any], ...] = (
    {"title": TITLES[1]},
    {"busy": False},
    {"busy": True},
    {"location_id": 1},
    {"location_id": 2},
    {"location_id": 3},
    {"tz": "Europe/Berlin"},
    {"instructions": INSTRUCTIONS},
    {"service": "90837"},
)
_MOST = 40


def book(world: World, day: int, hour: int, kind: int, who: int, repeat: int = 0) -> None:
    """Book something `day` days from today; `repeat` 1 is every week for five weeks."""
    if len(world.appointments()) > _MOST:
        return
    today = world.clock().date()
    begin = datetime.combine(today + timedelta(days=day), time(hour), tzinfo=UTC) + timedelta(hours=5)
    word = KINDS[kind % len(KINDS)]
    if word == "all_day":
        midnight = datetime.combine(begin.date(), time(), tzinfo=UTC)
        draft = Draft("other_event", midnight, midnight + timedelta(days=1), ZONE, all_day=True, title=TITLES[0])
    elif word == "other_event":
        draft = Draft(word, begin, begin + timedelta(minutes=60), ZONE, title=TITLES[0])
    elif word == "client_contact":
        draft = Draft(
            word, begin, begin + timedelta(minutes=20), ZONE, client_id=_client(world, who), medium="phone"
        )
    else:
        draft = Draft(
            word, begin, begin + timedelta(minutes=50), ZONE, client_id=_client(world, who), service="90834",
            instructions=INSTRUCTIONS, diagnoses=DIAGNOSIS,
        )  # fmt: skip
    until = date.fromordinal(begin.date().toordinal() + 35)
    cadence = Repeat("weekly", 1, until) if repeat else None
    with world.trail.here(), suppressed():
        appointments.book(world.database, draft, repeat=cadence, clock=world.clock)


def _client(world: World, who: int) -> int:
    return world.clients[who % len(world.clients)]


def _picked(world: World, pick: int, where: str = "1") -> int | None:
    found = world.rows(f"SELECT id FROM appointment WHERE {where} ORDER BY id")
    return found[pick % len(found)][0] if found else None


def edit(world: World, pick: int, what: int, future: bool = False) -> None:
    """Change a field."""
    row_id = _picked(world, pick)
    if row_id is not None:
        with world.trail.here(), suppressed():
            appointments.edit(
                world.database, row_id, dict(FIELDS[what % len(FIELDS)]), scope="future" if future else "this",
                clock=world.clock,
            )  # fmt: skip


def move(world: World, pick: int, minutes: int, longer: int = 0, future: bool = False) -> None:
    """Move, and make longer, by minutes; all-day entries by days."""
    row_id = _picked(world, pick, "status <> 'cancelled'")
    if row_id is None:
        return
    ((start_s, end_s, all_day),) = world.rows(
        "SELECT start_utc, end_utc, all_day FROM appointment WHERE id = ?", row_id
    )
    shift, more = timedelta(minutes=minutes), timedelta(minutes=longer)
    if all_day:
        shift, more = timedelta(days=minutes // 60 or 1), timedelta(0)
    start, end = (datetime.fromtimestamp(at, UTC) + shift for at in (start_s, end_s))
    with world.trail.here(), suppressed():
        appointments.reschedule(
            world.database, row_id, start, end + more, scope="future" if future else "this", clock=world.clock
        )


def cancel(world: World, pick: int) -> None:
    row_id = _picked(world, pick, "status <> 'cancelled'")
    if row_id is not None:
        with world.trail.here(), suppressed():
            appointments.cancel(world.database, row_id, "other", clock=world.clock)


def restore(world: World, pick: int) -> None:
    row_id = _picked(world, pick, "status = 'cancelled'")
    if row_id is not None:
        with world.trail.here(), suppressed():
            appointments.restore(world.database, row_id, clock=world.clock)


def delete(world: World, pick: int, future: bool = False) -> None:
    row_id = _picked(world, pick)
    if row_id is not None:
        with world.trail.here(), suppressed():
            appointments.delete(world.database, row_id, scope="future" if future else "this", clock=world.clock)


def start_repeating(world: World, pick: int) -> None:
    row_id = _picked(world, pick, "series_id IS NULL AND status <> 'cancelled'")
    if row_id is not None and len(world.appointments()) <= _MOST:
        until = world.clock().date() + timedelta(days=28)
        with world.trail.here(), suppressed():
            series.start_repeating(world.database, row_id, Repeat("weekly", 1, until), clock=world.clock)


def stop_repeating(world: World, pick: int) -> None:
    row_id = _picked(world, pick, "series_id IS NOT NULL")
    if row_id is not None:
        with world.trail.here(), suppressed():
            series.stop_repeating(world.database, row_id, clock=world.clock)


def undo_one(world: World) -> None:
    with world.trail.here(), suppressed():
        undo.undo(world.database, clock=world.clock)


def redo_one(world: World) -> None:
    with world.trail.here(), suppressed():
        undo.redo(world.database, clock=world.clock)


def rename(world: World, who: int) -> None:
    """A client gets another name."""
    first, last = RENAMED[who % len(RENAMED)].split()
    with world.trail.here(), suppressed():
        client_changes.edit(world.database, _client(world, who), {"first": first, "last": last}, clock=world.clock)


def name_mode(world: World, mode: int) -> None:
    """Clients are called otherwise outside; in some modes by their first names, which may leave from then on."""
    word = MODES[mode % len(MODES)]
    if word == "first":
        kept = [canary for canary in world.emulator.config.canaries if canary not in FIRST_NAMES]
        world.emulator.config.change({"canaries": kept})
    with world.trail.here(), suppressed():
        practice_settings.change(world.database, {"identifier_mode": word}, clock=world.clock)
