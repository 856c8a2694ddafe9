"""What anybody can send to the web server: requests to every page, and what proves something."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Hashable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

from starlette.routing import Route

from couchcal.practice import door, feeds
from couchcal.web.altcha import Altcha, Work, WorkRefused
from couchcal.web.app import create_app
from couchcal.web.limits import network, sender
from couchcal.web.manners import manners_of
from couchcal.web.pages import BROWSER
from couchcal.web.portal_door import SESSION
from couchcal.web.security import FormRefused, Signer, browser_of, nonce_of
from couchcal.web.site import LOOPBACK, Site
from tests.fuzz.target import PART, Run, Target
from tests.support.practice import furnished_practice
from tests.web.conftest import NOW, SLUG, Now
from tests.web.portal import ANN, SESSIONS, Patient, furnish_portal, key
from tests.web.test_fuzz import answered

_BROWSER = "b" * 43
_LINE = re.compile(rb"([!-~]{1,20}) ([^ ]*)")
_AFRESH = 400
"""Requests after which the practice is as it was."""
_FORM = "form={form}&for=1&how=telehealth&at=2026-03-05T15:00Z&name=Dee&email=dee%40example.org&phone=&note="
_WORDS = (
    b"GET ", b"POST ", b"HEAD ", b"{form}", b"{verify}", b"{session}", b"{key}", b"{feed}", b"&for=1", b"&for=2",
    b"&at=",
    b"2026-03-05T15:00Z", b"2026-03-09", b"&how=in_person", b"&zone=Pacific/Apia", b"&month=2026-04", b"&day=",
    b"%00", b"%ff",
    b"%0d%0aX: y", b"Content-Type: multipart/form-data; boundary=x",
    b"--x\r\nContent-Disposition: form-data; name=\"form\"",
    b"Cookie: couchcal=", b"Cookie: portal={session}", b"Accept-Language: en-US,de;q=0",
    b"X-Forwarded-For: 1.2.3.4, ::1",
    b"Range: bytes=0-", b"If-None-Match: *", b"Accept-Encoding: gzip;q=0.1", b"Content-Length: 5",
    b"Host: evil.example",
    b"Sec-Fetch-Site: cross-site", b"Transfer-Encoding: chunked", b"X-Forwarded-Proto: https",
    b"<x-canary onx=1>", b"{{7*7}}",
)  # fmt: skip


class _House:
    """A practice, its pages, and what letters would open."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number = folder, 0
        self.runner = asyncio.Runner()
        self.afresh()

    def afresh(self) -> None:
        """As nobody has been there."""
        self._number += 1
        place = self._folder / f"house{self._number % 2}"
        place.mkdir(exist_ok=True)
        for old in place.iterdir():
            old.unlink()
        database = furnished_practice(place, furnish_portal)
        self.site = Site(
            database,
            mail=True,
            clock=Now(),
            limits=Patient(),
            contact="hello@example.org",
            public_url="https://x.example",
        )
        self.app = create_app(self.site)
        feed = feeds.make(database, ANN, clock=Now())
        self.words = {
            b"{form}": self.site.signer.form(_BROWSER, NOW - timedelta(seconds=20)).encode(),
            b"{session}": SESSIONS[ANN].encode(), b"{key}": key(4).encode(), b"{feed}": feed.encode(),
            b"{verify}": b"x",
        }  # fmt: skip

    def ask(self, text: bytes) -> Hashable:
        """Send a request, written as on the wire but for the words in braces; status and a bit of the page."""
        for word, meant in self.words.items():
            text = text.replace(word, meant)
        head, _, body = text.replace(b"\r\n", b"\n").partition(b"\n\n")
        first, *lines = head.split(b"\n")
        found = _LINE.match(first)
        method, target = (found[1], found[2]) if found is not None else (b"GET", first)
        raw, _, query = target.partition(b"?")
        headers = [
            (name.strip().lower(), value.strip())
            for name, colon, value in (line.partition(b":") for line in lines)
            if colon
        ]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "server": ("127.0.0.1", 80),
            "client": ("203.0.113.5", 2), "scheme": "http", "method": method.decode("ascii", "replace"),
            "root_path": "",
            "path": unquote_to_bytes(raw).decode("utf-8", "replace"), "raw_path": raw, "query_string": query,
            "headers": headers,
            "state": {},
        }  # fmt: skip
        status, told, page = self.runner.run(answered(self.app, scope, [body[:100], body[100:]]))
        assert 200 <= status < 500, f"{status} for a request"
        assert b"Traceback" not in page
        assert b"<x-canary" not in page
        assert not any(b"\n" in text or b"\r" in text for _, text in told)
        title = re.search(rb"<title>([^<]*)", page)
        return status, title[1] if title is not None else len(told)


