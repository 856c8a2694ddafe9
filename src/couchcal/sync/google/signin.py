"""Signing in at Google as a desktop program: loopback redirect with PKCE, or the pasted address of it (SYNC-07).

Nothing is printed, no browser opened here, and oauthlib's environment variables need not be set.
"""

from __future__ import annotations

import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from queue import Empty
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from couchcal.errors import Refused
from couchcal.sync.account_rows import APP_CREATED, CALENDAR_LIST, EVENTS, FREE_BUSY
from couchcal.sync.google.config import Client, GoogleConfig
from couchcal.sync.google.receiver import Receiver, Redirect, WrongState, is_redirect_address, read

if TYPE_CHECKING:
    import requests
    from google.oauth2.credentials import Credentials


WAIT_S = 15 * 60.0
"""How long a sign-in is waited for."""
_POLL_S = 0.1


class Stop(Protocol):
    """Something that says when to give up, such as `threading.Event`."""

    def is_set(self) -> bool:
        """Whether to give up."""


class Granted(NamedTuple):
    """What the person allowed: credentials with a refresh token, and the scopes that were ticked."""

    credentials: Credentials
    scopes: frozenset[str]


class SignIn:
    """One sign-in: listens on 127.0.0.1 from its creation until `close`.

    `url` is where the person goes. `wait` and `paste` may run in several threads; the first redirect counts, and
    both give the same.

    Args:
        port: of the redirect; 0 takes a free one. A fixed one can be led through ssh.
        busy_only: ask for the times of others' events alone, not for what they are.
        login_hint: the address of the account that is expected.
        session: whose adapters carry the requests.

    Raises:
        Refused: the port cannot be used.
    """

    def __init__(
        self,
        config: GoogleConfig,
        port: int = 0,
        *,
        busy_only: bool = False,
        login_hint: str = "",
        session: requests.Session | None = None,
    ) -> None:
        self._client = config.client
        self._state = secrets.token_urlsafe(24)
        self._receiver = Receiver(self._state, port)
        self._granted: Granted | None = None
        self._lock = threading.Lock()
        scopes = [APP_CREATED, CALENDAR_LIST, FREE_BUSY if busy_only else EVENTS]
        self._flow = _flow(self._client, scopes, self._receiver.redirect_uri, session)
        options = {"login_hint": login_hint} if login_hint else {}
        url, _ = self._flow.authorization_url(state=self._state, access_type="offline", prompt="consent", **options)
        self.url = _with_scheme_of(self._client.auth_uri, url)

    def wait(self, stop: Stop | None = None, timeout: float = WAIT_S) -> Granted:
        """Wait for the person.

        Raises:
            Refused: they did not allow it, `stop` was set, or `timeout` seconds went by. Transient: Google could
            not be asked. NeedsSignIn: the client file is not right.
        """
        until = time.monotonic() + timeout
        while self._granted is None:
            if stop is not None and stop.is_set():
                raise Refused("the sign-in was cancelled", "start it again when you like")
            if time.monotonic() > until:
                raise Refused("nobody answered in the browser", "run couchcal google connect again")
            try:
                found = self._receiver.arrived.get(timeout=_POLL_S)
            except Empty:
                continue
            self._finish(found)
        return self._granted

    def paste(self, text: str) -> Granted:
        """Go on with the address the browser ended at, where it could not reach this computer.

        Raises:
            Refused: it is no such address, or one of another sign-in; and as `wait`.
        """
        text = "".join(text.split()).strip("'\"<>")
        if not is_redirect_address(text):
            raise Refused(
                "this is not the address the browser ended at", "it begins with http://127.0.0.1: copy it whole"
            )
        try:
            found = read(text, self._state)
        except WrongState:
            raise Refused("this address is of another sign-in", "use the address that is shown now") from None
        if found is None:
            raise Refused("this address has no code in it", "copy all of it, up to its end")
        return self._finish(found)

    def close(self) -> None:
        """Listen no more."""
        self._receiver.close()
        self._flow.oauth2session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _finish(self, redirect: Redirect) -> Granted:
        with self._lock:
            if self._granted is None:
                if "code" not in redirect:
                    raise _denied(redirect.get("error", ""))
                self._granted = self._exchange(redirect["code"])
            return self._granted

    def _exchange(self, code: str) -> Granted:
        from google.oauth2.credentials import Credentials

        from couchcal.sync.google.network import NETWORK_ERRORS, TIMEOUTS, network_problem

        asked = self._flow.oauth2session.scope
        self._flow.oauth2session.scope = None  # a person may untick some: oauthlib would call that an error
        try:
            token = self._flow.fetch_token(code=code, include_client_id=True, timeout=TIMEOUTS)
        except NETWORK_ERRORS as error:
            raise network_problem(error) from None
        finally:
            self._flow.oauth2session.scope = asked
        scopes = _words(token.get("scope")) or frozenset(asked)
        if not token.get("refresh_token"):
            raise Refused("Google gave no lasting sign-in", "run couchcal google connect again")
        client = self._client
        make: Any = Credentials
        credentials = make(
            token["access_token"],
            refresh_token=token["refresh_token"],
            token_uri=client.token_uri,
            client_id=client.client_id,
            client_secret=client.client_secret,
            expiry=_expiry(token.get("expires_in")),
        )
        return Granted(credentials, scopes)


