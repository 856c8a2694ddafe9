"""The emulator over HTTP/1.1 on 127.0.0.1: keep-alive, several clients at once, real resets of connections."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import traceback
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.google.emulator import Emulator
from tests.google.favicon import visit
from tests.google.messages import Request, Response, json_response

_NO_LINGER = struct.pack("ii", 1, 0)  # on with zero seconds: closing resets the connection
_LOOK_S = 0.1


class EmulatorServer(ThreadingHTTPServer):
    """Serves one emulator. `close` ends it at once, with whoever still hangs."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, emulator: Emulator, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.emulator = emulator
        self.closing = threading.Event()
        emulator.sleep = self._sleep

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def _sleep(self, seconds: float) -> None:
        self.closing.wait(seconds)

    def start(self) -> threading.Thread:
        """Serve in a daemon thread."""
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """End the server. Only for one that was started."""
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away in the middle are nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: EmulatorServer

    def _serve(self) -> None:
        request = Request(
            self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, self._body()
        )
        try:
            response = self.server.emulator.handle(request)
        except Exception:
            traceback.print_exc()
            response = json_response({"error": {"code": 500, "message": "the emulator itself failed"}}, 500)
        if response.favicon:
            visit(response.favicon)
        self.server.closing.wait((response.delay_ms - response.waited_ms) / 1000)
        if response.wire == "reset":
            self._reset()
        elif response.wire == "hang":
            self._hang()
        else:
            self._send(response)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().partition(b";")[0].strip() or b"0", 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data

    def _send(self, response: Response) -> None:
        length = len(response.body) if response.content_length is None else response.content_length
        body = response.body if response.sent_bytes is None else response.body[: response.sent_bytes]
        lines = [f"HTTP/1.1 {response.status} {responses.get(response.status, '')}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        if response.status not in (204, 304):
            lines.append(f"Content-Length: {length}")
        if length != len(body):
            self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)

    def _reset(self) -> None:
        """Close with a reset instead of an end, as a broken network does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.rfile.close()
        self.connection.close()

    def _hang(self) -> None:
        """Answer nothing until the client gives up or the server ends."""
        self.close_connection = True
        while not self.server.closing.is_set():
            readable, _, _ = select.select([self.connection], [], [], _LOOK_S)
            with contextlib.suppress(OSError):
                if readable and not self.connection.recv(1, socket.MSG_PEEK):
                    return
            if readable:
                self.server.closing.wait(_LOOK_S)

    def log_message(self, format: str, *args: Any) -> None:
        """The emulator keeps its own log."""
