"""The words of a wish for a time, read from left to right; each recogniser takes what begins where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Final

from couchcal.scheduling.finder_words import (
    END,
    Value,
    clock_of,
    is_month,
    length_of,
    moment_of,
    part_of_day,
    period_of,
    span_of,
    weekdays_of,
)
from couchcal.scheduling.quickadd_days import DateOrder
from couchcal.scheduling.quickadd_tokens import Line
from couchcal.scheduling.quickadd_when import parse_day

EVERY_DAY: Final = frozenset(range(7))
_DAY = timedelta(days=1)
_JOINTS: Final = ("or", "and", "&", "/")
_FILLERS: Final = frozenset({
    "a", "an", "the", "any", "anytime", "some", "free", "open", "time", "times", "slot", "slots", "session",
    "sessions", "appointment", "on", "in", "at", "of", "for", "only", "find", "next", "first", "please", "me",
    "with", "or", "and", "&", "/", "day", "days",
})  # fmt: skip
_NOT: Final = ("not", "no", "except", "without", "but")
_DASH = re.compile(r" - ?| -(?=\S)|(?<=\S)- ")
_LONGEST = 6
_MAX_NAME = 3


class Reader:
    """Reads all words at once; what was understood is in its fields, minutes of the day for `hours`."""

    def __init__(self, text: str, today: date, order: DateOrder) -> None:
        line = Line(text)
        self.problems: list[str] = ["only the beginning was read"] if line.too_long else []
        self.minutes: int | None = None
        self.weekdays: set[int] = set()
        self.excluded: set[int] = set()
        self.first: date | None = None
        self.last: date | None = None
        self.client = ""
        self.unknown: list[str] = []
        self._today = today
        self._order = order
        self._parts: list[tuple[int, int]] = []
        self._after, self._before = 0, END
        plain = _DASH.sub("-", " ".join(line.words()).translate(str.maketrans("‐‑‒–—−", "------")))
        self._typed = plain.split()
        self._words = [
            word.lower().strip(".,;") if not word[:1].isdigit() else word.lower() for word in self._typed
        ]
        at = 0
        while at < len(self._words):
            taken = self._take(at)
            if not taken and self._words[at] == "for":
                taken = self._take_client(at)
            if not taken:
                if self._words[at] and self._words[at] not in _FILLERS:
                    self.unknown.append(self._typed[at])
                taken = 1
            at += taken

    def hours(self) -> tuple[time | None, time | None]:
        """From when and until when on the clock: all parts of the day together, within the limits."""
        first = max(self._after, min((start for start, _ in self._parts), default=0))
        last = min(self._before, max((end for _, end in self._parts), default=END))
        return (clock_of(first) if first else None), (clock_of(last) if last < END else None)

    def _take(self, at: int) -> int:
        """Take what begins at a word; how many words that were, 0 for none."""
        for recogniser in (
            self._take_period, self._take_negation, self._take_limit, self._take_weekdays, self._take_length,
            self._take_part, self._take_range, self._take_date,
        ):  # fmt: skip
            if taken := recogniser(at):
                return taken
        return 0

    def _longest(self, at: int, read: Callable[[str], Value | None]) -> tuple[Value, int] | None:
        """The value of the most words from `at` on that `read` understands as a whole, and how many these are."""
        for count in range(min(_LONGEST, len(self._words) - at), 0, -1):
            value = read(" ".join(self._words[at : at + count]))
            if value is not None:
                return value, count
        return None

    def _take_period(self, at: int) -> int:
        found, day = self._longest(at, self._period), self._longest(at, self._day)
        if found is None or (day is not None and day[1] > found[1]):
            return 0
        (self.first, self.last), count = found
        return count

    def _period(self, text: str) -> tuple[date, date] | None:
        try:
            return period_of(text, self._today)
        except (OverflowError, ValueError):
            self.problems.append("the calendar ends with the year 9999")
            return None

    def _take_negation(self, at: int) -> int:
        """`not fri`, `except mon or fri`, `no mornings`."""
        count = 0
        while at + count < len(self._words) and self._words[at + count] in (*_NOT, "on"):
            count += 1
        if not count or self._words[at] == "on" or at + count >= len(self._words):
            return 0
        part = part_of_day(self._words[at + count])
        if part is not None:
            start, end = part
            if not start:
                self._after = max(self._after, end)
            elif end == END:
                self._before = min(self._before, start)
            else:
                return 0
            return count + 1
        days, taken = self._days_from(at + count)
        self.excluded |= days
        return count + taken if taken else 0

    def _take_weekdays(self, at: int) -> int:
        days, taken = self._days_from(at)
        self.weekdays |= days
        return taken

    def _days_from(self, at: int) -> tuple[set[int], int]:
        """Weekdays that stand together, joined by `or`, `and`, `/` or nothing."""
        days: set[int] = set()
        taken = at
        here = at
        while here < len(self._words):
            found = [weekdays_of(part) for part in self._words[here].split("/")]
            if all(found) and found:
                days |= set().union(*found)
                taken = here + 1
            elif self._words[here] not in _JOINTS:
                break
            here += 1
        return days, taken - at if days else 0

    def _take_limit(self, at: int) -> int:
        """`before 11`, `after 4pm`, `until 15 dec`, `from mon`, `between 9 and 12`."""
        word = self._words[at]
        if word not in (
            "before",
            "after",
            "until",
            "till",
            "til",
            "by",
            "from",
            "since",
            "starting",
            "to",
            "between",
        ):
            return 0
        if word in ("between", "from") and (taken := self._take_span(at + 1)):
            return 1 + taken
        if word == "between":
            return 0
        found, day = self._longest(at + 1, moment_of), self._longest(at + 1, self._day)
        if found and (day is None or found[1] >= day[1]):
            if word in ("after", "from", "since", "starting"):
                self._after = max(self._after, found[0])
            else:
                self._before = min(self._before, found[0])
            return 1 + found[1]
        if day:
            if word in ("from", "since", "starting"):
                self.first = day[0]
            elif word == "after":
                self.first = day[0] + min(_DAY, date.max - day[0])
            elif word == "before":
                self.last = day[0] - min(_DAY, day[0] - date.min)
            else:
                self.last = day[0]
            return 1 + day[1]
        return 0

    def _take_span(self, at: int) -> int:
        """`9 and 12` after between, `9 to 12` after from."""

        def span(text: str) -> tuple[int, int] | None:
            return span_of(re.sub(r" (?:and|to|until) ", "-", text))

        found = self._longest(at, span)
        if found is None:
            return 0
        self._parts.append(found[0])
        return found[1]

    def _take_length(self, at: int) -> int:
        found = self._longest(at, length_of)
        if found is None:
            return 0
        if self.minutes is not None and self.minutes != found[0]:
            self.problems.append("there are two lengths")
        self.minutes = found[0]
        return found[1]

    def _take_part(self, at: int) -> int:
        part = part_of_day(self._words[at])
        if part is None:
            return 0
        self._parts.append(part)
        return 1

    def _take_range(self, at: int) -> int:
        found = self._longest(at, span_of)
        if found is None:
            return 0
        self._parts.append(found[0])
        return found[1]

    def _take_date(self, at: int) -> int:
        """A day of its own; a second one is the last."""
        found = self._longest(at, self._day)
        if found is None:
            return 0
        if self.first is None or self.last is not None:
            self.first = found[0]
        self.last = found[0]
        return found[1]

    def _take_client(self, at: int) -> int:
        """`for jane doe`: what follows, up to a word that means something."""
        count = 1
        while at + count < len(self._words) and count <= _MAX_NAME:
            word = self._words[at + count]
            if word in _FILLERS or word in _NOT or not word[:1].isalpha() or self._probe(at + count):
                break
            count += 1
        self.client = " ".join(self._typed[at + 1 : at + count])
        return count if count > 1 else 0

    def _probe(self, at: int) -> bool:
        """Whether a word, and those after it, mean something by themselves. After "for", `jan` is no month."""
        if is_month(self._words[at]) and self._longest(at, self._day) is None:
            return False
        ahead = Reader.__new__(Reader)
        ahead.__dict__ = {
            name: value.copy() if isinstance(value, (list, set)) else value for name, value in self.__dict__.items()
        }
        return bool(ahead._take(at))

    def _day(self, text: str) -> date | None:
        return parse_day(text, self._today, order=self._order)
