"""What a browser does before it follows the redirect of a consent: it asks the loopback server for an icon."""

from __future__ import annotations

import contextlib
import http.client
from urllib.parse import urlsplit

PATIENCE_S = 2.0


def visit(url: str) -> None:
    """Ask for the icon and forget the answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=PATIENCE_S)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
        connection.request("GET", parts.path)
        connection.getresponse().read()
