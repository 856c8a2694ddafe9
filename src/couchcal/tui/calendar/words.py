"""The words of an entry on screen: name, second line, marks. A person's text is cleaned here, once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from rich.cells import cell_len

from couchcal.clock_words import clock_words, span_words
from couchcal.practice.agenda import Entry
from couchcal.practice.fields import KIND_LABELS
from couchcal.practice.locks import lock_reasons
from couchcal.practice.names import client_label, short_name
from couchcal.scheduling.wallclock import to_local
from couchcal.tui.calendar.period import day_label
from couchcal.tui.text import Glyphs, clean, fit

CANCEL_TAGS = {
    "late_cancel": "late cancel",
    "no_show": "no show",
    "therapist_cancel": "therapist cancel",
    "other": "cancelled",
}
_NAME_CELLS = 7
"""In less than this a name is no name: initials stand for it."""
_HARD_LOCKS = frozenset({"note_signed", "billing_started", "paid", "claim"})


class Words(NamedTuple):
    """What is written on a block."""

    title: str
    initials: str
    details: tuple[str, ...]
    """The second line, the longest wording first: `90837-95 · Telehealth`, `90837-95`, `90837`."""
    tag: str
    """`[no show]` of a cancelled entry."""
    glyphs: tuple[str, ...]
    """Marks, the most important first."""

    @property
    def detail(self) -> str:
        """The second line where there is room for all of it."""
        return self.details[0] if self.details else ""


def words_of(entry: Entry, glyphs: Glyphs, mode: str) -> Words:
    """The words of `entry`. `mode` is how clients are called: full, first, initials, or id, which also
    keeps titles to itself."""
    marks = []
    if entry.conflict:
        marks.append(glyphs.conflict)
    if is_locked(entry):
        marks.append(glyphs.locked)
    if entry.rrule:
        marks.append(glyphs.repeats)
    return Words(
        name_of(entry, mode), _initials(entry, mode), _details(entry, glyphs, mode), _tag(entry), tuple(marks)
    )


def _tag(entry: Entry) -> str:
    if entry.cancelled:
        return f"[{CANCEL_TAGS.get(entry.cancel_type or 'other', 'cancelled')}]"
    return "[declined]" if entry.status == "declined" else ""


def name_of(entry: Entry, mode: str) -> str:
    """`Jane D.` or the event's title; by id only the internal id or the kind."""
    if entry.internal_id is not None:
        if mode == "full":
            return clean(short_name(entry.internal_id, entry.first, entry.last))
        return clean(client_label(entry.internal_id, entry.first, entry.last, mode))
    if mode == "id":
        return "Event" if entry.kind == "other_event" else KIND_LABELS.get(entry.kind, "Event")
    return clean(entry.title) or KIND_LABELS.get(entry.kind, "Untitled")


def full_name(entry: Entry, mode: str) -> str:
    """The client's whole name, for the details."""
    if entry.internal_id is None or mode != "full":
        return name_of(entry, mode)
    return clean(f"{entry.first} {entry.last}") or entry.internal_id


def is_locked(entry: Entry) -> bool:
    """Whether a note, a bill or a claim holds the entry (LCK-01…03)."""
    return any(lock.name in _HARD_LOCKS for lock in lock_reasons(entry))


def _initials(entry: Entry, mode: str) -> str:
    if entry.internal_id is None or mode == "id":
        return name_of(entry, mode)
    return clean("".join(part[0].upper() for part in (entry.first, entry.last) if part)) or entry.internal_id


def _details(entry: Entry, glyphs: Glyphs, mode: str) -> tuple[str, ...]:
    if entry.kind == "request":
        return ("request",)
    place = place_text(entry, mode)
    if entry.kind in ("client_contact", "collateral_contact"):
        means = "contact" if entry.kind == "client_contact" else "collateral"
        wordings = [glyphs.separator.join(part for part in (means, place) if part), means]
    elif entry.service:
        coded = service_text(entry)
        wordings = [glyphs.separator.join(part for part in (coded, place) if part), coded, entry.service]
    else:
        wordings = [place] if place else []
    return tuple(dict.fromkeys(wordings))


def place_text(entry: Entry, mode: str) -> str:
    """The practice's place, else what was written by hand, which privacy keeps to itself."""
    return clean(entry.location or ("" if mode == "id" else entry.place))


def service_text(entry: Entry) -> str:
    """`90837-95`."""
    return "-".join((entry.service, *entry.modifiers)) if entry.service else ""


def longest(wordings: Iterable[str], width: int) -> str:
    """The first of `wordings` that fits whole in `width` cells; nothing is cut, and nothing fits an empty place."""
    return next((text for text in wordings if cell_len(text) <= width), "")


def title_line(words: Words, width: int, glyphs: Glyphs) -> tuple[str, str]:
    """The first line in `width` cells: name left, marks right. Marks are dropped whole, the least important
    first, and the one for repeats to make room for a name; a name that does not fit gives way to initials."""
    marks = list(words.glyphs)
    while marks and cell_len(" ".join(marks)) > max(width - 2, 0):
        marks.pop()
    if marks and marks[-1] == glyphs.repeats and cell_len(words.title) > _room(marks, width) >= 0:
        marks.pop()
    room = _room(marks, width)
    left = words.title
    if cell_len(left) > room:
        short = cell_len(words.initials) <= room < _NAME_CELLS
        left = words.initials if short else fit(left, room, glyphs.ellipsis)
        if room == 1:
            left = fit(words.initials[:1], room, "")
    return left, " ".join(marks)


def _room(marks: list[str], width: int) -> int:
    """Cells left of the marks, with a blank between."""
    return width - (cell_len(" ".join(marks)) + 1 if marks else 0)


def time_text(local: datetime, *, hour24: bool = True) -> str:
    """`9:05`, `15:00`; or `3:00pm`."""
    return clock_words(local, clock_24h=hour24)


def hour_text(local: datetime, *, hour24: bool = True) -> str:
    """A label of the time axis: `9:00`, or `3 pm` and `3:30`."""
    if hour24:
        return time_text(local)
    if local.minute:
        return f"{local.hour % 12 or 12}:{local.minute:02}"
    return f"{local.hour % 12 or 12} {'am' if local.hour < 12 else 'pm'}"


def zone_label(tz: tzinfo, local: datetime) -> str:
    """A zone's short name on a wall clock: `EST`, or `+05:45` where nobody has agreed on letters."""
    name = local.replace(tzinfo=tz).tzname() or ""
    if name[:1] not in ("+", "-"):
        return name
    return name if len(name) <= 3 else f"{name[:3]}:{name[-2:]}"


def span_text(start: datetime, end: datetime, dash: str, *, hour24: bool = True) -> str:
    """`15:00–15:50`, or `3:00–3:50pm`."""
    return span_words(start, end, dash, clock_24h=hour24)


def when_text(entry: Entry, tz: tzinfo, dash: str, *, hour24: bool = True) -> str:
    """`Tue 3 Mar 15:00–15:50`, or the days of an all-day entry."""
    if entry.first_day is not None and entry.end_day is not None:
        last = entry.end_day - timedelta(days=1)
        first = day_label(entry.first_day)
        return first if last <= entry.first_day else f"{first} {dash} {day_label(last)}"
    start, end = to_local(entry.start, tz), to_local(entry.end, tz)
    if end.date() == start.date() or end - start < timedelta(hours=18):
        return f"{day_label(start.date())} {span_text(start, end, dash, hour24=hour24)}"
    first, last_time = time_text(start, hour24=hour24), time_text(end, hour24=hour24)
    return f"{day_label(start.date())} {first}{dash}{day_label(end.date())} {last_time}"
