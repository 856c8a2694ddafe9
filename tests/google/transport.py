"""The emulator behind a `requests` session, without sockets: what goes wrong on the wire is raised as the real
adapter of requests would raise it. Time spent waiting passes on the virtual clock.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

from tests.google.emulator import Emulator
from tests.google.favicon import visit
from tests.google.messages import Request, Response

BASE = "http://emulator.test"


class EmulatorAdapter(BaseAdapter):
    """Mount it on a session for `http://emulator.test/`; it serves the API, OAuth and the control calls."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__()
        self.emulator = emulator
        self._builder = HTTPAdapter()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Raises ConnectionError and ReadTimeout of requests; AssertionError where a client would hang for
        ever because it set no timeout.
        """
        patience = timeout[1] if isinstance(timeout, tuple) else timeout
        response = self.emulator.handle(emulated(request))
        if response.favicon:
            visit(response.favicon)
        self._wait(request, response, patience)
        if response.wire == "reset":
            cause = urllib3.exceptions.ProtocolError(
                "Connection aborted.", ConnectionResetError(104, "Connection reset by peer")
            )
            raise requests.exceptions.ConnectionError(cause, request=request)
        return self._builder.build_response(request, raw_response(request, response))

    def _wait(self, request: requests.PreparedRequest, response: Response, patience: float | None) -> None:
        if response.wire == "hang" and patience is None:
            raise AssertionError("this request has no timeout: it would hang for ever")
        waits = response.wire == "hang" or (patience is not None and response.delay_ms >= patience * 1000)
        if waits and patience is not None:
            self._pass(int(patience * 1000) - response.waited_ms)
            raise requests.exceptions.ReadTimeout(f"Read timed out. (read timeout={patience})", request=request)
        self._pass(response.delay_ms - response.waited_ms)

    def _pass(self, ms: int) -> None:
        with self.emulator.lock:
            self.emulator.advance(max(0, ms) * 1000)

    def close(self) -> None:
        self._builder.close()


def emulated(request: requests.PreparedRequest) -> Request:
    """The prepared request as it would stand on the wire."""
    parts = urlsplit(str(request.url))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {str(name).lower(): text(value) for name, value in request.headers.items()}
    headers.setdefault("host", parts.netloc)
    body: Any = request.body
    if body is None:
        body = b""
    elif isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, bytes):
        body = b"".join(part.encode() if isinstance(part, str) else part for part in body)
    return Request(str(request.method).upper(), target, headers, body)


def text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def raw_response(request: requests.PreparedRequest, response: Response) -> urllib3.HTTPResponse:
    """What urllib3 would hold: a body shorter than its Content-Length fails when it is read."""
    length = len(response.body) if response.content_length is None else response.content_length
    sent = response.body[:length] if response.sent_bytes is None else response.body[: response.sent_bytes]
    return urllib3.HTTPResponse(
        body=io.BytesIO(sent),
        headers={**response.headers, "Content-Length": str(length)},
        status=response.status,
        version=11,
        preload_content=False,
        decode_content=False,
        enforce_content_length=True,
        request_method=request.method,
    )


def session(emulator: Emulator) -> requests.Session:
    """A session that knows no other server than the emulator."""
    made = requests.Session()
    made.trust_env = False
    made.mount(f"{BASE}/", EmulatorAdapter(emulator))
    return made
