"""SIGKILL of `couchcal worker` while it sends appointments to Google's calendar and letters to a mail server.

The ledger has what was booked and moved while it ran, what Google has taken, and what the mail server has taken. In
the end all appointments are there and in Google once, and no letter came twice: one that was under way when the
worker was killed is told as unknown, and sent again by nobody.
"""

from __future__ import annotations

import random
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from couchcal.practice import appointments, letters
from couchcal.practice.draft import Draft
from couchcal.store.records import Appointment
from couchcal.store.session import write_session
from tests.faults.home import key_of, strike
from tests.faults.inspection import damage
from tests.faults.tally import Tally
from tests.mail.post import Post, running
from tests.support.practice import make_practice
from tests.sync.http.place import ZONE, Place
from tests.sync.http.processes import Starter

_EVERY = 25
"""After how many kills Google is compared."""
_LASTS_S = 1.2
"""About how long it takes a worker to do what it finds."""
_CYCLES = 6


class Background:
    """Kills workers over one practice."""

    def __init__(
        self, directory: Path, starter: Starter, env: dict[str, str], tally: Tally, chance: random.Random, *,
        encrypt: bool,
    ) -> None:  # fmt: skip
        self.tally, self.chance = tally, chance
        self.place = Place(directory, starter, env, "friendly")
        self.database = make_practice(self.place.home, encrypt, tz=ZONE)
        self.place.env |= key_of(self.database, directory)
        (self.place.home / "config.toml").write_text('[mail]\nfrom = "office@practice.example"\n', "utf-8")
        self.place.json("client", "add", "Wilhelmina Ashgrove")
        self.place.connected()
        self.post = Post()
        self.number = 0
        self.ledger: dict[int, datetime] = {}
        self.moved: set[int] = set()
        self.first = datetime.combine(datetime.now(UTC).date() + timedelta(days=4), time(9), ZoneInfo(ZONE))

    def run(self, kills: int) -> None:
        """Until so many were killed."""
        try:
            with running(self.post) as port:
                self.place.env["COUCHCAL_SMTP_URL"] = f"smtp://127.0.0.1:{port}"
                while self.tally.kills < kills:
                    self.tally.rounds += 1
                    self._round()
                    if self.tally.kills % _EVERY == 0:
                        self._compare()
                self._compare()
                self._letters()
        finally:
            self.place.close()
            self.database.dispose()

    def _round(self) -> None:
        where = f"round {self.tally.rounds}"
        self._book()
        worker = self.place.start("worker")
        self._book()
        if self.chance.random() < 0.5:
            self._move()
        killed = strike(worker, self.database.path, self.chance, _LASTS_S)
        self.tally.kills += killed
        if not killed:
            self.tally.damaged.append(f"{where}: the worker ended by itself: {worker.wait()}")
        self._all_there(where)

    def _book(self) -> None:
        """Book a session and tell the client, as the practitioner would: acknowledged when it returns."""
        self.number += 1
        start = self.first + timedelta(days=self.number // 8, hours=self.number % 8)
        draft = Draft(
            "client_session", start.astimezone(UTC), start.astimezone(UTC) + timedelta(minutes=20), ZONE,
            client_id=1, service="90834",
        )  # fmt: skip
        done = appointments.book(self.database, draft)
        assert done.appointment_id is not None
        self.ledger[done.appointment_id] = draft.start
        self.tally.acknowledged += 1
        with write_session(
            self.database, "Told", clock=lambda: datetime.now(UTC) - timedelta(minutes=1)
        ) as session:
            row = session.get(Appointment, done.appointment_id)
            to = f"dee{self.number}@example.org"
            assert letters.queue(session, "booking_confirmed", recipient=to, appointment=row)

    def _move(self) -> None:
        still = sorted(self.ledger.keys() - self.moved)
        row_id = self.chance.choice(still)
        start = self.ledger[row_id] + timedelta(minutes=30)
        appointments.reschedule(self.database, row_id, start, start + timedelta(minutes=20))
        self.ledger[row_id] = start
        self.moved.add(row_id)
        self.tally.acknowledged += 1

    def _all_there(self, where: str) -> None:
        self.tally.damaged += [f"{where}: {words}" for words in damage(self.database)]
        with closing(self.database.connect()) as connection:
            rows = connection.execute("SELECT id, start_utc FROM appointment").fetchall()
        found = {row_id: datetime.fromtimestamp(start, UTC) for row_id, start in rows}
        self.tally.lost += [
            f"{where}: appointment {key}" for key in self.ledger if found.get(key) != self.ledger[key]
        ]
        self.tally.doubled += [f"{where}: appointment {key}" for key in found.keys() - self.ledger.keys()]

    def _compare(self) -> None:
        """Let a sync come to its end; Google has each appointment once then."""
        where = f"Google after {self.tally.kills} kills"
        for _ in range(_CYCLES):
            report = self.place.sync()
            if not report["pending"]:
                break
        else:
            self.tally.damaged.append(f"{where}: {report['pending']} are still to be sent")
        events = Counter(event["start"]["wall"] for event in self.place.events())
        zone = ZoneInfo(ZONE)
        wanted = {f"{start.astimezone(zone):%Y-%m-%dT%H:%M:%S}" for start in self.ledger.values()}
        self.tally.lost += [f"{where}: {wall}" for wall in sorted(wanted - events.keys())]
        self.tally.doubled += [
            f"{where}: {wall}" for wall, count in events.items() if count > 1 or wall not in wanted
        ]
        self.tally.damaged += [f"{where}: the judge: {each}" for each in self.place.lint()]
        if review := self.place.json("sync", "review"):
            self.tally.damaged.append(f"{where}: {len(review)} to decide on")

    def _letters(self) -> None:
        """Let what is queued go out; each letter came once, or is told as unknown."""
        rows: list[tuple[str, str, str]] = []
        for _ in range(_CYCLES):
            self.place.run("worker", "--once")
            with closing(self.database.connect()) as connection:
                rows = connection.execute("SELECT recipient, state, error FROM outbox_email").fetchall()
            if all(state != "queued" for _, state, _ in rows):
                break
        came = Counter(self.post.recipients)
        unknown = 0
        for recipient, state, error in rows:
            told = state == "claimed" and bool(error)
            unknown += told
            if not (state == "sent" and came[recipient]) and not told:
                self.tally.lost.append(f"the letter to {recipient}: {state} {error}")
        self.tally.doubled += [f"the letter to {recipient}" for recipient, count in came.items() if count > 1]
        assert {recipient for recipient, _, _ in rows} >= {f"dee{n + 1}@example.org" for n in range(self.number)}
        self.tally.seen = f"the next worker goes on; {unknown} of {len(rows)} letters told as unknown"
