"""A person with a browser: goes where the program says, follows Google's redirect back."""

from __future__ import annotations

import http.client
import socket
import threading
from urllib.parse import urlsplit

import requests


def consent(url: str) -> str:
    """Answer Google's question; the address the browser is sent back to."""
    answer = requests.get(url, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def visit(url: str, method: str = "GET") -> tuple[int, str]:
    """Open a page of the program; status and text."""
    answer = requests.request(method, url, timeout=5)
    return answer.status_code, answer.text


def go(url: str) -> threading.Thread:
    """Consent and follow the redirect, at its own pace."""
    thread = threading.Thread(target=lambda: visit(consent(url)), daemon=True)
    thread.start()
    return thread


def half_open(address: str) -> socket.socket:
    """A connection that says half a line and no more."""
    parts = urlsplit(address)
    made = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5)
    made.sendall(b"GET / HT")
    return made


def raw(address: str, method: str, path: str) -> int:
    """The status of a request with any method."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    connection.request(method, path)
    status = connection.getresponse().status
    connection.close()
    return status
