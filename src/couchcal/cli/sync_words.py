"""The sync in words: cycles, plans, how it stands. Entries by id and time, by name only where that is asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from couchcal.cli.context import Practice
from couchcal.cli.plain import clean, day_words, title_words
from couchcal.clock_words import clock_words, in_chosen_clock
from couchcal.practice.agenda import one
from couchcal.practice.search import resolve_id
from couchcal.scheduling.wallclock import to_local
from couchcal.sync.status import Status

if TYPE_CHECKING:
    from couchcal.sync.report import CalendarPlan, Plan, PlannedSending
    from couchcal.sync.review import ReviewItem
    from couchcal.worker.answers import Answer

PAUSED = {
    "user": ("syncing is paused", "couchcal sync resume"),
    "mass_delete": ("many deletions at once wait for your decision", "couchcal sync review"),
    "calendar_lost": ("the calendar at Google is gone", "couchcal sync review"),
}
"""Why nothing is synced, and what to do."""
_SHOWN = 20


def moment(practice: Practice, instant: datetime | None) -> str:
    """`Tue 3 Mar 15:00` on the practice's clock; `never` for None."""
    if instant is None:
        return "never"
    local = to_local(instant, practice.tz)
    return f"{day_words(local.date())} {clock_words(local)}"


def write_lines(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        sys.stdout.write(f"{line}\n")


def trouble(practice: Practice, status: str, reason: str, paused: str, next_try: datetime | None) -> str:
    """Why a cycle did not end well and what to do, in one line; empty if it did."""
    if status == "needs_auth":
        return f"sign in again{f' ({reason})' if reason else ''}; couchcal google connect"
    if status == "retry":
        again = f"the next try is at {moment(practice, next_try)}" if next_try else "couchcal sync tries again"
        return f"{reason or 'Google could not be reached'}; nothing is lost, {again}"
    if status == "paused":
        return "; ".join(PAUSED[paused or "mass_delete"])
    return ""


def cycle_line(practice: Practice, answer: Answer, now: datetime) -> str:
    """A cycle in one line."""
    report = answer.report
    totals = [
        (sum(each[key] for each in report["calendars"]), word)
        for key, word in (("pulled", "taken over"), ("pushed", "sent"), ("deleted", "removed"))
    ]
    waits = [
        (report["pending"], "waiting"), (len(report["blocked"]), "blocked"), (len(report["review"]), "to review")
    ]  # fmt: skip
    words = [f"{count} {word}" for count, word in (*totals, *waits) if count]
    happened = ", ".join(words) if words else "nothing new"
    state = {"ok": "synced", "needs_auth": "not synced", "retry": "not synced", "paused": "paused"}
    return f"{moment(practice, now)} {state[answer.status]}: {happened}"


def cycle_lines(practice: Practice, answer: Answer, now: datetime) -> Iterator[str]:
    """A cycle: a line each for the whole, for the calendars, for what is blocked and what waits for a person."""
    report = answer.report
    yield cycle_line(practice, answer, now)
    for calendar in report["calendars"]:
        counts = (("pulled", "taken over"), ("pushed", "sent"), ("deleted", "removed"))
        words = [f"{calendar[key]} {word}" for key, word in counts if calendar[key]]
        yield f"  {clean(calendar['name'])}: {', '.join(words) or 'nothing new'}"
    for blocked in report["blocked"][:_SHOWN]:
        yield f"  {blocked['id']}{_named(practice, blocked['id'])} is not taken: {clean(blocked['reason'])}"
    yield from _more(report["blocked"])
    if report["review"]:
        yield f"  {len(report['review'])} to review: couchcal sync review"


def _more(rows: list[Any]) -> Iterator[str]:
    if len(rows) > _SHOWN:
        yield f"  and {len(rows) - _SHOWN} more"


def _named(practice: Practice, public_id: str) -> str:
    """The title of an entry in brackets, where names are asked for."""
    table, row_id = resolve_id(practice.connection, public_id)
    return _title(practice, row_id) if table == "appointment" else ""


def _title(practice: Practice, row_id: int | None) -> str:
    if practice.names == "id" or row_id is None:
        return ""
    entry = one(practice.connection, row_id, practice.tz)
    return f" ({title_words(entry, practice.names)})" if entry is not None else ""


def plan_lines(practice: Practice, plan: Plan) -> Iterator[str]:
    """A dry run."""
    for calendar in plan.calendars:
        yield f"{clean(calendar.name)}: {_plan_words(calendar)}"
    for sending in plan.sendings[:_SHOWN]:
        yield f"  {_sending_words(practice, sending)}"
    yield from _more(list(plan.sendings))
    if plan.held:
        yield f"  {plan.held} deletions would wait for your decision"
    if not plan.calendars and not plan.sendings:
        yield "nothing would be read or sent"


def _plan_words(calendar: CalendarPlan) -> str:
    if calendar.problem:
        return f"cannot be read now: {clean(calendar.problem)}"
    counts = (
        (calendar.found, "changed there"), (calendar.gone, "gone there"), (calendar.inserts, "to add"),
        (calendar.changes, "to change"), (calendar.deletes, "to remove"),
    )  # fmt: skip
    return ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing new"


def _sending_words(practice: Practice, sending: PlannedSending) -> str:
    what = {"insert": "add", "change": "change", "delete": "remove"}[sending.what]
    fields = f": {', '.join(sending.fields)}" if sending.fields else ""
    return f"{what:<6}  {sending.id}  {in_chosen_clock(clean(sending.words))}{_named(practice, sending.id)}{fields}"


def status_lines(practice: Practice, status: Status, *, running: bool) -> Iterator[str]:
    """How the sync stands (SYNC-19)."""
    state = "connected" if status.connected else "sign in again: couchcal google connect"
    yield f"account   {clean(status.email)}, {state}"
    direction = "one-way: nothing is read back" if status.one_way else "two-way"
    lost = {"lost": ", gone", "creating": ", not made yet"}.get(status.calendar_state, "")
    yield f"calendar  {clean(status.calendar) or 'none'}{lost}, {direction}"
    yield f"last      {moment(practice, status.last_ok)}"
    if status.failures:
        yield f"trouble   {clean(status.last_error)}; next try {moment(practice, status.next_try)}"
    if status.paused:
        yield f"paused    {'; '.join(PAUSED.get(status.paused, PAUSED['user']))}"
    if status.working:
        of = f" of {status.of}" if status.of else ""
        yield f"now       {clean(status.doing)} {status.done}{of}"
    yield f"waiting   {status.pending} to send, {status.blocked} blocked, {status.review} to review"
    yield f"worker    {'running' if running else 'not running: couchcal worker, or the calendar, keeps it in sync'}"


def review_lines(practice: Practice, item: ReviewItem) -> Iterator[str]:
    """Something to decide on, with what may be chosen."""
    title = _title(practice, item.appointment_id)
    yield f"{item.id:>4}  {moment(practice, item.at)}  {in_chosen_clock(clean(item.detail))}{title}"
    for word, label in item.choices:
        yield f"      couchcal sync resolve {item.id} {word:<10}  {label}"
