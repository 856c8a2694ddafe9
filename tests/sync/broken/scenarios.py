"""What happens to a client, and what must hold afterwards. The sound client comes through all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from tests.google import expect
from tests.google.model import Calendar
from tests.sync.acceptance import checks, here
from tests.sync.acceptance.world import EMAIL, ZONE, World, opened

PROFILE = "recorded"
_DAYS = 86_400

Scenario = Callable[[World], Iterator[str]]


def findings(folder: Path, scenario: str) -> list[str]:
    """What is wrong once all has come to rest after a scenario; an empty list is well."""
    with opened(folder, PROFILE, seed=1) as world:
        found = list(SCENARIOS[scenario](world))
        with world.at_rest():
            world.settle()
            found += told_of_nothing(world) + refused(world) + strangers(world) + occurrences(world)
            found += checks.everything(world)
    return found


# what happens


def lost_answers(world: World) -> Iterator[str]:
    """What was asked for is done, but no answer comes, or that to the same request made twice."""
    _booked(world, 2)
    _fault(world, "events.insert", {"type": "drop_after"})
    world.cycle()
    here.delete(world, 0)
    twice = {"type": "status_after", "code": 410, "reason": "deleted", "message": "Resource has been deleted"}
    _fault(world, "events.delete", twice)
    world.cycle()
    yield from ()


def changed_in_between(world: World) -> Iterator[str]:
    """A person moves the event in Google between our last look and our request."""
    _booked(world, 1)
    world.cycle()
    here.move(world, 0, 30)
    body = {"calendar": world.target.calendar_id, "event": _event(world), "by_minutes": -60}
    _fault(
        world, "events.patch", {"type": "edit_between", "ui_op": {"op": "move_time", "email": EMAIL, "body": body}}
    )
    world.cycle()
    yield from ()


def renamed_later(world: World) -> Iterator[str]:
    """Moved here, and given another title there a minute later."""
    _booked(world, 1)
    world.cycle()
    here.move(world, 0, 30)
    world.wait(60)
    _google(world, "edit", event=_event(world), changes={"summary": "Busy"})
    world.cycle()
    yield from ()


def moved_there(world: World) -> Iterator[str]:
    """Moved in Google alone."""
    _booked(world, 1)
    world.cycle()
    _google(world, "move_time", event=_event(world), by_minutes=45)
    world.cycle()
    yield from ()


def another_zone(world: World) -> Iterator[str]:
    """The calendar gets another zone, and a session that is over another title: no time has changed."""
    _booked(world, 1)
    world.cycle()
    world.wait(3 * _DAYS)
    _google(world, "set_timezone", timeZone="Asia/Kolkata")
    _google(world, "edit", event=_event(world), changes={"summary": "Busy"})
    world.cycle()
    yield from ()


def empty_page(world: World) -> Iterator[str]:
    """The first page of a list shows nothing, and is not the last."""
    _created(world, "2026-03-05T10:00:00")
    world.wait(60)
    world.emulator.config.change({"scan_page_size": 1, "order": "by_start", "list_lag_ms": 1500})
    _created(world, "2026-03-04T10:00:00")  # so new that the list passes over it
    world.cycle(anew=True)
    found = world.rows("SELECT count(*) FROM external_event e JOIN calendar_link l ON l.id = e.link_id"
                       " WHERE l.remote_calendar_id = ?", EMAIL)  # fmt: skip
    if not found[0][0]:
        yield "what stands on the pages after an empty one is not shown here"


def killed_while_reading(world: World) -> Iterator[str]:
    """The process ends anywhere in a reading, each time with something new in Google."""
    world.cycle()
    for moment in count(1):
        _created(world, f"2026-03-{5 + moment % 20:02}T1{moment % 9}:00:00")
        if world.cycle(end=moment) is not None:
            break
    yield from ()


def expired_tokens(world: World) -> Iterator[str]:
    """Google forgets how far it was read."""
    _booked(world, 1)
    _created(world, "2026-03-05T10:00:00")
    world.cycle()
    _expired(world)
    world.cycle()
    yield from ()


def empty_answer(world: World) -> Iterator[str]:
    """Google forgets how far it was read, and shows an empty calendar when everything is read."""
    _booked(world, 4)
    for day in range(5, 9):
        _created(world, f"2026-03-{day:02}T10:00:00")
    world.cycle()
    _expired(world)
    _fault(world, "events.list", {"type": "empty_list"}, times=6)
    before = world.rows("SELECT count(*) FROM external_event")
    world.cycle()
    if world.rows("SELECT count(*) FROM external_event") != before:
        yield "an empty answer took events away here"


def split_series(world: World) -> Iterator[str]:
    """A series that was split there, with a deleted occurrence whose id begins as the first half's."""
    series = _created(world, "2026-03-04T10:00:00", recurrence=["RRULE:FREQ=DAILY;COUNT=10"])
    changes = {"summary": "Long lunch"}
    at = {"calendar": EMAIL, "scope": "following", "original_start": "2026-03-08T10:00:00-04:00"}
    rest = _google(world, "edit", event=series, changes=changes, **at)["event"]
    at |= {"scope": "this", "original_start": "2026-03-10T10:00:00-04:00"}
    _google(world, "delete", event=rest, **at)
    world.cycle()
    if rest.partition("_R")[0] != series:
        yield f"the second half of {series} is {rest}"


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        lost_answers, changed_in_between, renamed_later, moved_there, another_zone, empty_page,
        killed_while_reading, expired_tokens, empty_answer, split_series,
    )
}  # fmt: skip


