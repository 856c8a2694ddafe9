"""The words of the week's hours: names of days, lengths, hours that fit into a column."""

from __future__ import annotations

from collections.abc import Iterable

from couchcal.scheduling.hours import Hours, hours_words
from couchcal.tui.screens.week_paint import Block, Day, clock_of, hours_of, open_minutes

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def length_words(minutes: int) -> str:
    """`7 h`, `7:30 h`, `45 min`."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours}:{rest:02} h" if rest else f"{hours} h"


def shown_hours(hours: Iterable[Hours], *, hour24: bool = True) -> str:
    """`9:00–12:00, 13:00–17:00`, or `Unavailable`: as times are written everywhere; what is typed has a hyphen."""
    return hours_words(hours, clock_24h=hour24).replace("-", "–")


def day_words(day: Day, *, hour24: bool = True) -> str:
    """`9:00–12:00, 13:00–17:00 · 7 h`, or `Unavailable` (AVL-03)."""
    words = shown_hours(hours_of(day), hour24=hour24)
    return f"{words} · {length_words(open_minutes(day))}" if day else words


def axis_words(minute: int, *, hour24: bool) -> str:
    """`9:00`, `9 am`; on quarters `9:15` both ways."""
    clock = clock_of(minute)
    if hour24:
        return f"{clock.hour}:{clock.minute:02}"
    if clock.minute:
        return f"{clock.hour % 12 or 12}:{clock.minute:02}"
    return f"{clock.hour % 12 or 12} {'am' if clock.hour < 12 else 'pm'}"


def short_hours(block: Block, dash: str, *, hour24: bool) -> str:
    """`9–12`, `9:10–12`: hours that fit into a column."""
    words = []
    for minute in (block.start, block.end):
        clock = clock_of(minute)
        hour = (clock.hour or 24 if minute else 0) if hour24 else clock.hour % 12 or 12
        words.append(f"{hour}:{clock.minute:02}" if clock.minute else str(hour))
    return dash.join(words)
