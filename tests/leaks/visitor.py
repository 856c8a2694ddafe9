"""Somebody with a browser: books a time as a stranger, and opens the portal by the link of a letter."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.leaks.canaries import Person

_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
_LINK = re.compile(r"http://127\.0\.0\.1:\d+(/\S+)")
_START = re.compile(r'href="([^"]*/details\?[^"]*at=[^"]*)"')
_DAY = re.compile(r'href="([^"]*[?&;]day=[^"]*)"')
PATIENCE_S = 60.0


class Visitor:
    """A browser with cookies.

    Args:
        thinks_s: how long a form is filled in.
    """

    def __init__(self, port: int, network: str, thinks_s: float) -> None:
        self._port, self._network, self._thinks_s = port, network, thinks_s
        self._cookies: dict[str, str] = {}

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and page, after redirects."""
        for _ in range(5):
            status, location, page = self._once(path, form)
            if status not in (302, 303):
                return status, page
            path, form = location, None
        raise AssertionError(f"redirected again and again, to {path}")

    def _once(self, path: str, form: dict[str, str] | None) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        headers = {"X-Forwarded-For": self._network, "Accept-Language": "en-US"}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        body = None
        if form is not None:
            headers["Content-Type"], body = "application/x-www-form-urlencoded", urlencode(form)
        connection.request("GET" if form is None else "POST", path, body, headers)
        answer = connection.getresponse()
        page = answer.read().decode("utf-8")
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        connection.close()
        return answer.status, answer.headers.get("Location", ""), page

    def send(self, shown: str, path: str, **typed: str) -> tuple[int, str]:
        """Send the form that is on a page."""
        begun = shown.index('<form method="post"')
        form = shown[begun : shown.index("</form>", begun)]
        time.sleep(self._thinks_s)
        return self.ask(path, {name: unescape(value) for name, value in _FIELD.findall(form)} | typed)

    def book(self, slug: str, who: Person) -> None:
        """Ask for the first time that is offered."""
        path, seen = f"/book/{slug}", set()
        while True:
            assert path not in seen, f"no time to choose at {path}"
            seen.add(path)
            status, page = self.ask(path)
            assert status == 200, page
            starts = _START.findall(page)
            if starts:
                break
            path = unescape(next(day for day in _DAY.findall(page) if unescape(day) not in seen))
        path = unescape(starts[0])
        status, page = self.ask(path)
        assert status == 200, page
        status, page = self.send(
            page, urlsplit(path).path, name=who.name, email=who.email, phone=who.phone, note=who.note
        )
        assert status == 200, page

    def enter(self, who: Person, letter: Callable[[str], str]) -> str:
        """Into the portal by the letter that `letter` finds for an address; the page that is there."""
        _, page = self.ask("/portal")
        status, page = self.send(page, "/portal", email=who.email)
        assert status == 200, page
        found = _LINK.search(letter(who.email))
        assert found is not None
        _, page = self.ask(found[1])
        token = parse_qs(urlsplit(found[1]).query).get("token", [""])[0]
        if '<form method="post"' in page and "token" in page:
            _, page = self.send(page, urlsplit(found[1]).path, token=token)
        return page
