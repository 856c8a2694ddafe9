"""Which days a view shows, and where paging leads."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from couchcal.tui.calendar.period import Period, View, later, period_of, step, title

days = st.dates(date(1900, 1, 1), date(2200, 1, 1))
views = st.sampled_from(list(View))


@given(views, days, st.integers(0, 6), st.sampled_from([1, 2, 3, 7]))
def test_the_cursor_is_always_in_the_period_it_makes(view: View, day: date, week_start: int, columns: int) -> None:
    period = period_of(view, day, week_start, columns)
    assert day in period
    assert period.until - period.first == timedelta(days=period.days)
    if view is View.MONTH or (view is View.WEEK and columns == 7):
        assert period.first.weekday() == week_start
    assert title(view, day, period)


@given(views, days, st.sampled_from([1, 3, 7]))
def test_paging_forth_and_back_returns_except_to_days_a_month_lacks(view: View, day: date, columns: int) -> None:
    there = step(view, day, 1, columns)
    assert there > day
    back = step(view, there, -1, columns)
    assert back == day or (view is View.MONTH and day.day > 28)


def test_three_days_around_the_cursor_stay_until_it_leaves_them() -> None:
    first = period_of(View.WEEK, date(2026, 3, 3), 0, 3)
    assert first == Period(date(2026, 3, 2), 3)
    assert period_of(View.WEEK, date(2026, 3, 4), 0, 3, first) == first
    assert period_of(View.WEEK, date(2026, 3, 5), 0, 3, first) == Period(date(2026, 3, 4), 3)


def test_the_end_of_time_is_no_reason_to_crash() -> None:
    assert later(date(9999, 12, 31), 1000) == date(9998, 12, 31)
    assert step(View.MONTH, date(9998, 12, 5), 5) == date(9998, 12, 5)
    assert period_of(View.MONTH, later(date.min, -1), 0).days == 42


def test_titles() -> None:
    week = Period(date(2026, 3, 2), 7)
    assert title(View.WEEK, date(2026, 3, 3), week) == "Mar 2 – 8, 2026"
    assert title(View.WEEK, date(2026, 3, 30), Period(date(2026, 3, 30), 7)) == "Mar 30 – Apr 5, 2026"
    assert title(View.WEEK, date(2026, 12, 30), Period(date(2026, 12, 28), 7)) == "Dec 28, 2026 – Jan 3, 2027"
    assert title(View.DAY, date(2026, 3, 3), Period(date(2026, 3, 3), 1)) == "Tue 3 March 2026"
    assert title(View.MONTH, date(2026, 3, 3), week) == "March 2026"
