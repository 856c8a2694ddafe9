"""The rest of what clients do in the portal: withdraw a request, reminders, feedback, a calendar of their own
(REQ-11, REM-05, APT-17)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from couchcal.errors import Invalid, NotFound, Refused
from couchcal.mail import links
from couchcal.practice import door
from couchcal.practice.door_shapes import ClientKey, OwnRequest, OwnSession, OwnSessions, PracticePage
from couchcal.web import own, told
from couchcal.web.local import local_of
from couchcal.web.portal_door import FEED
from couchcal.web.security import FormRefused
from couchcal.web.site import Visit
from couchcal.web.words import say

LONGEST_FEEDBACK = 1000
_FEED_FOR_S = 600
"""How long the address of a new feed is shown."""
RATINGS = range(1, 6)


def withdraw(visit: Visit, client: ClientKey) -> Response:
    """Take a request back: the page that asks, and its button.

    Raises:
        NotFound: it is not theirs.
    """
    practice, sessions = _read(visit, client)
    key = visit.place["key"]
    request = _request(sessions, key)
    local = local_of(visit, sessions.zone)

    def ask(error: str = "", status: int = 200) -> Response:
        if not request.can_withdraw:
            return visit.go(links.PORTAL)
        values = {"request": request, "proof": own.proof(visit, client), "error": error, "local": local}
        return _page(visit, client, practice, "portal_withdraw.html", status, **values)

    if visit.method != "POST":
        return ask()
    try:
        own.nonce(visit, client)
        door.withdraw(visit.site.database, client, key, clock=visit.site.clock)
    except FormRefused as error:
        return ask(say(f"form_{error.why}"), 400)
    except Refused:
        if request.status != "withdrawn":  # if it is, that was another click on the same button
            return visit.go(links.PORTAL)
    answer = visit.go(links.PORTAL)
    told.tell(visit, answer, "told_withdrawn", request.start)
    return answer


def _request(sessions: OwnSessions, key: str) -> OwnRequest:
    for request in sessions.requests:
        if request.key == key:
            return request
    raise NotFound("there is no such request", "look at your requests again")


def reminders(visit: Visit, client: ClientKey) -> Response:
    """Have reminders by e-mail, or none."""
    on = visit.form.get("on") == "yes"
    answer = visit.go(links.PORTAL)
    try:
        own.nonce(visit, client)
    except FormRefused:
        return answer
    door.reminders(visit.site.database, client, on, clock=visit.site.clock)
    told.tell(visit, answer, "told_reminders_on" if on else "told_reminders_off")
    return answer


def calendar(visit: Visit, client: ClientKey) -> Response:
    """A calendar of their sessions that other programs read: make its address, show it once, end it."""
    practice, sessions = _read(visit, client)
    token = visit.site.signer.opened(_purpose(client), visit.kept(FEED) or "") or ""
    if visit.method != "POST":
        address = links.feed(visit.site.public_url, token) if token and sessions.subscribed else ""
        return _page(
            visit, client, practice, "portal_calendar.html", address=address, subscribed=sessions.subscribed,
            webcal=f"webcal:{address.partition(':')[2]}" if "://" in address else "",
            proof=own.proof(visit, client),
        )  # fmt: skip
    ending = visit.form.get("end") == "yes"
    answer = visit.go(links.PORTAL if ending else "/portal/calendar")
    try:
        own.nonce(visit, client)
    except FormRefused:
        return answer
    if ending:
        door.end_feed(visit.site.database, client, clock=visit.site.clock)
        visit.forget(answer, FEED)
        told.tell(visit, answer, "told_feed_ended")
    else:
        token = door.make_feed(visit.site.database, client, clock=visit.site.clock)
        visit.keep(answer, FEED, visit.site.signer.sealed(_purpose(client), token), seconds=_FEED_FOR_S)
    return answer


def _purpose(client: ClientKey) -> str:
    return f"{FEED} {client.client_id}"


def feedback(visit: Visit, client: ClientKey) -> Response:
    """Three questions about a session that is over (APT-17).

    Raises:
        NotFound: it is not theirs, or nobody asks.
    """
    practice, sessions = _read(visit, client)
    found = own.find(sessions, visit.place["key"])
    if visit.method != "POST":
        if not found.asks_feedback:
            raise NotFound("nobody asks for that", "look at your sessions")
        return _feedback_form(visit, client, practice, sessions, found)
    given = {name: visit.form.get(name, "") for name in ("rating", "heard", "text")}
    marks = {str(mark): mark for mark in RATINGS}
    needed = {"rating": say("need_rating"), "heard": say("need_heard")}
    errors = {name: words for name, words in needed.items() if given[name] not in marks}
    if len(given["text"]) > LONGEST_FEEDBACK:
        errors["text"] = say("long_feedback", limit=LONGEST_FEEDBACK)
    try:
        own.nonce(visit, client)
    except FormRefused as error:
        errors = {"form": say(f"form_{error.why}"), **errors}
    if errors:
        return _feedback_form(visit, client, practice, sessions, found, given, errors, 400)
    try:
        door.feedback(
            visit.site.database, client, found.key, rating=marks[given["rating"]], heard=marks[given["heard"]],
            text=given["text"], clock=visit.site.clock,
        )  # fmt: skip
    except Invalid:
        errors["text"] = say("long_feedback", limit=LONGEST_FEEDBACK)
        return _feedback_form(visit, client, practice, sessions, found, given, errors, 400)
    except Refused as error:
        if error.code != "given":
            raise NotFound("nobody asks for that", "look at your sessions") from None
    answer = visit.go(links.PORTAL)
    told.tell(visit, answer, "told_thanks")
    return answer


def _feedback_form(
    visit: Visit,
    client: ClientKey,
    practice: PracticePage,
    sessions: OwnSessions,
    found: OwnSession,
    given: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    return _page(
        visit, client, practice, "portal_feedback.html", status, own=found, local=local_of(visit, sessions.zone),
        given=given or {"rating": "", "heard": "", "text": ""}, errors=errors or {}, marks=[*map(str, RATINGS)],
        longest=LONGEST_FEEDBACK, proof=own.proof(visit, client),
    )  # fmt: skip


def _read(visit: Visit, client: ClientKey) -> tuple[PracticePage, OwnSessions]:
    with visit.site.reading() as connection:
        return door.portal_page(connection), door.sessions(connection, client, now=visit.now)


def _page(
    visit: Visit, client: ClientKey, practice: PracticePage, template: str, status: int = 200, **values: Any
) -> Response:
    return visit.page(template, status=status, practice=practice, leave=own.proof(visit, client), **values)
