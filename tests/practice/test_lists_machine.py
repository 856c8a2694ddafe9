"""Random changes to hours, event types, time off, clients, waitlist and lists beside booked sessions and
requests, on a real database, with what must always hold after each."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy.exc import IntegrityError

from couchcal.errors import CouchcalError
from couchcal.practice import (
    agenda,
    appointments,
    availability,
    catalogue,
    client_changes,
    client_merge,
    client_reject,
    event_types,
    openings,
    time_off,
    undo,
    waitlist_changes,
)
from couchcal.practice.availability import BlockRow
from couchcal.practice.catalogue import Kind
from couchcal.practice.draft import Draft
from couchcal.store.records import BookingRequest, Client
from couchcal.store.session import write_session
from tests.support.database import Rows, dump
from tests.support.practice import make_practice

ZONES = ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
STARTS = [date(2026, 3, 4), date(2026, 10, 20), date(2026, 3, 25), date(2026, 9, 29)]
"""Days before clocks change in some zone or other."""
DAYS_AHEAD = 12
PICK = st.integers(0, 10_000)
DAYS = st.integers(0, 8)
TIMES = st.sampled_from([time(1, 30), time(9), time(9, 40), time(13, 5), time(16), time(23, 30)])
BLOCKS = st.sampled_from(
    [
        [],
        [(time(9), time(12))],
        [(time(9, 10), time(12)), (time(13), time(17))],
        [(time(9), time(12)), (time(12), time(18))],
        [(time(1), time(4)), (time(22), time(0))],
        [(time(9), time(12)), (time(11), time(13))],
        [(time(h), time(h, 30)) for h in range(16)],
    ]
)
WEEKDAYS = st.lists(st.integers(0, 6), min_size=1, max_size=4, unique=True)
KINDS: st.SearchStrategy[Kind] = st.sampled_from(["service", "modifier", "place", "room"])
Expected = Literal["fewer", "more", "same", "any"]
Dump = dict[str, Rows]


class Lists(RuleBasedStateMachine):
    """One practitioner at the keyboard, clients at the door, and a clock that moves on."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="couchcal-lists-"))
        self.past: list[Dump] = []
        self.future: list[Dump] = []
        self.holds = 0

    @initialize(zone=st.sampled_from(ZONES), start=st.sampled_from(STARTS))
    def open(self, zone: str, start: date) -> None:
        self.zone, self.tz = zone, ZoneInfo(zone)
        self.now = datetime.combine(start, time(11, 3), tzinfo=UTC)
        self.database = make_practice(self.folder, tz=zone, keeps=True)
        for name in ("Ann Sample", "Bob Test"):
            client_changes.add(self.database, name, actor="setup", clock=self.clock)
        event_types.add(self.database, {"title": "Session", "minutes": 50}, actor="setup", clock=self.clock)
        week = {day: [BlockRow(day, time(9), time(17))] for day in range(5)}
        availability.set_days(self.database, week, actor="setup", clock=self.clock)
        self.connection = self.database.connect()
        self.before = dump(self.database)
        self.look()

    def teardown(self) -> None:
        if hasattr(self, "connection"):
            sound = self.connection.execute("PRAGMA integrity_check").fetchone()
            assert sound in (("ok",), None)  # a server has no pages for us to look at
            assert not self.connection.execute("PRAGMA foreign_key_check").fetchall()
            self.connection.close()
            self.database.dispose()
        shutil.rmtree(self.folder)

    def clock(self) -> datetime:
        return self.now

    # Hours, event types, time off

    @rule(days=WEEKDAYS, blocks=BLOCKS, limited=st.booleans(), visits=st.sampled_from([(), ("telehealth",)]))
    def set_hours(self, days: list[int], blocks: list[Any], limited: bool, visits: tuple[str, ...]) -> None:
        types = frozenset(list(self.before["event_type"])[:1]) if limited else frozenset()
        week = {day: [BlockRow(day, start, end, types, frozenset(visits)) for start, end in blocks] for day in days}
        done = self.user(lambda: availability.set_days(self.database, week, clock=self.clock))
        overlapping = any(a[1] > b[0] for a, b in pairwise(blocks))
        assert (done is None) == (overlapping or len(blocks) > 15)  # AVL-04

    @rule(day=st.integers(0, 6), others=WEEKDAYS)
    def copy_hours(self, day: int, others: list[int]) -> None:
        done = self.user(lambda: availability.copy_day(self.database, day, others, clock=self.clock))
        assert (done is None) == (others == [day])
        for target in others if done is not None else ():
            assert self.blocks(target) == self.blocks(day)  # AVL-02

    @rule(
        title=st.sampled_from(["Session", "Intake", "Group"]), minutes=st.sampled_from([15, 50, 90, 481]),
        mode=st.sampled_from(["both", "telehealth", "in_person"]), gap=st.sampled_from([0, 10, 45]),
        most=st.sampled_from([None, 1, 3]),
    )  # fmt: skip
    def add_event_type(self, title: str, minutes: int, mode: str, gap: int, most: int | None) -> None:
        values = {"title": title, "minutes": minutes, "visit_mode": mode, "buffer_before": gap, "max_per_day": most}
        done = self.user(lambda: event_types.add(self.database, values, clock=self.clock), "same")
        offered = sum(row["active"] for row in self.before["event_type"].values())
        assert (done is None) == (minutes > 480 or offered >= 15)  # EVT-01

    @rule(pick=PICK, what=st.sampled_from(["remove", "restore", "up", "longer"]))
    def change_event_type(self, pick: int, what: str) -> None:
        row = self.choose("event_type", pick)
        if row is None:
            return
        number = row["id"]
        self.user(
            {
                "remove": lambda: event_types.remove(self.database, number, clock=self.clock),
                "restore": lambda: event_types.restore(self.database, number, clock=self.clock),
                "up": lambda: event_types.move(self.database, number, -1, clock=self.clock),
                "longer": lambda: event_types.edit(
                    self.database, number, {"minutes": row["minutes"] % 400 + 20}, clock=self.clock
                ),
            }[what]
        )

    @rule(days=DAYS, length=st.integers(1, 3), at=TIMES, all_day=st.booleans())
    def add_time_off(self, days: int, length: int, at: time, all_day: bool) -> None:
        first = self.now.date() + timedelta(days=days)
        start: date = first if all_day else datetime.combine(first, at, tzinfo=self.tz)
        end = start + (timedelta(days=length) if all_day else timedelta(hours=length))
        offered = self.offers
        self.user(
            lambda: time_off.add(self.database, start, end, all_day=all_day, tz=self.zone, clock=self.clock),
            "fewer",
        )
        assert self.after["appointment"] == self.before["appointment"]  # TOF-04
        if length == 2:  # taking it away gives exactly the old times back (TOF-03, INV-A8)
            self.before = self.after
            new = max(self.after["time_off"])
            self.user(lambda: time_off.remove(self.database, new, clock=self.clock), "more")
            assert self.offers == offered

    @rule(pick=PICK)
    def remove_time_off(self, pick: int) -> None:
        row = self.choose("time_off", pick)
        if row is not None:
            self.user(lambda: time_off.remove(self.database, row["id"], clock=self.clock), "more")

    # Sessions and requests

    @rule(
        days=DAYS, at=TIMES, minutes=st.sampled_from([20, 50, 600]), who=PICK, busy=st.booleans(),
        kind=st.sampled_from(["client_session", "other_event"]), group=st.sampled_from([None, "g"]),
    )  # fmt: skip
    def book(self, days: int, at: time, minutes: int, who: int, busy: bool, kind: str, group: str | None) -> None:
        client = self.choose("client", who)
        start = datetime.combine(self.now.date() + timedelta(days=days), at, tzinfo=self.tz).astimezone(UTC)
        draft = Draft(kind, start, start + timedelta(minutes=minutes), self.zone)
        if kind == "other_event":
            draft.title, draft.busy = "Meeting", busy
        elif client is None:
            return
        else:
            draft.client_id, draft.service, draft.group_key = client["id"], "90834", group
        free = kind == "other_event" and not busy
        done = self.user(
            lambda: appointments.book(self.database, draft, clock=self.clock), "same" if free else "fewer"
        )
        assert done is not None  # GRP-01: an overlap is a warning

    @rule(pick=PICK, what=st.sampled_from(["cancel", "restore", "delete"]))
    def change_session(self, pick: int, what: str) -> None:
        row = self.choose("appointment", pick)
        if row is None:
            return
        number = row["id"]
        if what == "cancel":
            self.user(lambda: appointments.cancel(self.database, number, "no_show", clock=self.clock), "more")
        elif what == "restore":
            self.user(lambda: appointments.restore(self.database, number, clock=self.clock), "fewer")
        else:
            self.user(lambda: appointments.delete(self.database, number, clock=self.clock), "more")

    @rule(days=DAYS, at=TIMES, who=PICK)
    def client_asks(self, days: int, at: time, who: int) -> None:
        client = self.choose("client", who)
        if client is None:
            return
        start = datetime.combine(self.now.date() + timedelta(days=days), at, tzinfo=self.tz).astimezone(UTC)
        self.holds += 1
        free, clashing = self.free, self.clashing()
        actor = f"client:{client['id']}"
        with (
            suppress(IntegrityError),  # the time is taken: the wall of the database
            write_session(self.database, "Asked", actor=actor, clock=self.clock) as session,
        ):
            session.add(
                BookingRequest(
                    uid=f"{self.holds}@couchcal", client_id=client["id"], start_utc=start,
                    end_utc=start + timedelta(minutes=50), idempotency_key=f"key {self.holds}",
                )
            )  # fmt: skip
        offers = self.offers
        self.after = dump(self.database)
        self.look()
        assert all(self.offers[number] <= offers[number] for number in offers)
        assert (self.free, self.clashing()) == (free, clashing)  # INV-A7, REQ-04

    # Clients and the waitlist

    @rule(name=st.sampled_from(["Cleo Trial", "Dan Mock"]), intake=st.booleans())
    def add_client(self, name: str, intake: bool) -> None:
        if intake:
            with write_session(self.database, "Booked", actor="client:0", clock=self.clock) as session:
                session.add(Client(internal_id=f"N-{len(self.past)}-{self.holds}", first=name, state="intake"))
                self.holds += 1
            self.after = dump(self.database)
        else:
            assert self.user(lambda: client_changes.add(self.database, name, clock=self.clock), "same") is not None

    @rule(pick=PICK, tz=st.sampled_from(["", "Asia/Tokyo", "Europe/Berlin"]))
    def change_client(self, pick: int, tz: str) -> None:
        client = self.choose("client", pick)
        if client is not None:  # INV-A4
            self.user(
                lambda: client_changes.edit(self.database, client["id"], {"tz": tz}, clock=self.clock), "same"
            )

    @rule(pick=PICK, state=st.sampled_from(["active", "archived"]))
    def change_state(self, pick: int, state: str) -> None:
        client = self.choose("client", pick)
        if client is not None:
            done = self.user(
                lambda: client_changes.set_state(self.database, client["id"], state, clock=self.clock), "same"
            )
            assert (done is None) == (client["state"] == "intake" and state == "archived")

    @rule(one=PICK, other=PICK)
    def merge(self, one: int, other: int) -> None:
        source, target = self.choose("client", one), self.choose("client", other)
        if source is None or target is None or source == target:
            return
        self.user(lambda: client_merge.merge(self.database, source["id"], target["id"], clock=self.clock), "same")
        assert set(self.after["appointment"]) == set(self.before["appointment"])  # INT-04, INV-B7
        assert source["id"] not in self.after["client"]
        assert not self.belonging(self.after, source["id"])

    @rule(pick=PICK)
    def reject(self, pick: int) -> None:
        client = self.choose("client", pick)
        if client is not None:
            done = self.user(lambda: client_reject.reject(self.database, client["id"], clock=self.clock), "more")
            assert (done is None) == (client["state"] != "intake")
            if done is not None:  # INT-03, INV-B7
                assert client["id"] not in self.after["client"]
                assert not self.belonging(self.after, client["id"])

    @rule(pick=PICK, days=WEEKDAYS, hours=st.sampled_from([(None, None), (time(12), time(17))]))
    def wait_for_a_time(self, pick: int, days: list[int], hours: tuple[time | None, time | None]) -> None:
        client = self.choose("client", pick)
        if client is not None:
            self.user(
                lambda: waitlist_changes.add(
                    self.database, client["id"], days=days, from_time=hours[0], to_time=hours[1], clock=self.clock
                ),
                "same",
            )

    @rule(pick=PICK, state=st.sampled_from(["offered", "booked", "waiting", None]))
    def change_waiting(self, pick: int, state: str | None) -> None:
        row = self.choose("waitlist", pick)
        if row is None:
            return
        if state is None:
            self.user(lambda: waitlist_changes.remove(self.database, row["id"], clock=self.clock), "same")
        else:
            self.user(lambda: waitlist_changes.set_state(self.database, row["id"], state, clock=self.clock), "same")

    # Services, modifiers, places, rooms

    @rule(kind=KINDS, pick=PICK, what=st.sampled_from(["remove", "restore", "edit"]))
    def change_list(self, kind: Kind, pick: int, what: str) -> None:
        table = {"service": "service_code", "modifier": "modifier", "place": "location", "room": "room"}[kind]
        row = self.choose(table, pick)
        if row is None:
            return
        changes: dict[str, Any] = {"pos": "10" if row.get("pos") == "11" else "11"} if kind == "place" else {}
        changes = changes or ({"name": "Green room"} if kind == "room" else {"label": "In our own words"})
        self.user(
            {
                "remove": lambda: catalogue.remove(self.database, kind, row["id"], clock=self.clock),
                "restore": lambda: catalogue.restore(self.database, kind, row["id"], clock=self.clock),
                "edit": lambda: catalogue.edit(self.database, kind, row["id"], changes, clock=self.clock),
            }[what],
            "same",
        )

    # Time, undo, redo

    @rule(hours=st.sampled_from([1, 6, 24, 24 * 4]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.look()

    @precondition(lambda self: self.past)
    @rule()
    def undo(self) -> None:
        self.revert(undo.undo, self.past, self.future)

    @precondition(lambda self: self.future)
    @rule()
    def redo(self) -> None:
        self.revert(undo.redo, self.future, self.past)

    def revert(self, command: Callable[..., str], here: list[Dump], there: list[Dump]) -> None:
        """Exactly what was before, but for what clients did since; they may also stand in the way."""
        try:
            command(self.database, clock=self.clock)
        except CouchcalError:
            assert self.holds  # somebody else built on it
            assert dump(self.database) == self.before
            self.after = self.before
            return
        wanted, found = here.pop(), dump(self.database)
        there.append(self.before)
        for table, rows in wanted.items():
            extra = set(found[table]) - set(rows)
            assert not extra or table in ("booking_request", "client"), (table, extra)
            assert {row_id: found[table].get(row_id) for row_id in rows} == rows, table
        self.after = found
        self.look()

    # What must hold

    def user(self, command: Callable[[], Any], expected: Expected = "any") -> Any:
        try:
            done = command()
        except CouchcalError:
            done = None
        self.after = dump(self.database)
        if done is None:
            assert self.after == self.before  # a refusal writes nothing
        elif self.after != self.before:
            self.past.append(self.before)
            self.future.clear()
        offers, free = self.offers, self.free
        self.look()
        for number in offers.keys() & self.offers.keys():
            if expected in ("fewer", "same"):
                assert self.offers[number] <= offers[number]  # INV-A2
            if expected in ("more", "same"):
                assert self.offers[number] >= offers[number]  # INV-A1, INV-A2, INV-A9
        if expected in ("fewer", "same"):
            assert self.free <= free
        if expected in ("more", "same"):
            assert self.free >= free
        return done

    def look(self) -> None:
        """What clients are offered by event type, and what is free for the practitioner."""
        first = self.now.astimezone(self.tz).date()
        last = first + timedelta(days=DAYS_AHEAD)
        self.offers = {
            row.id: set(
                openings.offered(
                    self.connection, row.id, None, first=first, last=last, now=self.now, tz=self.tz
                )
            )
            for row in event_types.event_types(self.connection)
        }  # fmt: skip
        self.free = set(openings.free_starts(self.connection, 50, first=first, last=last, now=self.now, tz=self.tz))

    def clashing(self) -> set[int]:
        window = (self.now - timedelta(days=30), self.now + timedelta(days=30))
        return {entry.row_id for entry in agenda.between(self.connection, *window, self.tz) if entry.conflict}

    def choose(self, table: str, pick: int) -> dict[str, Any] | None:
        rows = list(self.before[table].values())
        return rows[pick % len(rows)] if rows else None

    def blocks(self, weekday: int) -> list[tuple[Any, ...]]:
        rows = self.after["availability_block"].values()
        return sorted(
            (row["start_time"], row["end_time"], row["event_types"], row["visit_types"])
            for row in rows
            if row["weekday"] == weekday
        )

    def belonging(self, rows: Dump, client_id: int) -> list[str]:
        return [table for table in rows for row in rows[table].values() if row.get("client_id") == client_id]

    @invariant()
    def offers_lie_in_the_hours(self) -> None:  # INV-A3
        if not hasattr(self, "offers"):
            return
        blocks = availability.weekly(self.connection)
        notice = self.now + timedelta(minutes=30)
        for number, starts in self.offers.items():
            kind = event_types.one(self.connection, number)
            open_hours = [block for block in blocks if not block.event_types or number in block.event_types]
            for start in starts:
                assert start >= notice
                local = start.astimezone(self.tz)
                assert (local.date() - self.now.astimezone(self.tz).date()).days <= 60
                assert any(self.begins_in(block, local) for block in open_hours), (kind.title, local)

    def begins_in(self, block: BlockRow, local: datetime) -> bool:
        until = block.end if block.end != time() else time.max
        if block.weekday == local.weekday() and block.start <= local.time() < until:
            return True
        gap = local - timedelta(hours=3)  # a block whose start the clocks jump over begins later
        return gap.utcoffset() != local.utcoffset() and block.weekday in (local.weekday(), gap.weekday())

    @invariant()
    def lists_are_whole(self) -> None:
        if not hasattr(self, "after"):
            return
        offered = [row for row in self.after["event_type"].values() if row["active"]]
        assert len(offered) <= 15
        assert len({row["position"] for row in offered}) == len(offered)
        assert sum(row["is_default"] for row in self.after["location"].values() if row["active"]) <= 1
        assert any(row["active"] for row in self.after["location"].values())
        waiting = [row for row in self.after["waitlist"].values() if row["state"] != "booked"]
        assert len({(row["client_id"], row["event_type_id"]) for row in waiting}) == len(waiting)
        self.before = self.after

    @invariant()
    def conflicts_are_symmetric(self) -> None:  # CNF-01, INV-A1, INV-A6, INV-A10
        if not hasattr(self, "connection"):
            return
        window = (self.now - timedelta(days=60), self.now + timedelta(days=60))
        entries = agenda.between(self.connection, *window, self.tz, cancelled=True)
        busy = [e for e in entries if e.table == "appointment" and e.busy and not e.cancelled]
        for entry in entries:
            clash = entry in busy and any(
                other.row_id != entry.row_id and other.start < entry.end and entry.start < other.end
                and (entry.group_key is None or entry.group_key != other.group_key)
                for other in busy
            )  # fmt: skip
            assert entry.conflict == clash


Lists.TestCase.settings = settings(
    max_examples=6, stateful_step_count=18, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLists = Lists.TestCase
