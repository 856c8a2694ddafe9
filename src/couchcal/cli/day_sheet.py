"""The day sheet: a page of 80 columns with a day's times, free time between them, and what it adds up to."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import date, timedelta, tzinfo
from itertools import groupby
from typing import NamedTuple

from couchcal.cli.context import Practice
from couchcal.cli.occurrence_json import place_of
from couchcal.cli.plain import (
    clean,
    colour_wanted,
    day_words,
    entry_style,
    faint,
    heading,
    marks,
    styled,
    time_column,
    title_words,
)
from couchcal.cli.widths import PAGE, cut, padded, width
from couchcal.practice.agenda import Entry, local_day
from couchcal.practice.cadence import repeat_words

_GAP = "  "
_TITLE, _PLACE = 2, 4
"""Columns that give way where the page is too narrow, down to so many cells."""
_NARROWEST = {_PLACE: 10, _TITLE: 16}
_CONTACTS = {"client_contact": "contact", "collateral_contact": "collateral"}
_SHORTEST_FREE = timedelta(minutes=15)
"""Less is the break between two sessions."""


class Day(NamedTuple):
    """A day of the sheet: entries with the free time between them, and the sum of it."""

    day: date
    items: list[Entry | timedelta]
    total: str


def sheet_days(entries: list[Entry], first: date, tz: tzinfo) -> list[Day]:
    """The days on which something is, in order; what began before `first` is under it."""

    def day_of(entry: Entry) -> date:
        return max(first, entry.first_day or local_day(entry.start, tz))

    return [
        Day(day, _with_gaps(found), _total(found))
        for day, of_day in groupby(sorted(entries, key=day_of), day_of)
        if (found := list(of_day))
    ]


def _with_gaps(entries: list[Entry]) -> list[Entry | timedelta]:
    """Entries, and after what takes time that which is free before the next of it."""
    items: list[Entry | timedelta] = []
    reached, after = None, 0
    for entry in entries:
        if _takes_time(entry):
            if reached is not None and entry.start - reached >= _SHORTEST_FREE:
                items.insert(after, entry.start - reached)
            reached = max(reached or entry.end, entry.end)
            items.append(entry)
            after = len(items)
        else:
            items.append(entry)
    return items


def _takes_time(entry: Entry) -> bool:
    return entry.busy and not entry.cancelled and not entry.all_day and entry.kind != "request"


def _total(entries: list[Entry]) -> str:
    """`4 sessions, 3 h 20 min; 1 contact; 1 cancelled`; time that sessions share counts once."""
    sessions = [entry for entry in entries if entry.kind == "client_session" and not entry.cancelled]
    contacts = sum(entry.kind in _CONTACTS and not entry.cancelled for entry in entries)
    cancelled = sum(entry.cancelled for entry in entries)
    spent, reached = timedelta(0), None
    for entry in sorted(sessions, key=lambda entry: entry.start):
        start = entry.start if reached is None else max(entry.start, reached)
        spent += max(timedelta(0), entry.end - start)
        reached = max(reached or entry.end, entry.end)
    words = []
    if sessions:
        words.append(f"{_counted(len(sessions), 'session')}, {length_words(spent)}")
    if contacts:
        words.append(_counted(contacts, "contact"))
    if cancelled:
        words.append(f"{cancelled} cancelled")
    return "; ".join(words)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def length_words(length: timedelta) -> str:
    """`50 min`, `1 h 10 min`."""
    hours, minutes = divmod(length // timedelta(minutes=1), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def service_words(entry: Entry) -> str:
    """`90834-95`, or what kind of contact it is."""
    return "-".join((entry.service, *entry.modifiers)) if entry.service else _CONTACTS.get(entry.kind, "")


def nothing_words(first: date, until: date) -> str:
    """What to say of a range in which there is nothing."""
    return f"Nothing on the calendar from {day_words(first, year=True)} until {day_words(until, year=True)}."


def write_days(practice: Practice, entries: list[Entry], first: date, until: date, *, whole: bool = True) -> None:
    """Print entries under their days, those that began earlier under `first`.

    Args:
        whole: whether these are all the entries of their days; only then free time and sums are shown.
    """
    if not entries:
        sys.stdout.write(f"{nothing_words(first, until)}\n")
        return
    found = sheet_days(entries, first, practice.tz)
    rows = {id(entry): _cells(practice, entry) for entry in entries}
    widths = _widths(rows.values())
    coloured = colour_wanted()
    separator = ""
    for day, items, total in found:
        sys.stdout.write(f"{separator}{heading(day_words(day, year=True))}\n")
        separator = "\n"
        for item in items:
            if isinstance(item, timedelta):
                if whole:
                    free = f"{length_words(item)} free"
                    sys.stdout.write(f"{_GAP}{' ' * widths[0]}{_GAP}{faint(free)}\n")
                continue
            for line in _lines(rows[id(item)], marks(item), widths):
                sys.stdout.write(f"{_GAP}{styled(line, *entry_style(item)) if coloured else line}\n")
        if whole and total:
            sys.stdout.write(f"{_GAP}{total}\n")


def _cells(practice: Practice, entry: Entry) -> tuple[str, ...]:
    return (
        time_column(entry, practice.tz),
        entry.id,
        title_words(entry, practice.names),
        service_words(entry),
        clean(place_of(entry) or ""),
        clean(repeat_words(entry.rrule) or ""),
    )


def _widths(rows: Iterable[tuple[str, ...]]) -> list[int]:
    """Columns as wide as what is in them, title and place narrower where the page asks for it."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for column, least in _NARROWEST.items():
        taken = sum(widths) + len(_GAP) * (1 + sum(map(bool, widths)) - 1)
        widths[column] = max(min(least, widths[column]), widths[column] - max(0, taken - PAGE))
    return widths


def _lines(cells: tuple[str, ...], words: list[str], widths: list[int]) -> Iterator[str]:
    """A row, its marks at the end of it or, where they do not fit, below its title."""
    shown = [at for at, columns in enumerate(widths) if columns]
    line = _GAP.join(padded(cut(cells[at], widths[at]), widths[at]) for at in shown)
    tail = " ".join(words)
    if tail and width(line) + len(_GAP) * 2 + width(tail) > PAGE and width(line.rstrip()) > widths[0]:
        yield line.rstrip()
        yield f"{' ' * widths[0]}{_GAP}{tail}"
        return
    yield f"{line}{_GAP}{tail}".rstrip()
