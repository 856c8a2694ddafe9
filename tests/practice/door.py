"""A practice whose door is open, and the short ways in which tests speak of who comes in."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime
from typing import Any

from couchcal.practice import availability, door, event_types, letters
from couchcal.practice.availability import BlockRow
from couchcal.practice.door import Applicant, ClientKey, Outcome, Wish
from couchcal.scheduling.hours import parse_hours
from couchcal.store.records import OutboxEmail
from couchcal.store.session import write_session
from tests.practice.conftest import NEW_YORK, Desk

DEE = Applicant("Dee New", "dee@example.org", "555-0100")


class Door:
    """The desk's door. Open on weekdays nine to five, for an event type of 50 minutes in both ways."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.database = desk, desk.database
        self.keys = 0
        self.practice(slug="quiet-room", public_label="Quiet Room", self_scheduling=1, tz="America/New_York")
        opens = {day: [BlockRow(day, *hours) for hours in parse_hours("9-17")] for day in range(5)}
        availability.set_days(self.database, opens, clock=desk.clock)
        self.kind = self.event_type()

    def practice(self, **values: Any) -> None:
        self.write(f"UPDATE practice SET {', '.join(f'{name} = ?' for name in values)}", *values.values())

    def write(self, statement: str, *values: Any) -> None:
        with closing(self.database.connect()) as connection:
            connection.execute(statement, values)

    def event_type(self, **values: Any) -> int:
        event_types.add(
            self.database, {"title": "Session", "minutes": 50, "service": "90834", **values}, clock=self.desk.clock
        )
        return max(self.desk.rows("event_type"))  # the ids of rows only grow

    def known(self, client_id: int | None = None, state: str = "accepted") -> ClientKey:
        """A client of the portal."""
        who = client_id or self.desk.ann
        self.write("UPDATE client SET portal_state = ? WHERE id = ?", state, who)
        return ClientKey(who)

    def wish(self, local: str, who: Applicant | ClientKey = DEE, **values: Any) -> Wish:
        self.keys += 1
        given: dict[str, Any] = {
            "event_type_id": self.kind, "visit_type": "in_person", "zone": "America/New_York", "note": "",
            "idempotency_key": f"nonce {self.keys}", **values,
        }  # fmt: skip
        return Wish(start=self.desk.at(local), applicant=who, **given)

    def book(self, local: str, who: Applicant | ClientKey = DEE, *, mail: bool = True, **values: Any) -> Outcome:
        return door.book(self.database, self.wish(local, who, **values), mail=mail, clock=self.desk.clock)

    def verify(self, token: str) -> Outcome:
        return door.verify(self.database, token, clock=self.desk.clock)

    def slots(self, day: str, **values: Any) -> list[str]:
        date = datetime.fromisoformat(day).date()
        with closing(self.database.connect()) as connection:
            found = door.slots(connection, self.kind, "in_person", date, date, now=self.desk.now, **values)
        return [f"{start.astimezone(NEW_YORK):%H:%M}" for start in found]

    def sessions(self, client: ClientKey) -> door.OwnSessions:
        with closing(self.database.connect()) as connection:
            return door.sessions(connection, client, now=self.desk.now)

    def mails(self, *kinds: str) -> list[dict[str, Any]]:
        """The letters of these kinds, all without one, in the order they were queued."""
        return [row for row in self.desk.rows("outbox_email").values() if not kinds or row["kind"] in kinds]

    def told(self) -> list[tuple[str, str]]:
        """Who is told what: the kind, and `practitioner` or the address."""
        return [
            (row["kind"], row["recipient"] or "practitioner") for row in self.mails() if row["state"] == "queued"
        ]

    def secrets(self, kind: str) -> letters.Secrets:
        """What the latest letter of a kind opens, when it is sent now."""
        row = [row for row in self.mails(kind) if not row["to_practitioner"]][-1]
        with write_session(self.database, "Sent", actor="worker", clock=self.desk.clock) as session:
            return letters.secrets(session, session.get_one(OutboxEmail, row["id"]))

    def requests(self) -> list[dict[str, Any]]:
        return list(self.desk.rows("booking_request").values())

    def statuses(self) -> list[str]:
        return [row["status"] for row in self.requests()]


def facts(mail: dict[str, Any]) -> dict[str, Any]:
    """The payload of a letter."""
    found: dict[str, Any] = json.loads(mail["payload"])
    return found
