"""A series as an export sees it: where its rule puts occurrences, and what of the rule is left in a range."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

from couchcal.ics.export_items import Item
from couchcal.ics.export_window import FIRST_SECOND, LAST_SECOND, seconds_of
from couchcal.ics.export_zones import ExportZones, shown_twice
from couchcal.ics.folding import instant_of
from couchcal.scheduling.recurrence import Rule, last_start, parse_rule, recurrence_set, starts
from couchcal.scheduling.recurrence_series import series
from couchcal.scheduling.wallclock import MAX_LOCAL, MIN_LOCAL, to_instant, to_local

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_LIMIT: Final = 1_000_000
_COUNTED: Final = ("MONTHLY", "YEARLY")


@dataclass(slots=True)
class Template:
    """A series; `item` says what its occurrences look like.

    Rows exist for starts in `[covered_from, covered_to)`, in seconds.
    """

    item: Item
    tz: tzinfo
    start_local: datetime
    duration: int
    rules: list[Rule]
    rdates: list[datetime]
    covered_from: int
    covered_to: int

    @classmethod
    def of(cls, row: tuple[Any, ...], zones: ExportZones) -> Template:
        """From a row of `export_items.templates`."""
        item = Item._make(row[: len(Item._fields)])
        start_local, duration, rrule, rdates, until, covered_from, covered_to = row[len(Item._fields) :]
        until_date = date.fromisoformat(until) if until else None
        rules = [_until(parse_rule(line), until_date) for line in rrule.splitlines() if line]
        return cls(
            item,
            UTC if item.all_day else zones.zone(item.tz).tz,
            datetime.fromisoformat(start_local),
            duration,
            [rule.for_all_day() if item.all_day else rule for rule in rules],
            [
                moment
                for line in rdates.splitlines()
                if line and ((moment := datetime.fromisoformat(line)).date() <= (until_date or date.max))
            ],
            covered_from,
            covered_to,
        )

    def key_of(self, local: datetime) -> str:
        """The series key of the occurrence at `local`."""
        if self.item.origin == "ics" and not self.item.all_day:
            return local.replace(microsecond=0).isoformat()
        return local.date().isoformat()

    def key_start(self, key: str) -> datetime:
        """The wall-clock start that a key stands for."""
        if "T" in key:
            return datetime.fromisoformat(key)
        return datetime.combine(date.fromisoformat(key), time() if self.item.all_day else self.start_local.time())

    def instants(self, local: datetime) -> tuple[int, int]:
        """Start and end in seconds: wall clock to instant, then the elapsed duration (INV-S1)."""
        start = seconds_of(to_instant(local, self.tz))
        return start, start + self.duration

    def meets_change(self, local: datetime) -> bool:
        """Whether the clocks change during the occurrence at `local`, or show its start or end twice.

        RFC 5545 3.8.5.3 gives it the length of the others, but half of all readers give it their wall-clock end.
        """
        if self.item.all_day:
            return False
        begins, ends = (instant_of(seconds).astimezone(self.tz) for seconds in self.instants(local))
        return begins.utcoffset() != ends.utcoffset() or shown_twice(begins) or shown_twice(ends)

    def local(self, seconds: int) -> datetime:
        """The wall clock of the series at an instant."""
        return to_local(instant_of(min(max(seconds, FIRST_SECOND), LAST_SECOND)), self.tz)

    def covers(self, local: datetime) -> bool:
        """Whether the occurrence at `local` would have a row, so that a missing one was deleted."""
        return self.covered_from <= self.instants(local)[0] < self.covered_to

    def between(self, lo: datetime, hi: datetime) -> list[datetime]:
        """Wall-clock starts `lo <= s < hi`, deleted ones among them."""
        return recurrence_set(self.start_local, self.rules, self.rdates, (), lo, hi, tz=self.tz, limit=_LIMIT)

    def has(self, local: datetime) -> bool:
        """Whether the series puts an occurrence at `local`."""
        return bool(self.between(local, local + _SECOND)) if local < MAX_LOCAL - _SECOND else False

    def rule_has(self, local: datetime) -> bool:
        """Whether a rule, not only an RDATE, puts an occurrence at `local`."""
        return any(_gives(rule, self.start_local, local, self.tz) for rule in self.rules)

    def first(self, lo: datetime = MIN_LOCAL) -> datetime | None:
        """The first start at or after `lo`."""
        found = [moment for moment in self.rdates if moment >= lo]
        if not self.rules and self.start_local >= lo:
            found.append(self.start_local)
        found += [start for rule in self.rules if (start := self._first(rule, lo)) is not None]
        return min(found, default=None)

    def last(self) -> datetime | None:
        """The last start; None for a series without end, and for one without starts."""
        if self.endless:
            return None
        found = [*self.rdates, *([] if self.rules else [self.start_local])]
        found += [last for rule in self.rules if (last := last_start(rule, self.start_local, self.tz)) is not None]
        return max(found, default=None)

    @property
    def endless(self) -> bool:
        return any(rule.count is None and rule.until is None for rule in self.rules)

    def first_by_rule(self) -> datetime | None:
        """The first start that a rule gives."""
        return min(
            (start for rule in self.rules if (start := self._first(rule, MIN_LOCAL)) is not None), default=None
        )

    def _first(self, rule: Rule, lo: datetime) -> datetime | None:
        start = next(series(rule, self.start_local).between(lo, MAX_LOCAL), None)
        return start if start is not None and _gives(rule, self.start_local, start, self.tz) else None

    def written_rules(self, dtstart: datetime, last: datetime | None) -> list[str]:
        """The RRULE values from `dtstart`, an occurrence of the rules, to `last` (None: to their own end).

        UNTIL is the last start itself, in UTC or as a DATE; COUNT stays only where nothing was cut. A rule without
        a start in that range is left out.
        """
        cut = self.rules if last is None else [self._cut(rule, last) for rule in self.rules]
        found = []
        for rule, before in zip(cut, self.rules, strict=True):
            if self._first(rule, dtstart) is None:
                continue
            if rule.until is not None or (rule.count is not None and self._first(before, MIN_LOCAL) != dtstart):
                rule = self._ending(rule)
            found.append(str(_explicit(rule, dtstart)))
        return found

    def _cut(self, rule: Rule, last: datetime) -> Rule:
        """The rule ending at wall clock `last` at the latest."""
        end = last_start(rule, self.start_local, self.tz) if rule.count or rule.until else None
        return rule if end is not None and end <= last else replace(rule, count=None, until=last)

    def _ending(self, rule: Rule) -> Rule:
        """The rule with its last start as UNTIL."""
        end = last_start(rule, self.start_local, self.tz)
        if end is None:
            return rule
        return replace(rule, count=None, until=end.date() if self.item.all_day else to_instant(end, self.tz))


def _until(rule: Rule, until_date: date | None) -> Rule:
    """The rule with the last date that the series may have as its UNTIL, where that is the earlier end."""
    if until_date is None or until_date == date.max:
        return rule
    if rule.until is None:
        return replace(rule, until=until_date)
    own = rule.until.date() if isinstance(rule.until, datetime) else rule.until
    # A UTC end may be on another date of the series' own clock: then both bounds are near, and rows decide.
    return replace(rule, until=until_date) if until_date < own else rule


def _gives(rule: Rule, dtstart: datetime, local: datetime, tz: tzinfo) -> bool:
    return bool(starts(rule, dtstart, local, local + _SECOND, tz=tz, limit=60))


def _explicit(rule: Rule, dtstart: datetime) -> Rule:
    """The rule in a shape that readers agree on.

    Readers differ in what a rule of several weeks takes from DTSTART, and some never return from a numbered BYDAY
    that RFC 5545 3.3.10 forbids, whose number means nothing.
    """
    if rule.byday and (rule.freq not in _COUNTED or rule.byweekno):
        rule = replace(rule, byday=tuple(sorted({(0, weekday) for _, weekday in rule.byday})))
    if rule.freq == "WEEKLY" and rule.interval > 1 and not rule.byday:
        rule = replace(rule, byday=((0, dtstart.weekday()),))
    return rule
