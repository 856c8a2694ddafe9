"""Putting new rows on the calendar, inside a write session: one client, or several in one slot (GRP-01)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from couchcal.errors import Refused
from couchcal.practice import agenda, client_changes, row_drafts, row_modifiers, rows, series_rows, visit
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft, checked
from couchcal.practice.occurrences import fill, horizon, key_of
from couchcal.practice.services import ServiceRow, advice, is_telehealth, same_day_codes
from couchcal.scheduling.wallclock import zone_or_utc
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, Client, Location

Who = int | str
"""A client: their id, or the name of one to be added first."""


def client_ids(session: JournalSession, who: Sequence[Who]) -> list[int]:
    """The ids of clients, each once; names are added to the list of clients (APT-04).

    Raises:
        Invalid: a name is empty.
    """
    ids = [one if isinstance(one, int) else client_changes.add_within(session, one).id for one in who]
    return list(dict.fromkeys(ids))


def fresh_group_key() -> str:
    """A key that no other group has; members of a group do not clash with each other (INV-A10)."""
    return f"G-{secrets.token_hex(4)}"


def place(
    session: JournalSession, draft: Draft, repeat: Repeat | None, origin: str = "couchcal"
) -> tuple[list[Appointment], str]:
    """Store a new appointment, and the rows of its series; all rows, the first one first, and how it repeats in
    words, empty if it does not.

    Raises:
        Invalid: a field is missing or wrong.
    """
    draft = with_reminders(session, visit.own_link(session, visit.settled(session, checked(draft))))
    row_drafts.check_references(session, draft)
    row = Appointment(uid=rows.new_uid(), origin=origin, kind=draft.kind, start_utc=draft.start, end_utc=draft.end)
    row_drafts.apply_draft(session, row, draft)
    made, words = [row], ""
    if repeat is not None:
        template = series_rows.template_of(row, draft, repeat, draft.modifiers or [])
        visit.generalise(session, template)
        session.add(template)
        session.flush()
        row.series_id, row.series_key = template.id, key_of(template, template.start_local)
    visit.settle_links(session, [row])
    session.add(row)
    session.flush()
    row_modifiers.write_modifiers(session, [row], draft.modifiers)
    if repeat is not None:
        made += fill(session, template, session.now, horizon(session))
        words = series_rows.phrase(template)
    return made, words


def with_reminders(session: JournalSession, draft: Draft) -> Draft:
    """The draft of a new appointment with the reminders by text and telephone that its client wants, where it says
    nothing of them (APT-16)."""
    client = session.get(Client, draft.client_id) if draft.client_id is not None else None
    text, phone = (client.remind_text, client.remind_phone) if client is not None else (False, False)
    return replace(
        draft,
        remind_text=text if draft.remind_text is None else draft.remind_text,
        remind_phone=phone if draft.remind_phone is None else draft.remind_phone,
    )


def place_all(
    session: JournalSession, draft: Draft, who: Sequence[Who], repeat: Repeat | None, origin: str = "couchcal"
) -> tuple[list[list[Appointment]], str]:
    """`place` for each client of the slot; several share a group key, a fresh one unless the draft has one."""
    if draft.kind == "other_event" or not who:
        made, words = place(session, draft, repeat, origin)
        return [made], words
    ids = client_ids(session, who)
    if len(ids) > 1 and not draft.group_key and draft.kind == "client_session":
        draft = replace(draft, group_key=fresh_group_key())
    placed = [place(session, replace(draft, client_id=client_id), repeat, origin) for client_id in ids]
    return [made for made, _ in placed], placed[0][1]


def names_of(session: JournalSession, subjects: Sequence[Appointment]) -> str:
    """`Jane D.`, `Jane D. and Bob R.`, `Jane D. and 3 others`, for labels."""
    first = rows.title_of(session, subjects[0])
    if len(subjects) == 1:
        return first
    if len(subjects) == 2:
        return f"{first} and {rows.title_of(session, subjects[1])}"
    return f"{first} and {len(subjects) - 1} others"


def refuse_overlaps(session: JournalSession, made: Sequence[Appointment]) -> None:
    """Raise Refused if one of the new rows overlaps something busy: for `--strict`, inside the transaction, so
    that nobody books the slot between the check and the change."""
    for row in made:
        if rows.count_conflicts(session, [row]):
            raise Refused(
                f"{rows.when_words(row)} overlaps another entry",
                "choose another time, or leave --strict out",
                code="conflict",
            )


def advice_for(session: JournalSession, row: Appointment) -> tuple[str, ...]:
    """What a biller would remark on the row, and that it is in time off (TOF-04); never blocks."""
    remarks = _billing_remarks(session, row)
    return (*remarks, "it is in your time off") if _is_in_time_off(session, row) else remarks


def _is_in_time_off(session: JournalSession, row: Appointment) -> bool:
    if row.client_id is None or row.status == "cancelled":
        return False
    tz = zone_or_utc(rows.practice_of(session).tz)
    around = agenda.between(rows.raw_connection(session), row.start_utc, row.end_utc, tz)
    return any(entry.kind == "time_off" for entry in around)


def _billing_remarks(session: JournalSession, row: Appointment) -> tuple[str, ...]:
    service = rows.service_of(session, row.service) if row.service else None
    if service is None:
        return ()
    location = session.get(Location, row.location_id) if row.location_id is not None else None
    facts = ServiceRow(
        service.code, service.label, service.typical_min, service.billable_min, service.billable_max,
        service.billable, service.group_service, service.addon_of, service.active,
    )  # fmt: skip
    codes = [modifier.code for modifier in row_modifiers.modifiers_of(session, row)]
    telehealth = location is not None and is_telehealth(location.pos)
    return advice(facts, rows.length_minutes(row), codes, telehealth=telehealth, same_day=_same_day(session, row))


def _same_day(session: JournalSession, row: Appointment) -> list[str]:
    """Services of the client's other sessions on the row's day."""
    tz = zone_or_utc(rows.practice_of(session).tz)
    day = agenda.local_day(row.start_utc, tz)
    start, end = agenda.day_instant(day, tz), agenda.day_instant(day + timedelta(days=1), tz)
    bounds = int(start.timestamp()), int(end.timestamp())
    return same_day_codes(rows.raw_connection(session), row.client_id, *bounds, row.id)
