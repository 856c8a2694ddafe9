"""A wish for a time as it was understood, in words."""

from __future__ import annotations

from datetime import date, time

from textual.content import Content

from couchcal.clock_words import clock_words, span_words
from couchcal.practice.finder import Sought
from couchcal.practice.names import client_label
from couchcal.scheduling.finder import Wish
from couchcal.tui.text import clean

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEKDAYS = frozenset(range(5))
_MOST_NAMED = 4


def understood(wish: Wish, sought: Sought, names: str) -> Content:
    """`50 min · Tue, Thu · 12:00–17:00 · until 12 Dec · Jane Doe`, or what was not understood."""
    if wish.unknown:
        return Content.styled(f"Not understood: {clean(' '.join(wish.unknown))}", "$text-warning")
    if wish.problems:
        return Content.styled(f"{wish.problems[0][:1].upper()}{wish.problems[0][1:]}.", "$text-warning")
    parts = [f"{sought.minutes} min"]
    if len(wish.weekdays) < 7:
        parts.append(_weekdays(wish.weekdays))
    if hours := _hours(wish.from_time, wish.to_time):
        parts.append(hours)
    parts.append(
        local_title(wish.first)
        if wish.first == wish.last
        else f"{local_title(wish.first)} to {local_title(wish.last)}"
    )
    if wish.client and sought.clients:
        labels = [
            client_label(row.internal_id, row.called, row.last, names) for row in sought.clients[:_MOST_NAMED]
        ]
        more = "…" if len(sought.clients) > _MOST_NAMED else ""
        parts.append(clean(f"{' or '.join(labels)}{more}"))
    return Content(" · ".join(parts))


def day_title(day: date, today: date) -> str:
    """`Tue 3 Mar`, with the year where it is another, and how near it is."""
    near = {0: " · today", 1: " · tomorrow"}.get((day - today).days, "")
    year = "" if day.year == today.year else f" {day.year}"
    return f"{local_title(day)}{year}{near}"


def local_title(day: date) -> str:
    """`Tue 3 Mar`."""
    return f"{day:%a} {day.day} {day:%b}"


def _weekdays(days: frozenset[int]) -> str:
    if days == _WEEKDAYS:
        return "Mon–Fri"
    return ", ".join(_DAYS[day] for day in sorted(days))


def _hours(start: time | None, end: time | None) -> str:
    if start is not None and end is not None:
        return span_words(start, end)
    if start is not None:
        return f"from {clock_words(start)}"
    return f"until {clock_words(end)}" if end is not None else ""
