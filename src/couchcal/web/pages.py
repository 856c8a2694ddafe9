"""From a request to a handler and back: handlers are plain functions of a `Visit`, and run in threads."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from urllib.parse import parse_qsl

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from couchcal.web import limits
from couchcal.web.manners import manners_of
from couchcal.web.security import browser_of, new_browser
from couchcal.web.site import Site, Visit, cookie_name

Handler = Callable[[Visit], Response]

FORM = "application/x-www-form-urlencoded"
LONGEST_BODY = 16_384
"""Bytes of a form; the longest one of ours is a tenth of it."""
MOST_FIELDS = 40
PATIENCE_S = 10.0
"""How long a form may take to arrive."""
BROWSER = "couchcal"
"""The cookie that a browser's forms are bound to. It is random, and means nothing else."""
_THREADS = 4
"""How many pages are made at once, and how many forms taken. More would only wait for each other."""
_LOOKING = RunVar[CapacityLimiter]("couchcal_looking")
_WRITING = RunVar[CapacityLimiter]("couchcal_writing")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def page(
    site: Site, path: str, handler: Handler, *, methods: tuple[str, ...] = ("GET",), bare: bool = False
) -> Route:
    """A route to `handler`; every page has HEAD and OPTIONS beside `methods`. Only POST may change anything.

    With `bare` a POST may come from anywhere and hold anything that is no longer than a form: its address says all.
    """

    async def answer(request: Request) -> Response:
        visit = await _visit(site, request, bare=bare)
        response = await _in_thread(handler, visit)
        if visit.kept(BROWSER) != visit.browser:
            visit.keep(response, BROWSER, visit.browser)
        return response

    return Route(path, answer, methods=list(methods), name=path)


async def _in_thread(handler: Handler, visit: Visit) -> Response:
    """What `handler` says. Who writes may wait for the database; nobody who only looks waits for them."""
    threads = _WRITING if visit.method == "POST" else _LOOKING
    try:
        limiter = threads.get()
    except LookupError:
        threads.set(limiter := CapacityLimiter(_THREADS))
    return await to_thread.run_sync(_counted, handler, visit, limiter=limiter)


def _counted(handler: Handler, visit: Visit) -> Response:
    visit.count("look")
    return handler(visit)


async def _visit(site: Site, request: Request, *, bare: bool) -> Visit:
    headers = request.headers
    form = {}
    if request.method == "POST":
        form = await _form(request) if not bare else await _nothing(request)
    peer = request.client.host if request.client else None
    secure = site.reached_by_https(peer, headers.get("x-forwarded-proto", ""))
    return Visit(
        site=site,
        method=request.method,
        place={name: str(value) for name, value in request.path_params.items()},
        query=_first(request.scope["query_string"].decode("utf-8", "replace")),
        form=form,
        cookies=request.cookies,
        browser=browser_of(request.cookies.get(cookie_name(BROWSER, secure=secure))) or new_browser(),
        network=network_of(site, request),
        secure=secure,
        manners=manners_of(headers.get("accept-language", "")),
        now=site.clock(),
    )


def network_of(site: Site, request: Request) -> str:
    """The network that a request came from, through proxies of ours or not."""
    peer = request.client.host if request.client else None
    return limits.network(limits.sender(peer, request.headers.getlist("x-forwarded-for"), site.proxies))


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form that one of our pages sent.

    Raises:
        HTTPException: it is of another site, of another kind, too long, or too slow.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise HTTPException(415)
    return _first((await _body(request)).decode("utf-8", "replace"))


async def _nothing(request: Request) -> dict[str, str]:
    """No fields, whatever was sent. It is read all the same: what follows on the connection is another request."""
    await _body(request)
    return {}


async def _body(request: Request) -> bytearray:
    """What was sent.

    Raises:
        HTTPException: it is too long, or too slow.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LONGEST_BODY:
                    raise HTTPException(413)
    except TimeoutError:
        raise HTTPException(408) from None
    except ClientDisconnect:
        raise HTTPException(400) from None
    return body


def _first(text: str) -> dict[str, str]:
    """The first value of each name, without control characters, and line ends of one kind.

    Raises:
        HTTPException: there are more than any page of ours has.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HTTPException(400) from None
    return {name: _CONTROL.sub("", value.replace("\r\n", "\n")) for name, value in reversed(pairs)}
