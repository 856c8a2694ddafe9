"""A small practice that syncs with a remote calendar in memory, for the tests of the engine."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from couchcal.practice import appointments, client_changes
from couchcal.store.connection import Database
from couchcal.sync import ledger, outbox, review, target
from couchcal.sync.engine import Engine
from couchcal.sync.lease import Lease
from couchcal.sync.ledger import Link, Mapped
from couchcal.sync.port import Remote, RemoteEvent
from couchcal.sync.report import Report
from tests.support.demo import NOW, at, event, session
from tests.support.practice import make_practice
from tests.sync.fake import FakeRemote


class Now:
    """A clock that moves when it is told to."""

    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **span: float) -> None:
        self.moment += timedelta(**span)


class QuickWaiter:
    """Waits by moving the clock; `stop_after` ends the work once so many seconds were waited."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self.waited: list[float] = []
        self.stopping = False
        self.paces = 0

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self._now.moment += timedelta(seconds=int(seconds) + 1)
        return not self.stopping

    def pace(self) -> None:
        self.paces += 1


def connect_account(database: Database) -> None:
    """An account that is signed in, as far as the database knows."""
    with closing(database.connect()) as connection:
        connection.execute(
            "INSERT INTO calendar_account (created_at, updated_at, version, provider, email, scopes, state,"
            " secret_ref) VALUES (0, 0, 1, 'google', 'therapist@example.com', '', 'ok', '')"
        )


class SyncDesk:
    """The practice, the remote and the engine between them."""

    def __init__(self, path: Path) -> None:
        self._fill(make_practice(path, keeps=True), FakeRemote(), NOW)
        self.jane = client_changes.add(self.database, "Jane Canary", clock=self.now).id
        connect_account(self.database)

    @classmethod
    def on(cls, database: Database, remote: FakeRemote, moment: datetime) -> SyncDesk:
        """The same practice in another process."""
        desk = cls.__new__(cls)
        desk._fill(database, remote, moment)
        desk.jane = desk.value("SELECT min(id) FROM client")
        return desk

    def _fill(self, database: Database, remote: FakeRemote, moment: datetime) -> None:
        self.now = Now(moment)
        self.waiter = QuickWaiter(self.now)
        self.database = database
        self.remote = remote

    def engine(self, remote: Remote | None = None, lease: Lease | None = None) -> Engine:
        given = remote or self.remote
        chance = random.Random(7)  # noqa: S311  the same delays every time
        return Engine(self.database, lambda: given, clock=self.now, waiter=self.waiter, lease=lease, rng=chance)

    def ensure(self) -> None:
        """Make the target calendar."""
        target.ensure(self.database, self.remote, clock=self.now, waiter=self.waiter)

    def cycle(self, **how: bool) -> Report:
        return self.engine().cycle(**how)

    # the practice

    def book(self, day: int = 3, hour: int = 9, minute: int = 0) -> int:
        return session(self.database, self.jane, at(day, hour, minute))

    def book_many(self, count: int) -> list[int]:
        """So many sessions, from tomorrow on."""
        return [session(self.database, self.jane, at(4, 0) + timedelta(hours=n)) for n in range(count)]

    def event(self, title: str = "Supervision", day: int = 4, hour: int = 15) -> int:
        return event(self.database, title, at(day, hour))

    def move(self, appointment_id: int, day: int, hour: int) -> None:
        start = at(day, hour)
        appointments.reschedule(self.database, appointment_id, start, start + timedelta(minutes=50), clock=self.now)

    def cancel(self, appointment_id: int) -> None:
        appointments.cancel(self.database, appointment_id, "no_show", clock=self.now)

    def restore(self, appointment_id: int) -> None:
        appointments.restore(self.database, appointment_id, clock=self.now)

    def delete(self, appointment_id: int) -> None:
        appointments.delete(self.database, appointment_id, clock=self.now)

    def start(self, appointment_id: int) -> datetime:
        seconds = self.value("SELECT start_utc FROM appointment WHERE id = ?", appointment_id)
        moment = ledger.moment(seconds)
        assert moment is not None
        return moment

    # the books

    def read(self, look: Callable[..., Any], *given: Any) -> Any:
        with closing(self.database.connect()) as connection:
            return look(connection, *given)

    def value(self, statement: str, *given: object) -> Any:
        with closing(self.database.connect()) as connection:
            row = connection.execute(statement, given).fetchone()
            return None if row is None else row[0]

    def write(self, statement: str, *given: object) -> None:
        with closing(self.database.connect()) as connection:
            connection.execute(statement, given)

    @property
    def link(self) -> Link:
        account = self.read(ledger.account)
        links: list[Link] = self.read(ledger.links, account.id)
        return links[0]

    @property
    def calendar(self) -> str:
        return self.link.calendar_id

    def mapped(self, appointment_id: int) -> Mapped:
        found = self.read(ledger.map_of, self.link.id, appointment_id)
        assert isinstance(found, Mapped)
        return found

    def there(self, appointment_id: int) -> RemoteEvent:
        """The event of an appointment, as the remote has it."""
        return self.remote.shelves[self.calendar].rows[self.mapped(appointment_id).event_id].event

    @property
    def live(self) -> dict[str, RemoteEvent]:
        return self.remote.live(self.calendar)

    @property
    def pending(self) -> int:
        pending, _ = self.read(outbox.counts)
        return int(pending)

    def reviews(self) -> list[str]:
        return [item.kind for item in self.read(review.open_items)]

    def outcome(self) -> dict[str, Any]:
        """Everything that matters at the end: the remote's events, the appointments, what is open."""
        with closing(self.database.connect()) as connection:
            rows = connection.execute("SELECT id, start_utc, end_utc, status, busy FROM appointment").fetchall()
            maps = connection.execute("SELECT appointment_id, state FROM event_map ORDER BY 1").fetchall()
            open_items = connection.execute(
                "SELECT kind, appointment_id FROM sync_review WHERE resolved_at IS NULL ORDER BY 1, 2"
            ).fetchall()
            external = connection.execute("SELECT link_id, remote_event_id FROM external_event").fetchall()
            pending = connection.execute("SELECT count(*) FROM sync_outbox").fetchone()
        shelves = [
            sorted((str(event.when), event.title, event.busy) for event in self.remote.live(name).values())
            for name in self.remote.shelves
        ]
        return {
            "rows": sorted(rows), "maps": maps, "open": open_items, "external": sorted(external),
            "shelves": shelves, "pending": pending,
        }  # fmt: skip

    def calls(self) -> list[str]:
        """The requests since the last look, by name."""
        made = [call for call, _ in self.remote.calls]
        self.remote.calls.clear()
        return made
