"""One practice, one emulated Google, the engine between them, on one virtual clock."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import requests

from couchcal.errors import CouchcalError
from couchcal.practice import client_changes
from couchcal.store.connection import Connection, Database
from couchcal.sync import accounts, ledger, reset, review, waiter
from couchcal.sync.account_rows import APP_CREATED, CALENDAR_LIST, EVENTS
from couchcal.sync.engine import Engine
from couchcal.sync.google import auth, signin
from couchcal.sync.lease import Lease
from couchcal.sync.ledger import Link
from couchcal.sync.port import RemoteProblem
from couchcal.sync.report import Report
from tests.google import seed as google_seed
from tests.google import ui
from tests.google.dump import calendar as calendar_dump
from tests.google.emulator import CLIENT_ID, Emulator
from tests.google.model import Calendar, Json
from tests.google.transport import BASE, EmulatorAdapter
from tests.support.practice import make_practice
from tests.sync.acceptance.trail import Trail
from tests.sync.crash import Killed, Life, MortalDatabase

EMAIL = "therapist@example.com"
ZONE = "America/New_York"
SCOPES = frozenset({APP_CREATED, CALENDAR_LIST, EVENTS})
CLIENTS = (
    {"name": "Zephyrine Quillfeather", "phone": "+1 212 555 0187", "email": "canary.one@example.net"},
    {"name": "Ottoline Marchbanks", "phone": "+1 646 555 0133", "email": "canary.two@example.net"},
)
RENAMED = ("Philomena Thistlewood", "Barnaby Yarrowdale")
TITLES = ("Supervision Vantablack", "Dentist Ochremont")
INSTRUCTIONS = "Ring the heliotrope bell"
DIAGNOSIS = "F43.23"
FIRST_NAMES = ("Zephyrine", "Ottoline", "Philomena", "Barnaby")
CANARIES = (
    "Quillfeather", "Marchbanks", "Thistlewood", "Yarrowdale", "555 0187", "555 0133", "canary.one", "canary.two",
    "Vantablack", "Ochremont", "heliotrope", DIAGNOSIS,
)  # fmt: skip
_MOST_DECISIONS = 6


class MortalAdapter(EmulatorAdapter):
    """The way to the emulator, on which the process can die before a request was applied, and after."""

    def __init__(self, emulator: Emulator, life: Life) -> None:
        super().__init__(emulator)
        self._life = life

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        self._life.tick()
        response = super().send(request, *args, **options)
        self._life.tick()
        return response


class VirtualWaiter:
    """Waits by moving the emulator's clock."""

    stopping = False

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def wait(self, seconds: float) -> bool:
        with self._emulator.lock:
            self._emulator.advance(int(seconds * 1_000_000) + 1)
        return True

    def pace(self) -> None:
        return None


