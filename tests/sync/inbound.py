"""A practice beside a remote calendar in memory, and the short ways in which tests of readings speak of both."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from couchcal.practice import agenda
from couchcal.practice.disclosure import disclosed
from couchcal.sync import apply, ledger, review
from couchcal.sync.apply import Applied
from couchcal.sync.fields import NAMES, known, known_of, outgoing, shown, text_of
from couchcal.sync.ids import event_id
from couchcal.sync.ledger import Link, Mapped
from couchcal.sync.port import RemoteEvent, When
from couchcal.sync.pull import Reading, read
from couchcal.sync.review import ReviewItem
from tests.practice.conftest import NEW_YORK, Desk
from tests.sync.fake import FakeRemote

ZONE = "America/New_York"


class Waits:
    """A waiter that lets no time pass."""

    def __init__(self) -> None:
        self.waited: list[float] = []
        self.stopping = False

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return not self.stopping

    def pace(self) -> None:
        return None


class Side:
    """A practice with an account, a target calendar `ours` and one of the practitioner's own, `theirs`."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.remote = FakeRemote()
        self.waiter = Waits()
        self.ours = self.remote.add_calendar("couchcal", ZONE)
        self.theirs = self.remote.add_calendar("Private", ZONE)
        with closing(desk.database.connect()) as connection:
            connection.execute(
                "INSERT INTO calendar_account (id, created_at, updated_at, version, provider, email, scopes, state,"
                " secret_ref) VALUES (1, 0, 0, 1, 'google', 'me@example.org', '', 'ok', '')"
            )
            for number, calendar, role in ((1, self.ours, "owned_target"), (2, self.theirs, "inbound")):
                connection.execute(
                    "INSERT INTO calendar_link (id, created_at, updated_at, version, account_id,"
                    " remote_calendar_id, name, role, direction, access_role, enabled, state, last_error,"
                    " time_zone)"
                    " VALUES (?, 0, 0, 1, 1, ?, ?, ?, 'two_way', 'owner', true, '', '', ?)",
                    (number, calendar.id, calendar.name, role, ZONE),
                )

    # here

    def link(self, number: int = 1) -> Link:
        with closing(self.desk.database.connect()) as connection:
            found = ledger.link(connection, number)
        assert found is not None
        return found

    def sent(self, *appointment_ids: int) -> list[str]:
        """Put appointments into the target calendar as a sending would have; their event ids."""
        made = []
        with closing(self.desk.database.connect()) as connection:
            for row_id, entry in disclosed(connection, appointment_ids).items():
                fields = outgoing(entry)
                name = event_id(self.ours.id, entry.uid, 0)
                event = self.remote.insert(self.ours.id, name, fields, name)
                ledger.allocate(connection, 1, row_id, name, 0)
                mapped = ledger.map_of(connection, 1, row_id)
                assert mapped is not None
                ours, theirs = text_of(known(fields)), text_of(shown(event))
                ledger.write_map(connection, mapped.id, state="live", etag=event.etag, ours=ours, theirs=theirs)
                made.append(name)
            connection.execute("DELETE FROM sync_outbox")
        return made

    def sent_again(self, appointment_id: int) -> None:
        """Send a change of an appointment as a sending would have."""
        with closing(self.desk.database.connect()) as connection:
            mapped = ledger.map_of(connection, 1, appointment_id)
            assert mapped is not None
            fields = outgoing(disclosed(connection, [appointment_id])[appointment_id])
            values = {name: getattr(fields, name) for name in NAMES}
            event = self.remote.patch(self.ours.id, mapped.event_id, values, mapped.etag)
            ours, theirs = text_of(known(fields)), text_of(shown(event))
            ledger.write_map(connection, mapped.id, state="live", etag=event.etag, ours=ours, theirs=theirs)
            connection.execute("DELETE FROM sync_outbox")

    def counts_as_removed(self, appointment_id: int) -> None:
        """A removal was sent, and answered."""
        with closing(self.desk.database.connect()) as connection:
            ledger.set_map_state(connection, self.mapped(appointment_id).id, "deleted")
            connection.execute("DELETE FROM sync_outbox")

    def read(self, number: int = 1, **options: Any) -> Reading:
        return read(self.remote, self.desk.database, self.link(number), waiter=self.waiter, **options)

    def pull(self, number: int = 1, **options: Any) -> Applied:
        reading = self.read(number, **options)
        return apply.apply(self.desk.database, self.link(number), reading, clock=self.desk.clock)

    def mapped(self, appointment_id: int) -> Mapped:
        found = ledger.map_of(self.desk.reading, 1, appointment_id)
        assert found is not None
        return found

    def again(self, appointment_id: int) -> frozenset[str]:
        """What waits to be put back."""
        return known_of(self.mapped(appointment_id).ours).again

    def queued(self) -> set[int]:
        return {row["appointment_id"] for row in self.desk.rows("sync_outbox").values()}

    def reviews(self) -> list[ReviewItem]:
        return review.open_items(self.desk.reading)

    def kinds(self) -> list[str]:
        return [item.kind for item in self.reviews()]

    def google_changes(self) -> list[str]:
        """The labels of what the journal says of the actor google."""
        return [row["label"] for row in self.desk.rows("change").values() if row["actor"] == "google"]

    def externals(self, day: str = "2026-03-03", days: int = 1) -> list[str]:
        """The external events of some days: title and time on the practitioner's clock."""
        start = self.desk.at(f"{day} 00:00")
        found = agenda.between(self.desk.reading, start, start + timedelta(days=days), NEW_YORK)
        return [
            f"{entry.title} {entry.start.astimezone(NEW_YORK):%d %H:%M}"
            for entry in found
            if entry.kind == "external"
        ]

    # there

    def when(self, local: str, minutes: int = 50) -> When:
        start = self.desk.at(local)
        return When(start, start + timedelta(minutes=minutes), ZONE)

    def move_there(self, name: str, local: str, minutes: int = 50) -> None:
        self.remote.change(self.ours.id, name, when=self.when(local, minutes))

    def add_there(
        self, title: str, local: str, *, minutes: int = 60, calendar: str = "", **values: Any
    ) -> RemoteEvent:
        event = RemoteEvent(title.lower().replace(" ", ""), when=self.when(local, minutes), title=title)
        return self.remote.put(calendar or self.theirs.id, replace(event, **values))

    def fill_there(self, count: int, calendar: str = "") -> list[str]:
        """Single events, an hour each, one after the other."""
        first = datetime(2026, 3, 3, 12, tzinfo=NEW_YORK)
        names = []
        for number in range(count):
            start = first + timedelta(hours=number)
            event = RemoteEvent(
                f"e{number}", when=When(start, start + timedelta(hours=1), ZONE), title=f"E {number}"
            )
            names.append(self.remote.put(calendar or self.theirs.id, event).id)
        return names

    def drop_there(self, names: Iterable[str], calendar: str = "") -> None:
        for name in names:
            self.remote.drop(calendar or self.ours.id, name)


def all_day(first: str, last: str) -> When:
    """Whole days, the end exclusive."""
    return When(date.fromisoformat(first), date.fromisoformat(last))
