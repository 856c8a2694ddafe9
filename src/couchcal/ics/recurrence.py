"""The recurrence set of a VEVENT in the terms of the store (RFC 5545 3.8.5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final

from couchcal.ics.reader import EventError, EventReader, ParsedEvent, seconds
from couchcal.ics.values import parse_duration
from couchcal.ics.zones import Zone
from couchcal.practice.imported_rows import event_key
from couchcal.practice.imported_series import MAX_ROWS_A_YEAR, rows_a_year
from couchcal.scheduling.recurrence import RecurrenceError, Rule, parse_rule, recurrence_set
from couchcal.scheduling.wallclock import to_instant, to_local

_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)


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

    def _moment(self, parameters: dict[str, str], text: str) -> tuple[datetime, Zone | None, bool]:
        """As `EventReader.moment`; a value in the zone of DTSTART is given without a zone."""
        same = parameters.get("TZID") == self.master.tzid
        return self._reader.moment(({} if same else parameters, text), final=True)

    def _local(self, parameters: dict[str, str], text: str) -> datetime:
        """A DATE or DATE-TIME value on the wall clock of the series."""
        local, zone, is_date = self._moment(parameters, text)
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
        local, _, is_date = self._moment(parameters, text)
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
