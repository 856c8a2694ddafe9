"""How a series repeats, in the words of forms, commands and JSON. REC-03."""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import NamedTuple

from couchcal.errors import Invalid

CADENCES = ("weekly", "2w", "3w", "4w", "monthly")
DAY_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WORDS = {
    "weekly": "every week",
    "2w": "every 2 weeks",
    "3w": "every 3 weeks",
    "4w": "every 4 weeks",
    "monthly": "every month",
    "daily": "every day",
    "yearly": "every year",
}

_PLAIN_RULE = (
    r"FREQ=WEEKLY(;INTERVAL=(?P<weeks>\d+))?;BYDAY=[A-Z]{2}(;WKST=MO)?"
    r"|FREQ=MONTHLY(;INTERVAL=(?P<months>\d+))?;BYDAY=(?P<nth>-1|[1-4])[A-Z]{2}"
)


class Repeat(NamedTuple):
    """A cadence: every `interval` weeks (`weekly`) or months on the same weekday, counted from the start of the
    month (`monthly`) or always the last one (`monthly-last`); `until` is the last possible date."""

    freq: str
    interval: int = 1
    until: date | None = None


def parse_cadence(text: str, until: date | None = None) -> Repeat:
    """`weekly`, `2w` … `52w`, `biweekly`, `monthly` or `monthly-last`.

    Raises:
        Invalid: for anything else.
    """
    word = text.strip().lower()
    if word in ("weekly", "1w"):
        return Repeat("weekly", 1, until)
    if word == "biweekly":
        return Repeat("weekly", 2, until)
    if word in ("monthly", "monthly-last"):
        return Repeat(word, 1, until)
    if word.endswith("w") and word[:-1].isdecimal() and 1 <= int(word[:-1]) <= 52:
        return Repeat("weekly", int(word[:-1]), until)
    raise Invalid(f"'{text}' is no cadence", "use weekly, 2w, 3w, 4w or monthly", field="repeats")


def rule_text(repeat: Repeat, first: date) -> str:
    """The RRULE of a cadence whose first occurrence is on `first`.

    A monthly series keeps the nth weekday, a fifth one becomes the last.

    Raises:
        Invalid: it is to be the last weekday of each month, and `first` is not.
    """
    day = DAY_CODES[first.weekday()]
    if repeat.freq in ("monthly", "monthly-last"):
        nth = (first.day - 1) // 7 + 1
        last = repeat.freq == "monthly-last"
        if last and not is_last_weekday(first):
            raise Invalid("that is not the last one of its month", "choose another date", field="repeats")
        interval = f";INTERVAL={repeat.interval}" if repeat.interval > 1 else ""
        return f"FREQ=MONTHLY{interval};BYDAY={nth if nth < 5 and not last else -1}{day}"
    if repeat.interval > 1:
        return f"FREQ=WEEKLY;INTERVAL={repeat.interval};BYDAY={day};WKST=MO"
    return f"FREQ=WEEKLY;BYDAY={day}"


def is_last_weekday(day: date) -> bool:
    """Whether no later day of the month is the same weekday."""
    return day.day + 7 > calendar.monthrange(day.year, day.month)[1]


def repeat_of(rrule: str, until: date | None = None) -> Repeat | None:
    """The cadence whose `rule_text` an RRULE is; None for any other rule."""
    found = re.fullmatch(_PLAIN_RULE, rrule)
    if found is None:
        return None
    interval = int(found["weeks"] or found["months"] or 1)
    if found["nth"] is None:
        return Repeat("weekly", interval, until)
    return Repeat("monthly-last" if found["nth"] == "-1" else "monthly", interval, until)


def repeat_words(rrule: str) -> str | None:
    """The cadence of an RRULE as JSON gives it: `weekly`, `2w`, `monthly`, `daily` …, None for no rule.

    A rule that is no plain cadence is given as its RRULE text; `EXTERNAL` stands for a rule kept elsewhere.
    """
    if not rrule:
        return None
    parts = dict(part.split("=", 1) for part in rrule.partition("\n")[0].split(";") if "=" in part)
    interval = parts.get("INTERVAL", "1")
    freq = parts.get("FREQ", "")
    if freq == "WEEKLY" and "BYSETPOS" not in parts:
        return "weekly" if interval == "1" else f"{interval}w"
    if interval == "1" and freq in ("DAILY", "MONTHLY", "YEARLY"):
        return freq.lower()
    return "custom" if rrule == "EXTERNAL" else rrule.replace("\n", " ")


def repeat_phrase(rrule: str) -> str:
    """For people: `every week`, `every 2 weeks`, `every month`."""
    words = repeat_words(rrule)
    if words is None:
        return "does not repeat"
    if words in _WORDS:
        return _WORDS[words]
    return f"every {words[:-1]} weeks" if words.endswith("w") and words[:-1].isdecimal() else "repeats"
