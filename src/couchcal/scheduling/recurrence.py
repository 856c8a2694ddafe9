"""RFC 5545 recurrence: the starts of a rule, or of a whole recurrence set, in a window of wall-clock time.

All arithmetic is on naive wall-clock datetimes of the series' own zone (INV-S1); gaps and folds are the concern of
`couchcal.scheduling.wallclock`. The cost of a question depends on the window, hardly on the age of DTSTART.

A DTSTART that does not match its rule is undefined in RFC 5545 3.8.5.3. Here it is no occurrence, and COUNT does
not count it, as most independent readers have it. A caller that wants it adds it as an RDATE.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from couchcal.scheduling.recurrence_clock import UNIT_SECONDS
from couchcal.scheduling.recurrence_periods import seconds_of_minute, times_of_day
from couchcal.scheduling.recurrence_rule import (
    SUB_DAILY,
    RecurrenceError,
    Rule,
    TooManyOccurrences,
    parse_rule,
)
from couchcal.scheduling.recurrence_series import Series, series
from couchcal.scheduling.wallclock import to_instant, to_local

__all__ = [
    "PER_YEAR_CAP",
    "RecurrenceError",
    "Rule",
    "TooManyOccurrences",
    "last_start",
    "parse_rule",
    "per_year",
    "recurrence_set",
    "starts",
]

PER_YEAR_CAP: Final = 10_001
"""`per_year` answers no more than this."""

_ONE_DAY: Final = timedelta(days=1)
_PERIODS_A_YEAR: Final = {"DAILY": 366, "WEEKLY": 54, "MONTHLY": 12, "YEARLY": 1}


def starts(
    rule: Rule,
    dtstart: datetime,
    lo: datetime,
    hi: datetime,
    *,
    tz: tzinfo | None = None,
    limit: int = 10_000,
) -> list[datetime]:
    """Wall-clock starts s of the rule with lo <= s < hi, ascending; every datetime is naive.

    COUNT counts from DTSTART, whatever the window. UNTIL includes its own moment: a date its whole day, a naive
    datetime as wall-clock time, a UTC one as the instant in `tz` (without `tz` its digits are compared as they
    stand, as most readers do for floating times). Fractions of a second of `dtstart` are dropped.

    Raises TooManyOccurrences when the window holds more than `limit`.
    """
    dtstart = dtstart.replace(microsecond=0)
    endless = series(rule, dtstart)
    lo = max(lo, dtstart)
    until = _Until(rule, tz)
    remaining = None
    if rule.count is not None:
        remaining = rule.count - endless.count_before(lo)
        if remaining <= 0:
            return []
    found: list[datetime] = []
    for number, start in enumerate(endless.between(lo, min(hi, until.horizon))):
        if number == remaining:
            break
        if until.admits(start):
            if len(found) == limit:
                raise TooManyOccurrences(f"more than {limit} occurrences between {lo} and {hi}")
            found.append(start)
    return found


def last_start(rule: Rule, dtstart: datetime, tz: tzinfo | None = None) -> datetime | None:
    """The last wall-clock start of a finite rule; UNTIL is read as `starts` reads it.

    None when the rule has neither COUNT nor UNTIL, when its COUNT is not reached by the end of year 9999, and
    when it has no occurrence at all.
    """
    dtstart = dtstart.replace(microsecond=0)
    endless = series(rule, dtstart)
    by_until = None
    if rule.until is not None:
        by_until = _last_until(endless, _Until(rule, tz))
        if by_until is None:
            return None
    if rule.count is None:
        return by_until
    by_count = endless.nth(rule.count)
    return by_until if by_count is None else min(by_count, by_until or by_count)


def per_year(rule: Rule, dtstart: datetime) -> int:
    """An upper bound on the occurrences of the rule in any calendar year, at most `PER_YEAR_CAP`.

    Computed from the parts of the rule alone; DTSTART matters only for a rule that UNTIL ends within a year.
    """
    days = _days_a_year(rule)
    if rule.freq in SUB_DAILY:
        total = _units_a_year(rule, dtstart, days)
    else:
        total = days * len(times_of_day(rule, dtstart))
        if rule.bysetpos:
            periods = -(-_PERIODS_A_YEAR[rule.freq] // rule.interval)
            total = min(total, (periods + 1) * len(rule.bysetpos))
    if rule.count is not None:
        total = min(total, rule.count)
    return min(total, PER_YEAR_CAP)


def recurrence_set(
    dtstart: datetime,
    rules: Sequence[Rule],
    rdates: Collection[datetime],
    exdates: Collection[datetime],
    lo: datetime,
    hi: datetime,
    *,
    tz: tzinfo | None = None,
    limit: int = 10_000,
) -> list[datetime]:
    """Wall-clock starts lo <= s < hi of a recurrence set (RFC 5545 3.8.5), ascending, each once.

    The set is the union of all `rules` and `rdates` less `exdates`. Without a rule DTSTART belongs to it; with
    one, only if the rule gives it. Everything is naive in the zone `tz` of DTSTART, which only UNTIL needs.

    Raises TooManyOccurrences when a rule, or the set, has more than `limit` in the window.
    """
    found = {moment for moment in rdates if lo <= moment < hi}
    if not rules and lo <= dtstart < hi:
        found.add(dtstart)
    for rule in rules:
        found.update(starts(rule, dtstart, lo, hi, tz=tz, limit=limit + len(exdates)))
    found.difference_update(exdates)
    if len(found) > limit:
        raise TooManyOccurrences(f"more than {limit} occurrences between {lo} and {hi}")
    return sorted(found)


class _Until:
    """The UNTIL of a rule as a test on wall-clock starts."""

    def __init__(self, rule: Rule, tz: tzinfo | None) -> None:
        until = rule.until
        self._instant: datetime | None = None
        if until is None:
            self.last = datetime.max
        elif not isinstance(until, datetime):
            self.last = datetime.combine(until, time.max)
        elif until.tzinfo is None or tz is None:
            self.last = until.replace(tzinfo=None)
        else:
            # Around a gap later wall-clock times can be earlier instants: a day each way is compared as instants.
            self._instant, self._tz = until.astimezone(UTC), tz
            self.last = to_local(until, tz)
            self._certain = _clamped(self.last, -_ONE_DAY)
        self.horizon = _clamped(self.last, timedelta(microseconds=1) if self._instant is None else _ONE_DAY)

    def admits(self, start: datetime) -> bool:
        """Whether a start before `horizon` is not after UNTIL."""
        if self._instant is None or start <= self._certain:
            return True
        return to_instant(start, self._tz) <= self._instant


def _last_until(endless: Series, until: _Until) -> datetime | None:
    near = [
        start
        for start in endless.between(_clamped(until.last, -_ONE_DAY), until.horizon)
        if until.admits(start)
    ]
    return near[-1] if near else endless.last_before(_clamped(until.last, -_ONE_DAY))


def _clamped(moment: datetime, shift: timedelta) -> datetime:
    try:
        return moment + shift
    except OverflowError:
        return datetime.max if shift > timedelta(0) else datetime.min


def _days_a_year(rule: Rule) -> int:
    """An upper bound on the days of a calendar year on which the rule has occurrences."""
    bounds = [366]
    counted = rule.freq in {"MONTHLY", "YEARLY"} and not rule.byweekno
    if rule.byday:
        a_year = 12 if rule.freq == "MONTHLY" or rule.bymonth else 1
        bounds.append(sum(a_year if ordinal and counted else 53 for ordinal, _ in rule.byday))
    if rule.bymonth:
        bounds.append(31 * len(rule.bymonth))
    if rule.bymonthday:
        bounds.append(12 * len(rule.bymonthday))
    if rule.byyearday:
        bounds.append(len(rule.byyearday))
    if rule.byweekno:
        bounds.append(14 * len(rule.byweekno))
    if rule.freq == "DAILY":
        bounds.append(-(-366 // rule.interval))
    elif rule.freq == "WEEKLY":
        bounds.append(-(-54 // rule.interval) * (len(rule.byday) or 7))
    if not (rule.byday or rule.bymonthday or rule.byyearday or rule.byweekno):
        if rule.freq == "YEARLY":
            bounds.append(len(rule.bymonth) or 1)
        elif rule.freq == "MONTHLY":
            bounds.append(12)
        elif rule.freq == "WEEKLY":
            bounds.append(54)
    return min(bounds)


def _units_a_year(rule: Rule, dtstart: datetime, days: int) -> int:
    """As `per_year` for HOURLY, MINUTELY and SECONDLY."""
    unit = UNIT_SECONDS[rule.freq]
    seconds = len(seconds_of_minute(rule, dtstart))
    within = seconds * (len(rule.byminute) or 1) if unit == 3600 else seconds if unit == 60 else 1
    a_day = len(rule.byhour) or 24
    if unit <= 60:
        a_day *= len(rule.byminute) or 60
    if unit == 1:
        a_day *= len(rule.bysecond) or 60
    units = min(
        days * min(a_day, -(-86_400 // (unit * rule.interval))), -(-366 * 86_400 // (unit * rule.interval))
    )
    if rule.until is not None:
        end = rule.until if isinstance(rule.until, datetime) else datetime.combine(rule.until, time.max)
        span = end.replace(tzinfo=None) - dtstart + _ONE_DAY
        units = min(units, max(0, int(span.total_seconds()) // (unit * rule.interval) + 1))
    if rule.bysetpos:
        within = min(within, len(rule.bysetpos))
    return units * within
