from __future__ import annotations

from datetime import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.scheduling.hours import DAY_MINUTES, MAX_BLOCKS, Hours, check_hours, hours_words, parse_hours

CASES = {
    "9-12, 13-17": "9:00-12:00, 13:00-17:00",
    "13-17,9-12": "9:00-12:00, 13:00-17:00",
    "9-12 13-17": "9:00-12:00, 13:00-17:00",
    "0930-1200; 13-24": "9:30-12:00, 13:00-24:00",
    "900-1200": "9:00-12:00",
    "9:10-12": "9:10-12:00",
    "9.30–12h": "9:30-12:00",
    "9h30 to noon and 1 - 5 p.m.": "9:30-12:00, 13:00-17:00",
    "9am-1pm": "9:00-13:00",
    "9-1pm": "9:00-13:00",
    "1-5pm": "13:00-17:00",
    "11-12pm": "11:00-12:00",
    "12-5pm": "12:00-17:00",
    "13-5pm": "13:00-17:00",
    "12am-1am": "0:00-1:00",
    "8PM-midnight": "20:00-24:00",
    "22:00-00:00": "22:00-24:00",
    "9-12, 12-13": "9:00-12:00, 12:00-13:00",
    "all day": "0:00-24:00",
    "0-0": "0:00-24:00",
    "": "Unavailable",
    " OFF ": "Unavailable",
    "Unavailable": "Unavailable",
}
WRONG = {
    "9-5": "not after",
    "12-9": "not after",
    "9-9": "not after",
    "24-9": "no time to start",
    "9-12, 11-13": "overlaps",
    "9-12, 9-12": "overlaps",
    "25-26": "no time of day",
    "9:75-10": "no time of day",
    "13am-14": "no time of day",
    "9": "no block",
    "nine to five": "no block",
    "9-12x": "not understood",
    "9-10:5": "not understood",
    ", ".join(f"{hour}:00-{hour}:30, {hour}:30-{hour}:50" for hour in range(8)): "at most 15",
}


@pytest.mark.parametrize(("text", "meaning"), CASES.items())
def test_hours_are_read_as_people_write_them(text: str, meaning: str) -> None:  # AVL-01, AVL-03
    assert hours_words(parse_hours(text)) == meaning


@pytest.mark.parametrize(("text", "words"), WRONG.items())
def test_what_is_wrong_is_said_in_words(text: str, words: str) -> None:  # AVL-04
    with pytest.raises(ValueError, match=words):
        parse_hours(text)


@st.composite
def days(draw: st.DrawFn) -> list[Hours]:
    """Blocks of one day, in order; some touch, some end at midnight."""
    edges = sorted(draw(st.lists(st.integers(0, DAY_MINUTES), min_size=2, max_size=2 * MAX_BLOCKS, unique=True)))
    kept = draw(st.lists(st.booleans(), min_size=len(edges), max_size=len(edges)))
    pairs = [pair for pair, keep in zip(pairwise(edges), kept, strict=False) if keep]
    return [(_clock(start), _clock(end)) for start, end in pairs[:MAX_BLOCKS]]


def _clock(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


@given(days(), st.booleans())
def test_hours_in_words_are_read_back(blocks: list[Hours], clock_24h: bool) -> None:
    assert parse_hours(hours_words(blocks, clock_24h=clock_24h)) == blocks


@given(st.text(alphabet="0123456789:.-, apmnoh", max_size=24))
def test_any_text_is_hours_or_a_value_error(text: str) -> None:
    try:
        found = parse_hours(text)
    except ValueError:
        return  # and no other error
    check_hours(found)
    assert found == sorted(found)


def test_seconds_are_no_hours() -> None:
    with pytest.raises(ValueError, match="whole minutes"):
        check_hours([(time(9, 0, 30), time(10))])
