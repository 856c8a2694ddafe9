"""The in-process front end under google-auth, as a real client uses it."""

from __future__ import annotations

import google.auth.exceptions
import pytest
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2.credentials import Credentials

from tests.google.driving import EMAIL, timed
from tests.google.emulator import CLIENT_ID, Emulator
from tests.google.transport import BASE, EmulatorAdapter, session

EVENTS = f"{BASE}/calendar/v3/calendars/primary/events"


@pytest.fixture
def emulator() -> Emulator:
    emulator = Emulator("friendly")
    emulator.add_user(EMAIL)
    return emulator


def authorized(emulator: Emulator) -> AuthorizedSession:
    secrets = emulator.client_secrets(BASE)["installed"]
    credentials = Credentials(  # type: ignore[no-untyped-call]
        token=None,
        refresh_token=emulator.grant(EMAIL, CLIENT_ID),
        token_uri=secrets["token_uri"],
        client_id=secrets["client_id"],
        client_secret=secrets["client_secret"],
    )
    made = AuthorizedSession(credentials, auth_request=Request(session(emulator)))  # type: ignore[no-untyped-call]
    made.mount(f"{BASE}/", EmulatorAdapter(emulator))
    return made


def test_google_auth_refreshes_through_it(emulator: Emulator) -> None:
    client = authorized(emulator)
    assert client.get(EVENTS, timeout=5).status_code == 200
    emulator.control("expire_access")
    assert client.get(EVENTS, timeout=5).status_code == 200
    operations = [(entry.op, entry.status) for entry in emulator.log]
    once = [("oauth.token", 200), ("events.list", 200)]
    assert operations == [*once, ("events.list", 401), *once]
    emulator.control("revoke_grant")
    with pytest.raises(google.auth.exceptions.RefreshError):
        client.get(EVENTS, timeout=5)


def test_bodies_headers_and_queries_arrive(emulator: Emulator) -> None:
    client = authorized(emulator)
    body = timed("2026-03-05T10:00:00Z", "2026-03-05T11:00:00Z", summary="Größe")
    made = client.post(EVENTS, json=body, timeout=5)
    assert (made.json()["summary"], made.headers["ETag"]) == ("Größe", made.json()["etag"])
    stale = client.patch(
        f"{EVENTS}/{made.json()['id']}", json={"summary": "x"}, headers={"If-Match": '"1"'}, timeout=5
    )
    assert stale.status_code == 412
    found = client.get(EVENTS, params={"q": "größe", "fields": "items(id)"}, timeout=5)
    assert found.json() == {"items": [{"id": made.json()["id"]}]}
    gone = client.delete(f"{EVENTS}/{made.json()['id']}", timeout=5)
    assert (gone.status_code, gone.content) == (204, b"")


def test_gzip_is_undone_as_on_a_real_wire(emulator: Emulator) -> None:
    emulator.config.change({"gzip": True})
    answer = authorized(emulator).get(EVENTS, timeout=5)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.json()["kind"] == "calendar#events"
