"""Words for a screen reader, a pipe or a terminal: clean text, days, times, marks, colour if it is wanted."""

from __future__ import annotations

import os
import re
import sys
from datetime import date, timedelta, tzinfo

from couchcal.clock_words import clock_cells, clock_words
from couchcal.practice.agenda import Entry
from couchcal.practice.locks import lock_reasons
from couchcal.practice.names import entry_title
from couchcal.scheduling.wallclock import to_local
from couchcal.settings import wants_color

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
"""Control characters, line separators and direction marks: they could rewrite the screen around them."""
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CANCELLED = {
    "no_show": "no show",
    "late_cancel": "late cancel",
    "therapist_cancel": "therapist cancel",
    "other": "cancelled",
}
_BOLD, _DIM, _STRIKE, _RED, _PLAIN = "1", "2", "9", "31", "0"


def clean(text: str) -> str:
    """`text` without anything that acts on a terminal."""
    return _UNSAFE.sub("", text)


def one_line(text: str) -> str:
    """`text` on one line, without anything that acts on a terminal."""
    return _UNSAFE.sub(" ", text).strip()


def day_words(day: date, *, year: bool = False) -> str:
    """`Mon 2 Mar`, with `year` `Mon 2 Mar 2026`; the same in every locale."""
    words = f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"
    return f"{words} {day.year}" if year else words


def time_words(entry: Entry, tz: tzinfo) -> str:
    """`15:00-15:50`, `22:00-Tue 2:00` or `all day`, in the zone `tz`, on the chosen clock."""
    if entry.first_day is not None:
        return "all day"
    start, end = to_local(entry.start, tz), to_local(entry.end, tz)
    until = clock_words(end)
    if end.date() != start.date():
        until = (
            f"{_WEEKDAYS[end.weekday()]} {until}"
            if end - start < timedelta(days=6)
            else f"{day_words(end)} {until}"
        )
    return f"{clock_words(start)}-{until}"


def time_column(entry: Entry, tz: tzinfo) -> str:
    """`time_words` for a column: the starts stand below each other."""
    start, dash, rest = time_words(entry, tz).partition("-")
    return f"{start:>{clock_cells()}}{dash}{rest}" if dash else start


def when_words(entry: Entry, tz: tzinfo) -> str:
    """`Tue 3 Mar 15:00-15:50`, `Fri 6 Mar all day until Sat 7 Mar`."""
    day = entry.first_day or to_local(entry.start, tz).date()
    last = last_day(entry)
    until = f" until {day_words(last)}" if last is not None else ""
    return f"{day_words(day)} {time_words(entry, tz)}{until}"


def last_day(entry: Entry) -> date | None:
    """The last day of an all-day entry that lasts longer than one."""
    if entry.first_day is None or entry.end_day is None:
        return None
    last = entry.end_day - timedelta(days=1)
    return last if last > entry.first_day else None


def title_words(entry: Entry, names: str) -> str:
    """What the entry is called, by the names mode, safe to print."""
    return clean(entry_title(entry, names))


def marks(entry: Entry) -> list[str]:
    """What has to be said of an entry, each a word in brackets."""
    found = []
    last = last_day(entry)
    if last is not None:
        found.append(f"until {day_words(last)}")
    if entry.cancelled:
        found.append(_CANCELLED.get(entry.cancel_type or "other", "cancelled"))
    elif entry.status in ("pending", "tentative", "declined"):
        found.append(entry.status)
    if entry.conflict:
        found.append("conflict")
    if not entry.busy and entry.kind == "other_event":
        found.append("free")
    if entry.table == "appointment":
        found += [lock.name.replace("_", " ") for lock in lock_reasons(entry) if lock.name != "cancelled"]
    return [f"[{word}]" for word in found]


def colour_wanted() -> bool:
    """Whether standard output is a terminal that shows colour and nobody asked for none (NO_COLOR)."""
    return sys.stdout.isatty() and wants_color() and os.environ.get("TERM") != "dumb"


def styled(text: str, *codes: str) -> str:
    """`text` in SGR codes."""
    return f"\x1b[{';'.join(codes)}m{text}\x1b[{_PLAIN}m" if codes else text


def heading(text: str) -> str:
    """A heading, bold where colour is wanted."""
    return styled(text, _BOLD) if colour_wanted() else text


def faint(text: str) -> str:
    """Something of less weight, dim where colour is wanted."""
    return styled(text, _DIM) if colour_wanted() else text


def entry_style(entry: Entry) -> tuple[str, ...]:
    """SGR codes of an entry's line: what they say is in its marks, too."""
    if entry.off:
        return (_DIM, _STRIKE)
    return (_RED,) if entry.conflict else ()


def note(text: str) -> None:
    """Something worth knowing beside the result, on standard error."""
    sys.stderr.write(f"couchcal: note: {one_line(text)}\n")
