"""The application: which address has which page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from couchcal.errors import CouchcalError
from couchcal.mail import links
from couchcal.web import booking, feed, frame, manage, portal, unsubscribe
from couchcal.web.pages import page
from couchcal.web.rendering import STATIC
from couchcal.web.site import Site, Wait

ROBOTS = "User-agent: *\nDisallow: /\n"


def create_app(site: Site) -> Starlette:
    """The booking page of a practice as an ASGI application."""
    both = ("GET", "POST")
    routes = [
        page(site, "/", booking.front),
        page(site, "/book/{slug}", booking.choose),
        page(site, "/book/{slug}/details", booking.details, methods=both),
        page(site, "/book/{slug}/done", booking.done),
        page(site, links.VERIFY, booking.verify, methods=both),
        page(site, links.UNSUBSCRIBE, unsubscribe.unsubscribe, methods=both, bare=True),
        *portal.routes(site),
        *manage.routes(site),
        feed.route(site),
        Route("/robots.txt", _robots),
        Mount("/static", StaticFiles(directory=STATIC), name="static"),
    ]
    handlers: dict[Any, Callable[[Request, Any], Awaitable[Response]]] = {
        HTTPException: partial(frame.on_http, site),
        Wait: partial(frame.on_wait, site),
        CouchcalError: partial(frame.on_ours, site),
    }
    app = Starlette(routes=routes, exception_handlers=handlers, middleware=[Middleware(frame.Frame, site=site)])
    app.router.redirect_slashes = False  # it would answer with an address made of what the visitor sent
    return app


async def _robots(_request: Request) -> Response:
    return PlainTextResponse(ROBOTS)
