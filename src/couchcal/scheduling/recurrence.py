"""RFC 5545 recurrence: the starts of a rule, or of a whole recurrence set, in a window of wall-clock time.

All arithmetic is on naive wall-clock datetimes of the series' own zone (INV-S1); gaps and folds are the
concern of `couchcal.scheduling.wallclock`. The cost of a question depends on the window, hardly on the age
of DTSTART.

A DTSTART that does not match its rule is undefined in RFC 5545 3.8.5.3. Here it is no occurrence, and COUNT
does not count it, as most independent readers have it. A caller that wants it adds it as an RDATE.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Final

from couchcal.scheduling.recurrence_bounds import PER_YEAR_CAP, per_year
from couchcal.scheduling.recurrence_rule import (
    RecurrenceError,
    Rule,
    TooManyOccurrences,
    parse_rule,
)
from couchcal.scheduling.recurrence_series import Series, series
from couchcal.scheduling.wallclock import MAX_LOCAL, MIN_LOCAL, to_instant, to_local

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

_ONE_SECOND: Final = timedelta(seconds=1)
_ONE_DAY: Final = timedelta(days=1)


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

    COUNT counts from DTSTART, whatever the window. UNTIL includes its own moment: a date its whole day, a
    naive datetime as wall-clock time, a UTC one as the instant in `tz` (without `tz` its digits are
    compared as they stand, as most readers do for floating times). Fractions of a second of `dtstart` are
    dropped.

    Raises TooManyOccurrences when the window holds more than `limit`.
    """
    dtstart = dtstart.replace(microsecond=0)
    endless = series(rule, dtstart)
    lo = max(lo, dtstart)
    until = _Until(rule, tz)
    window: Iterator[datetime] = endless.between(lo, min(hi, until.horizon))
    if rule.count is not None:
        window = islice(window, max(rule.count - endless.count_before(lo), 0))
    if until.needs_instants:
        window = filter(until.admits, window)
    found = list(islice(window, limit + 1))
    if len(found) > limit:
        raise TooManyOccurrences(f"more than {limit} occurrences between {lo} and {hi}")
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

    The set is the union of all `rules` and `rdates` less `exdates`. Without a rule DTSTART belongs to it;
    with one, only if the rule gives it. Everything is naive in the zone `tz` of DTSTART, which only UNTIL
    needs.

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
    """The UNTIL of a rule as bounds on wall-clock starts.

    Starts before `certain` are not after UNTIL, those from `horizon` on are; between them `admits` decides.
    """

    def __init__(self, rule: Rule, tz: tzinfo | None) -> None:
        until = rule.until
        self._instant, self._tz = MAX_LOCAL.replace(tzinfo=UTC), tz or UTC
        self.needs_instants = False
        if until is None:
            self.horizon = MAX_LOCAL
        elif not isinstance(until, datetime):
            self.horizon = _shifted(datetime.combine(until, time.min), _ONE_DAY)
        elif until.tzinfo is None or tz is None:
            self.horizon = _shifted(until.replace(tzinfo=None), _ONE_SECOND)
        else:
            # Around a gap a later wall-clock time can be an earlier instant, hence a day each way.
            self.needs_instants, self._instant = True, until
            last = to_local(until, tz)
            self.certain, self.horizon = _shifted(last, -_ONE_DAY), _shifted(last, _ONE_DAY)
            return
        self.certain = self.horizon

    def admits(self, start: datetime) -> bool:
        """Whether a start before `horizon` is not after UNTIL."""
        return start < self.certain or to_instant(start, self._tz) <= self._instant


def _last_until(endless: Series, until: _Until) -> datetime | None:
    for start in reversed(list(endless.between(until.certain, until.horizon))):
        if until.admits(start):
            return start
    return endless.last_before(until.certain)


def _shifted(moment: datetime, shift: timedelta) -> datetime:
    try:
        return moment + shift
    except OverflowError:
        return MAX_LOCAL if shift > timedelta(0) else MIN_LOCAL
