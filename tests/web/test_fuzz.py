"""Anything that anybody can send, to every page there is: no answer breaks, or tells what it must not, and looking
changes nothing.

`COUCHCAL_FUZZ=20000 python -m pytest tests/web/test_fuzz.py` sends so many requests to the pages instead of a few,
and a tenth as many broken ones to the server.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote_from_bytes, unquote, urlencode

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from starlette.routing import Mount, Route

from couchcal.practice import door
from couchcal.web import rendering
from couchcal.web.app import create_app
from couchcal.web.pages import BROWSER
from couchcal.web.portal_door import SESSION
from couchcal.web.server import server
from couchcal.web.site import Site
from tests.support.database import everything
from tests.support.practice import furnished_practice
from tests.web.conftest import SLUG, Now
from tests.web.portal import Guest, Patient, furnish_portal, key

EXAMPLES = int(os.environ.get("COUCHCAL_FUZZ", "60"))
BESIDE = {"portal_token"}
"""Tables that looking may touch: a session knows when it was last used."""
CANARY = "<x-canary onx=1>"
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NAMES = sorted(
    {
        name
        for template in Path(rendering.__file__).with_name("templates").glob("*.html")
        for name in re.findall(r'name="(\w+)"', template.read_text("utf-8"))
    }
    | {
        "for",
        "how",
        "zone",
        "at",
        "day",
        "month",
        "token",
        "form",
        "name",
        "email",
        "phone",
        "note",
        "website",
        "code",
    }
)

plain = st.sampled_from(
    (
        "", "1", "2", "3", "0", "-1", "99999999999999999999", "1e9", "telehealth", "in_person", "Europe/Berlin",
        "Pacific/Apia", "../../etc/passwd", "posixrules", "2026-03-04T14:00Z", "2026-03-08T07:00Z",
        "2099-12-31T23:59Z",
        "2026-03-09", "2026-02-31", "2099-12", "0000-00", "2026-03", "Dee New", "dee@example.org",
        "annabel@example.org",
        "555-0100", "123456", "on", CANARY, "\x1b]0;x\x07", "\x00", "%00", "\r\nSet-Cookie: a=b", "{{ 7*7 }}",
        "' OR 1=1 --",
        "\u202e\u2066", "x" * 3000, "\U0001f600" * 300, "a|b|c~d", "·" * 43,
    )
)  # fmt: skip
value = st.one_of(plain, st.text(max_size=60), st.binary(max_size=60))
name = st.one_of(st.sampled_from(_NAMES), st.text(max_size=8))
pairs = st.lists(st.tuples(name, value), max_size=12)
header = st.tuples(
    st.one_of(
        st.sampled_from(
            (
                b"accept-language", b"x-forwarded-for", b"x-forwarded-proto", b"cookie", b"host", b"content-type",
                b"sec-fetch-site", b"accept-encoding", b"if-none-match", b"if-modified-since", b"range", b"origin",
                b"content-length", b"forwarded", b"referer",
            )
        ),
        st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12).map(str.encode),
    ),
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from((b"gzip", b"en-US,en;q=0.5", b"bytes=0-10", b"bytes=5-1", b"https", b"*", b"10.0.0.1, x")),
        st.just(b"en-" * 5000),
    ),
)  # fmt: skip


class House(NamedTuple):
    """A practice with clients, a browser of one of them, and what letters would open."""

    guest: Guest
    app: Any
    runner: asyncio.Runner
    tokens: Mapping[str, str]

    def session(self) -> str:
        """The cookie of somebody signed in, signed in once more if a request signed them out."""
        site, found = self.guest.site, self.guest.client.cookies.get(SESSION)
        if found is None or door.session(site.database, found, clock=site.clock) is None:
            self.guest.sign_in()
        return self.guest.client.cookies[SESSION]

    def state(self) -> dict[str, Any]:
        """Everything stored, less what looking may touch."""
        with closing(self.guest.site.database.connect()) as connection:
            return {name: rows for name, rows in everything(connection).items() if name not in BESIDE}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    clock = Now()
    database = furnished_practice(tmp_path_factory.mktemp("fuzz"), furnish_portal)
    site = Site(database, mail=True, clock=clock, limits=Patient())
    guest = Guest(site, clock)
    guest.send(guest.form())
    tokens = {"verify": guest.secrets("request_verify").token}
    with asyncio.Runner() as runner:
        yield House(guest, create_app(site), runner, tokens)
    database.dispose()


@st.composite
def requests(draw: st.DrawFn, house: House) -> tuple[dict[str, Any], list[bytes]]:
    """A request as the server hands it on: a page or nothing, a method, a query, headers, a body in pieces."""
    routes = [route for route in house.app.routes if isinstance(route, Route)]
    statics = [f"{route.path}/pages.css" for route in house.app.routes if isinstance(route, Mount)]
    route = draw(st.sampled_from(routes))
    path = draw(st.one_of(*[st.just(route.path)] * 8, st.sampled_from([*statics, "/nowhere"])))
    for part in re.findall(r"{\w+}", path):
        likely = st.sampled_from((SLUG.encode(), *(key(n).encode() for n in (1, 3, 4, 5, 6)), b"x"))
        found = draw(st.one_of(likely, st.binary(min_size=1, max_size=20)))
        path = path.replace(part, quote_from_bytes(found, safe=""))
    raw = path.encode() + draw(
        st.one_of(st.just(b""), st.just(b""), st.sampled_from((b"/", b"//", b"/..", b"%2e%2e/", b";a")))
    )
    method = draw(
        st.sampled_from(("GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "OPTIONS", "PUT", "TRACE", "X"))
    )
    now = house.guest.site.clock()
    browser = "b" * 43
    proof = house.guest.site.signer.form(browser, now - timedelta(seconds=draw(st.sampled_from((20, 20, 1, 9000)))))
    good = {
        "form": proof, "token": house.tokens["verify"], "for": "1", "how": "telehealth", "at": "2026-03-05T15:00Z",
        "name": "Dee New", "email": "dee@example.org",
    }  # fmt: skip
    chosen = list({name: good[name] for name in draw(st.sets(st.sampled_from(sorted(good))))}.items())
    sent = draw(pairs) + chosen
    query = urlencode(draw(pairs) + chosen if method != "POST" else draw(pairs)).encode()
    query = draw(st.one_of(st.just(query), st.just(query), st.binary(max_size=80)))
    body = draw(
        st.one_of(st.just(urlencode(sent).encode()), st.just(urlencode(sent).encode()), st.binary(max_size=300))
    )
    cookies = [f"{BROWSER}={browser}"]
    cookies += [f"{SESSION}={house.session()}"] if draw(st.booleans()) else []
    headers = [(b"host", b"localhost"), (b"cookie", "; ".join(cookies).encode())]
    headers += [(b"content-type", b"application/x-www-form-urlencoded")] if method == "POST" else []
    headers += draw(st.lists(header, max_size=3))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "server": ("127.0.0.1", 80),
        "client": draw(st.sampled_from((("127.0.0.1", 1), ("203.0.113.5", 2), None))), "scheme": "http",
        "method": method,
        "root_path": "", "path": unquote(raw.decode("ascii")), "raw_path": raw, "query_string": query,
        "headers": headers, "state": {},
    }  # fmt: skip
    size = draw(st.integers(1, 400))
    return scope, [body[start : start + size] for start in range(0, len(body), size)] or [b""]


async def answered(
    app: Any, scope: dict[str, Any], pieces: list[bytes]
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body of what the application answers."""
    waiting = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    waiting[-1]["more_body"] = False
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async with asyncio.timeout(60):  # a guard: nothing is measured
        await app(scope, receive, send)
    begun, *rest = sent
    return begun["status"], list(begun["headers"]), b"".join(message.get("body", b"") for message in rest)


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_request_breaks_a_page_and_no_look_changes_anything(house: House, data: st.DataObject) -> None:
    scope, pieces = data.draw(requests(house))
    before = house.state()
    status, headers, body = house.runner.run(answered(house.app, scope, pieces))
    event(f"{scope['method']} {status}")
    assert 200 <= status < 500, scope
    assert b"Traceback" not in body
    assert CANARY.encode() not in body
    named = {name.decode(): text.decode("latin-1") for name, text in headers}
    assert named["content-security-policy"].startswith("default-src 'none'")
    assert named["x-content-type-options"] == "nosniff"
    assert named["referrer-policy"] == "no-referrer"
    assert named["cache-control"]
    assert not any(_CONTROL.search(text) or b"\n" in text or b"\r" in text for _, text in headers)
    if named.get("content-type", "").startswith("text/"):
        assert named.get("content-encoding") or not _CONTROL.search(body)
    if 300 <= status < 304:
        assert re.match(r"/(?![/\\])", named["location"]), named["location"]
    for name, text in headers:
        if name == b"set-cookie":
            assert b"httponly" in text.lower()
    if scope["method"] != "POST":
        assert house.state() == before


