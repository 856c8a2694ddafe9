"""The four views and the days each of them shows."""

from __future__ import annotations

from datetime import date, timedelta
from enum import Enum
from typing import NamedTuple

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONG_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
AGENDA_DAYS = 28
MONTH_DAYS = 42


class View(Enum):
    """How the calendar is shown (CAL-01)."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    AGENDA = "agenda"

    @property
    def label(self) -> str:
        return self.value.capitalize()


class Period(NamedTuple):
    """`days` local dates from `first`."""

    first: date
    days: int

    @property
    def until(self) -> date:
        """The date after the last."""
        return later(self.first, self.days)

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day < self.until


def later(day: date, days: int) -> date:
    """`day` plus `days`, staying between the years 1 and 9999 with room for a window around it."""
    ordinal = day.toordinal() + days
    return date.fromordinal(min(max(ordinal, _FIRST), _LAST))


_FIRST = date(2, 1, 1).toordinal()
_LAST = date(9998, 12, 31).toordinal()


def week_of(day: date, week_start: int) -> date:
    """The first day of the week of `day`; `week_start` 0 is Monday."""
    return later(day, -((day.weekday() - week_start) % 7))


def period_of(view: View, day: date, week_start: int, columns: int = 7, shown: Period | None = None) -> Period:
    """The days `view` shows with the cursor on `day`.

    `columns` is how many days a week view has room for: seven show the calendar week, fewer keep the days
    of `shown` while the cursor stays among them, else begin the day before the cursor.
    """
    if view is View.DAY:
        return Period(later(day, 0), 1)
    if view is View.MONTH:
        return Period(week_of(day.replace(day=1), week_start), MONTH_DAYS)
    if view is View.AGENDA:
        if shown is not None and shown.days == AGENDA_DAYS and day in shown:
            return shown
        return Period(week_of(day, week_start), AGENDA_DAYS)
    if columns >= 7:
        return Period(week_of(day, week_start), 7)
    if shown is not None and shown.days == columns and day in shown:
        return shown
    return Period(later(day, -1 if columns > 2 else 0), columns)


def step(view: View, day: date, periods: int, columns: int = 7) -> date:
    """The cursor's day after `periods` of `view`: a day, the shown days of a week, a month, or a week."""
    if view is View.DAY:
        return later(day, periods)
    if view is View.MONTH:
        months = min(max(day.year * 12 + day.month - 1 + periods, 24), 9998 * 12 + 11)
        year, month = divmod(months, 12)
        return date(year, month + 1, min(day.day, month_length(year, month + 1)))
    if view is View.WEEK:
        return later(day, periods * min(columns, 7))
    return later(day, 7 * periods)


def month_length(year: int, month: int) -> int:
    """Days of a month."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day


def title(view: View, day: date, period: Period) -> str:
    """What the header calls the period: `Mar 2 – 8, 2026`, `Tue 3 March 2026`, `March 2026`."""
    if view is View.DAY:
        return f"{WEEKDAYS[day.weekday()]} {day.day} {LONG_MONTHS[day.month - 1]} {day.year}"
    if view is View.MONTH:
        return f"{LONG_MONTHS[day.month - 1]} {day.year}"
    first, last = period.first, later(period.until, -1)
    start, end = f"{_MONTHS[first.month - 1]} {first.day}", f"{last.day}, {last.year}"
    if first.year != last.year:
        return f"{start}, {first.year} – {_MONTHS[last.month - 1]} {end}"
    if first.month != last.month:
        return f"{start} – {_MONTHS[last.month - 1]} {end}"
    return f"{start} – {end}"


def day_label(day: date) -> str:
    """`Tue 3 Mar`."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"
