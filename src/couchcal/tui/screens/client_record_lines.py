"""The words of a client's record. Pure; contact details are left out where names may not be shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from textual.content import Content

from couchcal.clock_words import clock_words
from couchcal.practice.client_duplicates import Duplicate
from couchcal.practice.clients import ClientDetails
from couchcal.practice.names import client_label
from couchcal.practice.sessions import Counts, Slot
from couchcal.scheduling.wallclock import to_local, zone_or_utc
from couchcal.tui.calendar.period import WEEKDAYS
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.screens.client_sessions import LoadedRecord
from couchcal.tui.text import clean

_LABEL_CELLS = 18
_NARROWEST_VALUE = 16


def summary(loaded: LoadedRecord, now: datetime, names: str) -> Content:
    """Three lines: who they are to the practice, how they are reached, what was and usually is."""
    details = loaded.record.details
    row = details.row
    first = [row.internal_id, _STATES[row.state], portal_words(details)]
    reached = [row.email, row.phone] if names == "full" else []
    if row.tz:
        reached.append(zone_words(row.tz, now))
    lines = [
        plain(" · ".join(map(clean, first)), "bold"),
        plain(" · ".join(clean(word) for word in reached if word), QUIET),
        plain(" · ".join([slot_words(loaded.record.usual_slot), count_words(loaded.record.counts)]).strip(" ·")),
    ]
    return Content("\n").join(line for line in lines if line.plain)


def details_content(loaded: LoadedRecord, now: datetime, names: str, cells: int) -> Content:
    """Everything the record holds, label and value; a value that is longer than its place goes on below itself."""
    details = loaded.record.details
    row = details.row
    facts: list[tuple[str, str]] = []
    if names == "full":
        facts += [
            ("Name", f"{row.first} {row.last}".strip()),
            ("Goes by", row.preferred),
            ("E-mail", row.email or "none on file"),
            ("Telephone", row.phone or "none on file"),
        ]
    facts += [
        ("Internal id", row.internal_id),
        ("State", _STATES[row.state]),
        ("Portal", portal_words(details)),
        ("Self-scheduling", self_scheduling_words(details)),
        ("Reminders", reminder_words(details)),
        ("Time zone", zone_words(row.tz, now) if row.tz else "as yours"),
        ("Usual service", loaded.usual_service or "none"),
        ("Usual place", loaded.usual_place or "none"),
        ("Usual time", slot_words(loaded.record.usual_slot) or "none yet"),
    ]
    lines = []
    for label, value in facts:
        parts = Content(clean(value)).wrap(max(_NARROWEST_VALUE, cells - _LABEL_CELLS)) if value else []
        labels = [label] + [""] * len(parts)
        lines += [
            Content.assemble((f"{head:<{_LABEL_CELLS}}", QUIET), part)
            for head, part in zip(labels, parts, strict=False)
        ]
    if names == "full" and details.notes_admin:
        lines += [Content(""), plain("Notes of the office", "bold $accent"), plain(details.notes_admin)]
    return Content("\n").join(lines)


_STATES = {"intake": "new booking", "active": "active", "archived": "archived"}


def portal_words(details: ClientDetails) -> str:
    """Where the invitation to the portal stands (PORTAL-08)."""
    if details.portal_state == "accepted" and details.portal_accepted_at is not None:
        since = to_local(details.portal_accepted_at, zone_or_utc(details.row.tz or "UTC"))
        return f"portal access since {since.day} {since:%b} {since.year}"
    return {
        "none": "no portal access",
        "invited": "invited to the portal, not accepted yet",
        "accepted": "portal access",
        "revoked": "portal access revoked",
    }[details.portal_state]


def self_scheduling_words(details: ClientDetails) -> str:
    """Whether they may book, move and cancel by themselves, and why not (PORTAL-02)."""
    allowed = details.self_scheduling
    if allowed == "inherit":
        words = f"as the practice has it: {'on' if details.practice_self_scheduling else 'off'}"
        allowed = "on" if details.practice_self_scheduling else "off"
    else:
        words = allowed
    waits = allowed == "on" and not details.may_self_schedule
    return f"{words}, once a portal invitation is accepted" if waits else words


def reminder_words(details: ClientDetails) -> str:
    """By what means reminders go out, and what keeps them back (C-04)."""
    means = [
        word
        for word, on in (
            ("e-mail", details.remind_email),
            ("text", details.remind_text),
            ("phone", details.remind_phone),
        )
        if on
    ]
    if not means:
        return "none"
    lacking = []
    if details.remind_email and details.unsubscribed_at is not None:
        lacking.append("they unsubscribed from e-mail")
    elif details.remind_email and not details.row.email:
        lacking.append("no e-mail address on file")
    elif details.remind_email and details.portal_state != "accepted":
        lacking.append("e-mail once a portal invitation is accepted")
    if (details.remind_text or details.remind_phone) and not details.row.phone:
        lacking.append("no telephone number on file")
    words = ", ".join(means)
    return f"{words} ({'; '.join(lacking)})" if lacking else words


def zone_words(tz: str, now: datetime) -> str:
    """`Europe/Paris, Mon 16:42 there now`."""
    there = to_local(now, zone_or_utc(tz))
    return f"{tz}, {there:%a} {clock_words(there)} there now"


def slot_words(slot: Slot | None) -> str:
    """`mostly Tue 15:00`; empty without a habit."""
    return "" if slot is None else f"mostly {WEEKDAYS[slot.weekday]} {clock_words(slot.start)}"


def count_words(counts: Counts) -> str:
    """`42 sessions this year · 2 late cancels · 1 no-show`."""
    words = [_count(counts.sessions_this_year, "session", "sessions") + " this year"]
    if counts.late_cancels:
        words.append(_count(counts.late_cancels, "late cancel", "late cancels"))
    if counts.no_shows:
        words.append(_count(counts.no_shows, "no-show", "no-shows"))
    return " · ".join(words)


def duplicate_words(duplicate: Duplicate, names: str) -> str:
    """`Jane Doe · C-0003: same e-mail, same name`."""
    row = duplicate.client
    name = client_label(row.internal_id, row.called, row.last, names)
    who = row.internal_id if name == row.internal_id else f"{name} · {row.internal_id}"
    away = ", archived" if row.state == "archived" else ""
    return clean(f"{who}: {reason_words(duplicate.reasons)}{away}")


def reason_words(reasons: Sequence[str]) -> str:
    """`same e-mail, telephone; similar name`."""
    same = [reason.removeprefix("same ") for reason in reasons if reason.startswith("same ")]
    others = [reason for reason in reasons if not reason.startswith("same ")]
    return "; ".join([f"same {', '.join(same)}", *others] if same else others)


def _count(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}" if number else f"no {several}"
