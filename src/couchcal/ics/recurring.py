"""A master and its exceptions to an `ImportedSeries` (RFC 5545 3.8.4.4, 3.8.5)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from couchcal.ics.reader import EventError, EventReader, ParsedEvent, seconds
from couchcal.ics.values import parse_duration
from couchcal.ics.zones import Zone
from couchcal.practice.imported import ImportedSeries
from couchcal.practice.imported_rows import event_key
from couchcal.practice.imported_series import MAX_ROWS_A_YEAR, rows_a_year
from couchcal.scheduling.recurrence import RecurrenceError, Rule, TooManyOccurrences, parse_rule, recurrence_set
from couchcal.scheduling.wallclock import to_instant, to_local

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_TAIL_LIMIT = 1_000
Remark = Callable[[int, str, str], None]


class Grouped(NamedTuple):
    """What a UID came to: series (the first is that of the master, others its continuations) and overrides of
    occurrences that the series has not."""

    series: list[ImportedSeries]
    lone: list[ParsedEvent]


class Recurrence:
    """The recurrence set of a master, and how other values name its occurrences."""

    def __init__(self, master: ParsedEvent, reader: EventReader) -> None:
        self.master = master
        self.zone: Zone = master.zone
        self._reader = reader
        self.rules = [self._rule(text) for _, text in master.rrules]
        self.lengths: dict[str, int] = {}
        self.rdates = self._rdates()
        if not self.rules:
            self.rdates.append(master.start_local)
        if rows_a_year(self.rules, master.start_local) > MAX_ROWS_A_YEAR:
            raise EventError("it repeats more than 10,000 times a year")
        self.exdates = self._exdates()

    def _rule(self, text: str) -> Rule:
        try:
            rule = parse_rule(text)
            if self.master.all_day:
                rule = rule.for_all_day()
        except RecurrenceError as error:
            raise EventError(f"RRULE: {error}") from None
        return rule if rule.until is None else replace(rule, until=self._until(rule.until))

    def _until(self, until: date | datetime) -> date | datetime:
        """UNTIL in the form that the type of DTSTART asks for (RFC 5545 3.3.10)."""
        if self.master.all_day:
            return until.date() if isinstance(until, datetime) else until
        if not isinstance(until, datetime):
            # Most readers take the DATE as its midnight, which leaves out an occurrence later on that day.
            until = datetime.combine(until, time())
        elif until.tzinfo is not None and not self.master.floating:
            return until
        # For a floating DTSTART the digits of UNTIL are meant on the same clock, with or without Z.
        return to_instant(until.replace(tzinfo=None), self.zone.tz)

    def _rdates(self) -> list[datetime]:
        found = []
        for parameters, text in self.master.rdates:
            for item in filter(None, (part.strip() for part in text.split(","))):
                begin, slash, end = item.partition("/")
                try:
                    local = self._local(parameters, begin)
                    if slash:
                        self.lengths[event_key(local, all_day=self.master.all_day)] = self._length(
                            parameters, begin, end
                        )
                except (ValueError, OverflowError):
                    continue
                found.append(local)
        return found

    def _length(self, parameters: dict[str, str], begin: str, end: str) -> int:
        if end[:1] in "Pp+-":
            return int(parse_duration(end).total.total_seconds())
        first, last = (self._local(parameters, text) for text in (begin, end))
        return max(0, seconds(last, self.zone) - seconds(first, self.zone))

    def _local(self, parameters: dict[str, str], text: str) -> datetime:
        """A DATE or DATE-TIME value on the wall clock of the series."""
        bare = {name: value for name, value in parameters.items() if name != "VALUE"}
        local, zone, is_date = self._reader.moment((bare, text), final=True)
        if self.master.all_day:
            return datetime.combine(local, time())
        if is_date:
            return datetime.combine(local, self.master.start_local.time())
        if zone is None or zone.name == self.zone.name:
            return local
        return to_local(to_instant(local, zone.tz), self.zone.tz)

    def _exdates(self) -> set[str]:
        keys: set[str] = set()
        for parameters, text in self.master.exdates:
            for item in filter(None, (part.strip() for part in text.split(","))):
                try:
                    keys.update(self.keys_of(parameters, item))
                except (ValueError, OverflowError):
                    continue
        return keys

    def keys_of(self, parameters: dict[str, str], text: str) -> list[str]:
        """The keys of the occurrences that an EXDATE or RECURRENCE-ID names: a DATE names those of its day."""
        bare = {name: value for name, value in parameters.items() if name != "VALUE"}
        local, _, is_date = self._reader.moment((bare, text), final=True)
        if is_date and not self.master.all_day:
            day = datetime.combine(local, time())
            return [event_key(start, all_day=False) for start in self.between(day, day + _DAY)]
        return [event_key(self._local(parameters, text), all_day=self.master.all_day)]

    def between(self, lo: datetime, hi: datetime, limit: int = 10_000) -> list[datetime]:
        """Wall-clock starts of the set, EXDATEs among them."""
        return recurrence_set(
            self.master.start_local, self.rules, self.rdates, (), lo, hi, tz=self.zone.tz, limit=limit
        )

    def has(self, key: str) -> bool:
        """Whether the set gives the occurrence of a key."""
        local = datetime.fromisoformat(key)
        return bool(self.between(local, local + _SECOND))


def group(master: ParsedEvent, overrides: Iterable[ParsedEvent], reader: EventReader, remark: Remark) -> Grouped:
    """The series of a master, split where a component changes this and all following occurrences.

    Raises:
        EventError: a rule that cannot be read or would fill too many rows.
    """
    found = Recurrence(master, reader)
    series = ImportedSeries(master, found.rules, list(found.rdates), set(found.exdates), {}, found.lengths)
    lone: list[ParsedEvent] = []
    turns: list[tuple[str, ParsedEvent]] = []
    for override in _newest(overrides, found, lone, remark):
        key = override.key
        if key in found.exdates and override.version < master.version:
            remark(override.line, override.uid, "its occurrence is excluded by the series, it was left out")
        elif not found.has(key):
            lone.append(override)
        elif override.future:
            turns.append((key, override))
        else:
            series.overrides[key] = override
            series.exdates.discard(key)
    if not turns:
        return Grouped([series], lone)
    return Grouped(_split(found, series, sorted(turns, key=lambda turn: turn[0])), lone)


def _newest(
    overrides: Iterable[ParsedEvent], found: Recurrence, lone: list[ParsedEvent], remark: Remark
) -> list[ParsedEvent]:
    """Overrides with their keys set, the newest of each key; of equals the later one in the file."""
    newest: dict[tuple[str, bool], ParsedEvent] = {}
    for override in overrides:
        parameters, text = override.recurrence or ({}, "")
        try:
            keys = found.keys_of(parameters, text)
        except (ValueError, OverflowError):
            keys = []
        if not keys:
            override.key = override.start_key
            lone.append(override)
            continue
        override.key = keys[0]
        identity = (override.key, override.future)
        other = newest.get(identity)
        if other is None or override.version >= other.version:
            newest[identity] = override
            override = other if other is not None else override
        if other is not None:
            remark(
                override.line, override.uid, "another component replaces the same occurrence, the newer was kept"
            )
    return list(newest.values())


def _split(found: Recurrence, whole: ImportedSeries, turns: list[tuple[str, ParsedEvent]]) -> list[ImportedSeries]:
    """One series for every stretch between components with RANGE=THISANDFUTURE.

    Each such component moves its occurrence and all later ones by the same amount (RFC 5545 3.2.13). Keys of
    exceptions name the original starts, whichever stretch they are in.
    """
    master = found.master
    newest = max([master, *(turn for _, turn in turns)], key=lambda event: event.version)
    head: ParsedEvent = copy.copy(master)
    head.sequence, head.modified = newest.version
    first_key = event_key(master.start_local, all_day=master.all_day)
    stretches = [(first_key, head), *turns]
    if turns[0][0] <= first_key:
        stretches = turns
    parts = []
    for index, (key, event) in enumerate(stretches):
        until = stretches[index + 1][0] if index + 1 < len(stretches) else None
        parts.append(_stretch(found, whole, key, until, event, first=index == 0))
    return parts


def _stretch(
    found: Recurrence, whole: ImportedSeries, key: str, until: str | None, event: ParsedEvent, *, first: bool
) -> ImportedSeries:
    begin = datetime.fromisoformat(key)
    if event.recurrence is None:
        begin = found.master.start_local
    anchor: ParsedEvent = copy.copy(event)
    target = event.start_local
    if event.zone.name != found.zone.name and not event.all_day:
        target = to_local(to_instant(event.start_local, event.zone.tz), found.zone.tz)
        anchor.start_local, anchor.tz, anchor.zone = target, found.zone.name, found.zone
    shift = target - begin
    inside = [k for k in (*whole.exdates, *whole.overrides) if k >= key and (until is None or k < until)]

    def moved(name: str) -> str:
        return event_key(datetime.fromisoformat(name) + shift, all_day=anchor.all_day)

    part = ImportedSeries(anchor)
    part.exdates = {moved(name) for name in inside if name in whole.exdates}
    for name in inside:
        if name in whole.overrides:
            override = whole.overrides[name]
            override.key = moved(name)
            part.overrides[override.key] = override
    end = datetime.fromisoformat(until) if until is not None else None
    rules = [_moved_rule(rule, found, begin, end, shift) for rule in found.rules]
    part.rules = [rule for rule in rules if rule is not None]
    if len(part.rules) < len(rules):
        part.rules = []
        part.rdates = [start + shift for start in _starts(found, begin, end)]
    else:
        part.rdates = [d + shift for d in found.rdates if d >= begin and (end is None or d < end)]
    if not first:
        stamp = begin.strftime("%Y%m%d") if found.master.all_day else begin.strftime("%Y%m%dT%H%M%S")
        name, at, host = anchor.uid.rpartition("@")
        anchor.uid = f"{name}_R{stamp}{at}{host}" if at else f"{host}_R{stamp}"
        part.parent_uid = event.uid
    anchor.key = ""
    return part


def _starts(found: Recurrence, begin: datetime, end: datetime | None) -> list[datetime]:
    """The first thousand starts of a stretch."""
    last = end or datetime.max  # noqa: DTZ901  wall clock
    step = timedelta(days=366)
    starts: list[datetime] = []
    while begin < last and len(starts) < _TAIL_LIMIT and begin.year < 9990:
        try:
            starts += found.between(begin, min(begin + step, last))
        except TooManyOccurrences:
            break
        if begin.year > found.master.start_local.year + 200:
            break
        begin += step
    return starts[:_TAIL_LIMIT]


def _moved_rule(
    rule: Rule, found: Recurrence, begin: datetime, end: datetime | None, shift: timedelta
) -> Rule | None:
    """The rule of a stretch moved by `shift`, None when no rule says that."""
    by_parts = rule.byday or rule.bymonth or rule.bymonthday or rule.byyearday or rule.byweekno or rule.bysetpos
    days = (begin + shift).date() != begin.date()
    if days and (by_parts or rule.freq not in ("DAILY", "WEEKLY")):
        return None
    if shift and (rule.byhour or rule.byminute or rule.bysecond or rule.freq in ("HOURLY", "MINUTELY", "SECONDLY")):
        return None
    until = rule.until
    count = rule.count
    if count is not None and end is None:
        before = recurrence_set(
            found.master.start_local,
            [rule],
            (),
            (),
            found.master.start_local,
            begin,
            tz=found.zone.tz,
            limit=100_000,
        )
        count = max(1, count - len(before))
    if end is not None:
        count, until = None, _before(end + shift, found)
    elif until is not None and shift:
        until = _moved_until(until, shift, found)
    return replace(rule, until=until, count=count)


def _before(end: datetime, found: Recurrence) -> date | datetime:
    if found.master.all_day:
        return end.date() - _DAY
    return (to_instant(end, found.zone.tz) - _SECOND).astimezone(UTC)


def _moved_until(until: date | datetime, shift: timedelta, found: Recurrence) -> date | datetime:
    if not isinstance(until, datetime):
        return until + timedelta(days=shift.days)
    return to_instant(to_local(until, found.zone.tz) + shift, found.zone.tz)


def excluded(event: ParsedEvent, reader: EventReader) -> bool:
    """Whether the EXDATEs of an event that does not repeat take away its only occurrence."""
    return event.start_key in Recurrence(event, reader).exdates


def adopt_key(event: ParsedEvent, reader: EventReader) -> None:
    """Set the key of an override whose series is not in the file, from its RECURRENCE-ID alone."""
    parameters, text = event.recurrence or ({}, "")
    try:
        local, zone, is_date = reader.moment((parameters, text), final=True)
    except ValueError:
        event.key = event.start_key
        return
    if not is_date and zone is not None and zone.name != event.tz and not event.all_day:
        local = to_local(to_instant(local, zone.tz), event.zone.tz)
    event.key = event_key(local, all_day=is_date)
