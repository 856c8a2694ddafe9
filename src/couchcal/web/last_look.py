"""The last look of a client at a time, before it is booked or a session moves there: its form, and what may be
wrong with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from couchcal.errors import Invalid
from couchcal.practice.door_shapes import Taken, TooMany
from couchcal.store.connection import Connection
from couchcal.web import when
from couchcal.web.applicant import LONGEST_NOTE
from couchcal.web.choice import Choice
from couchcal.web.month import instant_text
from couchcal.web.security import FormRefused
from couchcal.web.site import Visit, Wait
from couchcal.web.words import say

TROUBLES = (FormRefused, Wait, Invalid, Taken, TooMany)
"""Why a form is shown again, in place of its answer."""


class Trouble(NamedTuple):
    """What is said above the form and at its fields, and the status; `taken` offers other times."""

    errors: dict[str, str]
    status: int
    taken: Taken | None = None


def trouble_of(error: Exception) -> Trouble:
    """What one of `TROUBLES` comes to."""
    if isinstance(error, FormRefused):
        return Trouble({"form": say(f"form_{error.why}")}, 400)
    if isinstance(error, Wait):
        return Trouble({"form": say("wait_form", minutes=error.minutes)}, 429)
    if isinstance(error, Taken):
        return Trouble({}, 409, error)
    if isinstance(error, TooMany):
        return Trouble({"form": say("too_many_live")}, 429)
    if isinstance(error, Invalid) and error.field == "note":
        return Trouble({"note": say("long_note")}, 400)
    return Trouble({"form": say("bad")}, 400)


def fields(visit: Visit, choice: Choice, start: datetime, note: str, trouble: Trouble | None) -> dict[str, Any]:
    """What the template of the form needs of it."""
    taken = trouble.taken if trouble is not None else None
    return {
        "choice": choice,
        "start": start,
        "at": instant_text(start),
        "note": note,
        "longest": LONGEST_NOTE,
        "errors": trouble.errors if trouble is not None else {},
        "taken": taken is not None,
        "times": when.named(choice, taken.next_free if taken is not None else (), visit),
    }


def not_free(connection: Connection, visit: Visit, choice: Choice, start: datetime) -> Trouble | None:
    """Whether the time is gone before anything was sent; None while it is free."""
    if when.is_free(connection, choice, start, visit.now):
        return None
    return Trouble({}, 200, Taken(when.near(connection, choice, start, visit.now)))
