"""What is typed into a search: words, and a few filters. `jane is:no-show in:march`.

A word is a run of letters and digits; every word has to begin a word of the entry or of its client. `is:` takes
what an entry is, several of them with commas; `in:` takes the month or the year in which it starts. Nothing that
is typed is ever syntax of the full-text index.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import NamedTuple

from couchcal.errors import Invalid

STATES = ("no-show", "late-cancel", "cancelled", "unsigned")
"""What `is:` takes: cancelled for that reason, cancelled for any, a past session whose note is not signed."""
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
HINT = "is:no-show · is:late-cancel · is:cancelled · is:unsigned · in:march · in:2026-03 · in:2026"
MAX_WORDS = 12
_MAX_TEXT = 200
_WORD = re.compile(r"[^\W_]+")
_FILTER = re.compile(r"(?:^|\s)(is|in):(\S*)", re.IGNORECASE)
_YEAR = re.compile(r"([1-9][0-9]{3})(?:-([0-9]{1,2}))?")


class Query(NamedTuple):
    """A search as understood. `since` and `until` are local days, half-open."""

    words: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None

    @property
    def empty(self) -> bool:
        return not (self.words or self.states or self.since)

    @property
    def marks(self) -> tuple[str, ...]:
        """`states` as the index of search calls them."""
        return tuple(state.replace("-", "") for state in self.states)


def parse_query(text: str, today: date) -> Query:
    """What `text` asks for; a month without a year is that of the year of `today`.

    Raises:
        Invalid: a filter that is none; names the ones there are.
    """
    text = unicodedata.normalize("NFC", text[:_MAX_TEXT])
    states: list[str] = []
    since = until = None
    for name, value in _FILTER.findall(text):
        if name.lower() == "is":
            states += [_state(part) for part in value.lower().split(",") if part]
        elif value:
            since, until = _days(value.lower(), today)
    words = tuple(words_of(_FILTER.sub(" ", text)))[:MAX_WORDS]
    return Query(words, tuple(dict.fromkeys(states)), since, until)


def words_of(text: str) -> list[str]:
    """The words of a text, as typed."""
    return _WORD.findall(text)


def _state(text: str) -> str:
    plain = text.replace("_", "-")
    found = [state for state in STATES if state.startswith(plain) or state.replace("-", "").startswith(plain)]
    if len(found) != 1:
        raise Invalid(
            f"there is no is:{text[:20]}", f"there are {', '.join(f'is:{s}' for s in STATES)}", field="is"
        )
    return found[0]


def _days(text: str, today: date) -> tuple[date, date]:
    if found := _YEAR.fullmatch(text):
        year = int(found[1])
        if found[2] is None:
            return date(year, 1, 1), _first_of(year + 1, 1)
        if 1 <= int(found[2]) <= 12:
            return _month(year, int(found[2]))
    months = [number for number, name in enumerate(MONTHS, 1) if len(text) >= 3 and name.startswith(text)]
    if len(months) != 1:
        raise Invalid(f"in:{text[:20]} is no month", "write in:march, in:2026-03 or in:2026", field="in")
    return _month(today.year, months[0])


def _month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), _first_of(year + month // 12, month % 12 + 1)


def _first_of(year: int, month: int) -> date:
    return date(year, month, 1) if year <= date.max.year else date.max


def spans(text: str, words: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where words of `text` begin as one of `words` does, for showing what was found; half-open, ascending."""
    wanted = [folded(word) for word in words]
    found = []
    for word in _WORD.finditer(text):
        have = folded(word[0])
        longest = max((len(begin) for begin in wanted if have.startswith(begin)), default=0)
        if longest:
            letters = next(n for n in range(1, len(word[0]) + 1) if len(folded(word[0][:n])) >= longest)
            found.append((word.start(), word.start() + letters))
    return found


def folded(text: str) -> str:
    """`text` without case and accents, as the index has it."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
