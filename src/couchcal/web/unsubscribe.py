"""The link in a reminder that stops reminders: for a person, and for a mail program with one click (REM-05,
RFC 8058)."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote

from starlette.responses import Response

from couchcal.errors import NotFound
from couchcal.mail import links
from couchcal.practice import door
from couchcal.practice.door_shapes import LinkOver
from couchcal.web.site import Visit
from couchcal.web.words import say


def unsubscribe(visit: Visit) -> Response:
    """A page with a button; and what it does, which a mail program may ask for without having seen the page.

    The token is all that a POST needs: who has it may. The answer is the same of every token, and done twice it is
    done.
    """
    token = visit.query.get("token", "")
    if visit.method != "POST":
        return visit.page("unsubscribe.html", action=f"{links.UNSUBSCRIBE}?token={quote(token)}")
    with suppress(LinkOver, NotFound):
        door.unsubscribe(visit.site.database, token, clock=visit.site.clock)
    return visit.page("message.html", title=say("unsubscribed_title"), text=say("unsubscribed"))