@pytest.fixture(scope="module")
def listening(house: House) -> Iterator[int]:
    """The same pages behind the server itself, and its port."""
    running = server(create_app(house.guest.site))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    yield listener.getsockname()[1]
    running.should_exit = True
    thread.join()
    listener.close()


def told(port: int, *pieces: bytes) -> bytes:
    """What the server says to these bytes, until it closes the connection or is silent for a while."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        found = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
            while piece := connection.recv(65536):
                found += piece
                connection.settimeout(0.1)
        except (ConnectionError, TimeoutError):  # it has said what it had to say
            pass
        return found


_LINE = st.sampled_from(
    (
        b"GET /book/quiet-room HTTP/1.1\r\n", b"POST /verify HTTP/1.1\r\n", b"GET  / HTTP/1.1\r\n",
        b"GET /\xff HTTP/1.1\r\n",
        b"GET * HTTP/1.1\r\n", b"GET / HTTP/9.9\r\n", b"PRI * HTTP/2.0\r\n", b"\x16\x03\x01\x02\x00\x01",
        b"CONNECT a:1 HTTP/1.1\r\n",
        b"GET http://x/ HTTP/1.1\r\n", b"GET / HTTP/1.0\r\n", b"\r\n\r\nGET / HTTP/1.1\r\n",
        b"GET /%00%ff%zz HTTP/1.1\r\n",
    )
)  # fmt: skip
_HEAD = st.sampled_from(
    (
        b"Host: x\r\n", b"Host: a\r\nHost: b\r\n", b"Content-Length: 5\r\n", b"Content-Length: -1\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: x\r\n",
        b"Content-Type: application/x-www-form-urlencoded\r\n", b"X: " + b"y" * 70_000 + b"\r\n", b" folded\r\n",
        b"no colon\r\n",
        b"Expect: 100-continue\r\n", b"Connection: Upgrade\r\nUpgrade: websocket\r\n", b"A\x00: b\r\n",
        b"A: \x1b[31m\r\n",
        b"Content-Length: 99999999999\r\n",
    )
)  # fmt: skip
_BODY = st.one_of(
    st.binary(max_size=50),
    st.sampled_from(
        (b"5\r\na=b&c\r\n0\r\n\r\n", b"ffffffffff\r\nx", b"zz\r\n", b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n", b"a=b&c")
    ),
)


@settings(max_examples=max(20, EXAMPLES // 10), suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(_LINE, st.lists(_HEAD, max_size=4), _BODY), min_size=1, max_size=3), st.integers(1, 4000))
def test_no_bytes_break_the_server(
    listening: int, asked: list[tuple[bytes, list[bytes], bytes]], size: int
) -> None:
    sent = b"".join(line + b"".join(heads) + b"\r\n" + body for line, heads, body in asked)
    pieces = [
        sent[start : start + max(size, len(sent) // 8)] for start in range(0, len(sent), max(size, len(sent) // 8))
    ]
    found = told(listening, *pieces, b"\r\n\r\n?\r\n\r\n")  # no request at all: it need not wait for more
    assert not found or re.match(rb"HTTP/1\.1 [1234][0-9][0-9] ", found), found[:200]
    for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", found):
        assert status < b"500"
    assert b"Traceback" not in found
    assert b"\r\nserver:" not in found.lower()
    assert b"\x1b" not in found


def test_after_all_that_it_serves(listening: int) -> None:
    found = told(listening, f"GET /book/{SLUG} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert found.startswith(b"HTTP/1.1 200 ")
    assert b"First talk" in found
