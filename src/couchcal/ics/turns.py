"""Splitting a series where a component changes an occurrence and all that follow (RANGE=THISANDFUTURE).

Such a component moves its occurrence and all later ones by the same amount (RFC 5545 3.2.13). Each stretch between
two of them becomes a series of its own, with a UID derived from that of the first as Google derives it.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

from couchcal.ics.reader import ParsedEvent
from couchcal.ics.recurrence import Recurrence
from couchcal.practice.imported import ImportedSeries
from couchcal.practice.imported_rows import event_key
from couchcal.scheduling.recurrence import Rule, TooManyOccurrences, recurrence_set
from couchcal.scheduling.wallclock import to_instant, to_local

_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
_TAIL_LIMIT: Final = 1_000
"""Occurrences of a stretch that no rule describes."""


def split_series(
    found: Recurrence, whole: ImportedSeries, turns: list[tuple[str, ParsedEvent]]
) -> list[ImportedSeries]:
    """One series for every stretch; `turns` are the changing components by key, in order of time.

    Keys of exceptions name the original starts, whichever stretch they are in (RFC 5545 3.8.4.4).
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
    part.lengths = {moved(name): length for name, length in found.lengths.items()}
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
