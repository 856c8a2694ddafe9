"""This and all following: an edit applied in place to the rest of a series (practice.md 9.4, REC-04)."""

from __future__ import annotations

from couchcal.errors import Refused
from couchcal.practice import rows
from couchcal.practice.draft import Draft
from couchcal.practice.fields import FIELDS_BY_KIND, TIME_FIELDS
from couchcal.practice.locks import work_reason, worked_on
from couchcal.practice.occurrences import drop_far_rows, fill, instants, key_start
from couchcal.practice.series import (
    TEMPLATE_FIELDS,
    FutureOutcome,
    discard,
    following,
    has_rows,
    kept_row,
    refuse_past,
    series_of,
)
from couchcal.practice.series_split import Split, split
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, Series


def change_future(
    session: JournalSession, row: Appointment, before: Draft, draft: Draft, names: set[str], *, reset_moved: bool
) -> FutureOutcome:
    """Apply an edit to this occurrence and all following, in place (INV-S2, S4, S5).

    Ids, uids and remote ids stay. Worked-on rows keep everything and are told; fields changed by hand on
    single rows stay unless `reset_moved`. A change of time splits the series; others need no split.

    Raises:
        Refused: the row has begun, is worked on, its imported rule cannot move that way, or the new time is in
            the past or past the year 9999.
    """
    series = series_of(session, row)
    refuse_past(session, row)
    if "start" in names and draft.start < session.now:
        raise Refused("a series cannot be moved into the past", "move this one only, or choose a later time")
    if worked_on(row):
        raise Refused(
            f"{work_reason(row)}, so it cannot lead a change of the series",
            "change this one only, or begin from the next",
        )
    if names & TIME_FIELDS and row.start_utc < series.materialised_to:
        drop_far_rows(session, series)
    rest = following(session, series, row, session.now)
    kept = tuple(kept_row(session, other) for other in rest if worked_on(other))
    free = [other for other in rest if not worked_on(other)]
    fields = names - TIME_FIELDS
    parts = _split(session, series, row, draft, free) if names & TIME_FIELDS else None
    changed: list[tuple[Appointment, set[str]]] = []
    for other in free:
        own = set() if reset_moved or other is row else set(other.overridden.split())
        mine, touched = _merged(other, before, draft, fields, own)
        if parts is not None:
            touched |= _repoint(other, mine, parts, own)
        marks = {rows.TIME if name in TIME_FIELDS else name for name in touched}
        rows.put(other, "overridden", " ".join(sorted(set(other.overridden.split()) - marks)))
        if touched or parts is not None:
            rows.apply_change(session, other, mine, touched)
            changed.append((other, touched))
    session.flush()
    rows.write_modifiers(session, [other for other, touched in changed if "modifiers" in touched], draft.modifiers)
    placed = [other for other, touched in changed if touched & rows.PLACES and "modifiers" not in touched]
    rows.write_modifiers(session, placed, None)
    _update_template(session, series if parts is None else parts.target, row, draft, fields)
    if parts is None:
        series.sequence += 1
    else:
        fill(session, parts.target, parts.target.materialised_from, parts.covered)
        if series.origin != "ics" and not has_rows(session, series):
            discard(session, series)
    return FutureOutcome([other for other, _ in changed], kept)


def _split(
    session: JournalSession, series: Series, row: Appointment, draft: Draft, free: list[Appointment]
) -> Split:
    try:
        return split(session, series, row, draft, free)
    except OverflowError:
        raise Refused("the calendar ends there", "choose a time before the year 9999") from None


def _merged(
    row: Appointment, before: Draft, draft: Draft, fields: set[str], own: set[str]
) -> tuple[Draft, set[str]]:
    """The row's fields with those of the edit that it takes, and their names.

    A row that was made another type by hand keeps its type; of the edit it takes the fields that its type has.
    """
    mine = rows.plain_draft(row)
    if "kind" not in fields:
        wanted = fields - own
        if mine.kind != draft.kind:
            wanted &= set(FIELDS_BY_KIND[mine.kind])
    elif "kind" in own:
        wanted = set()
    else:
        wanted = fields if mine.kind == before.kind else set(TEMPLATE_FIELDS)
    for name in wanted:
        setattr(mine, name, getattr(draft, name))
    return mine, set(wanted)


def _repoint(row: Appointment, mine: Draft, parts: Split, own: set[str]) -> set[str]:
    """Move a row to the new series; it takes the new time unless it was moved by hand (rule 5)."""
    target = parts.target
    row.series_id, row.series_key = target.id, parts.keys[row.series_key or ""]
    if rows.TIME in own or (target.all_day and mine.kind != "other_event"):
        return set()
    mine.start, mine.end = instants(target, key_start(target, row.series_key))
    mine.tz, mine.all_day = target.tz, target.all_day
    return {"start", "end"}


def _update_template(
    session: JournalSession, series: Series, row: Appointment, draft: Draft, fields: set[str]
) -> None:
    for name in fields.intersection(TEMPLATE_FIELDS):
        rows.put(series, name, getattr(draft, name))
    if "modifiers" in fields:
        rows.put(series, "modifiers", " ".join(rows.chosen_modifiers(session, row)))