# what must hold, beside `checks.everything`


def told_of_nothing(world: World) -> list[str]:
    """A person is told of changes that somebody made, and of no others."""
    told = world.rows("SELECT appointment_id, kind, detail FROM sync_review WHERE appointment_id IS NOT NULL")
    return [
        f"a person is told of a change that nobody made: {kind}, {detail}"
        for row_id, kind, detail in told
        if all(deed.before is None for deed in world.trail.deeds.get(row_id, ()))
    ]


def refused(world: World) -> list[str]:
    """Nothing that a client sends is refused for good."""
    found = world.rows("SELECT appointment_id, error FROM sync_outbox WHERE state = 'blocked'")
    return [f"appointment {row_id} is blocked: {error}" for row_id, error in found]


def strangers(world: World) -> list[str]:
    """Each live event that the client made stands for an appointment."""
    calendar = world.calendar
    if calendar is None:
        return ["there is no calendar"]
    known = {name for (name,) in world.rows("SELECT remote_event_id FROM event_map WHERE state <> 'deleted'")}
    made = [row for row in calendar.events.values() if row.private.get(calendar.id) and not row.cancelled]
    return [f"the client made an event that stands for nothing: {row.id}" for row in made if row.id not in known]


def occurrences(world: World) -> list[str]:
    """What of Google's calendars is on here at some time is on there, and the other way round."""
    found = []
    now = int(world.clock().timestamp())
    start, end = now - 350 * _DAYS, now + 60 * _DAYS
    for link in world.links():
        if not link.enabled or link.target:
            continue
        there = sorted(_starts(world.emulator.world.calendars[link.calendar_id], world, start, end))
        here_ = sorted(
            at for (at,) in world.rows(
                "SELECT start_utc FROM external_event WHERE link_id = ? AND rrule = '' AND NOT all_day"
                " AND status <> 'cancelled' AND start_utc < ? AND end_utc > ?", link.id, end, start,
            )
        )  # fmt: skip
        if here_ != there:
            more, less = set(here_) - set(there), set(there) - set(here_)
            found.append(f"{link.name}: occurrences only here: {sorted(more)}, only there: {sorted(less)}")
    return found


def _starts(calendar: Calendar, world: World, start: int, end: int) -> Iterator[int]:
    from datetime import datetime

    for shown in expect.view(world.emulator, calendar.id, start, end)["occurrences"]:
        if not shown["allday"]:
            yield int(datetime.fromisoformat(shown["start"]["instant"]).timestamp())


# deeds


def _booked(world: World, sessions: int) -> None:
    for number in range(sessions):
        here.book(world, day=1, hour=8 + number, kind=0, who=0)


def _event(world: World) -> str:
    """The event of the only appointment."""
    return str(world.rows("SELECT remote_event_id FROM event_map")[0][0])


def _google(world: World, op: str, **body: Any) -> dict[str, Any]:
    return world.emulator.control(f"ui/{EMAIL}/{op}", {"calendar": world.target.calendar_id, **body})


def _created(world: World, start: str, **more: Any) -> str:
    """A new event in the person's own calendar; its id."""
    when = {"dateTime": start, "timeZone": ZONE}
    return str(_google(world, "create", calendar=EMAIL, summary="Lunch", start=when, **more)["event"])


def _expired(world: World) -> None:
    """No sync token is good any more."""
    for link in world.links():
        world.emulator.control("expire_sync_tokens", {"calendar": link.calendar_id})
    world.foreign = world.foreign_state()


def _fault(world: World, op: str, action: dict[str, Any], times: int = 1) -> None:
    world.emulator.control("faults", {"match": {"op": op}, "times": times, "action": action})
