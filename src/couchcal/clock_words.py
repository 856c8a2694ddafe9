"""Times of day in words, on the clock that the person at this computer has chosen.

The clock is chosen once, by the program that starts, as the order of dates is (`typed_dates`). Labels of the
practice are kept, so they are always on the 24-hour clock; the faces show them through `in_chosen_clock`.
"""

from __future__ import annotations

import re
from datetime import datetime, time

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLOCK = r"(?:[01]?[0-9]|2[0-4]):[0-5][0-9]"
_DAY = rf"\b(?:{'|'.join(_WEEKDAYS)}) [0-9]{{1,2}} (?:{'|'.join(_MONTHS)})(?: [0-9]{{4}})?"
_MOMENT = rf"({_DAY} )({_CLOCK}(?:-{_CLOCK})?)\b"
_HOURS = (
    rf"((?:(?:Undid|Redid): )?(?:(?:{'|'.join(_WEEKDAYS)})[a-z]*(?:, | and )?)+: )"
    rf"({_CLOCK}-{_CLOCK}(?:, {_CLOCK}-{_CLOCK})*)"
)
"""The label of a change of availability: weekdays, and hours to the end."""
_NO_BREAK = "\xa0"
_chosen_24h = True


def use_clock_24h(on: bool) -> None:
    """Show times as `15:00` from now on, else as `3:00pm`."""
    global _chosen_24h
    _chosen_24h = on


def chosen_24h() -> bool:
    """Whether times are shown as `15:00`."""
    return _chosen_24h


def clock_words(local: time | datetime, *, clock_24h: bool | None = None) -> str:
    """`9:05`, `15:00`, or `3:00pm`; on the chosen clock, or on the one that `clock_24h` names."""
    if _chosen_24h if clock_24h is None else clock_24h:
        return f"{local.hour}:{local.minute:02}"
    return f"{(local.hour - 1) % 12 + 1}:{local.minute:02}{'am' if local.hour < 12 else 'pm'}"


def clock_cells() -> int:
    """The cells of the longest time on the chosen clock: for a column of times, aligned right."""
    return 5 if _chosen_24h else 7


def span_words(
    start: time | datetime, end: time | datetime, dash: str = "–", *, clock_24h: bool | None = None
) -> str:
    """`15:00–15:50`, `11:30am–12:20pm`, `3:00–3:50pm`; two times of one day."""
    first, last = clock_words(start, clock_24h=clock_24h), clock_words(end, clock_24h=clock_24h)
    if first[-2:] == last[-2:] and last[-1] == "m":
        first = first[:-2]
    return f"{first}{dash}{last}"


def day_words(day: datetime) -> str:
    """`Tue 3 Mar`, the same in every locale."""
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def moment_words(local: datetime) -> str:
    """`Tue 3 Mar 15:00`, for labels: always on the 24-hour clock."""
    return f"{day_words(local)} {clock_words(local, clock_24h=True)}"


def inert(text: str) -> str:
    """What a person called something, as part of a label: `in_chosen_clock` never takes it for a moment.

    It looks the same: the blank before a time of a whole moment, as in `Call Tue 3 Mar 15:00`, does not break.
    """
    return re.sub(_MOMENT, lambda found: f"{found[1][:-1]}{_NO_BREAK}{found[2]}", text)


def in_chosen_clock(label: str) -> str:
    """A label of the practice with its moments, and the hours of availability, on the chosen clock."""
    if _chosen_24h:
        return label
    if hours := re.fullmatch(_HOURS, label):
        return hours[1] + ", ".join(_in_clock(block) for block in hours[2].split(", "))
    return re.sub(_MOMENT, lambda found: found[1] + _in_clock(found[2]), label)


def _in_clock(times: str) -> str:
    return "-".join(clock_words(time(*_parts(text))) for text in times.split("-"))


def _parts(text: str) -> tuple[int, int]:
    """Hour and minute; the end of the day is midnight."""
    hour, minute = text.split(":")
    return int(hour) % 24, int(minute)
