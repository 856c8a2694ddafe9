"""The link to one appointment in a letter: it shows it, and moves or cancels it, without signing in (CXL-06, C-07).

The link is over when the appointment moved, was cancelled, has been, or the client's access was withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit

from starlette.responses import Response
from starlette.routing import Route

from couchcal.errors import NotFound
from couchcal.mail import links
from couchcal.practice import door
from couchcal.practice.door_shapes import ClientKey
from couchcal.web import own, told
from couchcal.web.local import ZONE, local_of
from couchcal.web.own import Ways
from couchcal.web.pages import Handler, page
from couchcal.web.site import Site, Visit
from couchcal.web.words import say

DONE = f"{links.MANAGE}/done"
_BOTH = ("GET", "POST")
_OfOne = Callable[[Visit, ClientKey, str, Ways], Response]


def routes(site: Site) -> list[Route]:
    """The routes of all that the link opens."""
    return [
        page(site, links.MANAGE, _opened(_show)),
        page(site, DONE, _done),
        page(site, f"{links.MANAGE}/cancel", _opened(own.cancel), methods=_BOTH),
        page(site, f"{links.MANAGE}/move", _opened(own.move)),
        page(site, f"{links.MANAGE}/move/details", _opened(own.move_details), methods=_BOTH),
    ]


def _token(visit: Visit) -> str:
    return (visit.form if visit.method == "POST" else visit.query).get("token", "")


def _opened(handler: _OfOne) -> Handler:
    """A page for whoever holds the link."""

    def checked(visit: Visit) -> Response:
        token = _token(visit)
        client = door.managed(visit.site.database, token, clock=visit.site.clock)
        if client is None:
            return _over(visit)
        given = {"token": token}
        try:
            # Once it moved, the link does not tell any more whose zone the new time is in.
            shown = {**given, ZONE: _zone(visit, client)} if visit.method == "POST" else given
            ways = Ways(
                _address(links.MANAGE, given), _address(DONE, shown), f"{links.MANAGE}/cancel",
                f"{links.MANAGE}/move", given,
            )  # fmt: skip
            return handler(visit, client, client.only, ways)
        except NotFound:  # deleted this moment
            return _over(visit)

    return checked


def _address(path: str, given: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(given)}"


def _zone(visit: Visit, client: ClientKey) -> str:
    with visit.site.reading() as connection:
        return local_of(visit, door.sessions(connection, client, now=visit.now).zone).zone


def _show(visit: Visit, client: ClientKey, key: str, ways: Ways) -> Response:
    """The appointment, and what can be done about it."""
    with visit.site.reading() as connection:
        practice, sessions = door.portal_page(connection), door.sessions(connection, client, now=visit.now)
    found = own.find(sessions, key)
    local = local_of(visit, sessions.zone)
    if found.status == "cancelled" or found.end <= visit.now:
        title = "manage_cancelled_title" if found.status == "cancelled" else "manage_past_title"
        return _over(visit, say(title), zone=local.zone)
    changeable = found.can_move or found.can_cancel
    return told.page(
        visit,
        "manage.html",
        local,
        practice=practice,
        own=found,
        ways=ways,
        to_move=_address(ways.move, ways.fields),
        joinable=urlsplit(found.join_url).scheme in ("https", "http"),
        why="" if changeable else own.why_not(found, sessions, visit.now),
        contact=visit.site.contact,
    )


def _over(visit: Visit, why: str = "", *, zone: str = "UTC") -> Response:
    """What a link shows that is over; right after one's own cancelling, that this is done."""
    status = 410 if visit.kept(told.TOLD) is None else 200
    return told.page(visit, "manage_over.html", local_of(visit, zone), status=status, why=why)


def _done(visit: Visit) -> Response:
    """What was done, for the one time that it is told. A link that moved its appointment is over by then."""
    token = _token(visit)
    back = _address(links.MANAGE, {"token": token})
    if visit.kept(told.TOLD) is None:
        return visit.go(back)
    client = door.managed(visit.site.database, token, clock=visit.site.clock)
    with visit.site.reading() as connection:
        practice = door.portal_page(connection)
    local = local_of(visit, practice.zone)
    return told.page(
        visit, "manage_done.html", local, practice=practice, back=back if client else "", mail=visit.site.mail
    )
