"""Times of day in a quick-add line: single ones and ranges, on a 12- or 24-hour clock."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from couchcal.scheduling.quickadd_tokens import Line, whole_words

DAY_MINUTES = 1440
_CLOCK = r"(?:noon|midday|midnight|[0-9]{1,2}(?:[:.][0-9]{2})?(?: ?[ap]\.?m\.?|[ap])?)"


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day as written; `half` is "a", "p" or None, `exact` that it is not on a 12-hour clock."""

    hour: int
    minute: int
    half: str | None = None
    exact: bool = False

    @property
    def valid(self) -> bool:
        if self.minute > 59:
            return False
        return 1 <= self.hour <= 12 if self.half else self.hour <= 23 or (self.hour, self.minute) == (24, 0)

    def as_start(self) -> int:
        """Minutes after midnight; an hour from 1 to 6 without am or pm is in the afternoon."""
        if self.half:
            return self.hour % 12 * 60 + self.minute + (720 if self.half == "p" else 0)
        afternoon = not self.exact and 1 <= self.hour <= 6
        return self.hour * 60 + self.minute + (720 if afternoon else 0)

    def before(self, end: Clock) -> int:
        """Minutes after midnight of a range's start: in `2-2:50pm` the end says which half of the day."""
        if self.half or self.exact or not end.half:
            return self.as_start()
        morning = self.hour % 12 * 60 + self.minute
        return morning + 720 if morning + 720 < end.as_start() or morning >= end.as_start() else morning

    def after(self, start: int) -> int:
        """Minutes after the midnight before `start` of a range's end: the first such time after `start`."""
        if self.half or self.exact:
            minutes = self.as_start()
            return minutes if minutes > start else minutes + DAY_MINUTES
        minutes = self.hour % 12 * 60 + self.minute
        while minutes <= start:
            minutes += 720
        return minutes


_RANGE = whole_words(rf"(?:from |at |@ ?)?({_CLOCK})(?: ?- ?| (?:to|until|till|til) )({_CLOCK})")
_EXPLICIT = whole_words(
    r"(?:at |@ ?)?(noon|midday|midnight"
    r"|[0-9]{1,2}[:.][0-9]{2}(?: ?[ap]\.?m\.?|[ap])?|[0-9]{1,2}(?: ?[ap]\.?m\.?|[ap]))"
)
_AT_HOUR = whole_words(r"(?:at |@ ?)([0-9]{1,2})")
_FOUR_DIGITS = whole_words(r"(?:at |@ ?)?((?:[01][0-9]|2[0-3])[0-5][0-9])(?: ?h(?:rs)?)?")
_BARE_HOUR = whole_words(r"([1-9]|1[0-9]|2[0-3])")
_UNTIL = whole_words(rf"(?:to|until|till|til) ({_CLOCK})")
_CLOCK_PARTS = re.compile(r"([0-9]{1,2})(?:[:.]([0-9]{2}))?(?: ?([ap]))?")


def _clock(text: str) -> Clock:
    if text in ("noon", "midday"):
        return Clock(12, 0, exact=True)
    if text == "midnight":
        return Clock(0, 0, exact=True)
    parts = _CLOCK_PARTS.match(text)
    if parts is None:
        raise ValueError(text)  # `text` is a match of _CLOCK
    hour = int(parts[1])
    exact = hour == 0 or hour > 12 or parts[1].startswith("0")
    return Clock(hour, int(parts[2] or 0), parts[3], exact and not parts[3])


def take_times(line: Line, problems: list[str]) -> tuple[int | None, int | None]:
    """Start and end in minutes after the first day's midnight, each None when not written."""
    if found := line.take(_RANGE):
        first, second = _clock(found[1]), _clock(found[2])
        if not (first.valid and second.valid) or first.hour == 24:
            problems.append(f"'{found[0]}' is not a time")
            return None, None
        if first.hour > 12 and not second.half:
            second = replace(second, exact=True)  # who writes 14:00 does not write 2:50 for 14:50
        start = first.before(second)
        return start, _checked_end(start, second, problems)
    start_only = take_time(line, problems)
    if start_only is None:
        return None, None
    if found := line.take(_UNTIL):
        second = _clock(found[1])
        if second.valid:
            return start_only, _checked_end(start_only, second, problems)
        problems.append(f"'{found[1]}' is not a time")
    return start_only, None


def _checked_end(start: int, clock: Clock, problems: list[str]) -> int | None:
    end = clock.after(start)
    # An entry may cross midnight, but over more than half a day the two times were typed the wrong way round.
    if end - start > 720:
        problems.append(f"the end {_hours(end)} is before the start {_hours(start)}")
        return None
    return end


def _hours(minutes: int) -> str:
    return f"{minutes // 60 % 24}:{minutes % 60:02}"


def take_time(line: Line, problems: list[str]) -> int | None:
    """A single time of day in minutes after midnight: an explicit one first, at last a bare hour."""
    for pattern in (_EXPLICIT, _AT_HOUR):
        if found := line.take(pattern):
            clock = _clock(found[1])
            if clock.valid and clock.hour < 24:
                return clock.as_start()
            problems.append(f"'{found[0]}' is not a time")
            return None
    if found := line.take(_FOUR_DIGITS):
        return int(found[1][:2]) * 60 + int(found[1][2:])
    if found := line.take(_BARE_HOUR):
        return _clock(found[1]).as_start()
    return None
