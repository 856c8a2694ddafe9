"""What a copy of an appointment takes along. Imports the ORM: for workers only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from couchcal.practice.draft import Draft, with_changes
from couchcal.practice.row_drafts import plain_draft
from couchcal.practice.row_modifiers import chosen_modifiers
from couchcal.practice.rows import load
from couchcal.store.connection import Database
from couchcal.store.session import read_session

_OWN: dict[str, Any] = {"group_key": None, "telehealth_url": ""}
"""What belongs to the one appointment: a copy joins no group, and never shares a meeting with another session."""


def copy_of(database: Database, appointment_id: int, start: datetime, tz: str) -> Draft:
    """The appointment's details as a draft that begins at `start`, of the same length.

    Modifiers are those a person chose, so that the place decides the automatic one anew (MOD-01). Series, group
    and meeting link stay behind, and with them note, bill and cancellation, which no draft has.

    Args:
        start: an aware instant; of an all-day event the UTC midnight of its first date.
        tz: the IANA zone the copy is in.

    Raises:
        NotFound: the appointment is gone.
    """
    with read_session(database) as session:
        row = load(session, appointment_id)
        draft = plain_draft(row)
        modifiers = chosen_modifiers(session, row)  # type: ignore[arg-type]  # only reads
    times = {"start": start, "end": start + (draft.end - draft.start), "tz": tz}
    return with_changes(draft, {**times, **_OWN, "modifiers": modifiers or None})
