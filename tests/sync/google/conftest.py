"""An emulated Google over real sockets, and couchcal signed in there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from google.oauth2.credentials import Credentials

from couchcal.store.connection import Database
from couchcal.sync.account_rows import APP_CREATED, CALENDAR_LIST, EVENTS
from couchcal.sync.google.client import GoogleRemote
from tests.google.emulator import CLIENT_ID, CLIENT_SECRET, Emulator
from tests.google.server import EmulatorServer
from tests.support.practice import make_practice

EMAIL = "ada@example.com"
SCOPES = (APP_CREATED, CALENDAR_LIST, EVENTS)
TIMEOUTS = (2.0, 0.3)


class Google(NamedTuple):
    """The emulator and the address it is served at."""

    emulator: Emulator
    base: str

    @property
    def api(self) -> str:
        return f"{self.base}/calendar/v3"

    def control(self, path: str, **body: Any) -> dict[str, Any]:
        """A control call."""
        return self.emulator.control(path, body)

    def fault(self, kind: str, op: str, times: int = 1, **action: Any) -> None:
        """Let the next requests of an operation go wrong."""
        fault = {"match": {"op": op}, "when": {"every": 1}, "times": times, "action": {"type": kind, **action}}
        self.control("faults", **fault)

    def requests(self, op: str) -> int:
        """How often an operation was asked for."""
        return sum(entry["op"] == op for entry in self.emulator.control("log", {}, "GET")["log"])

    def credentials(self, scopes: tuple[str, ...] = SCOPES) -> Credentials:
        """A sign-in, as if the consent had been given before."""
        make: Any = Credentials
        made: Credentials = make(
            None,
            refresh_token=self.emulator.grant(EMAIL, CLIENT_ID, scopes),
            token_uri=f"{self.base}/token",
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
        )
        return made


@pytest.fixture(scope="session")
def running() -> Iterator[EmulatorServer]:
    server = EmulatorServer(Emulator())
    server.start()
    yield server
    server.close()


@pytest.fixture
def google(running: EmulatorServer) -> Google:
    """One account, Ada's, under the friendly profile."""
    users = [{"email": EMAIL, "timezone": "Europe/Berlin"}, {"email": "bob@example.com", "timezone": "UTC"}]
    running.emulator.control("reset", {"seed": 1, "profile": "friendly", "users": users})
    return Google(running.emulator, running.base)


@pytest.fixture
def remote(google: Google) -> Iterator[GoogleRemote]:
    """Ada's Google Calendar."""
    made = GoogleRemote(google.credentials(), google.api, timeouts=TIMEOUTS)
    yield made
    made.close()


@pytest.fixture
def client_file(google: Google, isolated_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The client file and the API's address of the emulator, as settings of this computer."""
    isolated_home.mkdir(mode=0o700, exist_ok=True)
    path = isolated_home / "client_secret.json"
    path.write_text(json.dumps(google.emulator.client_secrets(google.base)))
    monkeypatch.setenv("COUCHCAL_GOOGLE_API_URL", google.api)
    return path


@pytest.fixture
def database(isolated_home: Path) -> Iterator[Database]:
    made = make_practice(isolated_home)
    yield made
    made.dispose()


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes into the keyring of whoever runs it."""
    monkeypatch.setattr("couchcal.sync.google.tokens.usable_keyring", lambda: None)
