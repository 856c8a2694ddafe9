"""The plain caller over a real connection to a server of the emulator."""

from __future__ import annotations

import http.client
from collections.abc import Iterable

from tests.google.driving import EMAIL, Caller
from tests.google.messages import Request, Response
from tests.google.server import EmulatorServer

PATIENCE_S = 10.0


class HttpCaller(Caller):
    """A caller with one kept connection. Raises OSError or HTTPException for what breaks on the wire."""

    def __init__(
        self,
        server: EmulatorServer,
        email: str = EMAIL,
        scopes: Iterable[str] = ("calendar",),
        *,
        client_id: str = "caller.apps.googleusercontent.com",
        patience_s: float = PATIENCE_S,
    ) -> None:
        super().__init__(server.emulator, email, scopes, client_id=client_id)
        port = server.server_address[1]
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience_s)

    def send(self, request: Request) -> Response:
        try:
            self.connection.request(request.method, request.target, request.body, dict(request.headers))
            answer = self.connection.getresponse()
            return Response(answer.status, dict(answer.getheaders()), answer.read())
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise

    def refresh(self) -> None:
        """Take a new access token, as after time has passed."""
        self.token = self.emulator.access_token(self.refresh_token)
