"""Cancelling and moving one appointment, for whoever has shown that it is theirs: a client who is signed in, or who
holds the link to it (CXL-06, C-07, PORTAL-03, PORTAL-04).

Each is a page that asks first, and a POST that does it. A key of somebody else's appointment is answered like one
that does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from couchcal.errors import Invalid, NotFound, Refused
from couchcal.practice import door
from couchcal.practice.door_shapes import ClientKey, OfferedType, OwnSession, OwnSessions, PracticePage
from couchcal.store.connection import Connection
from couchcal.web import last_look, told, when
from couchcal.web.applicant import LONGEST_NOTE
from couchcal.web.choice import Choice, instant_of
from couchcal.web.last_look import Trouble
from couchcal.web.local import Local, local_of
from couchcal.web.security import FormRefused
from couchcal.web.site import Visit, Wait
from couchcal.web.words import say

_AT_ONCE = timedelta(0)
"""Who has shown who they are is no program: their forms may be sent as fast as they like."""


class Ways(NamedTuple):
    """Where the pages about one appointment are, for the session or link that opened it.

    `back` shows the appointment and `done` comes after it moved or was asked to: addresses, with all they need.
    `cancel` and `move` are paths, `move` with a page `/details` below it; `fields` are what links and forms to them
    carry. `leave` is the field of the form to sign out, empty where nobody is signed in.
    """

    back: str
    done: str
    cancel: str
    move: str
    fields: Mapping[str, str] = MappingProxyType({})
    leave: str = ""

    def to_cancel(self) -> str:
        """The address of the page that cancels."""
        return f"{self.cancel}?{urlencode(self.fields)}".rstrip("?")


@dataclass(frozen=True)
class _Case:
    """One appointment of a client, and who looks at it from where."""

    visit: Visit
    client: ClientKey
    ways: Ways
    practice: PracticePage
    sessions: OwnSessions
    own: OwnSession
    local: Local = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "local", local_of(self.visit, self.sessions.zone))

    def page(self, template: str, *, status: int = 200, **values: object) -> Response:
        """A page about it."""
        return self.visit.page(
            template, status=status, practice=self.practice, own=self.own, ways=self.ways, local=self.local,
            leave=self.ways.leave, **values,
        )  # fmt: skip

    @property
    def choice(self) -> Choice:
        """Where the choice of a new time begins. Only for what can be moved."""
        own, local = self.own, self.local
        assert own.event_type_id is not None  # noqa: S101  the type checker's
        minutes = (own.end - own.start) // timedelta(minutes=1)
        visits = (own.visit_type,) if own.visit_type else ()
        kind = OfferedType(
            own.event_type_id, own.what, minutes, visits, "", "request" if own.move_asks else "instant"
        )
        return Choice(
            self.practice, kind, own.visit_type, local.zone, local.chosen, self.ways.move, self.client, own,
            self.ways.fields,
        )  # fmt: skip


def proof(visit: Visit, client: ClientKey) -> str:
    """The field that each form of a client's page needs: for this browser and this client alone."""
    return visit.site.signer.form(_bound(visit, client), visit.now)


def nonce(visit: Visit, client: ClientKey) -> str:
    """What the form that was sent proves: its nonce.

    Raises:
        FormRefused: nothing; it is another browser's, another client's, or too old.
    """
    given = visit.form.get("form", "")
    return visit.site.signer.check_form(_bound(visit, client), given, visit.now, earliest=_AT_ONCE).nonce


def _bound(visit: Visit, client: ClientKey) -> str:
    return f"{visit.browser} {client.client_id} {client.only}"


def find(sessions: OwnSessions, key: str) -> OwnSession:
    """The session with this key.

    Raises:
        NotFound: it is not one of theirs.
    """
    for own in (*sessions.upcoming, *sessions.past):
        if own.key == key:
            return own
    raise NotFound("there is no such session", "look at your sessions again")


def _case(connection: Connection, visit: Visit, client: ClientKey, key: str, ways: Ways) -> _Case:
    sessions = door.sessions(connection, client, now=visit.now)
    return _Case(visit, client, ways, door.portal_page(connection), sessions, find(sessions, key))


