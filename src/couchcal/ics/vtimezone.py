"""VTIMEZONE components that every reader understands alike (RFC 5545 3.6.5).

One STANDARD and one DAYLIGHT with a yearly rule, begun in 1970, the larger offset being DAYLIGHT: some readers know
no zone names, others use only the first rule of each kind. Where the clocks changed otherwise within the time that
is exported, every change is an observance of its own.
"""

from __future__ import annotations

import calendar
from bisect import bisect_right
from datetime import timedelta
from typing import Final, NamedTuple

from couchcal.ics.folding import instant_of, offset_stamp, wall_stamp
from couchcal.ics.tzif import Change, DayRule, Footer, Offset, ZoneHistory, history

_RULES_BEGIN: Final = 1970
_FIRST_INSTANT: Final = -62_135_596_800
_ENDLESS_YEAR: Final = 2100
"""Rules that no RRULE can say are written out up to this year."""


class Span(NamedTuple):
    """The time for which a definition must be right, in seconds since the epoch; `last` None is for ever."""

    first: int
    last: int | None


def definition(name: str, span: Span) -> list[str]:
    """The content lines, not folded, of the VTIMEZONE of an IANA zone, right for all of `span`.

    Raises:
        ValueError: the zone database has no such zone.
    """
    return ["BEGIN:VTIMEZONE", f"TZID:{name}", *_observances(history(name), span), "END:VTIMEZONE"]


def _observances(zone: ZoneHistory, span: Span) -> list[str]:
    changes = _real_changes(zone)
    rules = _yearly_rules(zone.footer) if zone.footer is not None else None
    footer = zone.footer if rules is not None else None
    if rules is None or footer is None:
        changes = _written_out(zone, changes)
        steady = changes[-1].at if changes else _FIRST_INSTANT
    else:
        steady = _steady_from(zone.initial, changes, footer)
    if steady <= span.first and footer is not None and rules is not None:
        if footer.summer is None:
            return _fixed(footer.standard, span.first)
        return _yearly(footer, rules, None)
    lines = _single(zone.initial, changes, steady, span)
    if footer is not None and rules is not None and footer.summer and (span.last is None or steady <= span.last):
        lines += _yearly(footer, rules, steady)
    return lines


def _real_changes(zone: ZoneHistory) -> list[Change]:
    """The changes of the offset; a change of name or of the summer flag alone moves no clock."""
    found: list[Change] = []
    seconds = zone.initial.seconds
    for change in zone.changes:
        if change.offset.seconds != seconds:
            found.append(change)
            seconds = change.offset.seconds
    return found


def _written_out(zone: ZoneHistory, changes: list[Change]) -> list[Change]:
    """The recorded changes and those that a rule without an RRULE makes after them."""
    if zone.footer is None:
        return changes
    last = changes[-1].at if changes else _FIRST_INSTANT
    return changes + [change for change in zone.footer.changes(_RULES_BEGIN, _ENDLESS_YEAR) if change.at > last]


def _steady_from(initial: Offset, changes: list[Change], footer: Footer) -> int:
    """The earliest moment from which the footer alone gives every recorded offset."""
    if not changes:
        return _FIRST_INSTANT
    last_year = instant_of(changes[-1].at).year
    yearly = footer.changes(_RULES_BEGIN, max(last_year, _RULES_BEGIN) + 1)
    moments = sorted({change.at for change in (*changes, *yearly) if change.at <= changes[-1].at}, reverse=True)
    steady = changes[-1].at
    for moment in moments:
        if yearly and moment < yearly[0].at:
            break
        if _offset_at(moment, changes, initial) != _offset_at(moment, yearly, footer.standard):
            break
        steady = moment
    return steady


def _offset_at(moment: int, changes: list[Change], before: Offset) -> int:
    index = bisect_right(changes, moment, key=_at)
    return changes[index - 1].offset.seconds if index else before.seconds


def _at(change: Change) -> int:
    return change.at


def _fixed(offset: Offset, first: int) -> list[str]:
    year = min(_RULES_BEGIN, max(instant_of(max(first, _FIRST_INSTANT)).year, 1))
    return _observance("STANDARD", f"{year:04}0101T000000", offset.seconds, offset)


