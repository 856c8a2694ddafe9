"""OAuth over HTTP: the consent, the exchange, refreshing, and how grants die (§ OAuth)."""

from __future__ import annotations

import base64
import hashlib
import http.client
import http.server
import json
import threading
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

from tests.google.driving import EMAIL
from tests.google.emulator import CLIENT_ID, CLIENT_SECRET, Emulator
from tests.google.server import EmulatorServer

SCOPE = "https://www.googleapis.com/auth/calendar"
APP = SCOPE + ".app.created"
LOOPBACK = "http://127.0.0.1:8765/"
FORM = "application/x-www-form-urlencoded"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


class Browser:
    """Asks the OAuth endpoints and follows nothing."""

    def __init__(self, server: EmulatorServer) -> None:
        self.port = server.server_address[1]

    def call(self, method: str, path: str, body: bytes = b"", kind: str = FORM) -> tuple[int, dict[str, str], Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, body, {"Content-Type": kind} if body else {})
        answer = connection.getresponse()
        raw = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), json.loads(raw) if raw else {}

    def auth(self, **changes: str | None) -> tuple[int, dict[str, str], Any]:
        given: dict[str, str | None] = {
            "client_id": CLIENT_ID,
            "redirect_uri": LOOPBACK,
            "response_type": "code",
            "scope": SCOPE,
            "state": "s t&te",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "access_type": "offline",
        }
        asked = {name: value for name, value in (given | changes).items() if value is not None}
        return self.call("GET", f"/o/oauth2/v2/auth?{urlencode(asked)}")

    def consent(self, **changes: str | None) -> dict[str, str]:
        status, headers, _ = self.auth(**changes)
        assert status == 302
        return dict(parse_qsl(urlsplit(headers["Location"]).query))

    def token(self, **form: str) -> tuple[int, Any]:
        sent = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET} | form
        status, _, body = self.call("POST", "/token", urlencode(sent).encode())
        return status, body

    def exchange(self, code: str, **form: str) -> tuple[int, Any]:
        given = {"redirect_uri": LOOPBACK, "code_verifier": VERIFIER} | form
        return self.token(grant_type="authorization_code", code=code, **given)

    def refresh(self, token: str, **form: str) -> tuple[int, Any]:
        return self.token(grant_type="refresh_token", refresh_token=token, **form)


@pytest.fixture
def browser(server: EmulatorServer) -> Browser:
    return Browser(server)


def test_from_consent_to_refresh(browser: Browser) -> None:
    answer = browser.consent()
    assert answer["state"] == "s t&te"
    assert answer["scope"] == SCOPE
    status, body = browser.exchange(answer["code"])
    assert status == 200
    assert body.keys() == {"access_token", "expires_in", "scope", "token_type", "refresh_token"}
    assert (body["expires_in"], body["token_type"], body["scope"]) == (3599, "Bearer", SCOPE)
    assert browser.exchange(answer["code"])[1]["error"] == "invalid_grant"
    status, again = browser.refresh(body["refresh_token"])
    assert status == 200
    assert "refresh_token" not in again
    assert again["access_token"] != body["access_token"]
    status, _, info = browser.call("GET", f"/tokeninfo?access_token={again['access_token']}")
    assert (status, info["scope"], info["aud"]) == (200, SCOPE, CLIENT_ID)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "urn:ietf:wg:oauth:2.0:oob"}, "invalid_request"),
        ({"redirect_uri": "https://example.com/"}, "invalid_request"),
        ({"response_type": "token"}, "invalid_request"),
        ({"scope": None}, "invalid_request"),
        ({"scope": SCOPE + ".nothing"}, "invalid_scope"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"code_challenge_method": "S1"}, "invalid_request"),
    ],
)
def test_refused_consents(browser: Browser, changes: dict[str, str | None], error: str) -> None:
    status, _, body = browser.auth(**changes)
    assert status in (400, 401)
    assert body["error"] == error


@pytest.mark.parametrize("uri", ["http://localhost:1/x", "http://127.0.0.1:9/", "http://[::1]:9/cb?a=b"])
def test_loopback_redirects(browser: Browser, uri: str) -> None:
    status, headers, _ = browser.auth(redirect_uri=uri)
    assert (status, headers["Location"].startswith(uri)) == (302, True)


def test_the_user_can_refuse_or_untick(browser: Browser, emulator: Emulator) -> None:
    emulator.control("consent", {"consent": "deny"})
    assert browser.consent() == {"error": "access_denied", "state": "s t&te"}
    emulator.control("consent", {"consent": {"uncheck": [APP]}})
    answer = browser.consent(scope=f"{SCOPE} {APP}")
    assert answer["scope"] == SCOPE
    assert browser.exchange(answer["code"])[1]["scope"] == SCOPE
    emulator.control("consent", {"consent": "allow"})
    assert browser.consent(scope=APP, include_granted_scopes="true")["scope"] == f"{APP} {SCOPE}"


