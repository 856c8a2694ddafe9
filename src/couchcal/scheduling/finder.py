"""What somebody wishes who looks for a time: `50 min, tue or thu afternoon, in the next 3 weeks`.

Lengths, days, weekdays, parts of the day and limits in any order; `for jane` names the client. A word that means
nothing is named in `Wish.unknown`, never passed over. Pure; nothing here raises on any text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

from couchcal.scheduling.finder_reader import EVERY_DAY, Reader
from couchcal.scheduling.quickadd_days import DateOrder

USUAL_DAYS: Final = 28
"""How many days a wish without an end looks at."""
MOST_DAYS: Final = 731


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish on the practice's wall clock. `weekdays` has 0 for Monday.

    A time fits when it is on a day from `first` to `last`, both included, of `weekdays`, begins at `from_time`
    or later and is over by `to_time`; None is the beginning or the end of the day. `minutes` None leaves the
    length to the client or the practice. `client` is what stood after "for". `problems` are sentences.
    """

    first: date
    last: date
    minutes: int | None = None
    weekdays: frozenset[int] = EVERY_DAY
    from_time: time | None = None
    to_time: time | None = None
    client: str = ""
    unknown: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether all of it was understood."""
        return not self.unknown and not self.problems


def parse_wish(text: str, today: date, *, order: DateOrder = "mdy") -> Wish:
    """Read a wish; without any words it is a free time within the next four weeks.

    `order` is how an all-number date is read. A clock hour from 1 to 6 without am or pm is in the afternoon.
    """
    read = Reader(text, today, order)
    problems = read.problems
    if read.minutes is not None and not 1 <= read.minutes <= 1440:
        problems.append("a length is between 1 minute and 24 hours")
        read.minutes = None
    weekdays = (frozenset(read.weekdays) or EVERY_DAY) - read.excluded
    if not weekdays:
        problems.append("no weekday is left")
    first = max(read.first or today, today)
    last = read.last if read.last is not None else _later(first, USUAL_DAYS - 1)
    if last < first:
        problems.append("those days are over" if last < today else "the last day is before the first")
        last = first
    if (last - first).days >= MOST_DAYS:
        problems.append("it looks two years ahead at most")
        last = _later(first, MOST_DAYS - 1)
    from_time, to_time = read.hours()
    if from_time is not None and to_time is not None and to_time <= from_time:
        problems.append("the hours end before they begin")
    return Wish(
        first, last, read.minutes, weekdays, from_time, to_time, read.client, tuple(read.unknown), tuple(problems)
    )


def _later(day: date, days: int) -> date:
    return day + min(timedelta(days=days), date.max - day)
