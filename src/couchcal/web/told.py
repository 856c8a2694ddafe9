"""What was done, said once on the page after it. A cookie carries it: loading that page again does nothing more."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from starlette.responses import Response

from couchcal.web.choice import instant_of
from couchcal.web.local import Local
from couchcal.web.month import instant_text
from couchcal.web.site import Visit
from couchcal.web.words import say

What = Literal[
    "told_booked", "told_asked", "told_cancelled", "told_moved", "told_move_asked", "told_withdrawn", "told_thanks",
    "told_reminders_on", "told_reminders_off", "told_feed_ended", "told_signed_out", "told_session_over",
]  # fmt: skip
TOLD = "told"
"""The cookie: what was done and to which time, and nothing about whom."""
_FOR_S = 300


def tell(visit: Visit, response: Response, what: What, start: datetime | None = None) -> None:
    """Have the next page that tells say what was done; `start` where it is about a time."""
    text = f"{what}|{'' if start is None else instant_text(start)}"
    visit.keep(response, TOLD, visit.site.signer.sealed(TOLD, text), seconds=_FOR_S)


def page(visit: Visit, template: str, local: Local, *, now: What | None = None, **values: Any) -> Response:
    """A page with what was done in `told`, or what it is `now`; empty if there is nothing to say."""
    text = say(now) if now else _told(visit, local)
    response = visit.page(template, told=text, local=local, **values)
    if visit.kept(TOLD) is not None:
        visit.forget(response, TOLD)
    return response


def _told(visit: Visit, local: Local) -> str:
    what, _, at = (visit.site.signer.opened(TOLD, visit.kept(TOLD) or "") or "").partition("|")
    if not what:
        return ""
    start = instant_of(at)
    return say(what, time=local.moment(start) if start else "", zone=local.words)