def _single(initial: Offset, changes: list[Change], steady: int, span: Span) -> list[str]:
    """An observance for each change from the last one before the span to the steady rule, or past its end."""
    begin = max(bisect_right(changes, span.first, key=_at) - 1, 0)
    lines: list[str] = []
    if not changes or changes[0].at > span.first:
        onset = instant_of(max(span.first - 366 * 86_400, _FIRST_INSTANT))
        lines += _observance("STANDARD", wall_stamp(onset.replace(month=1, day=1)), initial.seconds, initial)
    for index in range(begin, len(changes)):
        change = changes[index]
        if change.at > steady or (span.last is not None and index > begin and change.at > span.last):
            break
        before = changes[index - 1].offset if index else initial
        onset_local = instant_of(change.at) + timedelta(seconds=before.seconds)
        lines += _observance(_kind(before, change.offset), wall_stamp(onset_local), before.seconds, change.offset)
    return lines


def _kind(before: Offset, after: Offset) -> str:
    """DAYLIGHT for the larger offset of a pair, also where the law calls winter the exception (Dublin)."""
    if before.summer == after.summer:
        return "DAYLIGHT" if after.summer else "STANDARD"
    return "DAYLIGHT" if after.seconds > before.seconds else "STANDARD"


class _YearlyRule(NamedTuple):
    """A day rule as RRULE parts, and by how many days and seconds its onset is off the named weekday."""

    parts: str
    rule: DayRule


def _yearly_rules(footer: Footer) -> tuple[_YearlyRule, _YearlyRule] | None:
    """The rules of the two onsets; None where an RRULE cannot say one. A fixed offset needs none."""
    if footer.summer_begins is None or footer.summer_ends is None:
        empty = _YearlyRule("", DayRule(1, 1, 0, 0))
        return empty, empty
    begins, ends = _yearly_rule(footer.summer_begins), _yearly_rule(footer.summer_ends)
    return (begins, ends) if begins is not None and ends is not None else None


def _yearly_rule(rule: DayRule) -> _YearlyRule | None:
    days = rule.seconds // 86_400
    weekday = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")[(rule.weekday + days) % 7]
    head = f"FREQ=YEARLY;BYMONTH={rule.month}"
    if not days:
        return _YearlyRule(f"{head};BYDAY={-1 if rule.week == 5 else rule.week}{weekday}", rule)
    length = calendar.monthrange(2001, rule.month)[1]
    last = length if rule.week == 5 else 7 * rule.week
    first, last = last - 6 + days, last + days
    if rule.month == 2 or first < 1 or last > length:
        return None
    numbers = ",".join(map(str, range(first, last + 1)))
    return _YearlyRule(f"{head};BYMONTHDAY={numbers};BYDAY={weekday}", rule)


def _yearly(footer: Footer, rules: tuple[_YearlyRule, _YearlyRule], after: int | None) -> list[str]:
    """The alternating pair, from 1970 on or from the first onsets after a moment."""
    if footer.summer is None:
        return []
    lines: list[str] = []
    for rule, before, offset in (
        (rules[0], footer.standard, footer.summer),
        (rules[1], footer.summer, footer.standard),
    ):
        year = _RULES_BEGIN if after is None else instant_of(after).year - 1
        while after is not None and rule.rule.local_seconds(year) - before.seconds <= after:
            year += 1
        kind = "DAYLIGHT" if offset.seconds > before.seconds else "STANDARD"
        onset = wall_stamp(instant_of(rule.rule.local_seconds(year)))
        lines += _observance(kind, onset, before.seconds, offset, rule.parts)
    return lines


def _observance(kind: str, onset: str, before: int, offset: Offset, rule: str = "") -> list[str]:
    return [
        f"BEGIN:{kind}",
        f"DTSTART:{onset}",
        *([f"RRULE:{rule}"] if rule else []),
        f"TZOFFSETFROM:{offset_stamp(before)}",
        f"TZOFFSETTO:{offset_stamp(offset.seconds)}",
        f"TZNAME:{offset.name}",
        f"END:{kind}",
    ]
