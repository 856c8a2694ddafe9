"""Takes the browser's redirect at the end of a sign-in: a web server on 127.0.0.1, for this once.

A browser asks for more than it is told to (icons, previews, the same page again), and anybody on this computer can
ask here. So the server lives until it is closed, a connection that says nothing holds up no other, and only a
redirect with the state of this sign-in counts.
"""

from __future__ import annotations

import hmac
import os
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from queue import SimpleQueue
from typing import Any
from urllib.parse import parse_qs, urlsplit

from couchcal.errors import Refused
from couchcal.sync.google.config import is_local

HOST = "127.0.0.1"
_PATIENCE_S = 10
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>couchcal</title>
<body style="font: 1.1em sans-serif; margin: 4em auto; max-width: 30em">
<p>{words}</p>
</html>
"""
_DONE = "That is all here: you can close this page and go back to couchcal."
_OTHER = "This page belongs to another sign-in. Go back to couchcal and use the address it shows now."


class Redirect(dict[str, str]):
    """What came back: `code`, or `error`."""


class Receiver:
    """Listens from its creation on.

    Raises:
        Refused: the port is in use, or not allowed.
    """

    def __init__(self, state: str, port: int = 0) -> None:
        self.arrived: SimpleQueue[Redirect] = SimpleQueue()
        try:
            self._server = _Server((HOST, port), _handler(state, self.arrived))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "no such port"
            raise Refused(
                f"port {port} cannot be used: {reason}", "choose another, or none with --port 0"
            ) from None
        self.redirect_uri = f"http://{HOST}:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = os.name != "nt"  # there it would let others take the port, too
    request_queue_size = 32

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no event, and standard error may be a screen."""


def _handler(state: str, arrived: SimpleQueue[Redirect]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "couchcal"
        sys_version = ""
        timeout = _PATIENCE_S

        def do_HEAD(self) -> None:
            """A look that takes nothing."""
            self._answer(200 if urlsplit(self.path).path == "/" else 404, "")

        def do_GET(self) -> None:
            """The redirect, or whatever else a browser wants."""
            if urlsplit(self.path).path != "/":
                self._answer(404, "")
                return
            try:
                found = read(self.path, state)
            except WrongState:
                self._answer(400, _OTHER)
                return
            self._answer(200, _DONE)
            if found is not None:
                arrived.put(found)

        def _answer(self, status: int, words: str) -> None:
            page = _PAGE.format(words=words).encode() if words else b""
            self.send_response(status)
            for name, value in (
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Length", str(len(page))),
                ("Cache-Control", "no-store"),
                ("Referrer-Policy", "no-referrer"),
                ("Connection", "close"),
            ):
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(page)
            self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:
            """Requests hold the code: they are not logged."""

    return Handler


class WrongState(ValueError):
    """The redirect is not that of this sign-in."""


def read(url: str, state: str) -> Redirect | None:
    """The redirect that an address is, None if it is no redirect (no code and no error).

    Raises:
        WrongState: it is one of another sign-in.
    """
    try:
        query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        return None
    found = Redirect({name: query[name][0] for name in ("code", "error") if query.get(name)})
    if not found:
        return None
    given = query.get("state", [""])
    if len(given) != 1 or not hmac.compare_digest(given[0].encode(), state.encode()):
        raise WrongState
    return found


def is_redirect_address(url: str) -> bool:
    """Whether an address is one of this computer, as a browser shows it after the consent."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "http" and is_local(parts.hostname or "")
