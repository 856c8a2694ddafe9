"""A practice with two clients of the portal, and a browser that signs in as one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from couchcal.practice import appointments, client_changes, invites, letters, services, tokens
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from couchcal.store.connection import Database
from couchcal.store.public_id import encode
from couchcal.store.records import OutboxEmail, PortalToken
from couchcal.store.session import write_session
from couchcal.web.limits import Limits, What
from couchcal.web.site import Site
from tests.support.practice import furnished_practice
from tests.web.conftest import NOW, Now, Visitor, furnish

NEW_YORK = ZoneInfo("America/New_York")
ANN, BOB = 1, 2
VIDEO = "https://video.example.org/room-a"
PUBLIC, CONTACT = "https://book.example.org", "hello@example.org"
SESSIONS = {ANN: "the session of Annabel", BOB: "the session of Bobby"}
"""The cookies of sessions that are open from the first moment on."""
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


def at(local: str) -> datetime:
    """An instant of New York's clock."""
    return datetime.fromisoformat(local).replace(tzinfo=NEW_YORK)


def furnish_portal(database: Database) -> None:
    """Ann has sessions in person and by video, today, soon, later and over; Bob has one. Both may schedule."""
    furnish(database)
    connection = database.connect()
    connection.execute(
        "UPDATE practice SET self_scheduling = true, reminders_on = true, confirm_portal = 'instant',"
        " telehealth_template = ?",
        (VIDEO,),
    )
    connection.execute("UPDATE event_type SET audience = 'both'")
    connection.close()
    for name in ("Annabel Sample", "Bobby Test"):
        first = name.split()[0].lower()
        client_changes.add(database, name, email=f"{first}@example.org", clock=lambda: NOW)
    connection = database.connect()
    connection.execute("UPDATE client SET portal_state = 'accepted'")
    connection.close()

    book(database, ANN, "2026-02-24 15:00", feedback_requested=True)  # 1: over, with questions
    book(database, ANN, "2026-02-17 15:00")  # 2: over
    book(database, ANN, "2026-03-03 16:00", video=True)  # 3: today, too late for anything
    book(database, ANN, "2026-03-10 15:00")  # 4
    book(database, ANN, "2026-03-17 15:00", 30, video=True)  # 5
    book(database, BOB, "2026-03-11 10:00")  # 6: somebody else's
    with write_session(database, "Signed in", actor="client:0", clock=lambda: NOW) as session:
        for client, secret in SESSIONS.items():
            session.add(
                PortalToken(
                    sha256=tokens.digest(secret), purpose="session", client_id=client,
                    expires_at=NOW + tokens.SESSION_LIFE,
                )
            )  # fmt: skip


@contextmanager
def portal_guest(folder: Path) -> Iterator[Guest]:
    """A browser at the portal of a practice that nobody has been at."""
    clock, database = Now(), furnished_practice(folder, furnish_portal)
    site = Site(database, mail=True, clock=clock, public_url=PUBLIC, contact=CONTACT, limits=Patient())
    yield Guest(site, clock)
    database.dispose()


def book(
    database: Database, client: int, local: str, minutes: int = 50, *, video: bool = False,
    repeat: Repeat | None = None, feedback_requested: bool = False,
) -> None:  # fmt: skip
    """Put a session on the calendar, as the practice did sixty days ago."""
    with closing(database.connect()) as connection:
        places = {place.telehealth: place.id for place in services.locations(connection)}
    start = at(local)
    draft = Draft(
        kind="client_session", start=start, end=start + timedelta(minutes=minutes), tz="America/New_York",
        client_id=client, service="90834", visit_type="telehealth" if video else "in_person",
        location_id=places[video], telehealth_url=VIDEO if video else "", feedback_requested=feedback_requested,
    )  # fmt: skip
    appointments.book(database, draft, repeat=repeat, clock=lambda: NOW - timedelta(days=60))


def key(row_id: int) -> str:
    """What pages call an appointment."""
    return encode("appointment", row_id)


class Patient(Limits):
    """Nobody is kept waiting."""

    def wait(self, what: What, *keys: str) -> int:
        """Never."""
        return 0


class Guest(Visitor):
    """A client with a browser."""

    def post(self, path: str, page: str, **fields: str) -> Any:
        """Send the form of a page that goes to `path`, with its hidden fields."""
        begun = page.index(f'action="{path}"')
        form = page[begun : page.index("</form>", begun)]
        hidden = {name: unescape(value) for name, value in _HIDDEN.findall(form)}
        return self.client.post(path, data={**hidden, **fields})

    def press(self, path: str, **fields: str) -> Any:
        """Look at a page and send its form, which goes to the same address."""
        bare = path.partition("?")[0]
        shown = self.client.get(path)
        assert shown.status_code == 200, shown.text
        return self.post(bare, shown.text, **fields)

    def follow(self, answer: Any) -> str:
        """The page that an answer leads to."""
        assert answer.status_code == 303, answer.text
        found: str = self.client.get(answer.headers["location"]).text
        return found

    def ask(self, email: str = "annabel@example.org") -> Any:
        """Ask for the letter that signs in."""
        return self.press("/portal", email=email)

    def secrets(self, kind: str = "sign_in") -> letters.Secrets:
        """What the last letter of a kind opens, as the worker sends it."""
        with write_session(self.site.database, "Sent", actor="worker", clock=self.clock) as session:
            rows = select(OutboxEmail).where(OutboxEmail.kind == kind).order_by(col(OutboxEmail.id).desc())
            row = session.exec(rows).first()
            assert row is not None
            return letters.secrets(session, row)

    def enter(self, client: int = ANN) -> None:
        """In by a session that is open already."""
        self.client.cookies.set("portal", SESSIONS[client], domain="testserver.local", path="/")

    def sign_in(self, email: str = "annabel@example.org") -> str:
        """In by the link of a letter that was asked for elsewhere; the page that comes then."""
        Guest(self.site, self.clock).ask(email)
        return self.follow(self.press(f"/portal/open?token={self.secrets().token}"))

    def revoke(self, client: int = ANN) -> None:
        """The practice ends a client's access."""
        invites.revoke(self.site.database, client, clock=self.clock)

    def starts(self) -> list[str]:
        """The starts of Ann's appointments that are not cancelled, on New York's clock."""
        rows = self.rows("appointment")
        found = (row for row in rows if row["client_id"] == ANN and row["status"] != "cancelled")
        return sorted(f"{datetime.fromtimestamp(row['start_utc'], NEW_YORK):%m-%d %H:%M}" for row in found)
