"""The page that one chooses a time on: a month of days with free times, and the times of a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from starlette.responses import Response

from couchcal.practice import door
from couchcal.scheduling.wallclock import to_local
from couchcal.store.connection import Connection
from couchcal.web import month as months
from couchcal.web.choice import Choice, day_of
from couchcal.web.manners import month_words, zone_words
from couchcal.web.site import Visit
from couchcal.web.zones import all_zones, zone_options

_MONTHS_AHEAD = timedelta(days=800)
_NEAR = 6
"""How many other times are offered in place of one that is taken."""


class _Around(NamedTuple):
    """The months that one can go to from here."""

    before: date | None
    after: date | None


def page(connection: Connection, visit: Visit, choice: Choice, **more: Any) -> Response:
    """The page for what is chosen so far; `more` is for the frame around it."""
    today, today_there = (to_local(visit.now, tz).date() for tz in (choice.tz, choice.practice_tz))

    moment = door.moment_of(connection, visit.now)

    def find(first: date, last: date) -> Sequence[datetime]:
        question = (choice.kind, choice.visit_type, choice.client, choice.own, first, last, moment)
        return visit.site.readers.once(
            connection, question, lambda: choice.starts(connection, first, last, visit.now)
        )

    ask = months.remembering(find, today_there, choice.practice_tz)
    wanted = day_of(visit.query.get("day", "")) or day_of(f"{visit.query.get('month', '')}-01")
    if wanted is None and choice.own is not None:
        wanted = to_local(choice.own.start, choice.tz).date()  # people look for another time near the one they have
    next_free = None
    if wanted is None or not months.first_of_month(today) <= wanted <= today + _MONTHS_AHEAD:
        next_free = months.first_free(ask, today_there)
        wanted = to_local(next_free, choice.tz).date() if next_free else today
    month = months.first_of_month(wanted)
    free = months.of_month(ask, month, choice.tz)
    if not free and next_free is None:
        next_free = months.first_free(ask, today_there)
    nearest = min(free, key=lambda day: (abs(day - wanted), day), default=None)
    day = wanted if wanted in free else nearest if choice.own else min(free, default=None)
    around = _Around(
        months.last_month(month) if month > months.first_of_month(today) else None,
        months.next_month(month) if month <= today + _MONTHS_AHEAD - timedelta(days=62) else None,
    )
    return visit.page(
        "when.html",
        choice=choice,
        month=month,
        month_words=month_words,
        around=around,
        weeks=months.weeks(month, free, visit.manners.week_start),
        today=today,
        day=day,
        parts_of_day=months.parts_of_day(free[day], choice.tz, visit.manners) if day else [],
        next_free=to_local(next_free, choice.tz).date() if next_free else None,
        likely=zone_options(visit.now, choice.zone, choice.practice.zone),
        everywhere=all_zones(visit.now),
        zone_words=zone_words,
        **more,
    )


def near(connection: Connection, choice: Choice, start: datetime, now: datetime) -> tuple[datetime, ...]:
    """Free starts from the day of `start` on, or from today where that is over."""
    begin = max(to_local(start, choice.practice_tz).date(), to_local(now, choice.practice_tz).date())
    return tuple(choice.starts(connection, begin, begin + timedelta(days=months.MOST_DAYS - 1), now)[:_NEAR])


def is_free(connection: Connection, choice: Choice, start: datetime, now: datetime) -> bool:
    """Whether `start` is offered."""
    day = to_local(start, choice.practice_tz).date()
    return start in choice.starts(connection, day, day, now)


def named(choice: Choice, starts: tuple[datetime, ...], visit: Visit) -> list[months.Time]:
    """Starts to choose from in a form."""
    return [months.Time(months.instant_text(start), choice.moment_near(start, visit.manners)) for start in starts]
