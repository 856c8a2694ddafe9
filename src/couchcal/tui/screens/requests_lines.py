"""The words of a request. Pure; what a client wrote and how they are reached stays away where names do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content

from couchcal.clock_words import clock_words, span_words
from couchcal.practice.names import client_label
from couchcal.practice.requests import RequestRow
from couchcal.scheduling.wallclock import to_local, zone_or_utc
from couchcal.tui.calendar.words import name_of
from couchcal.tui.forms.appointment_live import zone_name
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.screens.requests_data import Listed
from couchcal.tui.text import Glyphs, clean, fit, pad

NEWCOMER = "new"
"""What somebody who is no client yet is called where names are not shown."""
_MARK, _GAP = 2, 2
_KIND, _LEFT = 12, 13
_ROOM_FOR_LEFT = 84
"""Cells of a line from which on it also says how long the time is held, or when it was answered."""
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Columns(NamedTuple):
    """Cells of the columns that are not of one width everywhere; 0 where one is not shown."""

    when: int
    who: int
    what: int
    last: int


def columns(width: int, rows: Sequence[Listed], tz: tzinfo, names: str) -> Columns:
    """What fits in `width` cells for these requests; where not everything does, names give way first."""
    when, who, what = (
        max((cell_len(words(listed.row)) for listed in rows), default=0) + _GAP
        for words in (lambda row: when_words(row, tz), lambda row: who_words(row, names), what_words)
    )
    last = _LEFT if width >= _ROOM_FOR_LEFT else 0
    room = max(width - _MARK - when - _KIND - last, 20)
    who = min(who, max(room - what, room * 11 // 20))
    return Columns(when, who, min(what, room - who), last)


def who_words(row: RequestRow, names: str) -> str:
    """What the one who asks is called."""
    if row.internal_id is None and names == "id":
        return NEWCOMER
    return clean(client_label(row.internal_id or NEWCOMER, row.first, row.last, names))


def kind_words(row: RequestRow) -> str:
    """`move` of a session, `new client`, or `portal` of somebody known."""
    if row.replaces_start is not None or row.replaces_appointment_id is not None:
        return "move"
    return "new client" if row.newcomer else "portal"


def when_words(row: RequestRow, tz: tzinfo) -> str:
    """`Tue  3 Mar 15:00–15:50`."""
    start, end = to_local(row.start, tz), to_local(row.end, tz)
    return f"{start:%a} {start.day:>2} {start:%b} {span_words(start, end)}"


def moment_words(instant: datetime, now: datetime, tz: tzinfo) -> str:
    """`9:12` of today, else `2 Mar 9:12`, with the year if it is another."""
    local, here = to_local(instant, tz), to_local(now, tz)
    if local.date() == here.date():
        return clock_words(local)
    year = "" if local.year == here.year else f" {local.year}"
    return f"{local.day} {local:%b}{year} {clock_words(local)}"


def left_words(left: timedelta) -> str:
    """`2 days left`, `3 h left`, `20 min left`: how long a request can still be answered."""
    if left <= timedelta():
        return "is over"
    if left >= 2 * _DAY:
        return f"{left // _DAY} days left"
    return f"{left // _HOUR} h left" if left >= 2 * _HOUR else f"{max(left // _MINUTE, 1)} min left"


def request_line(
    listed: Listed, fitting: Columns, now: datetime, tz: tzinfo, names: str, glyphs: Glyphs
) -> Content:
    """`⚠ Tue  3 Mar 15:00–15:50   Jane Doe   Session   portal   2 days left`; of a past one what became of it."""
    row = listed.row
    waits = row.status == "pending"
    mark = glyphs.conflict if listed.clashes else " "
    if waits:
        kind, last = kind_words(row), left_words(row.start - now)
    else:
        kind, last = f"[{row.status}]", moment_words(row.decided_at, now, tz) if row.decided_at else ""
    cells = [
        (f"{mark} ", "$text-warning"),
        (pad(when_words(row, tz), fitting.when), "bold" if waits else ""),
        (pad(fit(who_words(row, names), fitting.who - _GAP), fitting.who), "bold" if waits else QUIET),
        (pad(fit(what_words(row), fitting.what - _GAP), fitting.what), "" if waits else QUIET),
        (pad(kind, _KIND), _TONES.get(row.status, QUIET)),
        (pad(last, fitting.last), QUIET),
    ]
    return Content.assemble(*(cell for cell in cells if cell[0]))


_TONES = {"pending": "", "accepted": "$text-success", "declined": "$text-warning"}


def what_words(row: RequestRow) -> str:
    """What was chosen on the page: the event type, else the service."""
    return clean(row.event_type or row.service or "session")


def details(listed: Listed, now: datetime, tz: tzinfo, names: str) -> Content:
    """Who, when, what and where (REQ-06), what it overlaps, how they are reached, what they wrote, its fate."""
    row = listed.row
    lines = [_who_line(row, names), _time_line(row, tz)]
    visit = (row.visit_type or "").replace("_", " ")
    place = "" if (row.location or "").casefold() == visit else row.location
    facts = [what_words(row), row.service if row.event_type else "", visit, place]
    lines.append(plain(" · ".join(clean(fact) for fact in facts if fact)))
    if row.replaces_start is not None:
        start = to_local(row.replaces_start, tz)
        lines.append(plain(f"instead of their session {start:%a} {start.day} {start:%b} {clock_words(start)}"))
    if listed.clashes:
        lines.append(plain(f"overlaps {clash_words(listed, tz, names)}", "$text-warning"))
    if names == "full":
        reached = [clean(word) for word in (row.email, row.phone) if word]
        lines.append(plain(" · ".join(reached) or "no way to reach them on file", QUIET))
        if row.message:
            lines.append(plain(f"“{' '.join(row.message.split())}”"))
    elif row.message:
        lines.append(plain("with a note; it shows where full names do", QUIET))
    lines.append(plain(_fate(row, now, tz), QUIET))
    if names == "full" and row.decline_message:
        lines.append(plain(f"Your answer: “{' '.join(row.decline_message.split())}”"))
    return Content("\n").join(lines)


def _who_line(row: RequestRow, names: str) -> Content:
    who = who_words(row, names)
    parts = [who]
    if row.internal_id is not None and row.internal_id != who:
        parts.append(clean(row.internal_id))
    new = "new to the practice" if row.client_id is not None else "no client yet, address not checked"
    ways = {"move": "wants to move a session", "portal": "asks by the portal", "new client": new}
    parts.append(ways[kind_words(row)])
    return Content.assemble((parts[0], "bold"), (f" · {' · '.join(parts[1:])}", QUIET))


def _time_line(row: RequestRow, tz: tzinfo) -> Content:
    start = to_local(row.start, tz)
    minutes = (row.end - row.start) // _MINUTE
    words = f"{' '.join(when_words(row, tz).split())} · {minutes} min"
    there = zone_or_utc(row.tz)
    theirs = to_local(row.start, there)
    if theirs == start:
        return plain(words)
    day = f"{theirs:%a} " if theirs.date() != start.date() else ""
    return Content.assemble(words, (f" · {day}{clock_words(theirs)} {zone_name(row.tz)} for them", QUIET))


def clash_words(listed: Listed, tz: tzinfo, names: str) -> str:
    """`Bob R. 15:30–16:15 and 2 more`."""
    shown = [
        name_of(entry, names)
        if entry.all_day
        else f"{name_of(entry, names)} {span_words(to_local(entry.start, tz), to_local(entry.end, tz))}"
        for entry in listed.clashes[:2]
    ]
    more = len(listed.clashes) - len(shown)
    return f"{', '.join(shown)}{f' and {more} more' if more else ''}"


def _fate(row: RequestRow, now: datetime, tz: tzinfo) -> str:
    asked = f"asked {moment_words(row.asked_at, now, tz)}"
    if row.status == "pending":
        return f"{asked} · held from others until you answer, {left_words(row.start - now)}"
    decided = f" {moment_words(row.decided_at, now, tz)}" if row.decided_at is not None else ""
    return f"{asked} · {row.status}{decided}"


def count_words(pending: Sequence[Listed]) -> str:
    """The line below the list that waits."""
    overlapping = sum(bool(listed.clashes) for listed in pending)
    words = f"{len(pending)} {'waits' if len(pending) == 1 else 'wait'} for your answer"
    return f"{words} · {overlapping} overlap{'s' if overlapping == 1 else ''}" if overlapping else words
