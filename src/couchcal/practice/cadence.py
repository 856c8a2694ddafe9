"""How a series repeats, in the words of forms, commands and JSON. REC-03."""

from __future__ import annotations

import calendar
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


class Repeat(NamedTuple):
    """A cadence: `freq` weekly or monthly (nth weekday), every `interval`, last possible date `until`."""

    freq: str
    interval: int = 1
    until: date | None = None


def parse_cadence(text: str, until: date | None = None) -> Repeat:
    """`weekly`, `2w` … `52w`, `biweekly` or `monthly`.

    Raises:
        Invalid: for anything else.
    """
    word = text.strip().lower()
    if word in ("weekly", "1w"):
        return Repeat("weekly", 1, until)
    if word == "biweekly":
        return Repeat("weekly", 2, until)
    if word == "monthly":
        return Repeat("monthly", 1, until)
    if word.endswith("w") and word[:-1].isdecimal() and 1 <= int(word[:-1]) <= 52:
        return Repeat("weekly", int(word[:-1]), until)
    raise Invalid(f"'{text}' is no cadence", "use weekly, 2w, 3w, 4w or monthly", field="repeats")


def rule_text(repeat: Repeat, first: date) -> str:
    """The RRULE of a cadence whose first occurrence is on `first`.

    A monthly series keeps the nth weekday, a fifth one becomes the last (practice.md 9.4).
    """
    day = DAY_CODES[first.weekday()]
    if repeat.freq == "monthly":
        nth = (first.day - 1) // 7 + 1
        interval = f";INTERVAL={repeat.interval}" if repeat.interval > 1 else ""
        return f"FREQ=MONTHLY{interval};BYDAY={nth if nth < 5 else -1}{day}"
    if repeat.interval > 1:
        return f"FREQ=WEEKLY;INTERVAL={repeat.interval};BYDAY={day};WKST=MO"
    return f"FREQ=WEEKLY;BYDAY={day}"


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


def weekday_name(day: date) -> str:
    """`Tue`."""
    return calendar.day_abbr[day.weekday()]
