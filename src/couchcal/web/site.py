"""What every page of the web server works with: the practice's database, its limits, its words; and one visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from ipaddress import ip_network
from typing import Any

from jinja2 import Environment
from starlette.responses import HTMLResponse, RedirectResponse, Response

from couchcal.clock import Clock, system_clock
from couchcal.store.connection import Connection, Database
from couchcal.web.altcha import Altcha
from couchcal.web.limits import Limits, Network, What, from_proxy
from couchcal.web.manners import Manners
from couchcal.web.readers import Readers
from couchcal.web.rendering import environment
from couchcal.web.security import Signer
from couchcal.web.words import say

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
"""A proxy on this computer: who reaches a server that listens here alone comes through it."""
_COOKIE: dict[str, Any] = {"path": "/", "httponly": True, "samesite": "lax"}


class Wait(Exception):
    """Somebody came too often; `seconds` until they may come again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(str(seconds))
        self.seconds = seconds

    @property
    def minutes(self) -> str:
        """How long in words."""
        minutes = -(-self.seconds // 60)
        return say("one_minute") if minutes <= 1 else say("some_minutes", count=minutes)


@dataclass(frozen=True)
class Site:
    """One server.

    `mail` says whether letters can be sent with links to this server; `https` that visitors reach it so, whatever
    the request says; `proxies` are the networks whose `X-Forwarded-For` and `X-Forwarded-Proto` count. `public_url`
    is what its addresses begin with for others, `contact` the address that answers mail; either may be empty.
    """

    database: Database
    mail: bool = False
    https: bool = False
    proxies: Sequence[Network] = LOOPBACK
    public_url: str = ""
    contact: str = ""
    clock: Clock = system_clock
    signer: Signer = field(default_factory=Signer)
    limits: Limits = field(default_factory=Limits)
    altcha: Altcha | None = None
    """Asks browsers for work before the form of the public page counts; None asks for none."""
    templates: Environment = field(default_factory=environment)

    def reached_by_https(self, peer: str | None, forwarded_proto: str) -> bool:
        """Whether the visitor's browser speaks https, to us or to a proxy of ours that says so."""
        return self.https or (forwarded_proto == "https" and from_proxy(peer, self.proxies))

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for this page alone, which sees the practice as it was at its first read.

        Raises:
            DatabaseProblem: busy, locked, unreadable.
        """
        return self.readers.reading()

    @cached_property
    def readers(self) -> Readers:
        """The connections of all pages."""
        return Readers(self.database)


@dataclass(frozen=True)
class Visit:
    """One request: what was asked for, by a browser known by its cookie alone, from a network.

    `query` and `form` have the first value of each name. `secure` says that it came by https.
    """

    site: Site
    method: str
    place: Mapping[str, str]
    """The parts of the path that change, such as `slug`."""
    query: Mapping[str, str]
    form: Mapping[str, str]
    cookies: Mapping[str, str]
    browser: str
    network: str
    secure: bool
    manners: Manners
    now: datetime

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page of `templates`."""
        text = self.site.templates.get_template(template).render(manners=self.manners, **values)
        return HTMLResponse(text, status)

    def go(self, path: str) -> Response:
        """Send the browser to another page of ours; it gets that one, whatever this request was."""
        return RedirectResponse(path, 303)

    def count(self, what: What, *more: str) -> None:
        """Count this visit's network, and `more` keys with it.

        Raises:
            Wait: it was too often.
        """
        if seconds := self.site.limits.wait(what, self.network, *more):
            raise Wait(seconds)

    def proof(self) -> str:
        """The field that each form of a page needs."""
        return self.site.signer.form(self.browser, self.now)

    def keep(self, response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
        """Set a cookie that no script reads and no other site sends with a form; for `seconds`, or this session
        of the browser."""
        response.set_cookie(self._called(name), value, max_age=seconds, **_COOKIE, secure=self.secure)

    def forget(self, response: Response, name: str) -> None:
        """Take a cookie back."""
        response.delete_cookie(self._called(name), **_COOKIE, secure=self.secure)

    def kept(self, name: str) -> str | None:
        """The value of a cookie of `keep`."""
        return self.cookies.get(self._called(name))

    def _called(self, name: str) -> str:
        return cookie_name(name, secure=self.secure)


def cookie_name(name: str, *, secure: bool) -> str:
    """What the browser calls a cookie. With https no other host of the domain can set it."""
    return f"__Host-{name}" if secure else name
