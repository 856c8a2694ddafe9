"""The public booking page: what, how, when, who; and the answer (BOOK-01 to BOOK-05, VIS-02, VIS-03, TZ-01).

Every step is a page of its own that works without scripts. Looking changes nothing; the one form that does is sent
by POST. Addresses hold what is chosen and never who chooses.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

from starlette.responses import Response

from couchcal.errors import Invalid, NotFound
from couchcal.mail import links
from couchcal.practice import door
from couchcal.practice.booking_link import booking_link, slug
from couchcal.practice.door_shapes import LinkOver, OutcomeKind, PracticePage, Taken, TooMany
from couchcal.store.connection import Connection
from couchcal.web import altcha, when
from couchcal.web import month as months
from couchcal.web.altcha import WorkRefused
from couchcal.web.applicant import Entered
from couchcal.web.choice import Choice, choice_of, instant_of
from couchcal.web.manners import zone_words
from couchcal.web.security import FormRefused, nonce_of
from couchcal.web.site import Visit, Wait
from couchcal.web.words import say

SENT = "sent"
"""The cookie that says what was asked for, for the page after the form. Nothing about who did."""
SENT_FOR_S = 1800
_WRONG = {"name": "long_name", "email": "bad_email", "phone": "bad_phone", "note": "long_note"}
"""The words for a field that the practice does not take, though it looked right here."""
_AT_ONCE = timedelta(0)


def front(visit: Visit) -> Response:
    """`/`: this server has one practice."""
    with visit.site.reading() as connection:
        own_slug = slug(connection)
    if not own_slug:
        raise NotFound("the practice has no booking link", "couchcal settings set practice.slug NAME")
    return visit.go(booking_link("", own_slug))


def choose(visit: Visit) -> Response:
    """The page that the practitioner shares: event type, way to meet, month and times, one after the other."""
    with visit.site.reading() as connection:
        practice = practice_of(connection, visit)
        choice = choice_of(practice, visit.query)
        if choice.kind is None:
            return visit.page("what.html", choice=choice, portal=links.PORTAL if visit.site.mail else "")
        if choice.visit_type is None:
            return visit.page("how.html", choice=choice)
        return when.page(connection, visit, choice)


def practice_of(connection: Connection, visit: Visit) -> PracticePage:
    """The practice that the address names.

    Raises:
        NotFound: there is none of that name.
    """
    name = visit.place["slug"]
    found = visit.site.readers.once(connection, name, lambda: door.page(connection, name))
    if found is None:
        raise NotFound("no such page", "ask the practice for its link")
    return found


def details(visit: Visit) -> Response:
    """The form for who books: shown, and sent."""
    given = visit.form if visit.method == "POST" else visit.query
    with visit.site.reading() as connection:
        choice = choice_of(practice_of(connection, visit), given)
        start = instant_of(given.get("at", ""))
        if choice.kind is None or choice.visit_type is None or start is None:
            return visit.go(choice.link())
        if visit.method != "POST":
            free = when.is_free(connection, choice, start, visit.now)
            taken = None if free else Taken(when.near(connection, choice, start, visit.now))
            return _form(visit, choice, start, Entered(), visit.proof(), taken=taken)
    return _sent(visit, choice, start)


def _sent(visit: Visit, choice: Choice, start: datetime) -> Response:
    entered = Entered.of(visit.form)
    errors = entered.errors()
    nonce, field = "", visit.form.get("form", "")
    try:
        nonce = visit.site.signer.check_form(visit.browser, field, visit.now).nonce
    except FormRefused as error:
        errors = {"form": say(f"form_{error.why}"), **errors}
        field = visit.proof() if error.why != "soon" else field
    if visit.site.altcha is not None and not visit.form.get(altcha.FIELD):
        errors["work"] = say("work_missing")
    if errors:
        return _form(visit, choice, start, entered, field, errors=errors, status=400)
    try:
        visit.count("book")
    except Wait as error:
        words = say("wait_form", minutes=error.minutes)
        return _form(visit, choice, start, entered, field, errors={"form": words}, status=429)
    try:
        _see_work(visit, nonce)
    except WorkRefused as error:
        errors = {"work": say(f"work_{error.why}")}
        return _form(visit, choice, start, entered, visit.proof(), errors=errors, status=400)
    wish = entered.wish(choice, start, nonce, visit.site.signer.digest(visit.network))
    try:
        outcome = door.book(visit.site.database, wish, mail=visit.site.mail, clock=visit.site.clock)
    except Taken as error:
        return _form(visit, choice, start, entered, visit.proof(), taken=error, status=409)
    except Invalid as error:
        errors = {error.field: say(_WRONG.get(error.field, "bad"))}
        return _form(visit, choice, start, entered, visit.proof(), errors=errors, status=400)
    except TooMany:
        return visit.page("message.html", status=429, title=say("too_many_title"), text=say("too_many_live"))
    answer = visit.go(f"/book/{quote(choice.practice.slug)}/done")
    asked = (
        outcome.kind,
        str(wish.event_type_id),
        choice.visit_type or "",
        months.instant_text(start),
        choice.zone,
    )
    visit.keep(answer, SENT, visit.site.signer.sealed(SENT, "|".join(asked)), seconds=SENT_FOR_S)
    return answer


def _see_work(visit: Visit, nonce: str) -> None:
    """See to it that the visitor's browser did the work for this form and nothing else, where that is asked for.

    Raises:
        WorkRefused: it did not.
    """
    if visit.site.altcha is not None:
        content = {name: value for name, value in visit.form.items() if name != altcha.FIELD}
        visit.site.altcha.check(visit.form.get(altcha.FIELD, ""), nonce, content, visit.now)


def _work(visit: Visit, proof: str) -> dict[str, Any] | None:
    """The work that the form with this proof asks of the browser, None if none."""
    if visit.site.altcha is None:
        return None
    return visit.site.altcha.challenge(nonce_of(proof), visit.now)


def _form(
    visit: Visit,
    choice: Choice,
    start: datetime,
    entered: Entered,
    proof: str,
    *,
    errors: dict[str, str] | None = None,
    taken: Taken | None = None,
    status: int = 200,
) -> Response:
    """The form with what was typed; with `taken` other times to choose from in it."""
    return visit.page(
        "details.html",
        status=status,
        choice=choice,
        start=start,
        at=months.instant_text(start),
        entered=entered,
        proof=proof,
        errors=errors or {},
        taken=taken is not None,
        times=when.named(choice, taken.next_free if taken else (), visit),
        mail=visit.site.mail,
        work=_work(visit, proof),
        zone_words=zone_words,
    )


class _Asked(NamedTuple):
    """What the cookie `SENT` holds."""

    kind: OutcomeKind
    choice: Choice
    start: datetime


def done(visit: Visit) -> Response:
    """What became of it. Loading this page again does nothing again."""
    with visit.site.reading() as connection:
        practice = practice_of(connection, visit)
    asked = _asked(visit, practice)
    if asked is None:
        return visit.go(f"/book/{quote(practice.slug)}")
    return visit.page(
        "done.html",
        choice=asked.choice,
        start=asked.start,
        kind=asked.kind,
        mail=visit.site.mail,
        zone_words=zone_words,
    )


def _asked(visit: Visit, practice: PracticePage) -> _Asked | None:
    text = visit.site.signer.opened(SENT, visit.kept(SENT) or "")
    if text is None:
        return None
    kind, event_type, visit_type, at, zone = text.split("|")
    choice = choice_of(practice, {"for": event_type, "how": visit_type, "zone": zone})
    start = instant_of(at)
    if choice.kind is None or str(choice.kind.id) != event_type or start is None:
        return None
    outcomes: dict[str, OutcomeKind] = {"verify": "verify", "pending": "pending", "booked": "booked"}
    return _Asked(outcomes[kind], choice, start)


def verify(visit: Visit) -> Response:
    """The page of the mailed link: a button, since programs that look at mail follow links; and what it does."""
    token = (visit.form if visit.method == "POST" else visit.query).get("token", "")
    if visit.method != "POST":
        return visit.page("verify.html", action=links.VERIFY, token=token, proof=visit.proof(), error="")
    try:
        visit.site.signer.check_form(visit.browser, visit.form.get("form", ""), visit.now, earliest=_AT_ONCE)
    except FormRefused as error:
        return visit.page(
            "verify.html",
            status=400,
            action=links.VERIFY,
            token=token,
            proof=visit.proof(),
            error=say(f"form_{error.why}"),
        )
    try:
        outcome = door.verify(visit.site.database, token, clock=visit.site.clock)
    except LinkOver:
        return visit.page("message.html", status=410, title=say("link_over_title"), text=say("link_over"))
    except Taken:
        return visit.page("message.html", status=409, title=say("verify_taken_title"), text=say("verify_taken"))
    except TooMany:
        return visit.page("message.html", status=429, title=say("too_many_title"), text=say("too_many_live"))
    booked = outcome.kind == "booked"
    title, text = ("booked_title", "verified_booked") if booked else ("pending_title", "verified_pending")
    return visit.page("message.html", title=say(title), text=say(text))
