"""The whole sign-in over real sockets: SYNC-07, SYNC-08, SYNC-25, SYNC-26."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from couchcal.errors import NotFound, Refused
from couchcal.store.connection import Database
from couchcal.sync import accounts
from couchcal.sync.account_rows import APP_CREATED, CALENDAR_LIST, EVENTS, FREE_BUSY, reading, writing
from couchcal.sync.google import auth, config
from couchcal.sync.google.auth import Source
from couchcal.sync.google.signin import SignIn
from couchcal.sync.google.tokens import TokenStore
from couchcal.sync.port import NeedsSignIn, Transient
from tests.sync.google.browser import consent, go, half_open, raw, visit
from tests.sync.google.conftest import EMAIL, Google

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)


def clock() -> datetime:
    return NOW


@pytest.fixture
def sign_in(client_file: Path) -> Iterator[SignIn]:
    with SignIn(config.load()) as made:
        yield made


def asked(sign_in: SignIn) -> dict[str, list[str]]:
    return parse_qs(urlsplit(sign_in.url).query)


def home(sign_in: SignIn) -> str:
    return asked(sign_in)["redirect_uri"][0]


def test_what_is_asked_for(google: Google, sign_in: SignIn) -> None:  # SYNC-27: no more than is needed
    found = asked(sign_in)
    assert sign_in.url.startswith(f"{google.base}/o/oauth2/v2/auth?")
    assert found["scope"] == [f"{APP_CREATED} {CALENDAR_LIST} {EVENTS}"]
    assert (found["access_type"], found["prompt"]) == (["offline"], ["consent"])
    assert found["code_challenge_method"] == ["S256"]
    assert urlsplit(home(sign_in)).hostname == "127.0.0.1"
    assert len(found["state"][0]) >= 32


def test_busy_only_asks_for_less(client_file: Path) -> None:
    with SignIn(config.load(), busy_only=True, login_hint=EMAIL) as sign_in:
        assert asked(sign_in)["scope"] == [f"{APP_CREATED} {CALENDAR_LIST} {FREE_BUSY}"]
        assert asked(sign_in)["login_hint"] == [EMAIL]


def test_signing_in(google: Google, sign_in: SignIn) -> None:  # SYNC-07
    google.control("config", favicon_first=True)
    go(sign_in.url)
    granted = sign_in.wait(timeout=10)
    assert granted.scopes == {APP_CREATED, CALENDAR_LIST, EVENTS}
    assert granted.credentials.refresh_token
    assert granted.credentials.expiry is not None


def test_a_browser_asks_for_more_than_it_is_told_to(google: Google, sign_in: SignIn) -> None:
    address = home(sign_in)
    waiting = [half_open(address) for _ in range(3)]
    redirect = consent(sign_in.url)
    assert visit(f"{address}favicon.ico")[0] == 404
    assert raw(address, "HEAD", "/") == 200
    assert visit(redirect, "HEAD")[0] == 200
    assert raw(address, "POST", "/") == 501
    assert visit(address)[0] == 200
    other = redirect.replace("state=", "state=x")
    status, page = visit(other)
    assert (status, "another sign-in" in page) == (400, True)
    status, page = visit(redirect)
    assert (status, "you can close this page" in page) == (200, True)
    assert visit(redirect)[0] == 200, "the same page again"
    assert visit(consent(sign_in.url))[0] == 200, "and a second tab"
    assert sign_in.wait(timeout=10).credentials.refresh_token
    assert google.requests("oauth.token") == 1
    for connection in waiting:
        connection.close()


def test_pasting_the_address(google: Google, sign_in: SignIn) -> None:
    redirect = consent(sign_in.url)
    half = len(redirect) // 2
    granted = sign_in.paste(f" <{redirect[:half]}\n  {redirect[half:]}>\n")
    assert sign_in.wait(timeout=0) == granted
    assert sign_in.paste(redirect) == granted, "twice is once"


def test_pasting_ends_the_wait(google: Google, sign_in: SignIn) -> None:
    found: list[object] = []
    waiting = threading.Thread(target=lambda: found.append(sign_in.wait(timeout=20)))
    waiting.start()
    granted = sign_in.paste(consent(sign_in.url))
    waiting.join(10)
    assert found == [granted]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "begins with http://127.0.0.1"),
        ("4/0Acode", "begins with http://127.0.0.1"),
        ("https://accounts.google.com/o/oauth2/v2/auth?code=1", "begins with http://127.0.0.1"),
        ("http://[", "begins with http://127.0.0.1"),
        ("http://127.0.0.1:1/?state=x&code=y", "another sign-in"),
        ("http://127.0.0.1:1/?code=y", "another sign-in"),
        ("http://127.0.0.1:1/", "no code"),
    ],
)
def test_pasting_something_else(sign_in: SignIn, text: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        sign_in.paste(text)


def test_saying_no(google: Google, sign_in: SignIn) -> None:
    google.control("consent", consent="deny")
    go(sign_in.url)
    with pytest.raises(Refused, match="did not allow it"):
        sign_in.wait(timeout=10)


def test_nobody_answers(sign_in: SignIn) -> None:
    with pytest.raises(Refused, match="nobody answered"):
        sign_in.wait(timeout=0)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Refused, match="cancelled"):
        sign_in.wait(stop)


def test_a_code_that_is_used(google: Google, client_file: Path) -> None:
    with SignIn(config.load()) as first:
        redirect = consent(first.url)
        first.paste(redirect)
        code = parse_qs(urlsplit(redirect).query)["code"][0]
    with SignIn(config.load()) as second:
        state = asked(second)["state"][0]
        with pytest.raises(Refused, match="used already"):
            second.paste(f"{home(second)}?state={state}&code={code}")


def test_trouble_while_the_code_is_exchanged(google: Google, sign_in: SignIn) -> None:
    for kind in ("captive_portal_200_html", "drop_before", "html_502", "redirect", "empty_200"):
        google.fault(kind, "oauth.token")
        with pytest.raises(Transient):
            sign_in.paste(consent(sign_in.url))
    assert sign_in.paste(consent(sign_in.url)), "another try is well"


def test_a_client_that_google_does_not_know(google: Google, client_file: Path) -> None:
    known = json.loads(client_file.read_text())
    known["installed"]["client_secret"] = "wrong"
    client_file.write_text(json.dumps(known))
    with SignIn(config.load()) as sign_in, pytest.raises(NeedsSignIn, match=r"client_secret\.json"):
        sign_in.paste(consent(sign_in.url))


def test_a_port_that_is_taken(sign_in: SignIn) -> None:
    port = urlsplit(home(sign_in)).port or 0
    with pytest.raises(Refused, match=f"port {port} cannot be used"):
        SignIn(config.load(), port)


@pytest.fixture
def connected(google: Google, database: Database, client_file: Path) -> int:
    return connect(database, calendar_name="Practice")


def connect(database: Database, **options: object) -> int:
    with SignIn(config.load()) as sign_in:
        granted = sign_in.paste(consent(sign_in.url))
    name = options.get("calendar_name")
    return auth.connect(
        database, granted, calendar_name=None if name is None else str(name), clock=clock,
        switch=bool(options.get("switch")),
    )  # fmt: skip


def rows(database: Database) -> tuple[accounts.Account, list[accounts.Link]]:
    with reading(database) as connection:
        account = accounts.account(connection)
        assert account is not None
        return account, accounts.links(connection)


def test_connecting(google: Google, database: Database, connected: int) -> None:  # SYNC-08, SYNC-10
    account, links = rows(database)
    assert (account.id, account.email, account.state, account.calendars_read_at) == (connected, EMAIL, "ok", NOW)
    assert account.scopes == {APP_CREATED, CALENDAR_LIST, EVENTS}
    assert [(link.name, link.role, link.enabled) for link in links] == [
        ("Practice", "owned_target", True), (EMAIL, "inbound", False),
    ]  # fmt: skip
    assert not links[0].primary
    remote = auth.remote_for(database, connected)
    assert {calendar.name for calendar in remote.calendars()} == {"Practice", EMAIL}
    remote.close()
    assert google.emulator.control("lint", {}, "GET")["violations"] == []


def test_connecting_again_goes_on(google: Google, database: Database, connected: int) -> None:
    before = rows(database)[1]
    with writing(database) as connection:
        connection.execute(
            "UPDATE calendar_account SET state = 'needs_auth', failures = 3, next_try = 1, last_error = 'x'"
        )
    assert connect(database) == connected
    account, links = rows(database)
    assert (account.state, account.failures, account.next_try, account.last_error) == ("ok", 0, None, "")
    assert links == before
    assert google.requests("calendars.insert") == 1


@pytest.mark.parametrize("scope", [APP_CREATED, CALENDAR_LIST])
def test_a_box_that_is_needed(google: Google, database: Database, client_file: Path, scope: str) -> None:
    google.control("consent", consent={"uncheck": [scope]})
    with pytest.raises(Refused, match="tick"):
        connect(database)
    with reading(database) as connection:
        assert accounts.account(connection) is None


def test_a_box_that_can_be_left_out(google: Google, database: Database, client_file: Path) -> None:
    google.control("consent", consent={"uncheck": [EVENTS]})
    connect(database)
    link = next(link for link in rows(database)[1] if link.role == "inbound")
    assert "connect again and tick it" in accounts.selectable(link)
    with pytest.raises(Refused, match="tick it"):
        accounts.enable(database, link.id)


def test_another_account(google: Google, database: Database, connected: int) -> None:  # SYNC-26
    before = rows(database)
    with writing(database) as connection:
        connection.execute("UPDATE calendar_account SET email = 'someone@example.com'")
    with pytest.raises(Refused, match=r"signed in as ada@example\.com.*linked to someone@example\.com.*--switch"):
        connect(database)
    assert rows(database)[1] == before[1]
    assert connect(database, switch=True) != connected
    account, links = rows(database)
    assert account.email == EMAIL
    target = links[0]
    assert (target.role, target.name) == ("owned_target", "couchcal")
    assert target.remote_calendar_id != before[1][0].remote_calendar_id


def test_disconnecting_and_coming_back(google: Google, database: Database, connected: int) -> None:  # SYNC-25
    links = rows(database)[1]
    assert accounts.disconnect(database) is True
    account, after = rows(database)
    assert (account.state, account.secret_ref, account.connected) == ("disabled", "", False)
    assert after == links
    with pytest.raises(NeedsSignIn):
        auth.remote_for(database, connected)
    with pytest.raises(NeedsSignIn):
        Source(database)()
    with pytest.raises(NotFound):
        accounts.disconnect(database)
    assert connect(database) == connected
    assert rows(database)[1] == links


def test_disconnecting_without_a_network(google: Google, database: Database, connected: int) -> None:
    google.fault("drop_before", "oauth.revoke")
    assert accounts.disconnect(database) is False
    assert TokenStore(database).load(connected) is None


def test_a_rotated_sign_in_is_kept(google: Google, database: Database, connected: int) -> None:
    google.control("config", rotate_refresh=True)
    for _ in range(3):
        before = TokenStore(database).load(connected)
        google.control("expire_access", email=EMAIL)
        remote = auth.remote_for(database, connected)
        remote.calendars()
        remote.close()
        assert TokenStore(database).load(connected) != before


def test_an_access_token_is_kept_while_it_lasts(google: Google, database: Database, connected: int) -> None:
    def asked() -> int:
        """How many tokens were asked for by a run of the program."""
        before = google.requests("oauth.token")
        remote = auth.remote_for(database, connected)
        remote.calendars()
        remote.close()
        return google.requests("oauth.token") - before

    assert [asked(), asked()] == [0, 0], "that of the sign-in is good"
    google.control("expire_access", email=EMAIL)
    assert [asked(), asked()] == [1, 0]
    assert google.emulator.control("lint", {}, "GET")["violations"] == []
    kept = TokenStore(database).load(connected)
    assert kept is not None
    for ends in ("2020-01-01T00:00:00", "soon", ""):
        TokenStore(database).keep_access(connected, kept._replace(access_ends=ends))
        assert [asked(), asked()] == [1, 0]


def test_a_token_that_another_process_renewed_is_used(google: Google, database: Database, connected: int) -> None:
    mine, other = auth.remote_for(database, connected), auth.remote_for(database, connected)
    mine.calendars()
    google.control("expire_access", email=EMAIL)
    other.calendars()
    credentials: Any = mine.http.credentials
    credentials.expiry = datetime.now(UTC).replace(tzinfo=None)
    before = google.requests("oauth.token")
    mine.calendars()
    assert google.requests("oauth.token") == before
    for remote in (mine, other):
        remote.close()


def test_a_sign_in_that_another_process_rotated(google: Google, database: Database, connected: int) -> None:
    google.control("config", rotate_refresh=True)
    source = Source(database)
    mine = source()
    mine.calendars()
    google.control("expire_access", email=EMAIL)
    other = auth.remote_for(database, connected)
    other.calendars()
    other.close()
    google.control("expire_access", email=EMAIL)
    assert source() is mine, "a rotated token is no new sign-in"
    assert mine.calendars()
    source.close()


def test_the_client_file_counts(google: Google, database: Database, connected: int, client_file: Path) -> None:
    known = client_file.read_text()
    client_file.unlink()
    auth.remote_for(database, connected).calendars()
    changed = json.loads(known)
    changed["installed"]["client_secret"] = "wrong"
    client_file.write_text(json.dumps(changed))
    with pytest.raises(NeedsSignIn, match=r"client_secret\.json"):
        auth.remote_for(database, connected).calendars()


def test_who_asks_again_gets_the_same(google: Google, database: Database, connected: int) -> None:
    source = Source(database)
    before = google.requests("oauth.token")
    first = source()
    first.calendars()
    assert source() is first
    source().calendars()
    assert google.requests("oauth.token") == before, "the token of the sign-in is good"
    connect(database)
    assert source() is not first, "there is another sign-in"
    source().calendars()
    source.close()


def test_only_the_calendar_that_is_made_is_written_to(google: Google, database: Database, connected: int) -> None:
    made = rows(database)[1][0].remote_calendar_id
    written = {
        entry["calendar"]
        for entry in google.emulator.control("log", {}, "GET")["log"]
        if entry["method"] != "GET" and entry["op"].startswith("events.")
    }
    assert written <= {made}