def test_a_consent_that_never_ends(server: EmulatorServer, emulator: Emulator) -> None:
    emulator.control("consent", {"consent": "hang"})
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=0.2)
    query = {"client_id": CLIENT_ID, "redirect_uri": LOOPBACK, "response_type": "code", "scope": SCOPE}
    connection.request("GET", f"/o/oauth2/v2/auth?{urlencode(query)}")
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()


def test_refresh_tokens_come_with_a_fresh_offline_consent_only(browser: Browser) -> None:
    def body(**changes: str | None) -> Any:
        return browser.exchange(browser.consent(**changes)["code"])[1]

    assert "refresh_token" not in body(access_type=None)
    assert "refresh_token" not in body()
    assert "refresh_token" in body(prompt="consent")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"code_verifier": "wrong"}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:1/"}, "redirect_uri_mismatch"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"code": "4/unknown"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_refused_exchanges(browser: Browser, form: dict[str, str], error: str) -> None:
    given = {"grant_type": "authorization_code", "code": browser.consent()["code"]}
    sent = given | {"redirect_uri": LOOPBACK, "code_verifier": VERIFIER} | form
    status, body = browser.token(**sent)
    assert (status, body["error"]) == (401 if error == "invalid_client" else 400, error)


def test_codes_live_ten_minutes(browser: Browser, emulator: Emulator) -> None:
    code = browser.consent()["code"]
    emulator.control("clock", {"advance_s": 601})
    assert browser.exchange(code)[1]["error"] == "invalid_grant"


def test_plain_challenges_and_identity(browser: Browser) -> None:
    code = browser.consent(code_challenge=VERIFIER, code_challenge_method="plain", scope=f"openid {SCOPE}")["code"]
    body = browser.exchange(code)[1]
    payload = body["id_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (claims["email"], claims["aud"]) == (EMAIL, CLIENT_ID)


def test_the_body_of_token_is_a_form(browser: Browser) -> None:
    status, _, body = browser.call("POST", "/token", b'{"grant_type": "refresh_token"}', "application/json")
    assert (status, body["error"]) == (400, "invalid_request")


def dead(browser: Browser, token: str) -> bool:
    status, body = browser.refresh(token)
    if status == 200:
        return False
    assert (status, body["error"]) == (400, "invalid_grant")
    assert body["error_description"] == "Token has been expired or revoked."
    return True


def test_how_refresh_tokens_die(browser: Browser, emulator: Emulator) -> None:
    def fresh() -> str:
        return emulator.grant(EMAIL, CLIENT_ID)

    revoked, unused = fresh(), fresh()
    status, _, _ = browser.call("POST", f"/revoke?token={revoked}")
    assert status == 200
    assert dead(browser, revoked)
    assert browser.call("POST", f"/revoke?token={revoked}")[2]["error"] == "invalid_token"
    assert not dead(browser, unused)
    emulator.control("clock", {"advance_s": 183 * 86_400})
    assert dead(browser, unused)
    tested = fresh()
    emulator.control("set_testing", {"testing": True})
    emulator.control("clock", {"advance_s": 7 * 86_400 - 60})
    assert not dead(browser, tested)
    emulator.control("clock", {"advance_s": 120})
    assert dead(browser, tested)
    emulator.control("set_testing", {"testing": False})
    first, *others = [fresh() for _ in range(101)]
    assert dead(browser, first)
    assert not dead(browser, others[0])


def test_a_refresh_for_another_client_or_scope(browser: Browser, emulator: Emulator) -> None:
    foreign = emulator.grant(EMAIL, "another")
    assert browser.refresh(foreign)[1]["error"] == "unauthorized_client"
    mine = emulator.grant(EMAIL, CLIENT_ID)
    assert browser.refresh(mine, scope=APP)[1]["error"] == "invalid_scope"


def test_rotating_refresh_tokens(browser: Browser, emulator: Emulator) -> None:
    emulator.config.change({"rotate_refresh": True})
    old = emulator.grant(EMAIL, CLIENT_ID)
    new = browser.refresh(old)[1]["refresh_token"]
    assert new != old
    assert dead(browser, old)


def test_devices_get_no_calendar_scope(browser: Browser) -> None:
    def ask(scope: str) -> Any:
        body = urlencode({"client_id": CLIENT_ID, "scope": scope}).encode()
        return browser.call("POST", "/device/code", body)[2]

    assert ask(SCOPE)["error"] == "invalid_scope"
    assert "device_code" in ask("openid email")


def test_the_icon_is_asked_for_first(browser: Browser, emulator: Emulator) -> None:
    emulator.config.change({"favicon_first": True})
    asked: list[str] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    listener = http.server.HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=listener.handle_request, daemon=True)
    thread.start()
    status, headers, _ = browser.auth(redirect_uri=f"http://127.0.0.1:{listener.server_address[1]}/cb")
    thread.join(10)
    listener.server_close()
    assert status == 302
    assert asked == ["/favicon.ico"]
    assert "code" in parse_qs(urlsplit(headers["Location"]).query)
