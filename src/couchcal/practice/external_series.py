"""Which occurrences a recurring event of a remote calendar has: RFC 5545 lines to instants.

Read as remote calendars mean it, which is wider than `scheduling.recurrence`: the event's own start is an
occurrence also where no rule gives it, and COUNT counts it; EXRULE, which RFC 5545 gave up, still takes
occurrences out; a DATE in EXDATE takes out the whole day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

from couchcal.practice.imported_series import MAX_ROWS_A_YEAR, rows_a_year
from couchcal.practice.occurrences import FIRST_LOCAL, LAST_LOCAL, MAX_ROWS_AT_ONCE, shifted
from couchcal.scheduling.recurrence import RecurrenceError, Rule, TooManyOccurrences, parse_rule, starts
from couchcal.scheduling.wallclock import UnknownZone, to_instant, to_local, zone, zone_or_utc
from couchcal.store.records import epoch_seconds, from_epoch

_LINE = re.compile(r'\s*(RRULE|EXRULE|RDATE|EXDATE)((?:;[^:;="]+=(?:"[^"]*"|[^:;"]*))*):(.*)', re.IGNORECASE)
_VALUE = re.compile(r"(\d{8})(?:T(\d{6})(Z)?)?", re.ASCII)
_SECOND: Final = timedelta(seconds=1)
_SLACK: Final = timedelta(days=2)
"""How far a UTC bound may be from the wall clock, gaps included."""


class NotExpandable(ValueError):
    """Why a recurring event has no occurrences here, in words."""


class _Moment(NamedTuple):
    """A value of RDATE or EXDATE: a wall-clock time, a date if it has none, and the zone it is written in."""

    local: datetime
    is_date: bool
    zone: tzinfo | None


class Expansion:
    """The recurrence set of a recurring event.

    Args:
        lines: RRULE, EXRULE, RDATE and EXDATE lines; others, and values that are no dates, are passed over.
        start: of the event, seconds since the epoch; all-day ones have the UTC midnight of the first date.
        tz: the zone on whose wall clock a timed event repeats.

    Raises:
        NotExpandable: a rule cannot be read, or would fill more than 10,000 rows a year.
    """

    def __init__(self, lines: Iterable[str], start: int, tz: str, *, all_day: bool) -> None:
        self._start = start
        self._all_day = all_day
        self._zone: tzinfo = UTC if all_day else zone_or_utc(tz)
        self._first = to_local(from_epoch(start), self._zone)
        self._rules: list[Rule] = []
        self._less: list[Rule] = []
        self._more: set[int] = set()
        self._gone: set[int] = set()
        self._gone_days: set[date] = set()
        for line in lines:
            found = _LINE.fullmatch(line)
            if found is not None:
                self._read(found[1].upper(), found[2], found[3])
        if rows_a_year(self._rules, self._first) + len(self._more) > MAX_ROWS_A_YEAR:
            raise NotExpandable("it repeats more than 10,000 times a year")

    def _read(self, name: str, parameters: str, value: str) -> None:
        if name == "RRULE":
            rule = self._counted(self._rule(value))
            if rule is not None:
                self._rules.append(rule)
        elif name == "EXRULE":
            self._less.append(self._rule(value))
        else:
            for moment in _moments(parameters, value):
                if name == "EXDATE" and moment.is_date and not self._all_day:
                    self._gone_days.add(moment.local.date())
                else:
                    (self._more if name == "RDATE" else self._gone).add(self._seconds(moment))

    def _rule(self, value: str) -> Rule:
        try:
            rule = parse_rule(value)
            if not self._all_day:
                return rule
            rule = rule.for_all_day()
        except RecurrenceError as error:
            raise NotExpandable(f"its rule cannot be read: {error}") from None
        return replace(rule, until=rule.until.date()) if isinstance(rule.until, datetime) else rule

    def _counted(self, rule: Rule) -> Rule | None:
        """The rule with the start of the event counted; None if that is all there is."""
        if rule.count is None or starts(rule, self._first, self._first, shifted(self._first, _SECOND)):
            return rule
        return replace(rule, count=rule.count - 1) if rule.count > 1 else None

    def _seconds(self, moment: _Moment) -> int:
        local = moment.local
        if self._all_day:
            return epoch_seconds(datetime.combine(local.date(), time(), UTC))
        if moment.is_date:
            local = datetime.combine(local.date(), self._first.time())
        return self._instant(local) if moment.zone is None else epoch_seconds(to_instant(local, moment.zone))

    def _instant(self, local: datetime) -> int:
        """The first start keeps its own side of a fold."""
        return self._start if local == self._first else epoch_seconds(to_instant(local, self._zone))

    def between(self, lo: int, hi: int, *, limit: int = MAX_ROWS_AT_ONCE) -> list[int]:
        """Starts `lo <= s < hi`, ascending, each once, in seconds.

        Raises:
            TooManyOccurrences: there are more than `limit`.
        """
        found = {instant for instant in (*self._more, self._start) if lo <= instant < hi}
        for rule in self._rules:
            found.update(self._given(rule, lo, hi, limit))
        found -= self._gone
        for rule in self._less:
            found.difference_update(self._given(rule, lo, hi, limit))
        if self._gone_days:
            found = {s for s in found if to_local(from_epoch(s), self._zone).date() not in self._gone_days}
        if len(found) > limit:
            raise TooManyOccurrences(f"more than {limit:,} occurrences")
        return sorted(found)

    def _given(self, rule: Rule, lo: int, hi: int, limit: int) -> Iterator[int]:
        first = shifted(_wall(lo), -_SLACK)
        last = shifted(_wall(hi), _SLACK)
        # Beside the window lie up to four days more.
        for local in starts(rule, self._first, first, last, tz=self._zone, limit=limit + MAX_ROWS_A_YEAR):
            instant = self._instant(local)
            if lo <= instant < hi:
                yield instant

    def has(self, start: int) -> bool:
        """Whether an occurrence starts then."""
        return bool(self.between(start, start + 1))

    def complete_from(self, lo: int) -> bool:
        """Whether nothing is before `lo`."""
        return min((self._start, *self._more)) >= lo

    def complete_until(self, hi: int) -> bool:
        """Whether nothing is from `hi` on."""
        if max((self._start, *self._more)) >= hi:
            return False
        return not any(self._goes_on(rule, shifted(_wall(hi), -_SLACK)) for rule in self._rules)

    def _goes_on(self, rule: Rule, lo: datetime) -> bool:
        if rule.count is None and rule.until is None:
            return True
        try:
            return bool(starts(rule, self._first, lo, LAST_LOCAL, tz=self._zone, limit=1))
        except TooManyOccurrences:
            return True


def _wall(seconds: int) -> datetime:
    try:
        return from_epoch(seconds).replace(tzinfo=None)
    except OverflowError:
        return FIRST_LOCAL if seconds < 0 else LAST_LOCAL


def _moments(parameters: str, value: str) -> Iterator[_Moment]:
    named: dict[str, str] = {}
    for part in parameters.split(";")[1:]:
        key, _, text = part.partition("=")
        named[key.strip().upper()] = text.strip().strip('"')
    written: tzinfo | None = None
    if "TZID" in named:
        try:
            written = zone(named["TZID"])
        except UnknownZone:
            written = None
    for item in value.split(","):
        found = _VALUE.fullmatch(item.partition("/")[0].strip().upper())
        if found is None:
            continue
        try:
            local = datetime.fromisoformat(found[1] + "T" + (found[2] or "000000"))
        except ValueError:
            continue
        yield _Moment(local, found[2] is None, UTC if found[3] else written)