def _flow(client: Client, scopes: list[str], redirect_uri: str, session: requests.Session | None) -> Any:
    """The library's flow. It insists on https, so it is given https; where the client file says http, which it may
    for this computer alone, that is what goes over the wire."""
    from google_auth_oauthlib.flow import Flow

    known = client._asdict() | {"auth_uri": _https(client.auth_uri), "token_uri": _https(client.token_uri)}
    flow = Flow.from_client_config({"installed": known}, scopes, redirect_uri=redirect_uri)
    if session is not None:
        flow.oauth2session.adapters = dict(session.adapters)
        flow.oauth2session.verify = session.verify
    if client.token_uri.startswith("http:"):
        from couchcal.sync.google.network import Unencrypted

        flow.oauth2session.mount(_https(client.token_uri), Unencrypted(flow.oauth2session))
    flow.oauth2session.register_compliance_hook("access_token_request", _without_redirects)
    flow.oauth2session.register_compliance_hook("access_token_response", _believed)
    return flow


def _without_redirects(url: str, headers: Any, options: Any) -> tuple[str, Any, Any]:
    return url, headers, options | {"allow_redirects": False}


def _https(url: str) -> str:
    return "https:" + url.partition(":")[2]


def _with_scheme_of(original: str, url: str) -> str:
    return original.partition(":")[0] + ":" + url.partition(":")[2]


def _believed(response: requests.Response) -> requests.Response:
    """The answer to a code, if it is a token.

    Raises:
        Refused: the code is of no use (any more). NeedsSignIn: the client is wrong. Transient: no real answer.
    """
    from couchcal.sync.google import answers
    from couchcal.sync.google.token_endpoint import is_token, token_problem

    if is_token(response):
        return response
    found = answers.parse(response.content)
    if found is not None and found.get("error") in ("invalid_grant", "redirect_uri_mismatch", "invalid_request"):
        raise Refused("this sign-in is over or was used already", "start it again with couchcal google connect")
    raise token_problem(response.status_code, response.headers, response.content)


def _denied(error: str) -> Refused:
    if error == "access_denied":
        return Refused("you did not allow it at Google", "nothing was changed; couchcal google connect asks again")
    known = error if error.isascii() and error.replace("_", "").isalnum() and len(error) < 40 else "no reason given"
    return Refused(f"Google ended the sign-in ({known})", "run couchcal google connect again")


def _words(scope: Any) -> frozenset[str]:
    if isinstance(scope, str):
        return frozenset(scope.split())
    return frozenset(str(word) for word in scope) if isinstance(scope, (list, tuple)) else frozenset()


def _expiry(seconds: Any) -> datetime | None:
    """When an access token ends, naive UTC by this computer's clock, as google-auth keeps it."""
    if not isinstance(seconds, (int, float)):
        return None
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=float(seconds))
