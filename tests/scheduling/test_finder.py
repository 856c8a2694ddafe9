"""Reading a wish for a time."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.scheduling.finder import MOST_DAYS, USUAL_DAYS, Wish, parse_wish

TODAY = date(2026, 3, 4)  # a Wednesday
USUAL = TODAY + timedelta(days=USUAL_DAYS - 1)


def wish(first: str = "", last: str = "", **fields: Any) -> Wish:
    days = set(fields.pop("weekdays", range(7)))
    begin = date.fromisoformat(f"2026-{first}") if first else TODAY
    end = date.fromisoformat(f"2026-{last}") if last else begin + timedelta(days=USUAL_DAYS - 1)
    return Wish(begin, end, weekdays=frozenset(days), **fields)


CASES = {
    "": wish(),
    "next free time": wish(),
    "50 min, Tue or Thu afternoon, in the next 3 weeks": wish(
        last="03-24", minutes=50, weekdays={1, 3}, from_time=time(12), to_time=time(17)
    ),
    "90m mornings not fri before 11 until 15 mar": wish(
        last="03-15", minutes=90, weekdays={0, 1, 2, 3, 5, 6}, to_time=time(11)
    ),
    "1h tomorrow": wish("03-05", "03-05", minutes=60),
    "weekdays after 4pm": wish(weekdays=range(5), from_time=time(16)),
    "for jane": wish(client="jane"),
    "for Jane Doe tue 50 min": wish(client="Jane Doe", minutes=50, weekdays={1}),
    "tuesdays for jan, half an hour": wish(client="jan", minutes=30, weekdays={1}),
    "for C-0007": wish(client="C-0007"),
    "mon-thu 9-12 for an hour": wish(weekdays=range(4), minutes=60, from_time=time(9), to_time=time(12)),
    "mon/wed 9 to 12": wish(weekdays={0, 2}, from_time=time(9), to_time=time(12)),
    "between 9 and 12 next week": wish("03-09", "03-15", from_time=time(9), to_time=time(12)),
    "from 9am to 11am": wish(from_time=time(9), to_time=time(11)),
    "for the next 2 months, evenings": wish(last="05-03", from_time=time(17)),
    "next 10 days": wish(last="03-13"),
    "within 2 weeks": wish(last="03-17"),
    "this week except wed and thu": wish("03-04", "03-08", weekdays={0, 1, 4, 5, 6}),
    "next month": wish("04-01", "04-30"),
    "in april": wish("04-01", "04-30"),
    "for apr 3": wish("04-03", "04-03"),
    "this weekend": wish("03-07", "03-08"),
    "in 2 weeks": wish("03-18", "03-24"),
    "in 3 days": wish("03-07", "03-07"),
    "3 apr to 15 apr": wish("04-03", "04-15"),
    "after 10 mar before 20 mar": wish("03-11", "03-19"),
    "from mar 9 after 3": wish("03-09", from_time=time(15)),
    "by friday": wish(last="03-06"),
    "no mornings": wish(from_time=time(12)),
    "not on evenings": wish(to_time=time(17)),
    "morning or evening": wish(),
    "saturdays and sundays until noon": wish(weekdays={5, 6}, to_time=time(12)),
    "fri-mon": wish(weekdays={4, 5, 6, 0}),
    "2026-12-24": wish("12-24", "12-24"),
}


@pytest.mark.parametrize("text", CASES)
def test_what_is_understood(text: str) -> None:
    assert parse_wish(text, TODAY) == CASES[text]


@pytest.mark.parametrize(
    ("text", "unknown"),
    [("quux tuesday", ("quux",)), ("tue at the moon", ("moon",)), ("50 tue", ("50",)), ("for 7x", ("7x",)),
     ("[red]x[/] \x1b[31mtue", ("[red]x[/]",))],
)  # fmt: skip
def test_what_means_nothing_is_named(text: str, unknown: tuple[str, ...]) -> None:
    found = parse_wish(text, TODAY)
    assert found.unknown == unknown
    assert not found.ready


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("yesterday", "those days are over"),
        ("from 9 mar until 5 mar", "the last day is before the first"),
        ("weekdays not mon-fri", "no weekday is left"),
        ("50m 90m", "there are two lengths"),
        ("25h", "a length is between 1 minute and 24 hours"),
        ("after 4pm before 9am", "the hours end before they begin"),
        ("from 1 apr until 2036-01-01", "it looks two years ahead at most"),
        ("tue " * 200, "only the beginning was read"),
    ],
)
def test_what_cannot_be_is_said(text: str, problem: str) -> None:
    assert problem in parse_wish(text, TODAY).problems


def test_an_all_number_date_is_read_in_the_order_of_the_place() -> None:
    assert parse_wish("until 5/4", TODAY).last == date(2026, 5, 4)
    assert parse_wish("until 5/4", TODAY, order="dmy").last == date(2026, 4, 5)


_SAID = """tue or and not for jane 50m 1h next 3 weeks month until before after 9 9-12 - 4pm mar 15 / 12/3 between
weekend except , in the this morning evenings 9999 0 ' \0 é"""
words = st.lists(
    st.sampled_from(_SAID.split()) | st.text(max_size=8),
    max_size=12,
).map(" ".join)


@given(words, st.dates())
def test_any_text_gives_a_wish_that_can_be_looked_for(text: str, today: date) -> None:
    found = parse_wish(text, today)
    assert today <= found.first <= found.last
    assert (found.last - found.first).days < MOST_DAYS
    assert found.minutes is None or 1 <= found.minutes <= 1440
    assert set(found.weekdays) <= set(range(7))
    assert found.ready or found.unknown or found.problems
