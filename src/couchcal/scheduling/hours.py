"""Hours of a day as people write them: `9-12, 13:10-17`, `9am-1pm`, `off`. AVL-01, AVL-03.

A block is a pair of wall-clock times `[start, end)`; an end of 00:00 is the next midnight.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import time

from couchcal.clock_words import clock_words

MAX_BLOCKS = 15
"""Blocks a day may have (AVL-04)."""
DAY_MINUTES = 1440
CLOSED = "Unavailable"
"""What a day without blocks is called (AVL-03)."""

_CLOSED_WORDS = frozenset({"", "off", "none", "closed", "unavailable", "-"})
_WHOLE_DAY = frozenset({"all day", "24h"})
_TIME = r"(?:[0-9]{3,4}|[0-9]{1,2}(?:[:.h][0-9]{2})?)h?(?:\s?[ap]\.?m?\.?(?![a-z]))?|noon|midnight"
_BLOCK = re.compile(rf"({_TIME})\s*(?:-|to|until)\s*({_TIME})")
_CLOCK = re.compile(r"([0-9]{1,2}?)(?:[:.h]?([0-9]{2}))?h?\s?([ap])?\.?m?\.?")
_BETWEEN = re.compile(r"[\s,;&+]*(?:and\b)?[\s,;&+]*")
_DASHES = str.maketrans("–—−‒", "----")

Hours = tuple[time, time]


def parse_hours(text: str) -> list[Hours]:
    """The blocks that `text` means, in order of their start; nothing, `off` or `Unavailable` is none.

    Both clocks are read (`9:10-12`, `9am-1pm`); a start without am or pm takes the half of the day that lies
    before an end with it (`1-5pm`, `9-1pm`). Blocks that touch are allowed.

    Raises:
        ValueError: in words for the person who wrote it: no hours, an end before its start, blocks that
            overlap, more than 15 of them.
    """
    words = " ".join(text.translate(_DASHES).casefold().split())
    if words in _CLOSED_WORDS:
        return []
    if words in _WHOLE_DAY:
        return [(time(), time())]
    blocks, at = [], 0
    while at < len(words):
        found = _BLOCK.match(words, at)
        if found is None:
            raise ValueError(f"'{words[at : at + 20].strip()}' is no block of hours; write 9:00-12:00, 13:00-17:00")
        blocks.append(_block(found[1], found[2]))
        gap = _BETWEEN.match(words, found.end())
        at = gap.end() if gap else found.end()
        if at == found.end() and at < len(words):
            raise ValueError(f"'{words[at : at + 20]}' is not understood; write 9:00-12:00, 13:00-17:00")
    blocks.sort()
    check_hours(blocks)
    return blocks


def check_hours(blocks: Iterable[Hours]) -> None:
    """Refuse blocks that cannot be the hours of one day (AVL-01, AVL-04).

    Raises:
        ValueError: one ends before it starts or holds seconds, two overlap, or there are more than 15.
    """
    spans = sorted((minute_of(start), minute_of(end) or DAY_MINUTES, start, end) for start, end in blocks)
    if len(spans) > MAX_BLOCKS:
        raise ValueError(f"a day has at most {MAX_BLOCKS} blocks, these are {len(spans)}")
    reached = 0
    for opens, closes, start, end in spans:
        if start.second or start.microsecond or end.second or end.microsecond:
            raise ValueError("hours are whole minutes")
        if closes <= opens:
            raise ValueError(f"{hours_words([(start, end)])} ends before it starts")
        if opens < reached:
            raise ValueError(f"{hours_words([(start, end)])} overlaps the block before it")
        reached = closes


def hours_words(blocks: Iterable[Hours], *, clock_24h: bool = True) -> str:
    """`9:00-12:00, 13:00-17:00`, or `9:00am-12:00pm, 1:00pm-5:00pm`; `Unavailable` for none (AVL-03).

    `parse_hours` reads it back.
    """
    written = [f"{_words(start, clock_24h)}-{_words(end, clock_24h, end=True)}" for start, end in blocks]
    return ", ".join(written) or CLOSED


def minute_of(clock: time) -> int:
    """Minutes after midnight."""
    return clock.hour * 60 + clock.minute


def _words(clock: time, clock_24h: bool, *, end: bool = False) -> str:
    if clock_24h and end and clock == time():
        return "24:00"
    return clock_words(clock, clock_24h=clock_24h)


def _block(start: str, end: str) -> Hours:
    opens, start_half = _read(start)
    closes, end_half = _read(end)
    if end_half and not start_half and opens < 13 * 60:
        later = opens % 720 + (720 if end_half == "p" else 0)
        opens = later if later < (closes or DAY_MINUTES) else opens % 720
    if opens >= DAY_MINUTES:
        raise ValueError(f"{start} is no time to start; the day ends there")
    if (closes or DAY_MINUTES) <= opens:
        raise ValueError(f"{end} is not after {start}; write the hours as 9:00-17:00 or 9am-5pm")
    return _clock(opens), _clock(closes)


def _read(text: str) -> tuple[int, str]:
    """Minutes after midnight, up to 1440, and `a` or `p` where it was written."""
    if text in ("noon", "midnight"):
        return (720, "p") if text == "noon" else (0, "a")
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise ValueError(f"{text} is no time of day")
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3] or ""
    fits = 1 <= hour <= 12 if half else hour < 24 or (hour == 24 and not minute)
    if not fits or minute > 59:
        raise ValueError(f"{text} is no time of day")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return hour * 60 + minute, half


def _clock(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)
