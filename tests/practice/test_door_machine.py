"""The life of requests: strangers, clients, the practitioner and the clock in any order, and what always holds."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from datetime import date, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from couchcal.errors import CouchcalError, Refused, Stale
from couchcal.practice import client_changes, door, request_answers, undo
from couchcal.practice.door import Applicant, ClientKey, LinkOver, Taken, TooMany
from couchcal.scheduling.hours import parse_hours
from couchcal.scheduling.slots import Block, Busy, SlotRequest, offer_slots
from tests.practice.conftest import NEW_YORK, Desk
from tests.practice.door import Door
from tests.support.practice import make_practice

LENGTH = timedelta(minutes=50)
DAY = st.integers(0, 9)
MINUTE = st.sampled_from([540, 600, 630, 645, 840, 960, 990])
PICK = st.integers(0, 1000)
LIVE = ("unverified", "pending")


class Requests(RuleBasedStateMachine):
    """One practice in New York with an event type that wants ten minutes after it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        database = make_practice(self.folder, keeps=True)
        client_changes.add(database, "Ann Sample", email="ann@example.org")
        client_changes.add(database, "Bob Test", email="bob@example.org")
        self.desk = Desk(database)
        self.at = Door(self.desk)
        self.at.write("UPDATE event_type SET buffer_after = 10")
        self.clients = [self.at.known(), self.at.known(self.desk.bob)]
        self.decided: dict[int, tuple[str, Any]] = {}
        self.tokens: list[str] = []

    def teardown(self) -> None:
        self.desk.close()
        self.desk.database.dispose()
        shutil.rmtree(self.folder)

    def start(self, day: int, minute: int) -> str:
        local = datetime(2026, 3, 2) + timedelta(days=day, minutes=minute)  # noqa: DTZ001  a wall clock
        return f"{local:%Y-%m-%d %H:%M}"

    def free(self, local: str) -> bool:
        """What the pure engine says to everything that is in the tables now."""
        now = int(self.desk.now.timestamp())
        busy = [
            self.busy(row, 10 if row["event_type_id"] else 0)
            for row in self.desk.rows().values()
            if row["status"] != "cancelled"
        ]
        for row in self.at.requests():
            held = row["status"] == "pending" or (row["status"] == "unverified" and row["hold_until"] > now)
            if held and row["start_utc"] > now:
                busy.append(self.busy(row, 10))
        blocks = [Block(day, *hours) for day in range(5) for hours in parse_hours("9-17")]
        wanted = SlotRequest(50, buffer_after=10)
        start, day = self.desk.at(local), date.fromisoformat(local[:10])
        return start in offer_slots(wanted, blocks, busy, now=self.desk.now, tz=NEW_YORK, first=day, last=day)

    def busy(self, row: dict[str, Any], after: int) -> Busy:
        start, end = (datetime.fromtimestamp(row[name], NEW_YORK) for name in ("start_utc", "end_utc"))
        return Busy(start, end, buffer_after=after)

    @rule(day=DAY, minute=MINUTE, who=st.integers(0, 4), mail=st.booleans(), instant=st.booleans())
    def stranger_books(self, day: int, minute: int, who: int, mail: bool, instant: bool) -> None:
        local = self.start(day, minute)
        self.at.practice(confirm_public="instant" if instant else "request")
        email = f"x{who}@example.org"
        mine = [
            row["id"] for row in self.at.requests()
            if row["email"] == email and row["status"] == "unverified" and mail
        ]  # fmt: skip
        free = self.free(local)
        try:
            self.at.book(local, Applicant(f"X {who}", email), mail=mail)
        except Taken as taken:
            assert not free or mine
            others = [f"{start.astimezone(NEW_YORK):%Y-%m-%d %H:%M}" for start in taken.next_free]
            assert [local for local in others if not self.free(local)] == []
        except TooMany:
            return
        else:
            assert free or mine  # its own earlier hold gave way
            if mail:
                self.tokens.append(self.at.secrets("request_verify").token)

    @rule(pick=PICK)
    def stranger_verifies(self, pick: int) -> None:
        if not self.tokens:
            return
        with contextlib.suppress(LinkOver, Taken, TooMany):
            self.at.verify(self.tokens[pick % len(self.tokens)])

    @rule(day=DAY, minute=MINUTE, who=st.integers(0, 1), instant=st.booleans())
    def client_books(self, day: int, minute: int, who: int, instant: bool) -> None:
        local = self.start(day, minute)
        self.at.practice(confirm_portal="instant" if instant else "request")
        free = self.free(local)
        try:
            self.at.book(local, self.clients[who])
        except Taken:
            assert not free
        except TooMany:
            assert not instant
        else:
            assert free

    def own(self, who: int, pick: int) -> tuple[ClientKey, door.OwnSession] | None:
        seen = self.at.sessions(self.clients[who]).upcoming
        return (self.clients[who], seen[pick % len(seen)]) if seen else None

    @rule(who=st.integers(0, 1), pick=PICK)
    def client_cancels(self, who: int, pick: int) -> None:  # INV-B6
        found = self.own(who, pick)
        if found is None:
            return
        client, session = found
        early = session.start - self.desk.now >= timedelta(hours=24) and session.status == "scheduled"
        assert session.can_cancel == early
        try:
            door.cancel_own(self.at.database, client, session.key, clock=self.desk.clock)
        except Refused:
            assert not early
        else:
            assert early

    @rule(who=st.integers(0, 1), pick=PICK, day=DAY, minute=MINUTE, instant=st.booleans())
    def client_moves(self, who: int, pick: int, day: int, minute: int, instant: bool) -> None:  # INV-B5
        found = self.own(who, pick)
        if found is None:
            return
        client, session = found
        self.at.practice(confirm_portal="instant" if instant else "request")
        before, local = self.desk.rows(), self.start(day, minute)
        self.at.keys += 1
        try:
            outcome = door.move_own(
                self.at.database, client, session.key, self.desk.at(local), zone="UTC",
                idempotency_key=f"move {self.at.keys}", clock=self.desk.clock,
            )  # fmt: skip
        except CouchcalError:
            assert self.desk.rows() == before
        else:
            assert session.can_move
            assert (self.desk.rows() == before) == (outcome.kind == "pending")
            assert len(self.desk.rows()) == len(before)

    @rule(who=st.integers(0, 1), pick=PICK)
    def client_withdraws(self, who: int, pick: int) -> None:
        asked = self.at.sessions(self.clients[who]).requests
        if asked:
            request = asked[pick % len(asked)]
            try:
                door.withdraw(self.at.database, self.clients[who], request.key, clock=self.desk.clock)
            except Refused:
                assert not request.can_withdraw

    @rule(pick=PICK, yes=st.booleans())
    def practitioner_answers(self, pick: int, yes: bool) -> None:
        rows = self.at.requests()
        if not rows:
            return
        row = rows[pick % len(rows)]
        answer = request_answers.accept if yes else request_answers.decline
        try:
            answer(self.at.database, row["id"], clock=self.desk.clock)
        except (Stale, Refused):
            assert row["status"] != "pending"
        else:
            assert row["status"] == "pending"

    @rule(day=DAY, minute=MINUTE, who=st.integers(0, 1))
    def practitioner_books(self, day: int, minute: int, who: int) -> None:  # INV-A7
        before = self.desk.rows()
        self.desk.book(self.start(day, minute), client_id=self.clients[who].client_id)
        assert len(self.desk.rows()) == len(before) + 1

    @rule(pick=PICK)
    def practitioner_cancels(self, pick: int) -> None:
        rows = [row["id"] for row in self.desk.rows().values() if row["status"] == "scheduled"]
        if rows:
            self.desk.cancel(rows[pick % len(rows)], "other")

    @rule()
    def practitioner_undoes(self) -> None:
        try:
            undo.undo(self.at.database, clock=self.desk.clock)
        except Refused:
            return

    @rule(minutes=st.sampled_from([1, 10, 19, 30, 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.desk.now += timedelta(minutes=minutes)

    @rule()
    def worker_lets_go(self) -> None:
        request_answers.expire(self.at.database, clock=self.desk.clock)
        now = int(self.desk.now.timestamp())
        assert not [row for row in self.at.requests() if row["status"] == "pending" and row["start_utc"] <= now]

    @invariant()
    def no_two_hold_one_time(self) -> None:  # INV-B1
        now = int(self.desk.now.timestamp())
        held = [
            (row["start_utc"], row["end_utc"]) for row in self.at.requests()
            if row["status"] == "pending" or (row["status"] == "unverified" and row["hold_until"] > now)
        ]  # fmt: skip
        assert all(one[1] <= other[0] or other[1] <= one[0] for one, other in combinations(held, 2))

    @invariant()
    def the_decided_stays_decided(self) -> None:  # INV-B3
        for row in self.at.requests():
            if row["status"] not in LIVE:
                known = self.decided.setdefault(row["id"], (row["status"], row["decided_at"]))
                assert known == (row["status"], row["decided_at"])

    @invariant()
    def one_letter_to_one_reader_for_one_cause(self) -> None:  # INV-M4
        seen = [
            (mail["kind"], mail["appointment_id"], mail["sequence"], mail["recipient"]) for mail in self.at.mails()
            if mail["appointment_id"] is not None
        ]  # fmt: skip
        assert len(seen) == len(set(seen))


TestRequests = Requests.TestCase
TestRequests.settings = settings(
    max_examples=10, stateful_step_count=25, suppress_health_check=list(HealthCheck), deadline=None
)
