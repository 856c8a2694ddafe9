"""Appointment rows as drafts, and drafts into rows. Each runs inside a write session."""

from __future__ import annotations

from couchcal.errors import Invalid
from couchcal.practice.draft import DRAFT_FIELDS, Draft
from couchcal.practice.row_modifiers import modifiers_of, removed_marker
from couchcal.practice.rows import put, service_of
from couchcal.scheduling.span import span_class
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, Client, Location, Room

PLAIN_FIELDS = tuple(sorted(DRAFT_FIELDS - {"start", "end", "modifiers"}))
"""Draft fields that are columns of the same name."""


def plain_draft(row: Appointment) -> Draft:
    """The row's fields as a draft that leaves the modifiers to the place."""
    return Draft(start=row.start_utc, end=row.end_utc, **{name: getattr(row, name) for name in PLAIN_FIELDS})


def draft_of(session: JournalSession, row: Appointment) -> Draft:
    """The row's fields as a draft, modifiers with their hand-removed marker."""
    draft = plain_draft(row)
    draft.modifiers = [modifier.code for modifier in modifiers_of(session, row)] + removed_marker(session, row)
    return draft


def apply_change(session: JournalSession, row: Appointment, draft: Draft, names: set[str]) -> None:
    """Write an edit of the fields `names` into a row, raising its SEQUENCE (INV-M4)."""
    if {"start", "end"} & names:
        row.moved_at = session.now
    row.sequence += 1
    apply_draft(session, row, draft)


def apply_draft(session: JournalSession, row: Appointment, draft: Draft) -> None:
    """Write a checked draft into a row; unchanged columns are not touched."""
    for name in PLAIN_FIELDS:
        put(row, name, getattr(draft, name))
    put(row, "start_utc", draft.start)
    put(row, "end_utc", draft.end)
    put(row, "span", span_class(int((draft.end - draft.start).total_seconds())))


def check_references(session: JournalSession, draft: Draft) -> None:
    """Raise Invalid where the draft names a client, service, place or room that is not there."""
    if draft.client_id is not None and session.get(Client, draft.client_id) is None:
        raise Invalid("there is no such client", "choose one of the list", field="client_id")
    if draft.service is not None and service_of(session, draft.service) is None:
        raise Invalid(f"there is no service '{draft.service}'", "use a code of your service list", field="service")
    if draft.location_id is not None and session.get(Location, draft.location_id) is None:
        raise Invalid("there is no such place", "choose one of the list", field="location_id")
    if draft.room_id is not None and session.get(Room, draft.room_id) is None:
        raise Invalid("there is no such room", "choose one of the list", field="room_id")
