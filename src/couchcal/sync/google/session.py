"""HTTP with a sign-in: one session that is kept alive, each request made once, the access token renewed in time.

google-auth signs each request, requests sends it as it is prepared here: nothing is refreshed, repeated or slept
for unasked, no redirect is followed, and nothing but the sign-in is looked up anew for each.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests
from google.auth import exceptions as google_errors
from google.oauth2.credentials import Credentials
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy

from couchcal.sync.google import answers
from couchcal.sync.google.network import AGENT, NETWORK_ERRORS, TIMEOUTS, network_problem, plain_session
from couchcal.sync.google.token_endpoint import ENDED, TokenEndpoint
from couchcal.sync.port import NeedsSignIn, Transient

RENEW_BEFORE = timedelta(minutes=4)
_HEADERS = {"User-Agent": AGENT, "Accept-Encoding": "gzip", "Accept": "*/*"}
IDLE_S = 30.0
"""A connection that was not used for so long is not trusted: a computer that slept, or a router, may have lost it
without anybody saying so."""
_REFUSED_IN_A_ROW = 3


_refresh: Any = Credentials.refresh  # google-auth's methods have no types
_sign: Any = Credentials.before_request


class Tokens(NamedTuple):
    """A refresh token, and an access token with its end (naive UTC, as google-auth keeps it) if there is one."""

    refresh: str
    access: str | None = None
    expiry: datetime | None = None


def use(credentials: Any, tokens: Tokens) -> None:
    """Go on with these tokens."""
    credentials._refresh_token = tokens.refresh  # there is no public way, short of other credentials
    credentials.token = tokens.access
    credentials.expiry = tokens.expiry


def _ends_soon(credentials: Credentials) -> bool:
    if not credentials.token:
        return True
    expiry = credentials.expiry  # naive UTC, by the clock of this computer: google-auth made it
    return expiry is not None and expiry - datetime.now(UTC).replace(tzinfo=None) < RENEW_BEFORE


class Answer:
    """The answer to a request, read to its end."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


class SignedInSession:
    """Requests of one account.

    Args:
        session: whose adapters carry the requests (tests mount their own); the program's own if None.
        renewed: called with the tokens when Google gave an access token, and perhaps another refresh token.
        stored: the tokens as they are kept now: another process may have got others.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        session: requests.Session | None = None,
        timeouts: tuple[float, float] = TIMEOUTS,
        renewed: Callable[[Tokens], None] | None = None,
        stored: Callable[[], Tokens | None] | None = None,
    ) -> None:
        self.credentials = credentials
        self.count = 0
        self._timeouts = timeouts
        self._renewed = renewed
        self._stored = stored
        self._over = ""
        self._plain = session if session is not None else plain_session()
        self._tokens = TokenEndpoint(self._plain, timeouts)
        self._session = requests.Session()
        self._session.adapters = self._plain.adapters
        self._session.trust_env = False  # the environment's proxy is looked up once, not for each request
        self._session.verify = self._plain.verify
        self._session.proxies = dict(self._plain.proxies)
        self._origins: set[str] = set()
        self._used = time.time()
        self._refused = 0

    def send(self, method: str, url: str, *, body: Mapping[str, Any] | None = None, etag: str = "") -> Answer:
        """Make a request; after a 401 the access token is renewed once and the request made once more.

        Raises:
            NeedsSignIn: the sign-in is over. Transient: no answer.
        """
        headers = _HEADERS | ({"If-Match": etag} if etag else {})
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        if self._over:
            raise NeedsSignIn(self._over)  # nothing is asked any more once Google said so
        if _ends_soon(self.credentials) and not self._is_renewed_elsewhere():
            self.renew()
        answer = self._once(method, url, headers, data)
        if answer.status == 401 and answers.refusal(answer.body) is not None:
            self.renew()
            answer = self._once(method, url, headers, data)
            if answer.status == 401 and answers.refusal(answer.body) is not None:
                self._refused += 1
                if self._refused < _REFUSED_IN_A_ROW:
                    raise Transient("Google did not take a sign-in that it had just renewed")
                return answer
        self._refused = 0
        return answer

    def renew(self) -> None:
        """Get a new access token.

        Raises:
            NeedsSignIn: Google gives none any more. Transient: it could not be asked.
        """
        self._drop_idle()
        try:
            self._refresh()
        except NeedsSignIn as problem:
            latest = self._latest()
            if latest is None or latest.refresh == self.credentials.refresh_token:
                self._over = problem.message
                raise
            use(self.credentials, latest)
            self._refresh()
        if self._renewed is not None:
            self._renewed(
                Tokens(self.credentials.refresh_token or "", self.credentials.token, self.credentials.expiry)
            )

    def _latest(self) -> Tokens | None:
        return self._stored() if self._stored is not None else None

    def _is_renewed_elsewhere(self) -> bool:
        """Whether another process got an access token meanwhile, which is used from now on."""
        latest = self._latest()
        if latest is None or not latest.access or latest.access == self.credentials.token:
            return False
        use(self.credentials, latest)
        return not _ends_soon(self.credentials)

    def _refresh(self) -> None:
        try:
            _refresh(self.credentials, self._tokens)
        except google_errors.GoogleAuthError:
            raise NeedsSignIn(ENDED) from None

    def revoke(self) -> None:
        """Give the sign-in back; one that is over is no error.

        Raises:
            Transient: Google could not be asked.
        """
        token = self.credentials.refresh_token or self.credentials.token
        if not token:
            return
        url = self.credentials.token_uri.rpartition("/")[0] + "/revoke"
        self._drop_idle()
        response = self._tokens.post(url, b"token=" + _form_value(token), {})
        if response.status_code not in (200, 400):
            raise answers.problem(
                answers.Operation.DELETE, response.status_code, response.headers, response.content
            )

    def drop(self) -> None:
        """Drop the connections that are open; the next request opens another."""
        for adapter in self._plain.adapters.values():
            if isinstance(adapter, HTTPAdapter):
                adapter.close()

    def close(self) -> None:
        """Close the connections; the next request opens another."""
        self._session.close()
        self._plain.close()

    def _once(self, method: str, url: str, headers: dict[str, str], data: bytes | None) -> Answer:
        self._drop_idle()
        self._use_proxy(url)
        self.count += 1
        headers = dict(headers)
        _sign(self.credentials, self._tokens, method, url, headers)
        request = requests.PreparedRequest()
        try:
            request.prepare(method, url, headers, data=data)
            response = self._session.send(request, timeout=self._timeouts, allow_redirects=False)
            return Answer(response.status_code, response.headers, response.content)
        except NETWORK_ERRORS as error:
            raise network_problem(error) from None
        finally:
            self._used = time.time()

    def _drop_idle(self) -> None:
        if abs(time.time() - self._used) > IDLE_S:  # by the clock on the wall: it goes on while a computer sleeps
            self.drop()
            self._used = time.time()

    def _use_proxy(self, url: str) -> None:
        """Take the proxy of the environment for this origin, once; the session itself reads no environment."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.hostname}"
        if origin not in self._origins:
            self._origins.add(origin)
            proxy = select_proxy(url, get_environ_proxies(url))
            if proxy:
                self._session.proxies[origin] = proxy


def _form_value(text: str) -> bytes:
    from urllib.parse import quote_plus

    return quote_plus(text).encode()
