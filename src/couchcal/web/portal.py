"""The client portal: which address has which page, and who gets in (PORTAL-01 to PORTAL-08).

Every page but the sign-in is for a client whose session is open. To everybody else they all answer the same: the
way to sign in.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response
from starlette.routing import Route

from couchcal.mail import links
from couchcal.practice import door
from couchcal.practice.door_shapes import ClientKey
from couchcal.web import own, portal_book, portal_door, portal_home, portal_more
from couchcal.web.local import ZONE
from couchcal.web.own import Ways
from couchcal.web.pages import Handler, page
from couchcal.web.portal_door import SESSION
from couchcal.web.site import Site, Visit
from couchcal.web.zones import chosen_zone

ForClient = Callable[[Visit, ClientKey], Response]
_BOTH = ("GET", "POST")
_POST = ("POST",)


def routes(site: Site) -> list[Route]:
    """The routes of the portal."""
    return [
        page(site, links.PORTAL, _home, methods=_BOTH),
        page(site, "/portal/code", portal_door.code, methods=_BOTH),
        page(site, links.OPEN, portal_door.open_link, methods=_BOTH),
        page(site, "/portal/leave", _signed_in(portal_door.leave), methods=_POST),
        page(site, "/portal/past", _signed_in(portal_home.past)),
        page(site, "/portal/reminders", _signed_in(portal_more.reminders), methods=_POST),
        page(site, "/portal/calendar", _signed_in(portal_more.calendar), methods=_BOTH),
        page(site, "/portal/book", _signed_in(portal_book.choose)),
        page(site, "/portal/book/details", _signed_in(portal_book.details), methods=_BOTH),
        page(site, "/portal/session/{key}/cancel", _signed_in(_of_one(own.cancel)), methods=_BOTH),
        page(site, "/portal/session/{key}/move", _signed_in(_of_one(own.move))),
        page(site, "/portal/session/{key}/move/details", _signed_in(_of_one(own.move_details)), methods=_BOTH),
        page(site, "/portal/session/{key}/feedback", _signed_in(portal_more.feedback), methods=_BOTH),
        page(site, "/portal/request/{key}/withdraw", _signed_in(portal_more.withdraw), methods=_BOTH),
    ]


def _home(visit: Visit) -> Response:
    """`/portal`: the sessions of who is signed in, for everybody else the way to sign in."""
    client = _client(visit)
    if visit.method == "POST" or client is None:
        return portal_door.sign_in(visit)
    return _inside(portal_home.home, visit, client)


def _client(visit: Visit) -> ClientKey | None:
    cookie = visit.kept(SESSION)
    return door.session(visit.site.database, cookie, clock=visit.site.clock) if cookie else None


def _signed_in(handler: ForClient) -> Handler:
    """A page for clients who are signed in."""

    def checked(visit: Visit) -> Response:
        client = _client(visit)
        return _inside(handler, visit, client) if client is not None else visit.go(links.PORTAL)

    return checked


def _inside(handler: ForClient, visit: Visit, client: ClientKey) -> Response:
    """The page, and the zone kept that was chosen on it."""
    answer = handler(visit, client)
    if wanted := chosen_zone(visit.query.get(ZONE, ""), ""):
        visit.keep(answer, ZONE, wanted)
    return answer


def _of_one(handler: Callable[[Visit, ClientKey, str, Ways], Response]) -> ForClient:
    """A page about one of the client's sessions."""

    def found(visit: Visit, client: ClientKey) -> Response:
        key = visit.place["key"]
        here = f"/portal/session/{key}"
        ways = Ways(
            links.PORTAL, links.PORTAL, f"{here}/cancel", f"{here}/move", leave=own.proof(visit, client)
        )  # fmt: skip
        return handler(visit, client, key, ways)

    return found
