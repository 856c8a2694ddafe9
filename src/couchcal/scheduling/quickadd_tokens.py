"""The words of a quick-add line, taken out where they stand; lengths and repeats.

Every pattern has bounded repetition, so that no text can make matching slow.
"""

from __future__ import annotations

import re
import unicodedata

MAX_TEXT = 500
_TAKEN = "\0"  # stands where words were taken, so that the words around them do not become neighbours

_ESCAPE_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]{0,50}[ -/]{0,10}[@-~]|\][^\x07\x1b]{0,500}(?:\x07|\x1b\\)|[@-Z\\-_])"
)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-") | {"’": "'", "′": "'"})
_ISO_T = re.compile(r"(?<!\S)([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2})")
_PUNCTUATION = re.compile(r"[,;!?]{1,500}(?=\s|$)|[()\"]")

WEEKDAY = (
    r"(?:mon(?:days?)?|tue(?:s|sdays?)?|wed(?:s|nesdays?)?|thu(?:r|rs|rsdays?)?"
    r"|fri(?:days?)?|sat(?:urdays?)?|sun(?:days?)?)\.?"
)


def whole_words(pattern: str) -> re.Pattern[str]:
    """`pattern` where it begins and ends with a word."""
    return re.compile(rf"(?<!\S)(?:{pattern})(?!\S)")


class Line:
    """A cleaned line of which recognisers take words; what nobody takes is left over.

    Escape sequences and control characters are removed, compatibility characters unified (NFKC).
    """

    def __init__(self, text: str) -> None:
        self.too_long = len(text) > MAX_TEXT
        plain = _ESCAPE_SEQUENCE.sub(" ", text[:MAX_TEXT])
        plain = unicodedata.normalize("NFKC", plain)
        plain = "".join(
            " " if character.isspace() else character
            for character in plain
            if character.isspace() or not unicodedata.category(character).startswith("C")
        )
        plain = _ISO_T.sub(r"\1 \2", _PUNCTUATION.sub(" ", plain))
        self._text = " ".join(plain.split())
        lowered = (character.lower() for character in self._text.translate(_DASHES))
        # A letter whose lower case is longer stays, so that both texts keep the same positions.
        self._low = "".join(low if len(low) == 1 else kept for low, kept in zip(lowered, self._text, strict=True))

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The first match of `pattern` in the lower-cased words not yet taken; it is taken."""
        found = pattern.search(self._low)
        if found is not None:
            self._blank(*found.span())
        return found

    def words(self) -> list[str]:
        """The words not taken, as typed, in their order."""
        return [word for word in self._text.split() if not word.startswith(_TAKEN)]

    def take_word(self, word: str) -> None:
        """Take the first occurrence of `word`, one of `words()`."""
        found = whole_words(re.escape(word)).search(self._text)
        if found is not None:
            self._blank(*found.span())

    def _blank(self, start: int, end: int) -> None:
        gap = _TAKEN * (end - start)
        self._low = self._low[:start] + gap + self._low[end:]
        self._text = self._text[:start] + gap + self._text[end:]


_HOURS = whole_words(
    r"(?:for )?([0-9]{1,3})(?:\.([0-9]))?(?:h|hr|hrs| ?hours?| hrs?)"
    r"(?:([0-9]{1,2})m?|(?: | and )([0-9]{1,2}) ?(?:m|mins?|minutes?))?"
)
_MINUTES = whole_words(r"(?:for )?([0-9]{1,4})(?:m|'| ?mins?| ?minutes?)")
_FOR_NUMBER = whole_words(r"for ([0-9]{1,4})")
_IN_WORDS = whole_words(r"(?:for )?(an hour|one hour|half an hour|half hour)")


def take_length(line: Line) -> int | None:
    """A length in minutes: `50m`, `1h30`, `1.5h`, `90 minutes`, `for 50`, `half an hour`."""
    if found := line.take(_HOURS):
        return int(found[1]) * 60 + int(found[2] or 0) * 6 + int(found[3] or found[4] or 0)
    if found := line.take(_MINUTES) or line.take(_FOR_NUMBER):
        return int(found[1])
    if found := line.take(_IN_WORDS):
        return 30 if found[1].startswith("half") else 60
    return None


_EVERY_OTHER = re.compile(rf"(?<!\S)(?:every|each) (?:other|second|2nd)(?: weeks?(?!\S)|(?= {WEEKDAY}(?!\S)))")
_EVERY_WEEKDAY = re.compile(rf"(?<!\S)(?:every|each)(?= {WEEKDAY}(?!\S))")
_EVERY = whole_words(r"(?:every|each) ([0-9]{1,3}) ?(w|wks?|weeks?)|(?:every|each) (week|month)")
_CADENCE = whole_words(r"weekly|bi-?weekly|fortnightly|monthly|[1-4]w")
_NOT_OFFERED = whole_words(r"daily|yearly|annually|(?:every|each) (?:[0-9]{1,3} )?[^\s\0]{1,20}")
_BY_WEEKS = {1: "weekly", 2: "2w", 3: "3w", 4: "4w"}
_BY_WORD = {
    "weekly": "weekly",
    "1w": "weekly",
    "week": "weekly",
    "biweekly": "2w",
    "bi-weekly": "2w",
    "fortnightly": "2w",
    "2w": "2w",
    "3w": "3w",
    "4w": "4w",
    "monthly": "monthly",
    "month": "monthly",
}


def take_repeats(line: Line, problems: list[str]) -> str | None:
    """The cadence: "weekly", "2w", "3w", "4w" or "monthly"; a weekday after "every" stays in the line."""
    if line.take(_EVERY_OTHER):
        return "2w"
    if line.take(_EVERY_WEEKDAY):
        return "weekly"
    found = line.take(_EVERY)
    cadence = (_BY_WORD.get(found[3]) if found[3] else _BY_WEEKS.get(int(found[1]))) if found else None
    if cadence:
        return cadence
    if not found and (word := line.take(_CADENCE)):
        return _BY_WORD[word[0]]
    if found := found or line.take(_NOT_OFFERED):
        problems.append(f"'{found[0]}': a series repeats weekly, every 2, 3 or 4 weeks, or monthly")
    return None
