"""What must hold when everything has come to rest. Each function says what is wrong; an empty list is well."""

from __future__ import annotations

from typing import Any

from couchcal.practice.disclosure import Disclosed, disclosed
from couchcal.sync.ids import event_id
from tests.google import expect, lint
from tests.google.emulator import CLIENT_ID
from tests.google.lint_flow import WRITES
from tests.google.model import Calendar, EventRow
from tests.sync.acceptance.trail import Deed, span, when
from tests.sync.acceptance.world import World

_ATTEMPTS = 8
_BOOKS = ("appointment", "event_map", "external_event", "sync_review", "sync_outbox", "change")


def everything(world: World) -> list[str]:
    """All nine rules but the first cycles themselves: call it after `World.settle`."""
    found = settled(world) + one_to_one(world) + nothing_lost(world)
    found += still(world) + judged(world)
    return found


def settled(world: World) -> list[str]:
    """The work has an end, and a person knows of what is left."""
    account = world.account()
    found = []
    if account.state != "ok" or account.paused or account.failures:
        found.append(f"the account is {account.state}, paused {account.paused!r}, failures {account.failures}")
    held = world.held()
    for row_id, state, error in world.rows("SELECT appointment_id, state, error FROM sync_outbox"):
        if row_id not in held and state != "blocked":
            found.append(f"appointment {row_id} still waits: {state} {error!r}")
    if world.rows("SELECT 1 FROM sync_stage"):
        found.append("the stage is not empty")
    return found


def one_to_one(world: World) -> list[str]:
    """Each appointment that is on has exactly one live event, or a person is asked (rule 1)."""
    calendar, link = world.calendar, world.target
    if calendar is None:
        return ["there is no calendar"]
    entries = _entries(world)
    maps = {row[0]: row[1:] for row in world.rows(
        "SELECT appointment_id, remote_event_id, state FROM event_map WHERE link_id = ?", link.id
    )}  # fmt: skip
    blocked = {row_id for (row_id,) in world.rows("SELECT appointment_id FROM sync_outbox WHERE state = 'blocked'")}
    asked = {row_id for (row_id,) in world.rows(
        "SELECT appointment_id FROM sync_review WHERE resolved_at IS NULL AND kind = 'remote_deleted'"
    )}  # fmt: skip
    held, found = world.held(), []
    live = {row.id: row for row in calendar.events.values() if expect.is_live(calendar, row)}
    mapped_live: set[str] = set()
    for row_id, entry in sorted(entries.items()):
        name, state = maps.get(row_id, ("", "none"))
        event = live.get(name)
        if event is not None and state != "unlinked":
            mapped_live.add(name)
        if state == "unlinked" or row_id in held or row_id in blocked:
            continue
        if not entry.wanted:
            if event is not None:
                found.append(f"{row_id} is not on, its event is live ({state})")
        elif state == "missing":
            if row_id not in asked:
                found.append(f"{row_id} is missing there and nobody is asked")
            if event is not None:
                found.append(f"{row_id} is said to be missing, but is there")
        elif state != "live" or event is None:
            found.append(f"{row_id} has no live event ({state}, there: {event is not None})")
        else:
            found += _same(world, calendar, row_id, entry, event)
        found += _no_second(world, calendar, row_id, entry, name, live)
    for row_id, (name, state) in sorted(maps.items()):
        if row_id not in entries and name in live and state != "unlinked" and row_id not in held:
            found.append(f"{row_id} is deleted, its event is live ({state})")
    return found + _others(world, calendar, live, mapped_live)


def _entries(world: World) -> dict[int, Disclosed]:
    ids = [row_id for (row_id,) in world.rows("SELECT id FROM appointment")]
    return disclosed(world.looking, ids)


def _same(world: World, calendar: Calendar, row_id: int, entry: Disclosed, event: EventRow) -> list[str]:
    found = []
    there = span(event, calendar.zone)
    here = when(entry)
    if there != here:
        found.append(f"{row_id} is at {here} here and at {there} there")
    busy = event.fields.get("transparency", "opaque") == "opaque"
    if busy != entry.busy:
        found.append(f"{row_id} is busy {entry.busy} here and {busy} there")
    if event.id not in world.trail.retitled:
        for name, value in (("summary", entry.title), ("location", entry.place)):
            if event.fields.get(name, "") != value:
                found.append(f"{row_id}: {name} is {event.fields.get(name)!r} there")
    return found


def _no_second(
    world: World, calendar: Calendar, row_id: int, entry: Disclosed, name: str, live: dict[str, EventRow]
) -> list[str]:
    if world.trail.books_replaced:
        return []
    ids = {event_id(calendar.id, entry.uid, attempt) for attempt in range(_ATTEMPTS)} - {name}
    second = [
        found for found in sorted(ids & live.keys()) if f"{live[found].kind} {found}" not in world.trail.theirs
    ]
    return [f"{row_id} has another live event {second}"] if second else []


