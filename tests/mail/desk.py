"""A practice with a client of the portal, a clock that is turned by hand, and a mail server beside it."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from couchcal.mail import outbox, reminders
from couchcal.mail.config import MailConfig, TextConfig
from couchcal.mail.reminder_plan import plan
from couchcal.mail.transport import Transport
from couchcal.practice import appointments, client_changes, letters
from couchcal.practice.draft import Draft
from couchcal.store.connection import Database
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, BookingRequest, Client
from couchcal.store.session import write_session
from tests.support.practice import make_practice

NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)
"""Monday 2 March 2026, 12:00 in New York."""
CANARY = "Zanzibar"
EMAIL = "zora@example.org"
SITE = "https://book.example.org"
SECRET_WORDS = (CANARY, "Quetzal", "90834", "Kestrel", "zora", "5550100")
"""Parts of whatever says who the client is, or what for they come."""


class Desk:
    """Books, queues and sends. `port` is that of the mail server."""

    def __init__(self, directory: Path, port: int = 9) -> None:
        self.database = make_practice(directory, keeps=True)
        self.clock = NOON
        self.config = MailConfig(
            "127.0.0.1", port, "none", "", "", "office@practice.example", "me@practice.example", SITE, minimal=False
        )
        self.text: TextConfig | None = None
        self.client = client_changes.add(
            self.database, f"{CANARY} Quetzal", email=EMAIL, phone="+15550100199", clock=self.now
        ).id
        self.write(
            "UPDATE client SET portal_state = 'accepted', portal_accepted_at = ?, remind_text = true",
            self.seconds(),
        )
        self.write("UPDATE practice SET public_label = 'Quiet Room', street = '7 Willow Lane', city = 'Elmsbrook'")

    def now(self) -> datetime:
        """The clock."""
        return self.clock

    def seconds(self) -> int:
        """The clock, as it is stored."""
        return int(self.clock.timestamp())

    def wait(self, **span: float) -> None:
        """Turn the clock on."""
        self.clock += timedelta(**span)

    def write(self, sql: str, *values: object) -> None:
        """Change rows past everything."""
        with closing(self.database.connect()) as connection:
            connection.execute(sql, values)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Read rows."""
        with closing(self.database.connect()) as connection:
            return connection.execute(sql, values).fetchall()

    def value(self, sql: str, *values: object) -> Any:
        """Read one value."""
        return self.rows(sql, *values)[0][0]

    def book(self, hours: float = 48, **fields: Any) -> int:
        """A session of the client, so many hours ahead."""
        start = self.clock + timedelta(hours=hours)
        place = self.value("SELECT id FROM location WHERE pos = ?", fields.pop("pos", "11"))
        given = {"remind_text": False, "instructions": "Kestrel", "location_id": place} | fields
        draft = Draft(
            kind="client_session", start=start, end=start + timedelta(minutes=50), tz="America/New_York",
            client_id=self.client, service="90834", **given,
        )  # fmt: skip
        done = appointments.book(self.database, draft, clock=self.now)
        assert done.appointment_id is not None
        return done.appointment_id

    def queue(self, kind: str, appointment: int | None = None, **options: Any) -> None:
        """Queue a letter to the client, or to the practitioner."""
        with write_session(self.database, "Test", clock=self.now) as session:
            self._queue(session, kind, appointment, **options)

    def _queue(self, session: JournalSession, kind: str, appointment: int | None, **options: Any) -> None:
        request = options.pop("request", None)
        row = session.get(Appointment, appointment) if appointment is not None else None
        asked = session.get(BookingRequest, request) if request is not None else None
        if "recipient" not in options:
            options["client"] = session.get(Client, self.client)
        assert letters.queue(session, kind, appointment=row, request=asked, **options)

    def request(self, **values: Any) -> int:
        """A request of the client for Thursday at noon."""
        start = self.clock + timedelta(days=3)
        with write_session(self.database, "Test", clock=self.now) as session:
            row = BookingRequest(
                uid=f"r{self.clock}", start_utc=start, client_tz="Europe/Paris",
                end_utc=start + timedelta(minutes=50), idempotency_key=str(self.clock), visit_type="telehealth",
                **({"client_id": self.client} | values),
            )  # fmt: skip
            session.add(row)
            session.flush()
            assert row.id is not None
            return row.id

    def send(self, *, wait: bool = True) -> int:
        """Send what is due, after the delay; how many letters were done."""
        if wait:
            self.wait(seconds=15)
        with Transport(self.config, timeout_s=10) as transport:
            return len(list(outbox.send_due(self.database, self.config, transport, clock=self.now)))

    def remind(self) -> None:
        """Plan reminders and send what is due, as the worker does it."""
        plan(self.database, clock=self.now)
        ways = reminders.Ways(self.config, self.text)
        with Transport(self.config, timeout_s=10) as transport:
            list(reminders.send_due(self.database, ways, transport, clock=self.now))

    def reminders_on(self, *, day: bool = False) -> None:
        """The practice wants reminders, half an hour before the start."""
        self.write("UPDATE practice SET reminders_on = true, reminder_lead = 30, reminder_24h = ?", int(day))

    def states(self) -> list[str]:
        """The states of all letters, the oldest first."""
        return [state for (state,) in self.rows("SELECT state FROM outbox_email ORDER BY id")]

    def payload(self) -> dict[str, Any]:
        """The facts of the newest letter."""
        found: dict[str, Any] = json.loads(self.value("SELECT payload FROM outbox_email ORDER BY id DESC"))
        return found


def fresh_database(desk: Desk) -> Database:
    """The desk's database as another process opens it."""
    return desk.database.another()