def web() -> Target:
    """Requests one after the other, to every page, with what proves that a browser may."""

    def prepare(folder: Path) -> Run:
        house = _House(folder)
        asked = 0

        def run(data: bytes) -> Hashable:
            nonlocal asked
            asked += 1
            if asked % _AFRESH == 0:
                house.afresh()
            return tuple(house.ask(part) for part in data.split(PART)[:4])

        return run

    return Target("web", prepare, _requests(), _WORDS, "lines", 20_000)


def _requests() -> list[bytes]:
    """Each page asked for and, where it has one, its form sent."""
    from couchcal.web import app

    site: Any = Site.__new__(Site)
    seeds = []
    cookie = f"Cookie: {BROWSER}={_BROWSER}; {SESSION}={{session}}"
    query = urlencode(
        {
            "for": "1",
            "how": "telehealth",
            "at": "2026-03-05T15:00Z",
            "zone": "Europe/Berlin",
            "month": "2026-03",
            "day": "2026-03-05",
        }
    )
    for route in app.create_app(site).routes:
        if not isinstance(route, Route):
            continue
        path = route.path.replace("{slug}", SLUG).replace("{token}", "{feed}")
        path = re.sub(r"{(?!feed)\w+}", "{key}", path)
        seeds.append(f"GET {path}?{query}&token=x\nHost: localhost\n{cookie}\nAccept-Language: en-US,en;q=0.5\n\n")
        if "POST" in (route.methods or ()):
            seeds.append(
                f"POST {path}\nHost: localhost\nContent-Type: application/x-www-form-urlencoded\n{cookie}\n\n"
                f"{_FORM}&token={{verify}}&code=123456&text=x&rating=4&key={{key}}&reason=x&zone=UTC"
            )
    return [seed.encode() for seed in seeds]


def tokens() -> Target:
    """What proves something: work that was done, forms, feeds, cookies; and where somebody comes from."""

    def prepare(folder: Path) -> Run:
        signer, altcha = Signer(b"k" * 32), Altcha(b"k" * 32, work=Work(1, 1, 2))
        database = furnished_practice(folder, furnish_portal)
        connection = database.connect()

        def run(data: bytes) -> Hashable:
            text = data.decode("utf-8", "replace")
            came: list[Hashable] = []
            try:
                altcha.check(text, "form", {"name": text}, NOW)
            except WorkRefused as error:
                came.append(error.why)
            try:
                signer.check_form(_BROWSER, text, NOW)
            except FormRefused as error:
                came.append(error.why)
            assert feeds.feed(connection, text, now=NOW) is None
            assert door.session(database, text, clock=Now()) is None
            assert signer.opened("email", text) is None
            came += [browser_of(text) is None, nonce_of(text) == "", manners_of(text)]
            came.append(network(sender("127.0.0.1", text.split("\n"), LOOPBACK))[:6])
            came.append(network(sender(text, [text], LOOPBACK))[:6])
            return tuple(str(one) for one in came)

        return run

    import base64
    import json

    made = Altcha(b"k" * 32, work=Work(1, 1, 2)).challenge("form", NOW)
    solved = base64.b64encode(
        json.dumps({"challenge": made, "solution": {"counter": 1, "derivedKey": "00" * 32, "time": 1}}).encode()
    )
    form = Signer(b"k" * 32).form("c" * 43, NOW)
    seeds = (
        solved,
        form.encode(),
        b"en-US,en;q=0.5",
        b"1.2.3.4, [::1]:80, fe80::1%eth0\n10.0.0.1",
        b"b" * 43,
        b"text~" + b"0" * 64,
    )
    words = (
        b"==",
        b"~",
        b".",
        b"eyJ",
        b"::ffff:1.2.3.4",
        b",",
        b"[::]",
        b"%",
        b"zh-Hant-TW",
        b";q=",
        b"127.0.0.1",
        b"999.1.1.1",
    )
    return Target("tokens", prepare, seeds, words, longest=6_000)
