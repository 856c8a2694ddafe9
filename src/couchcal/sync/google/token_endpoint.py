"""Asking Google for tokens: one request each, and what an answer means."""

from __future__ import annotations

from collections.abc import Mapping

import requests
from google.auth import transport

from couchcal.sync.google import answers
from couchcal.sync.google.network import AGENT, NETWORK_ERRORS, network_problem
from couchcal.sync.port import NeedsSignIn, RemoteProblem, Transient

ENDED = "Google ended the sign-in (revoked, long unused, or the app is in testing): run couchcal google connect"
_WRONG_CLIENT = "Google does not know this client: check client_secret.json, then run couchcal google connect"
_LONGEST_LIFE_S = 10**8


class TokenEndpoint:
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


def _no_other_sign_in(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps ~/.netrc out of it."""
    return request


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
    return NeedsSignIn(ENDED)
