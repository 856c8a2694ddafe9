"""Into the portal and out of it: a link or a code by mail, and a session that ends (PORTAL-08).

Whoever asks to sign in sees the same page, whether the practice knows the address or not. A link shows a button,
since programs that look at mail follow links.
"""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from couchcal.mail import links
from couchcal.practice import door
from couchcal.practice.door_shapes import ClientKey, LinkOver, PracticePage, Session
from couchcal.web import own, told
from couchcal.web.applicant import LONGEST_EMAIL, looks_like_email
from couchcal.web.local import local_of
from couchcal.web.security import FormRefused
from couchcal.web.site import Visit, Wait
from couchcal.web.words import say

SESSION = "portal"
"""The cookie of an open session: random, and gone with the browser."""
ASKED = "asked"
"""The cookie of the browser that asked to sign in; the code of the letter works there alone."""
FEED = "feed"
"""The cookie that keeps the address of a new calendar feed for the page that shows it."""
ASKED_FOR_S = 1800
_AT_ONCE = timedelta(0)
_DIGITS = 6


def sign_in(visit: Visit) -> Response:
    """The form for the address, and what it does: the same for every address."""
    practice = _practice(visit)
    email = " ".join(visit.form.get("email", "").split())
    if visit.method != "POST":
        return _sign_in_form(visit, practice)
    if not visit.site.mail:
        return _sign_in_form(visit, practice, status=409)
    errors = _of_form(visit)
    if not email:
        errors["email"] = say("need_email")
    elif len(email) > LONGEST_EMAIL or not looks_like_email(email):
        errors["email"] = say("bad_email")
    if errors:
        return _sign_in_form(visit, practice, email, errors, 400)
    try:
        visit.count("try")
        if seconds := visit.site.limits.wait("sign_in", visit.site.signer.digest(email.casefold())):
            raise Wait(seconds)
    except Wait as error:
        return _sign_in_form(visit, practice, email, {"form": say("wait_form", minutes=error.minutes)}, 429)
    asked = door.sign_in(visit.site.database, email, clock=visit.site.clock)
    answer = visit.go("/portal/code")
    visit.keep(answer, ASKED, asked.browser, seconds=ASKED_FOR_S)
    return answer


def _sign_in_form(
    visit: Visit, practice: PracticePage, email: str = "", errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    over = visit.method != "POST" and visit.kept(SESSION) is not None
    answer = told.page(
        visit,
        "portal_sign_in.html",
        local_of(visit, practice.zone),
        now="told_session_over" if over else None,
        status=status,
        practice=practice,
        proof=visit.proof(),
        email=email,
        errors=errors or {},
        mail=visit.site.mail,
        contact=visit.site.contact,
    )
    if over:
        visit.forget(answer, SESSION)
    return answer


def code(visit: Visit) -> Response:
    """What comes next for who asked: the letter, and the form for its code."""
    asked = visit.kept(ASKED)
    if not asked:
        return visit.go(links.PORTAL)
    practice = _practice(visit)
    typed = visit.form.get("code", "").strip()
    digits = "".join(character for character in typed if character not in " -.")
    if visit.method != "POST":
        return _code_form(visit, practice)
    errors = _of_form(visit)
    if not (len(digits) == _DIGITS and digits.isascii() and digits.isdecimal()):
        errors["code"] = say("need_code")
    if errors:
        return _code_form(visit, practice, typed, errors, 400)
    try:
        visit.count("try")
        opened = door.open_session(visit.site.database, code=digits, browser=asked, clock=visit.site.clock)
    except Wait as error:
        return _code_form(visit, practice, typed, {"form": say("wait_form", minutes=error.minutes)}, 429)
    except LinkOver:
        return _code_form(visit, practice, "", {"code": say("wrong_code")}, 400)
    return _begun(visit, opened)


def _code_form(
    visit: Visit, practice: PracticePage, typed: str = "", errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    return visit.page(
        "portal_code.html", status=status, practice=practice, proof=visit.proof(), typed=typed, errors=errors or {}
    )


def open_link(visit: Visit) -> Response:
    """The page of a mailed link or an invitation: a button, and what it does."""
    practice = _practice(visit)
    token = (visit.form if visit.method == "POST" else visit.query).get("token", "")
    if visit.method != "POST":
        return _open_form(visit, practice, token)
    if errors := _of_form(visit):
        return _open_form(visit, practice, token, errors["form"], 400)
    try:
        visit.count("try")
        opened = door.open_session(visit.site.database, token=token, clock=visit.site.clock)
    except LinkOver:
        return _over(visit, practice)
    return _begun(visit, opened)


def _open_form(visit: Visit, practice: PracticePage, token: str, error: str = "", status: int = 200) -> Response:
    return visit.page(
        "portal_open.html", status=status, practice=practice, token=token, proof=visit.proof(), error=error,
        action=links.OPEN,
    )  # fmt: skip


def _over(visit: Visit, practice: PracticePage) -> Response:
    """A link that opens nothing; for who is signed in, another click on the button, that is no matter."""
    cookie = visit.kept(SESSION)
    if cookie and door.session(visit.site.database, cookie, clock=visit.site.clock) is not None:
        return visit.go(links.PORTAL)
    return visit.page("portal_over.html", status=410, practice=practice)


def _begun(visit: Visit, opened: Session) -> Response:
    """Home, with the cookie of a new session; one that this browser had open ends."""
    if before := visit.kept(SESSION):
        door.close_session(visit.site.database, before, clock=visit.site.clock)
    answer = visit.go(links.PORTAL)
    visit.keep(answer, SESSION, opened.cookie)
    visit.forget(answer, ASKED)
    return answer


def leave(visit: Visit, client: ClientKey) -> Response:
    """Sign out: the session is over for good, and nothing of it stays in the browser."""
    answer = visit.go(links.PORTAL)
    try:
        own.nonce(visit, client)
    except FormRefused:
        return answer
    door.close_session(visit.site.database, visit.kept(SESSION) or "", clock=visit.site.clock)
    for name in (SESSION, ASKED, FEED):
        visit.forget(answer, name)
    told.tell(visit, answer, "told_signed_out")
    return answer


def _of_form(visit: Visit) -> dict[str, str]:
    """What is wrong with the form as such."""
    try:
        visit.site.signer.check_form(visit.browser, visit.form.get("form", ""), visit.now, earliest=_AT_ONCE)
    except FormRefused as error:
        return {"form": say(f"form_{error.why}")}
    return {}


def _practice(visit: Visit) -> PracticePage:
    """The practice as everybody may see it: its address only where that is public."""
    with visit.site.reading() as connection:
        return door.portal_page(connection)
