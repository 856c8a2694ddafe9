"""The lines of the list of clients: who is shown, in which sections and columns. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Literal, NamedTuple

from textual.content import Content

from couchcal.clock_words import clock_cells, clock_words
from couchcal.practice.client_duplicates import fold
from couchcal.practice.clients import ClientRow
from couchcal.practice.names import client_label
from couchcal.practice.sessions import Seen
from couchcal.scheduling.wallclock import to_local
from couchcal.tui.forms.plain import QUIET
from couchcal.tui.text import clean, fit, pad

Order = Literal["name", "next"]
SECTIONS = (("intake", "New bookings"), ("active", "Active"), ("archived", "Archived"))
"""States in the order of the list, with what they are called there (INT-01)."""
_FAR = datetime.max.replace(tzinfo=UTC)
_GAP = 2
_NEXT = 25
"""Cells of day, year and time, and the gap."""


class Listed(NamedTuple):
    """A client of the list, with the text in which the filter looks."""

    row: ClientRow
    seen: Seen
    text: str
    sort: tuple[str, str]


class Columns(NamedTuple):
    """Cells of each column; 0 where it is not shown."""

    name: int
    id: int
    next: int
    last: int
    service: int


class Section(NamedTuple):
    """A heading with its clients."""

    state: str
    title: str
    clients: list[Listed]


def listed(row: ClientRow, seen: Seen, names: str) -> Listed:
    """A client made ready to be filtered and sorted: by name, where only ids are shown by id."""
    digits = "".join(character for character in row.phone if character.isdecimal())
    words = (row.called, row.first, row.last, row.internal_id, row.email, row.phone, digits)
    sort = ("", fold(row.internal_id)) if names == "id" else (fold(row.last), fold(row.called))
    return Listed(row, seen, " ".join(fold(word) for word in words if word), sort)


def sections(clients: Sequence[Listed], text: str, order: Order, *, archived: bool) -> list[Section]:
    """Whom to show below which heading: everybody of whom each word of `text` is a part.

    Archived clients stay away unless asked for; a filter that finds nobody else finds them, too.
    """
    words = fold(text).split()
    found = [client for client in clients if all(word in client.text for word in words)]
    put_away = [client for client in found if client.row.state == "archived"]
    hidden = not archived and (not words or len(put_away) < len(found))
    shown = []
    for state, title in SECTIONS:
        mine = [client for client in found if client.row.state == state]
        if mine and not (state == "archived" and hidden):
            shown.append(Section(state, title, sorted(mine, key=_by_next if order == "next" else _by_name)))
    return shown


def _by_name(client: Listed) -> tuple[object, ...]:
    return (*client.sort, client.row.id)


def _by_next(client: Listed) -> tuple[object, ...]:
    return (client.seen.next or _FAR, *client.sort, client.row.id)


def columns(width: int, clients: Sequence[Listed]) -> Columns:
    """What fits in `width` cells: the last session from 84 on, the usual service from 96 on."""
    own_id = min(14, max((len(client.row.internal_id) for client in clients), default=6)) + _GAP
    last = 18 if width >= 84 else 0
    service = 9 if width >= 96 else 0
    name = max(12, min(40, width - own_id - _NEXT - last - service))
    return Columns(name, own_id, _NEXT, last, service)


def heading(columns: Columns, section: Section, order: Order, *, titled: bool) -> Content:
    """`Active 12      id       next session ▾     last`: the section; the first one says what the columns are."""
    mark = " ▾"
    name = f"{section.title} {len(section.clients)}"
    if not titled:
        return Content.styled(name, "bold $accent")
    cells = [
        (pad(name, columns.name), "bold $accent"),
        (pad("id", columns.id), QUIET),
        (pad("next session" + (mark if order == "next" else ""), columns.next), QUIET),
        (pad("last", columns.last), QUIET),
        (pad("usual", columns.service), QUIET),
    ]
    return Content.assemble(*(cell for cell in cells if cell[0]))


def client_line(client: Listed, columns: Columns, now: datetime, tz: tzinfo, names: str) -> Content:
    """`Jane Doe    C-0001    Mon  2 Mar  9:00    Mon 23 Feb`."""
    row, seen = client.row, client.seen
    name = clean(client_label(row.internal_id, row.called, row.last, names))
    following = _when_words(seen.next, now, tz) if seen.next is not None else "none"
    last = _day_words(seen.last, now, tz) if seen.last is not None else "never"
    cells = [
        (pad(fit(name, columns.name - _GAP), columns.name), "" if row.state == "archived" else "bold"),
        (pad(fit(clean(row.internal_id), columns.id - _GAP), columns.id), QUIET),
        (pad(following, columns.next), QUIET if seen.next is None else ""),
        (pad(last, columns.last), QUIET),
        (pad(clean(row.usual_service or ""), columns.service), QUIET),
    ]
    return Content.assemble(*(cell for cell in cells if cell[0]))


def _when_words(instant: datetime, now: datetime, tz: tzinfo) -> str:
    """`Mon  2 Mar  9:00`, with the year if it is another."""
    return f"{_day_words(instant, now, tz)} {clock_words(to_local(instant, tz)):>{clock_cells()}}"


def _day_words(instant: datetime, now: datetime, tz: tzinfo) -> str:
    local = to_local(instant, tz)
    year = "" if local.year == to_local(now, tz).year else f" {local.year}"
    return f"{local:%a} {local.day:>2} {local:%b}{year}"
