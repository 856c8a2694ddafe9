"""Random edits by a person and a program against a naive model: a plain list of what takes place when.

The model knows no rules after a series was made, only its single appointments (expanded once by dateutil), so
every split and every exception of the emulator has to come out at the same list.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.google import expect
from tests.google.driving import EMAIL, Caller, timed
from tests.google.emulator import Emulator
from tests.google.model import Json

CALENDAR_ZONE = "Europe/Berlin"
FIRST = datetime(2026, 3, 2, tzinfo=UTC)
END = FIRST + timedelta(days=120)
WINDOW = (int(FIRST.timestamp()) - 86_400, int(END.timestamp()) - 86_400)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Auckland")
RULES = (
    "FREQ=DAILY;COUNT=12",
    "FREQ=DAILY;INTERVAL=5",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;COUNT=9",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY={day}",
    "FREQ=MONTHLY",
)
# EDITS_EXAMPLES=400 looks longer and makes what it finds small, which takes minutes: without it nothing is shrunk.
EXAMPLES = int(os.environ.get("EDITS_EXAMPLES", "0"))
PHASES = tuple(phase for phase in Phase if EXAMPLES or phase not in (Phase.shrink, Phase.explain))
WHICH = st.integers(0, 7)
NUMBER = st.integers(0, 60)
MINUTES = st.sampled_from((-45, -30, 15, 60))


@dataclass
class Slot:
    """One appointment: the wall clock its series gives it, and what it is by now."""

    base: datetime
    start: datetime
    title: str
    touched: bool = False  # says something for itself: a new title of the series does not reach it
    gone: bool = False
    stored: bool = False  # there is a row of it


@dataclass
class Series:
    """A single event or a series with its appointments in order.

    An exception whose series has left its start is cancelled and waits there: a series that comes back to that
    start finds it.
    """

    id: str
    family: str
    zone: str
    title: str
    slots: list[Slot]
    repeats: bool
    deleted: bool = False
    waiting: dict[datetime, Slot] = field(default_factory=dict)

    def plain(self, base: datetime, *, stored: bool = False) -> Slot:
        return Slot(base, utc(base, self.zone), self.title, stored=stored)

    def move(self, minutes: int, *, reset: bool) -> None:
        """Begin later by minutes on the wall clock. What waits at a new start is deleted, or plain by a reset."""
        self.waiting |= {utc(slot.base, self.zone): slot for slot in self.slots if slot.stored}
        slots = []
        for slot in self.slots:
            base = slot.base + timedelta(minutes=minutes)
            found = self.waiting.pop(utc(base, self.zone), None)
            if found is None or reset:
                slots.append(self.plain(base, stored=found is not None))
            else:
                slots.append(Slot(base, found.start, found.title, touched=True, gone=True, stored=True))
        self.slots = slots


def utc(wall: datetime, zone: str) -> datetime:
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


class Edits(RuleBasedStateMachine):
    """Rules name a series by a number, which picks among those they can do something to."""

    def __init__(self) -> None:
        super().__init__()
        self.emulator = Emulator(tombstones="full", scan_page_size=3, write_burst_n=10**6, quota_user_per_min=10**6)
        self.emulator.config.change({"quota_project_per_min": 10**6})
        self.emulator.add_user(EMAIL, CALENDAR_ZONE)
        self.caller = Caller(self.emulator)
        self.calendar = self.emulator.world.calendars[EMAIL]
        self.all: list[Series] = []
        self.titles = 0
        rows, token = self.caller.walk("primary", showDeleted=True)
        assert rows == []
        self.token = token
        self.mirror: dict[str, Json] = {}
        self.synced: dict[str, Json] = {}
        self.stamps: dict[str, tuple[int, str]] = {}

    def title(self) -> str:
        self.titles += 1
        return f"t{self.titles}"

    def live(self, family: str) -> list[Series]:
        return [one for one in self.all if one.family == family and not one.deleted]

    def some(self, which: int, *, deleted: bool = False) -> Series | None:
        series = [one for one in self.all if one.deleted == deleted and one.slots]
        return series[which % len(series)] if series else None

    # Making

    @rule(day=st.integers(0, 25), hour=st.integers(8, 15), zone=st.sampled_from(ZONES))
    def insert_single(self, day: int, hour: int, zone: str) -> None:
        wall = datetime.combine(FIRST.date() + timedelta(days=day), datetime.min.time()).replace(hour=hour)
        title = self.title()
        end = wall + timedelta(minutes=50)
        answer = self.caller.insert("primary", timed(wall.isoformat(), end.isoformat(), zone, summary=title))
        assert answer.status == 200
        id_ = answer.body["id"]
        self.all.append(Series(id_, id_, zone, title, [Slot(wall, utc(wall, zone), title)], repeats=False))

    @rule(
        day=st.integers(0, 25),
        hour=st.integers(8, 15),
        zone=st.sampled_from(ZONES),
        text=st.sampled_from(RULES),
        by_hand=st.booleans(),
    )
    def make_series(self, day: int, hour: int, zone: str, text: str, by_hand: bool) -> None:
        wall = datetime.combine(FIRST.date() + timedelta(days=day), datetime.min.time()).replace(hour=hour)
        text = text.format(day=("MO", "TU", "WE", "TH", "FR", "SA", "SU")[wall.weekday()])
        title, lines = self.title(), [f"RRULE:{text}"]
        body = timed(wall.isoformat(), (wall + timedelta(minutes=50)).isoformat(), zone)
        if by_hand:
            id_ = self.caller.ui("create", **body, summary=title, recurrence=lines)["event"]
        else:
            id_ = self.caller.insert("primary", {**body, "summary": title, "recurrence": lines}).body["id"]
        limit = END.replace(tzinfo=None) + timedelta(days=3)
        walls = list(takewhile(lambda found: found < limit, rrulestr(text, dtstart=wall)))
        slots = [Slot(found, utc(found, zone), title) for found in walls]
        self.all.append(Series(id_, id_, zone, title, slots, repeats=True))

    @initialize(text=st.sampled_from(RULES), zone=st.sampled_from(ZONES))
    def begin_with_a_series(self, text: str, zone: str) -> None:
        self.make_series(day=3, hour=9, zone=zone, text=text, by_hand=False)

    # What a person does

    def pick(self, number: int, *, gone: bool = False) -> tuple[Series, Slot] | None:
        slots = [
            (one, slot)
            for one in self.all
            for slot in one.slots
            if one.repeats and not one.deleted and slot.gone == gone and slot.start < END
        ]
        return slots[number % len(slots)] if slots else None

    @staticmethod
    def at(one: Series, slot: Slot) -> Json:
        return {"event": one.id, "original_start": slot.base.isoformat()}

    @rule(number=NUMBER, minutes=MINUTES | st.none())
    def edit_this(self, number: int, minutes: int | None) -> None:
        if (picked := self.pick(number)) is None:
            return
        one, slot = picked
        if minutes is None:
            slot.title = self.title()
            self.caller.ui("edit", scope="this", changes={"summary": slot.title}, **self.at(one, slot))
        else:
            self.caller.ui("move_time", scope="this", by_minutes=minutes, **self.at(one, slot))
            slot.start += timedelta(minutes=minutes)
        slot.touched = slot.stored = True

    @rule(number=NUMBER)
    def delete_this(self, number: int) -> None:
        if picked := self.pick(number):
            one, slot = picked
            self.caller.ui("delete", scope="this", **self.at(one, slot))
            slot.gone = slot.touched = slot.stored = True

    @rule(number=NUMBER, minutes=MINUTES | st.none())
    def edit_following(self, number: int, minutes: int | None) -> None:
        if (picked := self.pick(number)) is None:
            return
        one, slot = picked
        title = one.title if minutes else self.title()
        split = one.slots.index(slot)
        # The time is said from where the appointment stands now, which may have been moved on its own.
        moved = round((slot.start - utc(slot.base, one.zone)).total_seconds()) // 60
        if minutes is None:
            answer = self.caller.ui("edit", scope="following", changes={"summary": title}, **self.at(one, slot))
        else:
            answer = self.caller.ui("move_time", scope="following", by_minutes=minutes, **self.at(one, slot))
        if split == 0:
            self.change_all([one], title if minutes is None else None, minutes)
            return
        distance = timedelta(minutes=0 if minutes is None else minutes + moved)
        rest = Series(answer["event"], one.family, one.zone, title, [], repeats=True)
        # Only without a new time the instances keep their ids, and with them their rows.
        rest.slots = [
            rest.plain(slot.base + distance, stored=slot.stored and minutes is None) for slot in one.slots[split:]
        ]
        one.slots = one.slots[:split]
        self.all.append(rest)

    @rule(number=NUMBER)
    def delete_following(self, number: int) -> None:
        if (picked := self.pick(number)) is None:
            return
        one, slot = picked
        self.caller.ui("delete", scope="following", **self.at(one, slot))
        if one.slots.index(slot) == 0:
            one.deleted = True
        else:
            del one.slots[one.slots.index(slot) :]

    @rule(which=WHICH, minutes=MINUTES | st.none())
    def edit_all(self, which: int, minutes: int | None) -> None:
        if (one := self.some(which)) is None:
            return
        title = None if minutes else self.title()
        changes: Json = {"summary": title} if title else {"by_minutes": minutes}
        self.caller.ui("edit", event=one.id, scope="all", changes=changes)
        self.change_all(self.live(one.family), title, minutes)

    @staticmethod
    def change_all(several: list[Series], title: str | None, minutes: int | None, *, by_hand: bool = True) -> None:
        """A new time makes every appointment plain, a new title reaches those nobody changed."""
        for one in several:
            if minutes is not None:
                one.move(minutes, reset=by_hand)
                continue
            assert title is not None
            one.title = title
            for slot in one.slots:
                slot.title = slot.title if slot.touched else title

    @rule(which=WHICH)
    def delete_all(self, which: int) -> None:
        if one := self.some(which):
            self.caller.ui("delete", event=one.id, scope="all")
            for relative in self.live(one.family):
                relative.deleted = True

    @rule(which=WHICH, by_hand=st.booleans())
    def restore(self, which: int, by_hand: bool) -> None:
        one = self.some(which, deleted=True)
        if one is None or self.calendar.events[one.id].purged:
            return
        if by_hand:
            self.caller.ui("restore", event=one.id)
        else:
            assert self.caller.patch("primary", one.id, {"status": "confirmed"}).status == 200
        one.deleted = False

    @precondition(lambda self: any(one.deleted for one in self.all))
    @rule()
    def empty_bin(self) -> None:
        self.caller.ui("empty_bin")

    @rule(which=WHICH, minutes=MINUTES)
    def there_and_back(self, which: int, minutes: int) -> None:
        if one := self.some(which):
            self.caller.ui("move_time", event=one.id, scope="all", by_minutes=minutes)
            self.caller.ui("undo")

    # What a program does

    def instance(self, one: Series, slot: Slot) -> str:
        base = one.id.partition("_R")[0]
        return f"{base}_{utc(slot.base, one.zone):%Y%m%dT%H%M%SZ}"

    @rule(number=NUMBER)
    def patch_instance(self, number: int) -> None:
        if picked := self.pick(number):
            one, slot = picked
            slot.title, slot.touched, slot.stored = self.title(), True, True
            answer = self.caller.patch("primary", self.instance(one, slot), {"summary": slot.title})
            assert (answer.status, answer.body["recurringEventId"]) == (200, one.id)

    @rule(number=NUMBER)
    def delete_instance(self, number: int) -> None:
        if picked := self.pick(number):
            one, slot = picked
            assert self.caller.delete("primary", self.instance(one, slot)).status == 204
            assert self.caller.delete("primary", self.instance(one, slot)).status == 410
            slot.gone = slot.touched = slot.stored = True

    @rule(number=NUMBER)
    def restore_instance(self, number: int) -> None:
        if picked := self.pick(number, gone=True):
            one, slot = picked
            assert self.caller.patch("primary", self.instance(one, slot), {"status": "confirmed"}).status == 200
            slot.gone = False

    @rule(which=WHICH, minutes=MINUTES | st.none())
    def patch_master(self, which: int, minutes: int | None) -> None:
        if (one := self.some(which)) is None:
            return
        row = self.caller.get("primary", one.id).body
        body: Json = {"summary": self.title()}
        if minutes is not None:
            shift = timedelta(minutes=minutes)
            body = {}
            for slot_name in ("start", "end"):
                moment = datetime.fromisoformat(row[slot_name]["dateTime"]) + shift
                body[slot_name] = {"dateTime": moment.isoformat(), "timeZone": one.zone}
        assert self.caller.patch("primary", one.id, body, row["etag"]).status == 200
        assert self.caller.patch("primary", one.id, body, row["etag"]).status == 412
        self.change_all([one], body.get("summary"), minutes, by_hand=False)

    @rule(which=WHICH, deleted=st.booleans())
    def delete_event(self, which: int, deleted: bool) -> None:
        if (one := self.some(which, deleted=deleted)) is None:
            return
        expected = 204
        if one.deleted:
            expected = 404 if self.calendar.events[one.id].purged else 410
        assert self.caller.delete("primary", one.id).status == expected
        one.deleted = True

    # What has to hold

    @invariant()
    def the_calendar_shows_the_list(self) -> None:
        view = expect.view(self.emulator, EMAIL, *WINDOW)
        shown = sorted((row["start"]["instant"], row["summary"]) for row in view["occurrences"])
        assert shown == sorted(self.expected())

    def expected(self) -> Iterator[tuple[str, str]]:
        low, high = (datetime.fromtimestamp(seconds, UTC) for seconds in WINDOW)
        for one in self.all:
            for slot in one.slots:
                shown = not one.deleted and not slot.gone
                if shown and slot.start < high and slot.start + timedelta(minutes=50) > low:
                    yield f"{slot.start:%Y-%m-%dT%H:%M:%SZ}", slot.title

    @invariant()
    def an_etag_changes_with_its_revision(self) -> None:
        stamps = {row.id: (row.rev, row.etag) for row in self.calendar.events.values()}
        for id_, (rev, etag) in self.stamps.items():
            assert (stamps[id_][0] == rev) == (stamps[id_][1] == etag), id_
            assert stamps[id_][0] >= rev
        self.stamps = stamps

    @precondition(lambda self: self.all)
    @rule()
    def synchronise(self) -> None:
        delta, self.token = self.caller.walk("primary", showDeleted=True, syncToken=self.token)
        ids = [row["id"] for row in delta]
        assert len(ids) == len(set(ids))
        full = {row["id"]: row for row in self.caller.walk("primary", showDeleted=True)[0]}
        known = {id_ for id_, row in self.calendar.events.items() if not row.purged}
        assert full.keys() == known
        differing = {id_ for id_ in known if full[id_] != self.synced.get(id_)}
        assert set(ids) & known == differing
        self.mirror |= {row["id"]: row for row in delta}
        assert alive(self.mirror) == alive(full)
        self.synced = full

    def teardown(self) -> None:
        if self.all:
            self.synchronise()


def alive(rows: dict[str, Json]) -> dict[str, Json]:
    return {id_: row for id_, row in rows.items() if row["status"] != "cancelled"}


TestEdits = Edits.TestCase
TestEdits.settings = settings(max_examples=EXAMPLES or 20, stateful_step_count=30, deadline=None, phases=PHASES)
