"""An emulated Google in this process for the screens of the sync, and what a person does at its web pages."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from couchcal.store.connection import Database
from couchcal.sync.engine import Engine
from couchcal.sync.google.auth import Source
from couchcal.sync.report import Report
from couchcal.sync.waiter import RealWaiter
from couchcal.tui.screens.sync_gate import Gate
from couchcal.worker import Worker
from tests.google.driving import EMAIL, Caller, timed
from tests.google.emulator import Emulator
from tests.google.messages import Request
from tests.google.transport import BASE, session
from tests.tui.forms.host import clock


class Google:
    """The emulator, the person who signs in there, and the ways of the program to both."""

    def __init__(self, database: Database, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.emulator = Emulator("friendly")
        self.emulator.add_user(EMAIL, "America/New_York")
        self.session = session(self.emulator)
        self.database = database
        self.woken = 0
        self.client_file = home / "client_secret.json"
        monkeypatch.delenv("COUCHCAL_GOOGLE_CLIENT_SECRETS", raising=False)
        monkeypatch.setenv("COUCHCAL_GOOGLE_API_URL", f"{BASE}/calendar/v3")
        monkeypatch.setattr("couchcal.sync.google.tokens.usable_keyring", lambda: None)
        self.gate = Gate(database, wake=self._wake, clock=clock, session=self.session)

    @property
    def person(self) -> Caller:
        return Caller(self.emulator)

    def give_client_file(self) -> None:
        self.client_file.parent.mkdir(mode=0o700, exist_ok=True)
        self.client_file.write_text(json.dumps(self.emulator.client_secrets(BASE)))

    def consent(self, address: str) -> str:
        """Say yes at the address; where the browser is sent then."""
        parts = urlsplit(address)
        answer = self.emulator.handle(Request("GET", f"{parts.path}?{parts.query}", {"host": parts.netloc}, b""))
        assert answer.status == 302, answer.body
        return answer.headers["Location"]

    def cycle(self) -> Report:
        """One cycle of the sync."""
        with closing(Source(self.database, session=self.session)) as source:
            return Engine(self.database, source, clock=clock, waiter=RealWaiter()).cycle(calendars=True)

    def connect(self, name: str = "couchcal") -> None:
        """Sign in and make the calendar, as the dialogs would."""
        self.give_client_file()
        with self.gate.sign_in() as sign_in:
            granted = sign_in.paste(self.consent(sign_in.url))
        self.gate.connect(granted, name)

    def worker(self) -> Worker:
        """A worker over this Google."""

        def source(database: Database) -> Source:
            return Source(database, session=self.session)

        return Worker(self.database, clock=clock, polite=False, source_of=source)

    def calendar(self, name: str) -> str:
        """The id of a calendar at Google."""
        (found,) = [item["id"] for item in self.calendars() if item["summary"] == name]
        return str(found)

    def calendars(self) -> list[dict[str, Any]]:
        return self.person("GET", ["users", "me", "calendarList"], minAccessRole="freeBusyReader").items

    def make_calendar(self, name: str) -> str:
        """Another calendar of the person's own."""
        return str(self.person("POST", "calendars", {"summary": name}).body["id"])

    def put(self, calendar: str, title: str, hour: int) -> str:
        """An event on Tuesday 3 March; its id."""
        body = timed(f"2026-03-03T{hour:02}:00:00-05:00", f"2026-03-03T{hour:02}:50:00-05:00", summary=title)
        return str(self.person.insert(calendar, body).body["id"])

    def titles(self, name: str = "couchcal") -> list[str]:
        """What is in a calendar at Google."""
        return sorted(row["summary"] for row in self.person.events(self.calendar(name)).items)

    def _wake(self) -> None:
        self.woken += 1
