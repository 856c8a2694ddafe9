"""The emulated Google in a process of its own, and practices that are connected with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.data import TODAY

if TYPE_CHECKING:
    from couchcal.store.connection import Database

EMAIL = "therapist@example.com"
CLIENT = "1234567890-emulator.apps.googleusercontent.com"
SECRET = "GOCSPX-emulator"  # noqa: S105  the emulator's
ZONE = "America/New_York"
_ROOT = Path(__file__).parents[1]


class Google:
    """The emulator at `base`; with `env` couchcal takes it for Google, at a fixed time and with a key."""

    def __init__(self, work: Path, base: str) -> None:
        self.base = base
        secrets = work / "client_secret.json"
        client = {
            "client_id": CLIENT, "client_secret": SECRET, "auth_uri": f"{base}/o/oauth2/v2/auth",
            "token_uri": f"{base}/token", "redirect_uris": ["http://localhost"],
        }  # fmt: skip
        key_file = work / "key"
        key_file.write_text(os.urandom(32).hex())
        key_file.chmod(0o600)
        secrets.write_text(json.dumps({"installed": client}), "utf-8")
        self.env = {
            "COUCHCAL_GOOGLE_CLIENT_SECRETS": str(secrets),
            "COUCHCAL_GOOGLE_API_URL": f"{base}/calendar/v3",
            "COUCHCAL_HOME": str(work),
            "COUCHCAL_NOW": TODAY.isoformat(),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "COUCHCAL_KEY_FILE": str(key_file),
            "TZ": ZONE,
        }

    def control(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """A control call: a POST with a body, else a GET."""
        import requests

        method = "GET" if body is None else "POST"
        found: dict[str, Any] = requests.request(
            method, f"{self.base}/__control__/{path}", json=body, timeout=60
        ).json()
        return found

    def reset(self, events: int = 0) -> None:
        """Begin anew, with so many events in the person's own calendar."""
        users = [{"email": EMAIL, "timezone": ZONE}]
        self.control("reset", {"profile": "friendly", "users": users, "clock": TODAY.isoformat()})
        if events:
            self.control("fill_calendar", {"calendar": EMAIL, "n": events})

    def asked(self) -> dict[str, int]:
        """How many requests of each kind there were since the last look; those for tokens are not among them."""
        found = self.control("stats")["by_op"]
        self.control("mark", {})
        return {name: count for name, count in found.items() if not name.startswith("oauth.")}

    def connect(self, database: Database) -> None:
        """Sign in, and make the calendar that appointments go to."""
        from google.oauth2.credentials import Credentials

        from couchcal.clock import system_clock
        from couchcal.sync.account_rows import APP_CREATED, CALENDAR_LIST, EVENTS
        from couchcal.sync.google import auth, signin

        scopes = frozenset({APP_CREATED, CALENDAR_LIST, EVENTS})
        granted = self.control("grant", {"email": EMAIL, "client_id": CLIENT, "scopes": sorted(scopes)})
        make: Any = Credentials
        credentials = make(
            None, refresh_token=granted["refresh_token"], token_uri=f"{self.base}/token", client_id=CLIENT,
            client_secret=SECRET,
        )  # fmt: skip
        auth.connect(database, signin.Granted(credentials, scopes), clock=system_clock)


@contextmanager
def google(work: Path) -> Iterator[Google]:
    """The emulator, which this process and its children take for Google as long as this lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.google", "--port", "0"], cwd=_ROOT, stdout=subprocess.PIPE
    )
    before = dict(os.environ)
    try:
        if process.stdout is None:
            raise RuntimeError("the emulator says nothing")
        found = Google(work, json.loads(process.stdout.readline())["base"])
        os.environ.update(found.env)
        yield found
    finally:
        os.environ.clear()
        os.environ.update(before)
        process.kill()
        process.wait()


def practice(path: Path, sessions: int, *, encrypt: bool) -> Database:
    """A new practice with so many hours taken, one after the other from now on."""
    from couchcal.practice import client_changes
    from couchcal.practice.opening import create_practice

    database = create_practice(path, tz=ZONE, encrypt=encrypt).database
    client_changes.add(database, "Jane Doe")
    first = int(TODAY.timestamp()) // 3600 * 3600
    with closing(database.connect()) as connection:
        connection.execute("BEGIN")
        for number in range(sessions):
            start = first + 3600 * number
            connection.execute(INSERT, (f"u{number}", start, start + 3000))
        connection.execute("COMMIT")
    return database


INSERT = """
INSERT INTO appointment (created_at, updated_at, version, kind, tz, all_day, status, origin, sequence, service,
    title, place, busy, telehealth_url, instructions, collateral_name, diagnoses, remind_email, remind_text,
    remind_phone, feedback_requested, uid, client_id, start_utc, end_utc, span, overridden, billing_status,
    claim_status)
VALUES (0, 0, 1, 'client_session', 'America/New_York', 0, 'scheduled', 'couchcal', 0, '90834', '', '', 1, '', '',
    '', '', 1, 0, 0, 0, ?, 1, ?, ?, 0, '', 'none', 'none')
"""
