"""How a session takes place, in person or by telehealth, and what follows: place and link (VIS-04, VID-01)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import replace

from sqlmodel import col, select

from couchcal.errors import Invalid
from couchcal.practice.draft import Draft
from couchcal.practice.services import is_telehealth
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, Location, Practice, Series

TOKEN = "{token}"  # noqa: S105  a placeholder
"""Where a link of the practice's template has its unguessable part."""
_TOKEN_BYTES = 16


def new_link(template: str) -> str:
    """A link of the template, `{token}` being 128 random bits, URL-safe; without that it is one fixed room."""
    return template.replace(TOKEN, secrets.token_urlsafe(_TOKEN_BYTES))


def made_from(template: str, link: str) -> bool:
    """Whether `link` is one that `new_link(template)` makes."""
    parts = (re.escape(part) for part in template.split(TOKEN))
    return bool(template) and re.fullmatch(r"[\w-]+".join(parts), link) is not None


def visit_of(location: Location | None) -> str | None:
    """`telehealth` or `in_person`, by the place of service; None without a place."""
    if location is None:
        return None
    return "telehealth" if is_telehealth(location.pos) else "in_person"


def settled(session: JournalSession, draft: Draft, before: Draft | None = None) -> Draft:
    """The draft with visit type and place in step (VIS-04): a new visit type moves it to that type's default
    place unless the place was changed too; a new place decides the visit type.

    Raises:
        Invalid: there is no place of that visit type.
    """
    if draft.kind != "client_session":
        return draft
    location = session.get(Location, draft.location_id) if draft.location_id is not None else None
    here = visit_of(location)
    placed = before is None or before.location_id != draft.location_id
    asked = draft.visit_type is not None and (before is None or before.visit_type != draft.visit_type)
    if asked and draft.visit_type != here and (not placed or location is None):
        return replace(draft, location_id=_default_place(session, draft.visit_type or ""), room_id=None)
    return replace(draft, visit_type=here) if placed and here is not None else draft


def _default_place(session: JournalSession, visit_type: str) -> int:
    places = session.exec(
        select(Location).where(col(Location.active)).order_by(col(Location.is_default).desc(), col(Location.id))
    )
    for place in places:
        if visit_of(place) == visit_type and place.id is not None:
            return place.id
    words = visit_type.replace("_", " ")
    raise Invalid(f"there is no place for a {words} visit", "add one to the list of places", field="visit_type")


def settle_links(session: JournalSession, subjects: Iterable[Appointment]) -> None:
    """Give telehealth sessions that have no link one of the practice's template, members of a group at one time
    the same; take such a link from sessions that are in person now. A link typed by hand stays (VID-01)."""
    template = session.exec(select(Practice.telehealth_template)).first() or ""
    if not template:
        return
    shared: dict[tuple[str, object], str] = {}
    for row in subjects:
        location = session.get(Location, row.location_id) if row.location_id is not None else None
        if row.kind != "client_session" or visit_of(location) != "telehealth":
            if row.telehealth_url and made_from(template, row.telehealth_url):
                row.telehealth_url = ""
        elif not row.telehealth_url:
            slot = (row.group_key or "", row.start_utc)
            link = shared.get(slot) or _group_link(session, row) if row.group_key else ""
            row.telehealth_url = shared[slot] = link or new_link(template)


def _group_link(session: JournalSession, row: Appointment) -> str:
    statement = select(Appointment.telehealth_url).where(
        Appointment.group_key == row.group_key,
        Appointment.start_utc == row.start_utc,
        Appointment.telehealth_url != "",
    )
    with session.no_autoflush:
        return session.exec(statement.limit(1)).first() or ""


def own_link(session: JournalSession, draft: Draft) -> Draft:
    """The draft of a new appointment without a link that another one has already: each has its own room."""
    link = draft.telehealth_url
    template = session.exec(select(Practice.telehealth_template)).first() or ""
    if TOKEN not in template or not made_from(template, link):
        return draft
    taken = session.exec(select(Appointment.id).where(Appointment.telehealth_url == link).limit(1)).first()
    return draft if taken is None else replace(draft, telehealth_url="")


def generalise(session: JournalSession, series: Series) -> None:
    """Let each occurrence to come get its own link where that of the series is a made one."""
    template = session.exec(select(Practice.telehealth_template)).first() or ""
    if series.telehealth_url and made_from(template, series.telehealth_url):
        series.telehealth_url = ""