def cancel(visit: Visit, client: ClientKey, key: str, ways: Ways) -> Response:
    """Cancel an appointment: the page with **Cancel session** and **Keep session**, and what the first one does.

    Raises:
        NotFound: it is not theirs.
    """
    with visit.site.reading() as connection:
        case = _case(connection, visit, client, key, ways)
    if visit.method != "POST":
        return _cancel_form(case) if case.own.can_cancel else _refused(case)
    reason = visit.form.get("reason", "").strip()
    try:
        nonce(visit, client)
        visit.count("cancel")
        door.cancel_own(visit.site.database, client, key, reason=reason, clock=visit.site.clock)
    except FormRefused as error:
        return _cancel_form(case, reason, {"form": say(f"form_{error.why}")}, 400)
    except Wait as error:
        return _cancel_form(case, reason, {"form": say("wait_form", minutes=error.minutes)}, 429)
    except Invalid:
        return _cancel_form(case, reason, {"reason": say("long_note")}, 400)
    except Refused:
        with visit.site.reading() as connection:
            case = _case(connection, visit, client, key, ways)
        if case.own.status != "cancelled":  # if it is, that was another click on the same button
            return _refused(case, 409)
    answer = visit.go(ways.back)
    told.tell(visit, answer, "told_cancelled", case.own.start)
    return answer


def _cancel_form(
    case: _Case, reason: str = "", errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    notice = timedelta(hours=case.sessions.notice_hours)
    return case.page(
        "own_cancel.html",
        status=status,
        proof=proof(case.visit, case.client),
        reason=reason,
        longest=LONGEST_NOTE,
        errors=errors or {},
        hours=case.sessions.notice_hours,
        until=case.local.moment(case.own.start - notice),
    )


def move(visit: Visit, client: ClientKey, key: str, ways: Ways) -> Response:
    """Choose another time for an appointment.

    Raises:
        NotFound: it is not theirs.
    """
    with visit.site.reading() as connection:
        case = _case(connection, visit, client, key, ways)
        if not case.own.can_move:
            return _refused(case, moving=True)
        return when.page(connection, visit, case.choice, ways=ways, leave=ways.leave, local=case.local)


def move_details(visit: Visit, client: ClientKey, key: str, ways: Ways) -> Response:
    """The page with the old time and the new one, and its button: the swap, at once or as a request (C-06).

    Raises:
        NotFound: it is not theirs.
    """
    given = visit.form if visit.method == "POST" else visit.query
    start = instant_of(given.get("at", ""))
    with visit.site.reading() as connection:
        case = _case(connection, visit, client, key, ways)
        if visit.method != "POST" or start is None:
            if not case.own.can_move:
                return _refused(case, moving=True)
            if start is None:
                return visit.go(case.choice.link())
            return _move_form(case, start, "", last_look.not_free(connection, visit, case.choice, start))
    return _moved(case, start)


def _moved(case: _Case, start: datetime) -> Response:
    visit, client = case.visit, case.client
    note = visit.form.get("note", "").strip()
    try:
        key = nonce(visit, client)
        visit.count("book")
        outcome = door.move_own(
            visit.site.database, client, case.own.key, start, zone=case.local.zone, idempotency_key=key, note=note,
            clock=visit.site.clock,
        )  # fmt: skip
    except last_look.TROUBLES as error:
        return _move_form(case, start, note, last_look.trouble_of(error))
    except Refused:
        return _refused(case, 409, moving=True)
    answer = visit.go(case.ways.done)
    told.tell(visit, answer, "told_moved" if outcome.kind == "booked" else "told_move_asked", start)
    return answer


def _move_form(case: _Case, start: datetime, note: str, trouble: Trouble | None) -> Response:
    if not case.own.can_move:
        return _refused(case, 409, moving=True)
    return case.page(
        "own_move.html",
        status=200 if trouble is None else trouble.status,
        proof=proof(case.visit, case.client),
        **last_look.fields(case.visit, case.choice, start, note, trouble),
    )


def why_not(own: OwnSession, sessions: OwnSessions, now: datetime, *, moving: bool = False) -> str:
    """Why an appointment cannot be cancelled here, or not be moved."""
    hours = sessions.notice_hours
    if own.status == "cancelled":
        return say("why_cancelled")
    if own.start <= now:
        return say("why_begun")
    if own.start - now < timedelta(hours=hours):
        return say("why_late", hours=hours)
    return say("why_rebook" if moving and own.can_cancel and sessions.may_book else "why_office")


def _refused(case: _Case, status: int = 200, *, moving: bool = False) -> Response:
    """Why it cannot be done here, and whom to ask."""
    own, now = case.own, case.visit.now
    return case.page(
        "own_refused.html",
        status=status,
        moving=moving,
        why=why_not(own, case.sessions, now, moving=moving),
        contact=case.visit.site.contact,
        open=own.status != "cancelled" and own.start > now,
    )
