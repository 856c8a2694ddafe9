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
import urllib3
from google.auth import exceptions as google_errors
from google.auth import transport
from google.oauth2.credentials import Credentials
from requests import exceptions as http_errors
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy

from couchcal import __version__
from couchcal.sync.google import answers
from couchcal.sync.port import NeedsSignIn, RemoteProblem, Transient

TIMEOUTS = (10.0, 30.0)
"""Seconds to connect, and between two pieces of an answer."""
AGENT = f"couchcal/{__version__} (gzip)"  # Google compresses only for agents that say gzip
RENEW_BEFORE = timedelta(minutes=4)
_HEADERS = {"User-Agent": AGENT, "Accept-Encoding": "gzip", "Accept": "*/*"}
IDLE_S = 30.0
"""A connection that was not used for so long is not trusted: a computer that slept, or a router, may have lost it
without anybody saying so."""
_ENDED = "Google ended the sign-in (revoked, long unused, or the app is in testing): run couchcal google connect"
_WRONG_CLIENT = "Google does not know this client: check client_secret.json, then run couchcal google connect"
_REFUSED_IN_A_ROW = 3
_LONGEST_LIFE_S = 10**8


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
        self._tokens = _TokenEndpoint(self._plain, timeouts)
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
            raise NeedsSignIn(_ENDED) from None

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


class _TokenEndpoint:
    """What google-auth asks for tokens through: one request, no repetition, every answer but a good one a problem.

    (google-auth itself would repeat and sleep after some answers, and trip over a page of HTML.)
    """

    def __init__(self, session: requests.Session, timeouts: tuple[float, float]) -> None:
        self._session = session
        self._timeouts = timeouts

    def __call__(
        self,
        url: str,
        method: str = "POST",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_options: object,
    ) -> transport.Response:
        response = self.post(url, body or b"", dict(headers or {}))
        if is_token(response):
            return _TokenAnswer(response)
        raise token_problem(response.status_code, response.headers, response.content)

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> requests.Response:
        """A request without a sign-in."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", **headers, "User-Agent": AGENT}
        try:
            return self._session.request(
                "POST", url, data=body, headers=headers, timeout=self._timeouts, allow_redirects=False,
                auth=_no_other_sign_in,
            )  # fmt: skip
        except NETWORK_ERRORS as error:
            raise network_problem(error) from None


class _TokenAnswer(transport.Response):
    def __init__(self, response: requests.Response) -> None:
        self._response = response

    @property
    def status(self) -> int:
        return self._response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        return self._response.headers

    @property
    def data(self) -> bytes:
        return self._response.content


class Unencrypted(BaseAdapter):
    """Takes the s out of https, for a server on this computer that a library would not talk to otherwise."""

    def __init__(self, session: requests.Session) -> None:
        super().__init__()
        self._session = session

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send it the way of plain http."""
        request.url = "http:" + (request.url or "").partition(":")[2]
        return self._session.get_adapter(request.url).send(request, *args, **options)

    def close(self) -> None:
        """The connections are those of another adapter."""


def _no_other_sign_in(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps ~/.netrc out of it."""
    return request


def _form_value(text: str) -> bytes:
    from urllib.parse import quote_plus

    return quote_plus(text).encode()


def plain_session() -> requests.Session:
    """A session that signs nothing, with one connection kept per host."""
    session = requests.Session()
    for prefix in ("https://", "http://"):
        session.mount(prefix, HTTPAdapter(pool_connections=4, pool_maxsize=2))
    return session


def is_token(response: requests.Response) -> bool:
    """Whether an answer of the token endpoint is a token, all of whose parts can be used."""
    found = answers.parse(response.content)
    if response.status_code != 200 or found is None:
        return False
    lifetime = found.get("expires_in", 0)
    return (
        isinstance(found.get("access_token"), str)
        and isinstance(found.get("refresh_token", ""), str)
        and isinstance(lifetime, int)
        and 0 <= lifetime < _LONGEST_LIFE_S
    )


def token_problem(status: int, headers: Mapping[str, str], body: bytes) -> RemoteProblem:
    """What an answer of the token endpoint other than a token means."""
    wait = answers.retry_after(headers)
    found = answers.parse(body)
    error = found.get("error") if found is not None else None
    if status == 429 or status >= 500 or error in ("internal_failure", "server_error", "temporarily_unavailable"):
        return Transient(f"Google's sign-in is not well ({status})", retry_after=wait, limited=status == 429)
    if not 400 <= status < 500 or not isinstance(error, str):
        return Transient(answers.IN_BETWEEN, retry_after=wait)
    if error in ("invalid_client", "unauthorized_client", "deleted_client", "disabled_client"):
        return NeedsSignIn(_WRONG_CLIENT)
    return NeedsSignIn(_ENDED)


def network_problem(error: Exception) -> Transient:
    """What kept a request from being answered, in words that say nothing of the request."""
    for kind, words in _NETWORK:
        if isinstance(error, kind):
            return Transient(words)
    return Transient(f"the request could not be made ({type(error).__name__})")


NETWORK_ERRORS = (http_errors.RequestException, urllib3.exceptions.HTTPError, OSError)
"""All that the libraries raise where the network is at fault."""
_NETWORK: tuple[tuple[type[Exception], str], ...] = (
    (http_errors.ProxyError, "the proxy of this network cannot be used"),
    (http_errors.SSLError, "no safe connection to Google: its certificate is not accepted here"),
    (http_errors.ConnectTimeout, "Google cannot be reached (no answer)"),
    (http_errors.Timeout, "Google did not answer in time"),
    (http_errors.ChunkedEncodingError, "Google's answer broke off"),
    (http_errors.ContentDecodingError, "Google's answer cannot be read"),
    (http_errors.ConnectionError, "Google cannot be reached"),
)
