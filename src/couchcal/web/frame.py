"""Around every answer: the headers that keep it private, one line of log without a word of the visitor, and nothing
of an error but its kind."""

from __future__ import annotations

import logging
import time
import traceback
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from couchcal.errors import CouchcalError, DatabaseProblem, NotFound
from couchcal.web.site import Site, Wait
from couchcal.web.words import say

LOG = logging.getLogger("couchcal.web")
LONGEST_ADDRESS = 2048
"""Bytes of path and query; ours are a tenth of it."""
MOST_AT_ONCE = 100
"""Requests that are answered at a time. More are told to come again, before anything is done for them."""
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"x-robots-tag": b"noindex, nofollow",
}
_KEPT = "public, max-age=31536000, immutable"
_STRICT = "max-age=31536000"
_PAGES = {
    400: ("bad_title", "bad"),
    403: ("bad_title", "bad"),
    404: ("not_found_title", "not_found"),
    405: ("method_title", "bad"),
    408: ("unavailable_title", "bad"),
    409: ("unavailable_title", "unavailable"),
    413: ("bad_title", "bad"),
    414: ("bad_title", "bad"),
    415: ("bad_title", "bad"),
    429: ("too_many_title", "wrong"),
    503: ("unavailable_title", "unavailable"),
}
_WRONG = ("wrong_title", "wrong")


class Frame:
    """The outermost part of the application."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app, self._site = app, site
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; nothing is raised."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._headers(scope, message)
            await send(message)

        self._under_way += 1
        try:
            if self._under_way > MOST_AT_ONCE:
                await error_page(self._site, 503, seconds=5)(scope, receive, framed)
            elif len(scope["raw_path"]) + len(scope["query_string"]) > LONGEST_ADDRESS:
                await error_page(self._site, 414)(scope, receive, framed)
            else:
                await self._app(scope, receive, framed)
        except Exception as error:
            LOG.error("%s", where(error))
            if not status:
                await error_page(self._site, 500)(scope, receive, framed)
        finally:
            self._under_way -= 1
        LOG.info("%s %s %s %.0f ms", scope["method"], pattern(scope), status, (time.perf_counter() - begun) * 1000)

    def _headers(self, scope: Scope, message: Message) -> list[tuple[bytes, bytes]]:
        found = dict(HEADERS)
        unchanging = message["status"] in (200, 304) and scope["path"].startswith("/static/")
        said = next((value for name, value in message["headers"] if name == b"cache-control"), b"no-store")
        found[b"cache-control"] = _KEPT.encode() if unchanging and scope["query_string"] else said
        peer = scope["client"][0] if scope.get("client") else None
        if self._site.reached_by_https(peer, Request(scope).headers.get("x-forwarded-proto", "")):
            found[b"strict-transport-security"] = _STRICT.encode()
        return [*((name, value) for name, value in message["headers"] if name not in found), *found.items()]


def pattern(scope: Scope) -> str:
    """The path with names in place of what changes in it: a token never gets into a log, nor does a query."""
    if "endpoint" not in scope:
        return "-"
    path: str = scope["path"]
    for name, value in scope.get("path_params", {}).items():
        path = path.replace(str(value), f"{{{name}}}") if value else path
    return path


def where(error: BaseException) -> str:
    """The kind of an error and the line that it came from. Its text may hold names, and is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}" if last else type(error).__name__


def error_page(site: Site, status: int, *, seconds: int = 0, text: str = "") -> Response:
    """A page that says in plain words what is wrong; `text` in place of what is said of any such error."""
    title, body = _PAGES.get(status, _WRONG)
    values = {"title": say(title), "text": text or say(body)}
    found = HTMLResponse(site.templates.get_template("message.html").render(**values), status)
    if seconds:
        found.headers["retry-after"] = str(seconds)
    return found


async def on_http(site: Site, request: Request, error: HTTPException) -> Response:
    """The page of an error of HTTP's own. OPTIONS is answered with what the page allows."""
    allowed = (error.headers or {}).get("Allow", "")
    if error.status_code == 405:
        names = ", ".join(sorted({*allowed.split(", "), "OPTIONS"} - {""}))
        answer = Response(status_code=204) if request.method == "OPTIONS" else error_page(site, 405)
        answer.headers["allow"] = names
        return answer
    return error_page(site, error.status_code)


async def on_wait(site: Site, _request: Request, error: Wait) -> Response:
    """The page for who came too often."""
    return error_page(site, 429, seconds=error.seconds, text=say("too_many", minutes=error.minutes))


async def on_ours(site: Site, request: Request, error: CouchcalError) -> Response:
    """The page of an error of the practice that no page has caught: its words are for the practitioner."""
    LOG.error("%s: %s", pattern(request.scope), error.code)
    if isinstance(error, DatabaseProblem):
        return error_page(site, 503, seconds=5)
    return error_page(site, 404 if isinstance(error, NotFound) else 409)
