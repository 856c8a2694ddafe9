"""The client against an emulated Google over real sockets, and against what may stand in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import requests
from google.oauth2.credentials import Credentials

from couchcal.sync.account_rows import APP_CREATED, FREE_BUSY
from couchcal.sync.google.client import GoogleRemote
from couchcal.sync.google.session import Tokens
from couchcal.sync.port import (
    Changed,
    Duplicate,
    EventFields,
    Forbidden,
    NeedsSignIn,
    NotThere,
    Rejected,
    RemoteProblem,
    TokenExpired,
    Transient,
    When,
)
from tests.google import transport
from tests.google.emulator import Emulator
from tests.sync.google.conftest import EMAIL, TIMEOUTS, Google
from tests.sync.google.stub import Stub, response

AT = datetime(2026, 3, 3, 20, 0, tzinfo=UTC)
FIELDS = EventFields(When(AT, AT + timedelta(minutes=50), "America/New_York"), "C-0001", "about", "Office", True)
ID = "abcde00000"
CANARY = "Zebulon Quince"


@pytest.fixture
def target(remote: GoogleRemote) -> str:
    return remote.create_calendar("Practice", "America/New_York", "Managed").id


def test_a_calendar_is_made_found_and_removed(google: Google, remote: GoogleRemote) -> None:  # SYNC-08
    made = remote.create_calendar("Practice", "America/New_York", "Managed by couchcal. 1")
    assert (made.name, made.access, made.time_zone, made.primary) == (
        "Practice",
        "owner",
        "America/New_York",
        False,
    )
    assert remote.calendar(made.id) == made
    assert {calendar.id: calendar.primary for calendar in remote.calendars()} == {EMAIL: True, made.id: False}
    assert next(c for c in remote.calendars() if c.id == made.id).description == "Managed by couchcal. 1"
    remote.delete_calendar(made.id)
    remote.delete_calendar(made.id)
    with pytest.raises(NotThere):
        remote.calendar(made.id)
    with pytest.raises(NotThere):
        remote.events(made.id)
    assert remote.requests == 9
    assert google.emulator.control("lint", {}, "GET")["violations"] == []


def test_an_event_from_its_beginning_to_its_end(remote: GoogleRemote, target: str) -> None:
    made = remote.insert(target, ID, FIELDS, "tag")
    assert (made.when, made.title, made.description, made.place) == (FIELDS.when, "C-0001", "about", "Office")
    assert (made.busy, made.ours, made.cancelled) == (True, "tag", False)
    with pytest.raises(Duplicate):
        remote.insert(target, ID, FIELDS, "tag")
    days = When(date(2026, 3, 3), date(2026, 3, 5))
    moved = remote.patch(target, ID, {"when": days, "busy": False}, made.etag)
    assert (moved.when, moved.busy, moved.title) == (days, False, "C-0001")
    with pytest.raises(Changed):
        remote.patch(target, ID, {"title": "x"}, made.etag)
    with pytest.raises(Changed):
        remote.patch(target, ID, {"title": "x"}, "")
    back = remote.patch(target, ID, {"when": FIELDS.when}, moved.etag)
    assert back.when == FIELDS.when
    assert remote.event(target, ID) == back
    with pytest.raises(Changed):
        remote.delete(target, ID, moved.etag)
    remote.delete(target, ID, back.etag)
    gone = remote.event(target, ID)
    assert gone.cancelled
    remote.delete(target, ID, gone.etag)
    again = remote.patch(target, ID, {"title": "y"}, gone.etag, revive=True)
    assert (again.cancelled, again.title) == (False, "y")
    with pytest.raises(NotThere):
        remote.event(target, "never00000")


def test_a_reading_page_by_page_and_what_changed(google: Google, remote: GoogleRemote, target: str) -> None:
    google.control("config", scan_page_size=2)
    for number in range(5):
        remote.insert(target, f"{ID}{number}", FIELDS, "tag")
    seen, page, token, pages = set[str](), "", None, 0
    while token is None:
        found = remote.events(target, page=page)
        pages += 1
        seen |= {event.id for event in found.events}
        page, token = found.next_page or "", found.sync_token
        assert (found.next_page is None) == (token is not None)
    assert (len(seen), found.time_zone) == (5, "America/New_York")
    assert pages >= 3
    assert any(c in token for c in "-_=")  # it has to be encoded
    remote.delete(target, f"{ID}0", remote.event(target, f"{ID}0").etag)
    changed = [event for event in remote.events(target, sync_token=token).events if event.cancelled]
    assert [event.id for event in changed] == [f"{ID}0"]
    with pytest.raises(TokenExpired):
        remote.events(target, sync_token="nonsense")
    with pytest.raises(TokenExpired):
        remote.events(target, page="nonsense")
    google.control("expire_sync_tokens", calendar=target)
    with pytest.raises(TokenExpired):
        remote.events(target, sync_token=token)


def test_odd_calendar_ids_are_encoded(google: Google, remote: GoogleRemote) -> None:
    odd = "en.usa#holiday@group.v.calendar.google.com"
    google.control("calendars", owner="bob@example.com", id=odd, summary="Holidays", acl={EMAIL: "reader"})
    assert next(c for c in remote.calendars() if c.id == odd).access == "reader"
    assert remote.events(odd).sync_token


def test_nothing_but_what_is_allowed_is_sent(google: Google, remote: GoogleRemote, target: str) -> None:  # SYNC-27
    made = remote.insert(target, ID, FIELDS, "tag")
    moved = remote.patch(target, ID, {"title": "C-0002"}, made.etag)
    remote.delete(target, ID, moved.etag)
    remote.events(target)
    assert google.emulator.control("lint", {}, "GET")["violations"] == []
    sent = [entry for entry in google.emulator.control("log", {}, "GET")["log"] if entry["body"]]
    patched = next(entry["body"] for entry in sent if entry["op"] == "events.patch")
    assert patched == {"summary": "C-0002"}


@pytest.mark.parametrize("shape", ["legacy", "no_errors_array"])
def test_what_is_not_allowed(google: Google, remote: GoogleRemote, shape: str) -> None:
    google.control("config", error_shape=shape)
    with pytest.raises(NotThere):  # a calendar that others made is not there for this sign-in
        remote.insert(EMAIL, ID, FIELDS, "tag")
    narrow = GoogleRemote(google.credentials((APP_CREATED,)), google.api)
    with pytest.raises(NeedsSignIn, match="tick"):
        narrow.calendars()
    narrow.close()
    google.control("disable_api", disabled=True)
    with pytest.raises(NeedsSignIn, match="enable it"):
        remote.calendars()
    google.control("disable_api", disabled=False)


def test_busy_only(google: Google) -> None:
    start, end = ({"dateTime": f"2026-03-03T{hour}:00:00+01:00"} for hour in (14, 15))
    google.control(f"ui/{EMAIL}/create", calendar=EMAIL, summary="Dentist", start=start, end=end)
    remote = GoogleRemote(google.credentials((FREE_BUSY,)), google.api)
    (event,) = remote.events(EMAIL).events
    remote.close()
    assert (event.title, event.busy) == ("", True)
    assert event.when is not None


FAULTS = [
    ("drop_before", {}), ("drop_after", {}), ("hang", {}), ("truncate", {"bytes": 40}), ("garbage", {}),
    ("html_502", {}), ("empty_200", {}), ("bad_gzip", {}), ("wrong_length", {}), ("redirect", {}),
    ("captive_portal_200_html", {}), ("status", {"code": 503, "reason": "backendError", "message": "x"}),
    ("status_after", {"code": 503}), ("status", {"code": 429, "reason": "rateLimitExceeded", "message": "x"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "action"), FAULTS)
@pytest.mark.parametrize("op", ["events.list", "events.insert", "events.patch", "events.delete", "events.get"])
def test_trouble_on_the_way_is_worth_another_try(
    google: Google, remote: GoogleRemote, target: str, kind: str, action: dict[str, Any], op: str
) -> None:
    made = remote.insert(target, ID, FIELDS, "tag")
    calls: dict[str, Callable[[], object]] = {
        "events.list": lambda: remote.events(target),
        "events.insert": lambda: remote.insert(target, ID + "1", FIELDS, "tag"),
        "events.patch": lambda: remote.patch(target, ID, {"title": CANARY}, made.etag),
        "events.delete": lambda: remote.delete(target, ID, made.etag),
        "events.get": lambda: remote.event(target, ID),
    }
    if op == "events.delete" and kind in ("truncate", "garbage", "bad_gzip", "wrong_length"):
        return  # 204 has no body that could be broken
    google.fault(kind, op, **action)
    before = google.requests(op)
    with pytest.raises(Transient) as caught:
        calls[op]()
    assert google.requests(op) == before + 1, "a request is made once"
    assert remote.events(target).sync_token, "the next one is well"
    assert_silent(caught.value)


def assert_silent(error: BaseException) -> None:  # P2
    """No name in the exception, nor in what led to it."""
    following: BaseException | None = error
    while following is not None:
        assert CANARY not in repr(following) + str(following) + repr(getattr(following, "__notes__", ""))
        following = None if following.__suppress_context__ else following.__context__


def test_an_access_token_is_renewed_once(google: Google, remote: GoogleRemote, target: str) -> None:
    assert google.requests("oauth.token") == 1
    google.control("expire_access", email=EMAIL)
    assert remote.insert(target, ID, FIELDS, "tag").title == "C-0001"
    assert google.requests("oauth.token") == 2
    assert google.requests("events.insert") == 2
    assert google.emulator.control("lint", {}, "GET")["violations"] == []


@pytest.mark.parametrize(("seconds", "renewals"), [(230, 1), (600, 0)])
def test_an_access_token_is_renewed_in_time(google: Google, seconds: int, renewals: int) -> None:
    credentials: Any = google.credentials()
    credentials.token = google.emulator.access_token(credentials.refresh_token)
    credentials.expiry = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=seconds)
    remote = GoogleRemote(credentials, google.api)
    remote.calendars()
    remote.calendars()
    remote.close()
    assert google.requests("oauth.token") == renewals


def test_a_connection_is_kept_and_one_long_idle_is_not_trusted(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = b'{"kind": "calendar#calendarList", "items": []}'
    stub.answers = [response("200 OK", listing, keep=True)]
    remote = signed_in_at(stub.base)
    for _ in range(3):
        remote.calendars()
    assert stub.connections == 1
    monkeypatch.setattr("couchcal.sync.google.session.IDLE_S", -1.0)
    remote.calendars()
    assert stub.connections == 2
    remote.close()


def test_a_refusal_of_what_was_just_renewed_is_no_loop(google: Google, remote: GoogleRemote) -> None:
    remote.calendars()
    google.fault(
        "status", "calendarList.list", times=99, code=401, reason="authError", message="Invalid Credentials"
    )
    for _ in range(2):
        with pytest.raises(Transient):
            remote.calendars()
    with pytest.raises(NeedsSignIn):
        remote.calendars()
    assert google.requests("oauth.token") == 4, "the first one, and one for each refused access token"


def test_a_sign_in_that_is_over(google: Google, remote: GoogleRemote) -> None:  # SYNC-25
    remote.calendars()
    google.control("revoke_grant", email=EMAIL)
    asked = google.requests("oauth.token")
    for _ in range(3):
        with pytest.raises(NeedsSignIn, match="couchcal google connect"):
            remote.calendars()
    assert google.requests("oauth.token") == asked + 1, "nothing is asked any more then"
    assert google.emulator.control("lint", {}, "GET")["violations"] == []


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("status", {"code": 503, "reason": "x", "message": "x"}),
        ("status", {"code": 429, "reason": "x", "message": "x"}),
        ("drop_before", {}), ("hang", {}), ("garbage", {}), ("empty_200", {}), ("captive_portal_200_html", {}),
        ("redirect", {}), ("html_502", {}),
    ],
)  # fmt: skip
def test_trouble_at_the_token_endpoint(google: Google, kind: str, action: dict[str, Any]) -> None:
    """google-auth would sleep and repeat; here it is asked once."""
    remote = GoogleRemote(google.credentials(), google.api, timeouts=TIMEOUTS)
    google.fault(kind, "oauth.token", times=9, **action)
    with pytest.raises(Transient):
        remote.calendars()
    assert google.requests("oauth.token") == 1
    assert remote.requests == 0
    remote.close()


def test_a_rotated_refresh_token_is_told(google: Google) -> None:
    google.control("config", rotate_refresh=True)
    told: list[Tokens] = []
    remote = GoogleRemote(google.credentials(), google.api, renewed=told.append)
    remote.calendars()
    google.control("expire_access", email=EMAIL)
    remote.calendars()
    assert len(told) == 2
    assert told[0].refresh != told[1].refresh
    remote.close()


def test_a_wrong_client_says_so(google: Google) -> None:
    credentials: Any = google.credentials()
    credentials._client_secret = "other"
    remote = GoogleRemote(credentials, google.api)
    with pytest.raises(NeedsSignIn, match=r"client_secret\.json"):
        remote.calendars()
    remote.close()


def test_giving_the_sign_in_back(google: Google, remote: GoogleRemote) -> None:  # SYNC-25
    remote.revoke()
    remote.revoke()  # it is over already
    with pytest.raises(NeedsSignIn):
        remote.calendars()


@pytest.fixture
def stub() -> Iterator[Stub]:
    made = Stub()
    yield made
    made.close()


def signed_in_at(base: str) -> GoogleRemote:
    make: Any = Credentials
    credentials = make("access", refresh_token="r", token_uri=f"{base}/token", client_id="c", client_secret="s")
    return GoogleRemote(credentials, f"{base}/calendar/v3", timeouts=TIMEOUTS)


def error(status: str, reason: str, message: str = CANARY) -> bytes:
    return response(status, json.dumps({"error": {"errors": [{"reason": reason}], "message": message}}).encode())


EVENT = b'{"kind": "calendar#event", "id": "other00000", "status": "confirmed"}'


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error("403 Forbidden", "requiredAccessLevel"), Forbidden),
        (error("400 Bad Request", "invalid"), Rejected),
        (response("200 OK", EVENT), Transient),  # another event than the one that was asked for
        (response("200 OK", b'{"kind": "calendar#event"}'), Transient),
        (response("204 No Content"), Transient),
        (response("200 OK", b"x" * 10, length=5), Transient),
        (response("401 Unauthorized", b"<html>sign in</html>"), Transient),
        (response("511 Network Authentication Required", b"<html>"), Transient),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", Transient),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", Transient),
        (b"", Transient),
    ],
)
def test_strange_servers(stub: Stub, answer: bytes, kind: type[RemoteProblem]) -> None:
    stub.answers = [answer]
    remote = signed_in_at(stub.base)
    with pytest.raises(kind) as caught:
        remote.event("c", ID)
    assert_silent(caught.value)
    assert len(stub.seen) == 1
    remote.close()


@pytest.mark.parametrize("answer", [response("200 OK"), response("200 OK", b"<html>"), response("302 Found")])
def test_a_deletion_that_was_not_heard_is_not_done(stub: Stub, answer: bytes) -> None:
    stub.answers = [answer]
    remote = signed_in_at(stub.base)
    with pytest.raises(Transient):
        remote.delete("c", ID, '"1"')
    remote.close()


def test_headers_and_redirects(stub: Stub, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sign-in goes to the one address that is configured, whatever ~/.netrc and redirects say."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    elsewhere = Stub()
    elsewhere.answers = [response("200 OK", b"{}")]
    stub.answers = [response("307 Temporary Redirect", b"", f"Location: {elsewhere.base}/")]
    remote = signed_in_at(stub.base)
    with pytest.raises(Transient):
        remote.patch("a@b#c/d", ID, {"title": "x"}, '"1"')
    ((method, path, headers, body),) = stub.seen
    assert elsewhere.seen == []
    elsewhere.close()
    remote.close()
    assert (method, path) == ("PATCH", f"/calendar/v3/calendars/a%40b%23c%2Fd/events/{ID}?maxAttendees=1")
    assert headers["authorization"] == "Bearer access"
    assert headers["if-match"] == '"1"'
    assert headers["accept-encoding"] == "gzip"
    assert "gzip" in headers["user-agent"]
    assert json.loads(body) == {"summary": "x"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"access_token": 3}',
        b'{"access_token": "a", "expires_in": "soon"}',
        b'{"access_token": "a", "expires_in": 1e300}',
        b'{"access_token": "a", "expires_in": -5}',
        b'{"access_token": "a", "refresh_token": {}}',
        b'"token"',
    ],
)
def test_tokens_that_cannot_be_used(stub: Stub, body: bytes) -> None:
    stub.answers = [response("200 OK", body)]
    credentials: Any = Credentials
    made = credentials(None, refresh_token="r", token_uri=f"{stub.base}/token", client_id="c", client_secret="s")
    remote = GoogleRemote(made, f"{stub.base}/calendar/v3", timeouts=TIMEOUTS)
    with pytest.raises(Transient):
        remote.calendars()
    assert len(stub.seen) == 1
    remote.close()


def test_a_rotated_token_that_could_not_be_kept_is_told_again(google: Google) -> None:
    google.control("config", rotate_refresh=True)
    told: list[str] = []

    def keep(tokens: Tokens) -> None:
        told.append(tokens.refresh)
        if len(told) == 1:
            raise OSError("disk full")

    remote = GoogleRemote(google.credentials(), google.api, renewed=keep)
    with pytest.raises(OSError, match="disk full"):
        remote.calendars()
    google.control("config", rotate_refresh=False)
    google.control("expire_access", email=EMAIL)
    remote.calendars()
    remote.close()
    assert told == [told[0]] * 2


def test_proxies_of_the_environment_are_used(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", stub.base)
    stub.answers = [response("407 Proxy Authentication Required", b"<html>")]
    make: Any = Credentials
    credentials = make(
        "a", refresh_token="r", token_uri="http://nowhere.test/token", client_id="c", client_secret="s"
    )
    remote = GoogleRemote(credentials, "http://nowhere.test/calendar/v3", timeouts=TIMEOUTS)
    with pytest.raises(Transient, match="proxy"):
        remote.calendars()
    assert stub.seen[0][1].startswith("http://nowhere.test/")
    remote.close()


def test_nobody_there() -> None:
    remote = signed_in_at("http://127.0.0.1:9")
    with pytest.raises(Transient, match="cannot be reached"):
        remote.calendars()
    remote.close()


def test_without_sockets_too() -> None:
    """The session's adapters carry everything, the tokens too."""
    emulator = Emulator(profile="paranoid", seed=3)
    emulator.add_user(EMAIL, timezone="Europe/Berlin")
    session: requests.Session = transport.session(emulator)
    credentials = Google(emulator, transport.BASE).credentials()
    remote = GoogleRemote(credentials, f"{transport.BASE}/calendar/v3", session=session)
    assert [calendar.id for calendar in remote.calendars()] == [EMAIL]
    remote.close()
    assert [calendar.id for calendar in remote.calendars()] == [EMAIL], "closing closes connections alone"
