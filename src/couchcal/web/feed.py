"""Feeds: calendars that programs read again and again (SYNC-16, SYNC-27). Nothing is changed by reading one, and no
feed looks like one that never was."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from couchcal.ics.feed import calendar
from couchcal.mail import links
from couchcal.practice import door
from couchcal.web.pages import network_of
from couchcal.web.site import Site, Wait

_TYPE = "text/calendar; charset=utf-8"
_HEADERS = {
    "cache-control": "private, no-cache",
    "content-disposition": 'inline; filename="calendar.ics"',
    "vary": "Accept-Encoding",
}
"""A reader may keep it and asks each time whether it is still right. What is saved from a browser has no token in
its name."""
_ZIPS = re.compile(r"\s*(?:x-)?gzip\s*(?:;\s*q\s*=\s*(?:1(?:\.0*)?|0\.[0-9]*[1-9][0-9]*)\s*)?", re.IGNORECASE)
_TAG = re.compile(r'(?:W/)?("[^"]*")')


def route(site: Site) -> Route:
    """The route of all feeds. They have no cookie, and a limit of their own."""

    async def answer(request: Request) -> Response:
        return await run_in_threadpool(
            _answer, site, request.path_params["token"], network_of(site, request), request.headers
        )

    return Route(f"{links.FEED}/{{token}}.ics", answer, methods=["GET"], name=links.FEED)


def _answer(site: Site, token: str, network: str, headers: Mapping[str, str]) -> Response:
    if seconds := site.limits.wait("feed", network):
        raise Wait(seconds)
    with site.reading() as connection:
        if not connection.in_transaction:
            connection.execute("BEGIN")  # what it has is of one moment
        found = door.feed(connection, token, now=site.clock())
    if found is None:
        raise HTTPException(404)
    content = calendar(found)
    zipped = any(_ZIPS.fullmatch(coding) for coding in headers.get("accept-encoding", "").split(","))
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}{"-gzip" if zipped else ""}"'
    told = {**_HEADERS, "etag": tag}
    known = headers.get("if-none-match", "")
    if known.strip() == "*" or tag in _TAG.findall(known):
        return Response(status_code=304, headers=told)
    if zipped:
        content, told["content-encoding"] = gzip.compress(content, mtime=0), "gzip"
    return Response(content, headers=told, media_type=_TYPE)
