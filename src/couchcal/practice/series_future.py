"""This and all following: an edit applied in place to the rest of a series (REC-04)."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import inspect

from couchcal.errors import Refused
from couchcal.practice import row_drafts, row_modifiers, rows, visit
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from couchcal.practice.fields import FIELD_LABELS, FIELDS_BY_KIND, TIME_FIELDS
from couchcal.practice.locks import work_reason, worked_on
from couchcal.practice.occurrences import drop_far_rows, fill, instants, key_start
from couchcal.practice.outcome import Kept
from couchcal.practice.series_cadence import (
    MOVED,
    drop_unmatched,
    fill_ahead,
    is_new_rule,
    set_until,
)
from couchcal.practice.series_rows import (
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
    session: JournalSession,
    row: Appointment,
    before: Draft,
    draft: Draft,
    names: set[str],
    *,
    reset_moved: bool,
    repeat: Repeat | None = None,
) -> FutureOutcome:
    """Apply an edit to this occurrence and all following, in place (INV-S2, S4, S5); `repeat` is how the series
    goes on from here, None as it did.

    Ids, uids and remote ids stay. Worked-on rows keep everything and are told; fields changed by hand on
    single rows stay unless `reset_moved`. A change of time or cadence splits the series; others need no split.
    With another cadence the rows on dates that it does not have go, but those that were moved by hand.

    Raises:
        Refused: the row has begun, is worked on, its imported rule cannot move that way, or the new time is in
            the past or past the year 9999. Invalid: the cadence does not fit the date.
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
    timed = bool(names & TIME_FIELDS)
    rule = repeat if repeat is not None and is_new_rule(series, row, repeat) else None
    if (timed or rule) and row.start_utc < series.materialised_to:
        drop_far_rows(session, series)
    rest = following(session, series, row, session.now)
    kept = tuple(kept_row(session, other) for other in rest if worked_on(other))
    free = [other for other in rest if not worked_on(other)]
    fields = names - TIME_FIELDS
    parts, removed = None, 0
    by_hand: tuple[Kept, ...] = ()
    if timed or rule:
        parts = _split(session, series, row, draft if timed else as_planned(series, row, draft), free, rule)
    if parts is not None and rule:
        unmatched = [other for other in free if other.series_key not in parts.keys]
        removed, by_hand = drop_unmatched(session, unmatched, keep_moved=not reset_moved)
        free = [other for other in free if other not in unmatched]
    changed: list[tuple[Appointment, set[str]]] = []
    for other in free:
        own = set() if reset_moved else set(other.overridden.split())
        if other is row:
            own = set() if timed else own & {rows.TIME}
        by_hand += _left_by_hand(session, other, own, fields, timed=timed)
        mine, touched = _merged(other, before, draft, fields, own)
        if parts is not None:
            touched |= _repoint(other, mine, parts, own, timed=timed)
        marks = {rows.TIME if name in TIME_FIELDS else name for name in touched}
        rows.put(other, "overridden", " ".join(sorted(set(other.overridden.split()) - marks)))
        if touched or parts is not None:
            row_drafts.apply_change(session, other, mine, touched)
            changed.append((other, touched))
    placed = [other for other, touched in changed if touched & rows.PLACES]
    visit.settle_links(session, placed)
    session.flush()
    row_modifiers.write_modifiers(
        session, [other for other, touched in changed if "modifiers" in touched], draft.modifiers
    )
    row_modifiers.write_modifiers(
        session, [other for other, touched in changed if other in placed and "modifiers" not in touched], None
    )
    target = series if parts is None else parts.target
    _update_template(session, target, row, draft, fields)
    made: list[Appointment] = []
    if parts is None:
        series.sequence += 1
    else:
        made = _fill(session, parts, rule)
        if series.origin != "ics" and not has_rows(session, series):
            discard(session, series)
    fresh = made if rule else []
    outcome = FutureOutcome([*(other for other, _ in changed), *fresh], kept, removed, len(fresh), by_hand)
    if repeat is not None and rule is None and repeat.until != target.until_date:
        ended = set_until(session, target, row, repeat.until)
        alive = [other for other in outcome.changed if not inspect(other).deleted]
        outcome = FutureOutcome(
            alive + ended.changed, _once(kept + ended.kept), ended.removed, ended.added, by_hand
        )
    return outcome


def _fill(session: JournalSession, parts: Split, rule: Repeat | None) -> list[Appointment]:
    if rule is not None:
        return fill_ahead(session, parts.target, parts.covered)
    return fill(session, parts.target, parts.target.materialised_from, parts.covered)


def _once(kept: tuple[Kept, ...]) -> tuple[Kept, ...]:
    return tuple({row.appointment_id: row for row in kept}.values())


def as_planned(series: Series, row: Appointment, draft: Draft) -> Draft:
    """The draft at the time that the series has for the row, wherever the row was moved to."""
    start, end = instants(series, key_start(series, row.series_key or ""))
    return replace(draft, start=start, end=end, tz=series.tz, all_day=series.all_day)


def _left_by_hand(
    session: JournalSession, row: Appointment, own: set[str], fields: set[str], *, timed: bool
) -> tuple[Kept, ...]:
    """What an edit leaves on a row because a person changed it there."""
    reasons = [MOVED] if timed and rows.TIME in own else []
    reasons += [f"{FIELD_LABELS[name].lower()} changed by hand" for name in sorted(own & fields)]
    return (kept_row(session, row, ", ".join(reasons)),) if reasons else ()


def _split(
    session: JournalSession,
    series: Series,
    row: Appointment,
    draft: Draft,
    free: list[Appointment],
    repeat: Repeat | None,
) -> Split:
    try:
        return split(session, series, row, draft, free, repeat)
    except OverflowError:
        raise Refused("the calendar ends there", "choose a time before the year 9999") from None


def _merged(
    row: Appointment, before: Draft, draft: Draft, fields: set[str], own: set[str]
) -> tuple[Draft, set[str]]:
    """The row's fields with those of the edit that it takes, and their names.

    A row that was made another type by hand keeps its type; of the edit it takes the fields that its type has.
    """
    mine = row_drafts.plain_draft(row)
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


def _repoint(row: Appointment, mine: Draft, parts: Split, own: set[str], *, timed: bool) -> set[str]:
    """Move a row to the new series; it takes the new time unless it was moved by hand (rule 5)."""
    target = parts.target
    row.series_id, row.series_key = target.id, parts.keys[row.series_key or ""]
    if rows.TIME in own or (target.all_day and mine.kind != "other_event"):
        return set()
    before = (mine.start, mine.end)
    mine.start, mine.end = instants(target, key_start(target, row.series_key))
    mine.tz, mine.all_day = target.tz, target.all_day
    return {"start", "end"} if timed or before != (mine.start, mine.end) else set()


def _update_template(
    session: JournalSession, series: Series, row: Appointment, draft: Draft, fields: set[str]
) -> None:
    for name in fields.intersection(TEMPLATE_FIELDS):
        rows.put(series, name, getattr(draft, name))
    if "modifiers" in fields:
        rows.put(series, "modifiers", " ".join(row_modifiers.chosen_modifiers(session, row)))
    visit.generalise(session, series)
