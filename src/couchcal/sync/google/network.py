"""The way to Google: a session that signs nothing, and what keeps a request from being answered, in words."""

from __future__ import annotations

from typing import Any

import requests
import urllib3
from requests import exceptions as http_errors
from requests.adapters import BaseAdapter, HTTPAdapter

from couchcal import __version__
from couchcal.sync.port import Transient

TIMEOUTS = (10.0, 30.0)
"""Seconds to connect, and between two pieces of an answer."""
AGENT = f"couchcal/{__version__} (gzip)"  # Google compresses only for agents that say gzip


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


def plain_session() -> requests.Session:
    """A session that signs nothing, with one connection kept per host."""
    session = requests.Session()
    for prefix in ("https://", "http://"):
        session.mount(prefix, HTTPAdapter(pool_connections=4, pool_maxsize=2))
    return session


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
