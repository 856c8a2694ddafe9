"""Changing what is on the calendar, inside a write session: one row, the rest of its series, its cadence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from couchcal.errors import Invalid, Refused
from couchcal.practice import booking, row_drafts, row_modifiers, rows, series, series_rows, visit
from couchcal.practice.booking import Who
from couchcal.practice.cadence import Repeat, repeat_of
from couchcal.practice.draft import Draft, checked, with_changes
from couchcal.practice.fields import TIME_FIELDS
from couchcal.practice.outcome import Done
from couchcal.practice.series_future import as_planned, change_future
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment
from couchcal.store.vocabulary import Scope


@dataclass(frozen=True, slots=True)
class Edit:
    """What to change of an appointment, all of it in one transaction and one undo step.

    `changes` are draft fields; `client_id` may be the name of a client to add first. `repeat` begins a series
    or gives the series another cadence or end from here on, `stop` ends it now; `also` are further clients
    for the same slot (GRP-01).
    """

    changes: dict[str, Any] = field(default_factory=dict)
    scope: Scope = "this"
    repeat: Repeat | None = None
    stop: bool = False
    also: Sequence[Who] = ()
    reset_moved: bool = False


def apply(
    session: JournalSession, row: Appointment, edit: Edit, verb: str
) -> tuple[Done, series_rows.FutureOutcome]:
    """Make the change; what to say of it, and which rows it touched.

    Raises:
        Invalid: a value is wrong. Refused: a lock forbids it.
    """
    before = row_drafts.draft_of(session, row)
    draft = visit.settled(
        session, checked(with_changes(before, _with_client(session, edit.changes)), before), before
    )
    if edit.also and not draft.group_key:
        draft = replace(draft, group_key=booking.fresh_group_key())
    names = changed_names(before, draft)
    for action in sorted(rows.actions_of(names)):
        rows.refuse_if_locked(row, action)
    recurring = row.series_id is not None
    rule = edit.repeat if recurring else None
    if not (names or edit.repeat or edit.stop or edit.also):
        return Done("Nothing changed", row.id, 0), series_rows.FutureOutcome([], ())
    if rule is not None and edit.scope != "future":
        raise Invalid("a cadence is of this and all following", "change all future ones", field="repeats")
    row_drafts.check_references(session, draft)
    following = edit.scope == "future" and recurring
    title = rows.title_of(session, row)
    if following and (names or rule):
        outcome = change_future(session, row, before, draft, names, reset_moved=edit.reset_moved, repeat=rule)
    else:
        _change_one(session, row, draft, names)
        outcome = series_rows.FutureOutcome([row] if names else [], ())
    label = _label(session, row, verb, names) + (" and all following" if following else "") if names else ""
    if rule is not None:
        words = series_rows.phrase(series_rows.series_of(session, row))
        label = f"{label}, {words}" if label else f"{title} repeats {words}"
    elif edit.repeat is not None:
        made, words = series.start(session, row, edit.repeat)
        outcome = outcome._replace(changed=_with(row, [*outcome.changed, *made]), added=len(made))
        label = f"{label}, {words}" if label else f"{title} repeats {words}"
    if edit.also:
        outcome, label = _add_members(session, row, draft, edit, outcome, label)
    conflicts = rows.count_conflicts(session, outcome.changed)
    advice = booking.advice_for(session, row)
    kept, subject = outcome.kept, row.id
    if edit.stop:
        swept = series.stop(session, row)
        subject = None if row in swept.changed else row.id
        outcome = outcome._replace(changed=[r for r in outcome.changed if r not in swept.changed])
        outcome = outcome._replace(kept=swept.kept, removed=len(swept.changed))
        if subject is None:  # what was changed of the row went with it
            label, advice = "", ()
        label = f"{label}, stopped repeating" if label else f"Stopped repeating {title}"
        conflicts = rows.count_conflicts(session, outcome.changed)
        return Done(label, subject, len(swept.changed), swept.kept, conflicts, advice), outcome
    return Done(label, subject, len(outcome.changed), kept, conflicts, advice), outcome


def changed_names(before: Draft, after: Draft) -> set[str]:
    """Names of the fields in which two drafts differ; an automatic modifier is no difference."""
    names = {
        name for name in (*row_drafts.PLAIN_FIELDS, "start", "end") if getattr(before, name) != getattr(after, name)
    }
    if after.modifiers is not None and after.modifiers != before.modifiers:
        names.add("modifiers")
    return names


def _with_client(session: JournalSession, changes: dict[str, Any]) -> dict[str, Any]:
    who = changes.get("client_id")
    return changes | {"client_id": booking.client_ids(session, [who])[0]} if isinstance(who, str) else changes


def _change_one(session: JournalSession, row: Appointment, draft: Draft, names: set[str]) -> None:
    """Write a draft into one row; in a series it is marked as changed by hand (INV-S4)."""
    if not names:
        return
    if row.series_id is not None:
        marks = {rows.TIME if name in TIME_FIELDS else name for name in names}
        row.overridden = " ".join(sorted(set(row.overridden.split()) | marks))
    row_drafts.apply_change(session, row, draft, names)
    if names & rows.PLACES:
        visit.settle_links(session, [row])
    session.flush()
    if "modifiers" in names or names & rows.PLACES:
        row_modifiers.write_modifiers(session, [row], draft.modifiers if "modifiers" in names else None)
        session.flush()


def _add_members(
    session: JournalSession,
    row: Appointment,
    draft: Draft,
    edit: Edit,
    outcome: series_rows.FutureOutcome,
    label: str,
) -> tuple[series_rows.FutureOutcome, str]:
    """Book further clients into the slot of a row; with its following ones if the edit is for those.

    Of a row that was moved by hand only the first session of theirs is at its time, the others are at the series'.
    """
    repeat, planned = edit.repeat, draft
    if edit.scope == "future" and row.series_id is not None:
        held = series_rows.series_of(session, row)
        repeat = repeat or repeat_of(held.rrule, held.until_date)
        if repeat is None:
            raise Refused("an imported rule cannot be given to another client", "add them to this one only")
        if rows.TIME in row.overridden.split():
            planned = as_planned(held, row, draft)
    who = [client_id for client_id in booking.client_ids(session, edit.also) if client_id != row.client_id]
    member = replace(
        planned, modifiers=row_modifiers.chosen_modifiers(session, row), telehealth_url=_typed_link(session, draft)
    )
    added = [booking.place(session, replace(member, client_id=client_id), repeat)[0] for client_id in who]
    if not added:
        return outcome, label
    if planned is not draft:
        for made in added:
            own = row_drafts.draft_of(session, made[0])
            _change_one(session, made[0], replace(own, start=draft.start, end=draft.end), {"start", "end"})
    names = booking.names_of(session, [made[0] for made in added])
    label = f"{label}, added {names}" if label else f"Added {names} {rows.when_words(row)}"
    fresh = [new for made in added for new in made]
    return outcome._replace(changed=[*outcome.changed, *fresh], added=outcome.added + len(fresh)), label


def _typed_link(session: JournalSession, draft: Draft) -> str:
    """The link of a draft if a person typed it; a made one is given anew, the same to the whole group."""
    template = rows.practice_of(session).telehealth_template
    return "" if visit.made_from(template, draft.telehealth_url) else draft.telehealth_url


def _with(row: Appointment, found: list[Appointment]) -> list[Appointment]:
    return found if row in found else [row, *found]


def _label(session: JournalSession, row: Appointment, verb: str, names: set[str]) -> str:
    label = f"{verb} {rows.title_of(session, row)}"
    return f"{label} to {rows.when_words(row)}" if names & {"start", "end"} else label