class World:
    """Everything there is. Begin with `opened`."""

    def __init__(self, folder: Path, profile: str, seed: int) -> None:
        self.folder = folder
        self.profile = profile
        self.chance = random.Random(seed)  # noqa: S311  the same every time
        self.emulator = Emulator(profile, seed, canaries=[*CANARIES, *FIRST_NAMES])
        self.emulator.add_user(EMAIL, ZONE)
        self.secondary = self._other_calendars(odd=seed % 4 == 0)
        self.usual_faults = self.emulator.faults.as_list()
        self.usual_toggles = {name: getattr(self.emulator.config, name) for name in _AT_REST}
        self.skew = timedelta(0)
        self.waiter = VirtualWaiter(self.emulator)
        self.life = Life()
        self.trail = Trail(self)
        self.session = requests.Session()
        self.backup: Path | None = None
        self.births: list[int] = []
        self.cycles = 0
        self.lied_to = False
        self.changes = 0

    def _other_calendars(self, *, odd: bool) -> str:
        """A calendar of the same person beside the main one; an odd one has what is found in the wild."""
        google_seed.holidays(self.emulator, EMAIL)
        if odd:
            return str(google_seed.odd_account(self.emulator, EMAIL)["secondary"])
        made = self.emulator.control("calendars", {"owner": EMAIL, "summary": "Family", "timeZone": ZONE})
        self.emulator.control("fill_calendar", {"calendar": made["id"], "n": 4})
        return str(made["id"])

    def _open(self) -> None:
        database = make_practice(self.folder, tz=ZONE)
        self.path = database.path
        self._live()
        self.clients = [
            client_changes.add(
                self.database, client["name"], email=client["email"], phone=client["phone"], clock=self.clock
            ).id
            for client in CLIENTS
        ]
        self.sign_in()
        for link in self.links():
            if link.calendar_id in (EMAIL, self.secondary):
                accounts.enable(self.database, link.id, clock=self.clock)
        self.foreign = self.foreign_state()

    # the process

    def _live(self, life: Life | None = None) -> None:
        """Another process: another connection, nothing in its memory."""
        self.life = life or Life()
        self.database: Database = MortalDatabase(self.path, self.life)
        self.session.close()
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount(f"{BASE}/", MortalAdapter(self.emulator, self.life))
        self.source = auth.Source(self.database, session=self.session)
        self.births.append(len(self.emulator.log))

    def _die(self) -> None:
        self.database.dispose()
        self._live()
        self.emulator.advance(61_000_000)  # the lease of the dead

    def clock(self) -> datetime:
        """The clock of this computer, which may be wrong."""
        return self.emulator.world.clock.now() + self.skew

    def close(self) -> None:
        self.looking.close()
        self.database.dispose()
        self.session.close()

    # looking

    def rows(self, statement: str, *given: object) -> list[Any]:
        """What is in the database, past all that may die."""
        return self.looking.execute(statement, given).fetchall()

    @cached_property
    def looking(self) -> Connection:
        return sqlite3.connect(self.path, isolation_level=None)

    def account(self) -> ledger.Account:
        found = ledger.account(self.looking)
        assert found is not None
        return found

    def links(self) -> list[Link]:
        return ledger.links(self.looking, self.account().id)

    @property
    def target(self) -> Link:
        return next(link for link in self.links() if link.target)

    @property
    def calendar(self) -> Calendar | None:
        """The calendar that is written to, as Google has it; None if there is none (any more)."""
        found = self.emulator.world.calendars.get(self.target.calendar_id)
        return None if found is None or found.deleted else found

    def foreign_state(self) -> dict[str, Json]:
        """Every calendar that couchcal did not make, but for what Google itself forgets of deleted events."""
        found = {}
        for calendar in self.emulator.world.calendars.values():
            if calendar.creator_client != CLIENT_ID:
                found[calendar.id] = dump = calendar_dump(calendar)
                dump["events"] = [row for row in dump["events"] if row["status"] != "cancelled"]
        return found

    def appointments(self) -> dict[int, tuple[Any, ...]]:
        """Id and what no sync may take away."""
        return {
            row[0]: row[1:]
            for row in self.rows("SELECT id, uid, kind, status, client_id, service FROM appointment")
        }

    # the sync

    def engine(self) -> Engine:
        return Engine(
            self.database, self.source, clock=self.clock, waiter=self.waiter, rng=self.chance, lease=self._lease()
        )

    def _lease(self) -> Lease:
        """The claim of this process: those before it are dead, and are known to be."""
        pid = len(self.births)
        return Lease(self.database, clock=self.clock, pid=pid, is_alive=lambda other: other == pid)

    def cycle(self, *, end: int = 0, anew: bool = False) -> Report | None:
        """One cycle, not before it is time; with `end` the process dies at that moment. None if it died."""
        self._wait_until_it_is_time()
        before, seen, since = self.appointments(), len(self.emulator.log), self.trail.number()
        self._live_until(end)
        report = None
        try:
            report = self.engine().cycle(anew=anew)
        except Killed:
            self._die()
        else:
            if end:
                self._die()
        self.cycles += 1
        after = self.appointments()
        gone = set(before) - set(after)
        assert not gone, f"the sync took {len(gone)} appointments away"
        changed = [row_id for row_id in before if before[row_id] != after[row_id]]
        assert not changed, f"the sync changed more of an appointment than its time: {changed}"
        assert self.foreign_state() == self.foreign, "a calendar that is not ours was written to"
        made = len(self.emulator.log) - seen
        assert made <= self.budget(), f"{made} requests in one cycle"
        if report is not None and report.status == "ok":
            self.trail.looked(since)
        return report

    def budget(self) -> int:
        """The most requests that a cycle may need when everything goes wrong."""
        size = self.emulator.config.scan_page_size or 2500
        rows = sum(len(calendar.events) for calendar in self.emulator.world.calendars.values())
        reading = 2 * (rows // size + 1) + 2 * rows + 10 * len(self.links())
        return 5 * (reading + 12 * (len(self.appointments()) + 10)) + 50

    def _live_until(self, end: int) -> None:
        if end:
            self.database.dispose()
            self._live(Life(end))

    def _wait_until_it_is_time(self) -> None:
        until = self.account().next_try
        if until is not None:
            seconds = (until - self.clock()).total_seconds()
            if 0 < seconds < 2 * 86_400:
                self.waiter.wait(seconds)

    def decide(self, which: int, choice: int) -> None:
        """Resolve something that is open."""
        items = review.open_items(self.looking)
        if not items:
            return
        item = items[which % len(items)]
        words = [word for word, _ in item.choices if word != "disconnect"]
        with self.trail.here(), suppressed():
            review.resolve(self.database, item.id, words[choice % len(words)], clock=self.clock)

    def start_over(self, how: Any) -> None:
        """`sync reset`; what is to be asked of Google is left to the next cycle."""
        with suppressed():
            reset.reset(self.database, None, how=how, clock=self.clock, lease=self._lease())
            self.trail.forget()

    def sign_in(self) -> None:
        """A person signs in (again), with a network that works."""
        from google.oauth2.credentials import Credentials

        faults = self.emulator.faults.as_list()
        self.emulator.faults.remove()
        self.emulator.advance(61_000_000)
        make: Any = Credentials
        credentials = make(
            None, refresh_token=self.emulator.grant(EMAIL, scopes=SCOPES), token_uri=f"{BASE}/token",
            client_id=CLIENT_ID, client_secret=self.emulator.clients[CLIENT_ID],
        )  # fmt: skip
        jump = self.emulator.config.clock_jump
        self.emulator.config.change({"clock_jump": 0.0})
        self.births.append(len(self.emulator.log))
        try:
            granted = signin.Granted(credentials, SCOPES)
            auth.connect(self.database, granted, clock=self.clock, session=self.session)
        finally:
            self.emulator.config.change({"clock_jump": jump})
            for fault in faults:
                self.emulator.faults.add({name: fault[name] for name in ("id", "match", "when", "action", "times")})
        self.source = auth.Source(self.database, session=self.session)
        self.births.append(len(self.emulator.log))

    # time, and times past

    def wait(self, seconds: float) -> None:
        self.waiter.wait(seconds)

    def set_wrong(self, hours: int) -> None:
        """The clock of this computer is wrong by so much."""
        self.skew = timedelta(hours=hours)

    def take_backup(self) -> None:
        self.backup = self.folder / "backup.db"
        with closing(self.database.connect_file()) as source, closing(sqlite3.connect(self.backup)) as copied:
            source.backup(copied)

    def restore_backup(self) -> None:
        """The file as it was when it was copied; what happened since is not known to it."""
        if self.backup is None:
            return
        self.database.dispose()
        with closing(sqlite3.connect(self.backup)) as source, closing(sqlite3.connect(self.path)) as copied:
            source.backup(copied)
        self._die()
        self.trail.forget()
        self.trail.books_replaced = True

    # rest

    def end_faults(self) -> None:
        """Nothing goes wrong any more. Lists that left out what nobody here knew of, and events that were said not
        to be there, heal with the daily reading."""
        struck = [fault["action"] for fault in self.emulator.faults.as_list() if fault["struck"]]
        lies = {"empty_list", "short_list"}
        self.lied_to = self.lied_to or any(did["type"] in lies or did.get("code") == 404 for did in struck)
        self.emulator.faults.remove()

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Nothing goes wrong by itself any more, no quota, no wrong clock, and time has moved on."""
        config = self.emulator.config
        self.end_faults()
        config.change(_AT_REST)
        self.emulator.api_disabled = False
        self.skew = timedelta(0)
        self.wait(90_000 if self.lied_to else 3_700)
        self.lied_to = False
        try:
            yield
        finally:
            config.change(self.usual_toggles)
            for fault in self.usual_faults:
                self.emulator.faults.add({name: fault[name] for name in ("id", "match", "when", "action", "times")})

    def settle(self, choice: int = 0) -> int:
        """Cycles until nothing is left to do; how many it took since the last decision of a person.

        The person signs in where that is asked for, and decides where everything waits for them.
        """
        decisions = 0
        taken = 0
        while True:
            account = self.account()
            if account.state == "needs_auth":
                self.sign_in()
                taken = 0
            elif account.paused:
                decisions += 1
                assert decisions <= _MOST_DECISIONS, f"{account.paused} is asked again and again"
                self._decide_on_pause(account.paused, choice if decisions < 3 else 2)
                taken = 0
            taken += 1
            report = self.cycle()
            assert report is not None
            self.wait(3)
            did = any(each.pulled or each.pushed or each.deleted for each in report.calendars)
            if report.status == "ok" and not did and self._nothing_left():
                return taken
            if taken > 4:
                return taken
            self._wait_for_what_was_postponed()

    def _wait_for_what_was_postponed(self) -> None:
        """Until the first of it is due: then the worker begins a cycle by itself."""
        ((at,),) = self.rows("SELECT min(next_at) FROM sync_outbox WHERE state <> 'blocked' AND id > 0")
        if at is not None:
            self.wait(max(0.0, at - self.clock().timestamp()))

    def _nothing_left(self) -> bool:
        held = {
            row_id for (row_id,) in self.rows("SELECT appointment_id FROM sync_outbox WHERE state <> 'blocked'")
        }
        return not held - self.held()

    def held(self) -> set[int]:
        """Appointments whose removal waits for a decision."""
        found = self.rows("SELECT ours FROM sync_review WHERE kind = 'mass_delete' AND resolved_at IS NULL")
        return {row_id for (ours,) in found for row_id in json.loads(ours).get("appointments", ())}

    def _decide_on_pause(self, why: str, choice: int) -> None:
        items = [item for item in review.open_items(self.looking) if item.kind == why]
        assert items, f"it waits for {why}, but nothing is to be decided"
        words = [word for word, _ in items[0].choices if word != "disconnect"]
        with self.trail.here():
            review.resolve(self.database, items[0].id, words[choice % len(words)], clock=self.clock)
        if why == "calendar_lost":
            self.trail.forget()


_AT_REST: dict[str, Any] = {
    "clock_jump": 0.0, "testing_mode": False, "quota_user_per_min": 0, "quota_project_per_min": 0,
    "write_burst_n": 0, "null_sync_token": 0.0,
}  # fmt: skip


@contextmanager
def suppressed() -> Iterator[None]:
    """A deed that is refused is none."""
    try:
        yield
    except (CouchcalError, RemoteProblem):
        return


@contextmanager
def opened(folder: Path, profile: str, seed: int) -> Iterator[World]:
    """A world in which chance is the same every time: that of delays, and that of UIDs."""
    uids = random.Random(seed)  # noqa: S311  the same every time
    world = World(folder, profile, seed)
    dispatch = ui.dispatch

    def watched(emulator: Emulator, email: str, op: str, body: Any) -> Json:
        try:
            with world.trail.there():
                return dispatch(emulator, email, op, body)
        finally:
            world.foreign = world.foreign_state()

    with (
        patch("couchcal.practice.rows.uuid4", lambda: UUID(int=uids.getrandbits(128), version=4)),
        patch.object(waiter, "_CHANCE", world.chance),
        patch.object(ui, "dispatch", watched),
    ):
        world._open()
        try:
            yield world
        finally:
            world.close()
