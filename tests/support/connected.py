"""A practice that is connected with the calendar emulator over HTTP, as `couchcal google connect` leaves it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from couchcal.clock import system_clock
from couchcal.store.connection import Database
from couchcal.sync.account_rows import APP_CREATED, CALENDAR_LIST, EVENTS
from couchcal.sync.google import auth, config, signin
from tests.google.emulator import Emulator
from tests.google.server import EmulatorServer

EMAIL = "therapist@example.com"
SCOPES = frozenset({APP_CREATED, CALENDAR_LIST, EVENTS})


class Online:
    """The emulator behind a server of its own, and where programs find it."""

    def __init__(self, directory: Path, profile: str = "friendly", **toggles: Any) -> None:
        self.emulator = Emulator(profile=profile, seed=1, **toggles)
        self.emulator.add_user(EMAIL, "America/New_York")
        self.server = EmulatorServer(self.emulator)
        self.secrets = directory / "client_secret.json"
        self.secrets.write_text(json.dumps(self.emulator.client_secrets(self.server.base)), "utf-8")
        self.env = {
            "COUCHCAL_GOOGLE_CLIENT_SECRETS": str(self.secrets),
            "COUCHCAL_GOOGLE_API_URL": f"{self.server.base}/calendar/v3",
        }

    def connect(self, database: Database) -> int:
        """Sign in and make the calendar; the account's id."""
        from google.oauth2.credentials import Credentials

        client = config.read_client(self.secrets)
        make: Any = Credentials
        credentials = make(
            None, refresh_token=self.emulator.grant(EMAIL, client.client_id, SCOPES), token_uri=client.token_uri,
            client_id=client.client_id, client_secret=client.client_secret,
        )  # fmt: skip
        return auth.connect(database, signin.Granted(credentials, SCOPES), clock=system_clock)

    def events(self) -> list[dict[str, Any]]:
        """The live events of the calendar that was made."""
        made = [name for name in self.emulator.world.calendars if "@group" in name]
        found: list[dict[str, Any]] = self.emulator.control(f"expect?calendar={made[-1]}", method="GET")["events"]
        return found

    def requests(self, operation: str = "") -> int:
        """How many requests of the API were made, of one kind or of all."""
        return sum(1 for entry in self.emulator.log if not operation or entry.op == operation)


@contextmanager
def online(
    directory: Path, patch: pytest.MonkeyPatch, profile: str = "friendly", **toggles: Any
) -> Iterator[Online]:
    """The emulator, which this process and its children take for Google."""
    found = Online(directory, profile, **toggles)
    for name, value in found.env.items():
        patch.setenv(name, value)
    patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    found.server.start()
    try:
        yield found
    finally:
        found.server.close()