def _others(world: World, calendar: Calendar, live: dict[str, EventRow], ours: set[str]) -> list[str]:
    """What is not ours shows here as Google's own, in each calendar that is read."""
    found = []
    for link in world.links():
        there = world.emulator.world.calendars.get(link.calendar_id)
        if there is None or there.deleted or not link.enabled:
            continue
        rows = live if there is calendar else {
            row.id: row for row in there.events.values() if expect.is_live(there, row)
        }  # fmt: skip
        shown = {row[0] for row in world.rows(
            "SELECT remote_event_id FROM external_event WHERE link_id = ? AND status <> 'cancelled'", link.id
        )}  # fmt: skip
        known = set(world.trail.maps())
        wanted = {row.id for row in rows.values() if row.kind == "single"} - (ours if there is calendar else set())
        if link.target:
            wanted = {name for name in wanted if name not in known}
        if wanted - shown:
            found.append(f"{link.name}: {len(wanted - shown)} events are not shown here: {sorted(wanted - shown)}")
        plain = {name for name in shown if name not in rows and "_" not in name}
        if plain:
            found.append(f"{link.name}: {len(plain)} events are shown here and not there: {sorted(plain)}")
        if link.target and shown & ours:
            found.append(f"shown twice: {sorted(shown & ours)}")
    return found


def nothing_lost(world: World) -> list[str]:
    """What people did is to be seen: in the result, or in what is told of conflicts (rule 3)."""
    trail = world.trail
    if trail.forgotten:
        return []
    here, found = trail.locally(), []
    alone = {row_id for (row_id,) in world.rows("SELECT appointment_id FROM event_map WHERE state = 'unlinked'")}
    for row_id, deeds in sorted(trail.deeds.items()):
        if row_id in alone:
            continue
        end = here.get(row_id)
        mine = [deed for deed in deeds if deed.side == "here"]
        theirs = [deed for deed in deeds if deed.side == "there"]
        told = trail.reviews(row_id)
        if mine and not _accounted(world, mine, theirs, end, told):
            found.append(f"{row_id}: what was done here is lost: {mine[-1].after}, it is {end}")
        if theirs and not _accounted(world, theirs, mine, end, told):
            found.append(f"{row_id}: what was done there is lost: {theirs[-1].after}, it is {end}")
    return found


def _accounted(world: World, deeds: list[Deed], others: list[Deed], end: object, told: frozenset[Any]) -> bool:
    """Whether the last deed of one side is to be seen, was told of, or was no news to the other side."""
    last = deeds[-1]
    if last.after == end or told - last.seen:
        return True
    for deed in others:
        if deed.number > last.number and (deed.before == last.after or world.trail.between(last, deed)):
            return True  # a person saw it and did otherwise
    # A person took back what they had done before anybody looked.
    began = next(deed for deed in deeds if not world.trail.between(deed, last))
    return began.before == last.after


def still(world: World) -> list[str]:
    """One more cycle asks a little, writes nothing and changes nothing (rule 4)."""
    before = _books(world)
    since = len(world.emulator.log)
    report = world.cycle()
    found = []
    if report is None or report.status != "ok":
        found.append(f"an idle cycle came to {report and report.status}")
    after = _books(world)
    found += [f"an idle cycle changed {name}" for name in before if before[name] != after[name]]
    asked = [entry for entry in world.emulator.log[since:] if not entry.op.startswith("oauth.")]
    found += [f"an idle cycle wrote: {entry.op}" for entry in asked if WRITES.fullmatch(entry.op)]
    read = [link for link in world.links() if link.enabled and not link.state]
    if len(asked) > len(read) + 1:
        found.append(f"an idle cycle asked {len(asked)} times: {[entry.op for entry in asked]}")
    return found


def _books(world: World) -> dict[str, list[Any]]:
    return {name: world.rows(f"SELECT * FROM {name} ORDER BY 1") for name in _BOOKS}


def judged(world: World) -> list[str]:
    """The emulator's judge has nothing to say (rules 5 to 7): no request named anybody, none wrote elsewhere."""
    emulator = world.emulator
    made = [calendar.id for calendar in emulator.world.calendars.values() if calendar.creator_client == CLIENT_ID]
    emulator.config.change({"allowed_calendars": made})
    found = []
    for violation in lint.violations(emulator):
        if violation["rule"] == "refreshed-twice" and _first_of_a_life(world, violation["seq"]):
            continue  # access tokens are not kept: each process gets its own
        if violation["rule"] == "call-after-invalid-grant" and _was_told_before_its_life(world, violation["seq"]):
            continue  # the process that was told ended before it could write it down
        if violation["rule"] == "write-without-if-match" and violation["detail"].startswith("calendars."):
            continue
        found.append(f"lint: {violation}")
    if emulator.outbox:
        found.append("mail was sent")
    return found


def _first_of_a_life(world: World, seq: int) -> bool:
    born = max(birth for birth in world.births if birth < seq)
    return all(entry.op != "oauth.token" or not entry.applied for entry in world.emulator.log[born : seq - 1])


def _was_told_before_its_life(world: World, seq: int) -> bool:
    told = max(entry.seq for entry in world.emulator.log[: seq - 1] if entry.reason == "invalid_grant")
    return any(told <= birth < seq for birth in world.births)


def end(world: World) -> dict[str, Any]:
    """Everything there is at the end, to compare two runs (rule 8)."""
    entries = _entries(world)
    calendars = {
        calendar.id: sorted(
            (row.id, row.status, repr(row.start), repr(row.fields.get("summary")), row.sequence)
            for row in calendar.events.values()
        )
        for calendar in world.emulator.world.calendars.values()
    }
    return {
        "entries": sorted((row_id, repr(entry)) for row_id, entry in entries.items()),
        "maps": world.rows("SELECT appointment_id, remote_event_id, attempt, state FROM event_map ORDER BY 1"),
        "reviews": world.rows("SELECT kind, appointment_id, detail, resolution FROM sync_review ORDER BY id"),
        "calendars": calendars,
        "requests": [(entry.op, entry.status) for entry in world.emulator.log],
    }
