"""What a client sees of theirs: what is scheduled, what is asked for, what is over (PORTAL-01, REQ-11, VID-02)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from starlette.responses import Response

from couchcal.practice import door
from couchcal.practice.door_shapes import ClientKey, OwnRequest, OwnSession, OwnSessions, PracticePage
from couchcal.web import own, told
from couchcal.web.local import Local, local_of
from couchcal.web.site import Visit
from couchcal.web.words import say
from couchcal.web.zones import all_zones, zone_options

PER_PAGE = 20
_STATUS = {
    "withdrawn": "status_withdrawn",
    "declined": "status_declined",
    "expired": "status_expired",
    "accepted": "status_accepted",
    "pending": "status_pending",
}


class Shown(NamedTuple):
    """A session with what is said beside it: its `state`, empty while it is simply scheduled, and `why` nothing can
    be done about it here, empty where something can."""

    own: OwnSession
    minutes: int
    state: str
    why: str
    joinable: bool
    move_asked: str
    """The time that it is asked to move to, empty if it is not."""


class Asked(NamedTuple):
    """A request with its state in words; `was` is the time of the session that it would move, or empty. `what` is
    what that session is called, else what is asked for."""

    request: OwnRequest
    what: str
    minutes: int
    state: str
    was: str


class Past(NamedTuple):
    """A line of what is over: a session or a request that came to nothing."""

    session: Shown | None
    request: Asked | None


def home(visit: Visit, client: ClientKey) -> Response:
    """The sessions to come, requests, and what can be done."""
    with visit.site.reading() as connection:
        practice, sessions = door.portal_page(connection), door.sessions(connection, client, now=visit.now)
    local = local_of(visit, sessions.zone)
    ahead = [request for request in sessions.requests if request.start > visit.now]
    return _page(
        visit,
        "portal_home.html",
        practice,
        client,
        local,
        sessions=sessions,
        upcoming=[_shown(found, sessions, local, visit) for found in sessions.upcoming],
        waiting=[_asked(request, sessions, local) for request in reversed(ahead) if request.can_withdraw],
        answered=[_asked(request, sessions, local) for request in ahead if request.status == "declined"],
        feedback=[found for found in sessions.past if found.asks_feedback],
        over=bool(sessions.past or len(ahead) < len(sessions.requests)),
        may_book=sessions.may_book and bool(practice.event_types),
        contact=visit.site.contact,
        proof=own.proof(visit, client),
        likely=zone_options(visit.now, local.zone, sessions.zone, practice.zone),
        everywhere=all_zones(visit.now),
        at_home=True,
    )


def past(visit: Visit, client: ClientKey) -> Response:
    """What is over, the last first, some on a page."""
    with visit.site.reading() as connection:
        practice, sessions = door.portal_page(connection), door.sessions(connection, client, now=visit.now)
    local = local_of(visit, sessions.zone)
    lines = [Past(_shown(found, sessions, local, visit), None) for found in sessions.past]
    lines += [
        Past(None, _asked(request, sessions, local))
        for request in sessions.requests
        if not request.can_withdraw and request.status != "accepted"
    ]
    lines.sort(key=_start, reverse=True)
    pages = max(1, -(-len(lines) // PER_PAGE))
    typed = visit.query.get("page", "1")
    page = min(int(typed), pages) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else 1
    page = max(page, 1)
    return _page(
        visit,
        "portal_past.html",
        practice,
        client,
        local,
        lines=lines[(page - 1) * PER_PAGE : page * PER_PAGE],
        page=page,
        pages=pages,
    )


def _page(
    visit: Visit, template: str, practice: PracticePage, client: ClientKey, local: Local, **values: Any
) -> Response:
    return told.page(visit, template, local, practice=practice, leave=own.proof(visit, client), **values)


def _start(line: Past) -> float:
    found = line.session.own if line.session else line.request.request if line.request else None
    return found.start.timestamp() if found else 0.0


def _shown(found: OwnSession, sessions: OwnSessions, local: Local, visit: Visit) -> Shown:
    asked = [request for request in sessions.requests if request.can_withdraw and request.replaces == found.key]
    return Shown(
        found,
        (found.end - found.start) // timedelta(minutes=1),
        _state(found, visit),
        _why(found, sessions, visit),
        urlsplit(found.join_url).scheme in ("https", "http"),
        local.near(asked[0].start) if asked else "",
    )


def _state(found: OwnSession, visit: Visit) -> str:
    if found.status == "cancelled":
        return say("status_cancelled")
    return say("status_running") if found.start <= visit.now < found.end else ""


def _why(found: OwnSession, sessions: OwnSessions, visit: Visit) -> str:
    """Why a session to come has no buttons, where that is a question of time."""
    if found.can_cancel or found.status == "cancelled" or found.start <= visit.now:
        return ""
    late = found.start - visit.now < timedelta(hours=sessions.notice_hours)
    return say("too_late", hours=sessions.notice_hours) if late and sessions.may_book else ""


def _asked(request: OwnRequest, sessions: OwnSessions, local: Local) -> Asked:
    was = [found for found in (*sessions.upcoming, *sessions.past) if found.key == request.replaces]
    minutes = (request.end - request.start) // timedelta(minutes=1)
    what, moving = (was[0].what, local.near(was[0].start)) if was else (request.what, "")
    return Asked(request, what, minutes, say(_STATUS[request.status]), moving)
