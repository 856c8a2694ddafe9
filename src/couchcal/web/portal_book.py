"""Booking as a client who is signed in: what, how, when, and a last look (REQ-01, PORTAL-05, PORTAL-07)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from starlette.responses import Response

from couchcal.errors import NotFound, Refused
from couchcal.mail import links
from couchcal.practice import door
from couchcal.practice.door_shapes import ClientKey, Wish
from couchcal.store.connection import Connection
from couchcal.web import last_look, own, told, when
from couchcal.web.choice import Choice, choice_of, instant_of
from couchcal.web.last_look import Trouble
from couchcal.web.local import ZONE, local_of
from couchcal.web.site import Visit

BOOK = "/portal/book"


def choose(visit: Visit, client: ClientKey) -> Response:
    """Event type, way to meet, month and times, one after the other."""
    with visit.site.reading() as connection:
        choice = _choice(connection, visit, client, visit.query)
        if choice is None:
            return _closed(visit, client)
        around: dict[str, Any] = {"leave": own.proof(visit, client)}
        if choice.kind is None:
            return visit.page("what.html", choice=choice, **around)
        if choice.visit_type is None:
            return visit.page("how.html", choice=choice, **around)
        return when.page(connection, visit, choice, **around)


def _choice(connection: Connection, visit: Visit, client: ClientKey, given: Mapping[str, str]) -> Choice | None:
    """What is chosen so far; None if this client does not book here (PORTAL-02)."""
    sessions = door.sessions(connection, client, now=visit.now)
    if not sessions.may_book:
        return None
    local = local_of(visit, sessions.zone)
    found = choice_of(door.portal_page(connection), {**given, ZONE: local.zone})
    return replace(found, zone_chosen=local.chosen, base=BOOK, client=client)


def _closed(visit: Visit, client: ClientKey, status: int = 200) -> Response:
    with visit.site.reading() as connection:
        practice = door.portal_page(connection)
    return visit.page(
        "portal_closed.html", status=status, practice=practice, leave=own.proof(visit, client),
        contact=visit.site.contact,
    )  # fmt: skip


def details(visit: Visit, client: ClientKey) -> Response:
    """The last look before a time is asked for or booked, and what its button does."""
    given = visit.form if visit.method == "POST" else visit.query
    with visit.site.reading() as connection:
        choice = _choice(connection, visit, client, given)
        if choice is None:
            return _closed(visit, client)
        start = instant_of(given.get("at", ""))
        if choice.kind is None or choice.visit_type is None or start is None:
            return visit.go(choice.link())
        if visit.method != "POST":
            return _form(visit, client, choice, start, "", last_look.not_free(connection, visit, choice, start))
        kind_id = choice.kind.id
    return _sent(visit, client, choice, kind_id, start)


def _sent(visit: Visit, client: ClientKey, choice: Choice, kind_id: int, start: datetime) -> Response:
    note = visit.form.get("note", "").strip()
    try:
        key = own.nonce(visit, client)
        visit.count("book")
        network = visit.site.signer.digest(visit.network)
        wish = Wish(kind_id, choice.visit_type, start, choice.zone, client, note, key, network)
        outcome = door.book(visit.site.database, wish, mail=visit.site.mail, clock=visit.site.clock)
    except last_look.TROUBLES as error:
        return _form(visit, client, choice, start, note, last_look.trouble_of(error))
    except (Refused, NotFound):
        return _closed(visit, client, 409)
    answer = visit.go(links.PORTAL)
    told.tell(visit, answer, "told_booked" if outcome.kind == "booked" else "told_asked", start)
    return answer


def _form(
    visit: Visit, client: ClientKey, choice: Choice, start: datetime, note: str, trouble: Trouble | None
) -> Response:
    return visit.page(
        "portal_book.html",
        status=200 if trouble is None else trouble.status,
        leave=own.proof(visit, client),
        proof=own.proof(visit, client),
        local=local_of(visit, choice.zone),
        **last_look.fields(visit, choice, start, note, trouble),
    )
