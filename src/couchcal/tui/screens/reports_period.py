"""The time a report is of: a month, a quarter or a year, and the steps between them. Pure."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

LENGTHS = {"month": 1, "quarter": 3, "year": 12}
"""Months of each."""


class Period(NamedTuple):
    """A `month`, `quarter` or `year` that begins on `first`."""

    length: str
    first: date

    @property
    def until(self) -> date:
        """The day after the last."""
        return _months_on(self.first, LENGTHS[self.length])

    @property
    def words(self) -> str:
        """`March 2026`, `January to March 2026`, `2026`."""
        if self.length == "year":
            return str(self.first.year)
        if self.length == "month":
            return f"{self.first:%B %Y}"
        return f"{self.first:%B} to {_months_on(self.first, 2):%B %Y}"

    @property
    def file_words(self) -> str:
        """`2026-03`, `2026-q1`, `2026`."""
        if self.length == "year":
            return str(self.first.year)
        return (
            f"{self.first:%Y-%m}" if self.length == "month" else f"{self.first.year}-q{self.first.month // 3 + 1}"
        )

    def step(self, by: int) -> Period:
        """The period `by` of its own length later; it stays where the calendar ends."""
        return self._replace(first=_months_on(self.first, by * LENGTHS[self.length]))

    def next_length(self) -> Period:
        """The same day as a part of the next longer period; a year becomes its first month."""
        names = list(LENGTHS)
        return period_of(names[(names.index(self.length) + 1) % len(names)], self.first)


def period_of(length: str, day: date) -> Period:
    """The period of this length that `day` lies in."""
    months = LENGTHS[length]
    return Period(length, day.replace(month=(day.month - 1) // months * months + 1, day=1))


def _months_on(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1) if 1 <= year <= date.max.year else first
