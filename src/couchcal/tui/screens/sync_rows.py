"""The lines of the sync screen: calendars with a tick each, and what leaves. SYNC-02, SYNC-03, SYNC-10, SYNC-24."""

from __future__ import annotations

from datetime import datetime, tzinfo
from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from textual.content import Content

from couchcal.practice.disclosure import BUSY, Facts
from couchcal.tui.forms.plain import QUIET
from couchcal.tui.screens.sync_words import MODE_WORDS, example, moment
from couchcal.tui.text import Glyphs, clean, fit, pad

if TYPE_CHECKING:
    from couchcal.sync.accounts import Link

_LABEL_CELLS = 18
_LEAST_NAME_CELLS, _NOTE_CELLS = 12, 44
"""What a name gets at least, and what it leaves to the mark and the note."""


class Row(NamedTuple):
    """A line; `key` says what Enter does: `link <id>` or the name of a setting. Empty: nothing, it is only read."""

    key: str
    content: Content


def calendar_rows(
    links: tuple[Link, ...], reasons: dict[int, str], now: datetime, tz: tzinfo, glyphs: Glyphs, cells: int
) -> list[Row]:
    """The calendar of the appointments first, then those that can be read, then the others with the reason.

    `reasons` says by the id of a link why it cannot be read, empty where it can.
    """
    one_way = any(link.role == "owned_target" and link.direction == "one_way" for link in links)
    rows = [_heading("Calendars")]
    longest = max((cell_len(clean(link.name)) for link in links), default=0)
    name_cells = max(min(longest, cells - _NOTE_CELLS), _LEAST_NAME_CELLS)
    targets = [link for link in links if link.role == "owned_target"]
    others = sorted(
        (link for link in links if link.role != "owned_target"),
        key=lambda link: (bool(reasons[link.id]), not link.primary, link.name.casefold(), link.id),
    )
    for link in targets:
        note = "is gone from Google" if link.state == "lost" else "your appointments go here"
        if link.state == "creating":
            note = "is being made"
        rows.append(_calendar(f"link {link.id}", f" {glyphs.to_remote} ", link.name, note, name_cells, cells))
    for link in others:
        if reasons[link.id]:
            rows.append(_calendar("", f" {glyphs.dash} ", link.name, reasons[link.id], name_cells, cells))
            continue
        note = "main calendar" if link.primary else ""
        if link.state == "lost":
            note = "is gone from Google, or no longer shared with you"
        elif link.enabled and one_way:
            note = "not read while the direction is one-way"
        elif link.enabled:
            read = f"read {moment(link.last_ok, now, tz)}" if link.last_ok else "to be read"
            note = glyphs.separator.join(part for part in (note, read) if part)
        rows.append(
            _calendar(f"link {link.id}", "[x]" if link.enabled else "[ ]", link.name, note, name_cells, cells)
        )
    if not others:
        rows.append(Row("", Content.styled("    No other calendars of yours are known; c looks again.", QUIET)))
    return rows


def setting_rows(facts: Facts, direction: str, glyphs: Glyphs, cells: int) -> list[Row]:
    """What leaves, and the direction where there is a calendar (`direction` not empty)."""
    rows = [_heading("What leaves")]
    if direction:
        words = "one-way: nothing is read from Google" if direction == "one_way" else "two-way"
        rows = [_heading("What goes to and fro"), _setting("direction", "Direction", words, cells)]
    mode = MODE_WORDS.get(facts.identifier_mode, facts.identifier_mode)
    rows += [
        _setting("identifier_mode", "Names outside", mode, cells),
        _setting("google_title", "Title", f"{facts.title}   such as  {example(facts, glyphs)}", cells),
        _setting(
            "google_event_titles",
            "Other events",
            "with their own title" if facts.event_titles else f"“{BUSY}”, without their title",
            cells,
        ),
        _setting("google_place", "Place", "“Office” or “Telehealth”, no address" if facts.place else "none", cells),
    ]
    return rows


def _heading(text: str) -> Row:
    return Row("", Content.styled(text, "bold $accent"))


def _calendar(key: str, mark: str, name: str, note: str, name_cells: int, cells: int) -> Row:
    """A calendar; a note that does not fit beside the name stands below it, as a reason must be read whole."""
    name, note = clean(name) or "without a name", clean(note)
    style = "" if key else QUIET
    room = cells - name_cells - 7
    if cell_len(note) > room:
        below = Content("\n").join(Content.styled(f"    {line}", QUIET) for line in wrap(note, max(cells - 6, 10)))
        return Row(key, Content.assemble((f"{mark} {fit(name, cells - 6)}\n", style), below))
    return Row(key, Content.assemble((f"{mark} {pad(name, name_cells)}  ", style), (note, QUIET)))


def _setting(key: str, label: str, words: str, cells: int) -> Row:
    text = fit(clean(words), cells - _LABEL_CELLS - 4)
    return Row(key, Content.assemble((f"    {pad(label, _LABEL_CELLS - 2)}  ", QUIET), text))
