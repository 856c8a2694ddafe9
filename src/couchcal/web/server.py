"""The HTTP server below the application: how long it waits for visitors, and what it says to what is no request."""

from __future__ import annotations

import asyncio
import ctypes
import socket
from contextlib import suppress

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from couchcal.web.frame import HEADERS

PATIENCE_S = 10
"""Seconds that a connection may be open without a whole request on it."""
KEEP_ALIVE_S = 5
_GRACE_S = 5
"""How long pages that are under way have when the server is told to end."""
_MOST_CONNECTIONS = 500
_M_ARENA_MAX = -8
"""Of malloc.h."""


class Connection(H11Protocol):
    """A connection that is closed when its visitor says nothing, or never comes to an end."""

    _ends: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        # A page is sent in two parts; the second one would wait until the first one's arrival is confirmed: 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request; its first byte ends only the wait for a first byte."""
        self._wait()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Say that this was no request, as private as any page."""
        head = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close"), *HEADERS.items()]
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            for event in (
                h11.Response(status_code=400, headers=head, reason=b"Bad Request"),
                h11.Data(data=msg.encode("ascii")),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _wait(self) -> None:
        self._wait_no_more()
        self._ends = self.loop.call_later(PATIENCE_S, self._waited)

    def _wait_no_more(self) -> None:
        if self._ends is not None:
            self._ends.cancel()
            self._ends = None

    def _waited(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def share_memory() -> None:
    """Let all threads allocate from one place, where the C library is glibc: it gives each of them one of its own,
    and keeps there what it needed once. Before the first thread."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def server(app: ASGIApp) -> uvicorn.Server:
    """A server of `app`; `run(sockets=[…])` serves until its `should_exit` is set."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=Connection,
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )
