"""Times on the clock a person chose, and labels of the practice shown on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.clock_words import (
    clock_words,
    day_words,
    in_chosen_clock,
    inert,
    moment_words,
    span_words,
    use_clock_24h,
)

moments = st.datetimes().map(lambda at: at.replace(second=0))


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    yield
    use_clock_24h(True)


@pytest.mark.parametrize(
    ("clock", "of_24", "of_12"),
    [
        (time(0, 5), "0:05", "12:05am"),
        (time(9), "9:00", "9:00am"),
        (time(12), "12:00", "12:00pm"),
        (time(23, 59), "23:59", "11:59pm"),
    ],
)
def test_a_time_is_written_one_way(clock: time, of_24: str, of_12: str) -> None:
    assert clock_words(clock) == of_24
    use_clock_24h(False)
    assert clock_words(clock) == of_12
    assert clock_words(clock, clock_24h=True) == of_24


def test_a_span_says_the_half_of_the_day_once() -> None:
    assert span_words(time(9), time(9, 50)) == "9:00–9:50"
    use_clock_24h(False)
    assert span_words(time(15), time(15, 50)) == "3:00–3:50pm"
    assert span_words(time(11, 30), time(12, 20), "-") == "11:30am-12:20pm"


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("Moved Jane D. to Tue 3 Mar 15:00", "Moved Jane D. to Tue 3 Mar 3:00pm"),
        ("Undid: Moved Jane D. to Tue 3 Mar 9:00 and all following", None),
        ("Time off Tue 3 Mar 13:00-15:00", "Time off Tue 3 Mar 1:00pm-3:00pm"),
        ("Time off Tue 3 Mar 2027 22:00 to Wed 4 Mar 2027 0:30",
         "Time off Tue 3 Mar 2027 10:00pm to Wed 4 Mar 2027 12:30am"),
        ("Monday: 9:00-12:00, 13:00-24:00", "Monday: 9:00am-12:00pm, 1:00pm-12:00am"),
        ("Redid: Mon, Tue and Wed: 9:00-12:00", "Redid: Mon, Tue and Wed: 9:00am-12:00pm"),
        ("Monday: unavailable", "Monday: unavailable"),
        ("Booked Call at 15:00 Tue 3 Mar 16:00", "Booked Call at 15:00 Tue 3 Mar 4:00pm"),
        ("Booked Psalm 23:15 Tue 3 Mar 16:00", "Booked Psalm 23:15 Tue 3 Mar 4:00pm"),
    ],
)  # fmt: skip
def test_labels_are_shown_on_the_chosen_clock(label: str, shown: str | None) -> None:
    assert in_chosen_clock(label) == label
    use_clock_24h(False)
    assert in_chosen_clock(label) == (shown or "Undid: Moved Jane D. to Tue 3 Mar 9:00am and all following")


titles = st.lists(
    st.one_of(
        st.sampled_from(["Call", "at", "15:00", "and", "to", "Mon:", "9:00-10:00", "2026"]),
        moments.map(moment_words),
        moments.map(day_words),
    ),
    min_size=1,
).map(" ".join)


@given(titles, moments)
def test_what_a_person_typed_stays_as_it_was(title: str, at: datetime) -> None:
    label = f"Booked {inert(title)} {moment_words(at)}"
    use_clock_24h(False)
    words = in_chosen_clock(label)
    assert words == f"Booked {inert(title)} {day_words(at)} {clock_words(at)}"
    assert words.replace("\xa0", " ").startswith(f"Booked {title} ")
