"""Which backups stay: seven days, four weeks, twelve months."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import datetime

DAYS, WEEKS, MONTHS = 7, 4, 12


def kept(moments: Iterable[datetime]) -> set[datetime]:
    """Which of these moments stay: all of the last day, and the newest one of each of the last seven days, four
    weeks and twelve months that have any."""
    newest_first = sorted(moments, reverse=True)
    if not newest_first:
        return set()
    stay = {moment for moment in newest_first if moment.date() == newest_first[0].date()}
    periods: tuple[tuple[int, Callable[[datetime], Hashable]], ...] = (
        (DAYS, lambda moment: moment.date()),
        (WEEKS, lambda moment: moment.isocalendar()[:2]),
        (MONTHS, lambda moment: (moment.year, moment.month)),
    )
    for count, period in periods:
        seen: set[Hashable] = set()
        for moment in newest_first:
            if period(moment) not in seen:
                seen.add(period(moment))
                if len(seen) > count:
                    break
                stay.add(moment)
    return stay
