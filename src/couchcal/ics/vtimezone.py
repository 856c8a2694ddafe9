"""VTIMEZONE components that every reader understands alike (RFC 5545 3.6.5).

One STANDARD and one DAYLIGHT with a yearly rule, begun in 1970, the larger offset being DAYLIGHT: some readers know
no zone names, others use only the first rule of each kind. Where the clocks changed otherwise within the time that
is exported, every change is an observance of its own.
"""

from __future__ import annotations

import calendar
from bisect import bisect_right
from collections.abc import Iterable
from datetime import timedelta
from typing import Final, NamedTuple

from couchcal.ics.folding import instant_of, offset_stamp, wall_stamp
from couchcal.ics.tzif import Change, DayRule, Footer, Offset, ZoneHistory, history

_RULES_BEGIN: Final = 1970
_FIRST_INSTANT: Final = -62_135_596_800
_LAST_INSTANT: Final = 253_402_300_799
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
    pair = _yearly_pair(zone.footer) if zone.footer is not None else None
    if zone.footer is None or pair is None:
        return _single(zone.initial, _written_out(zone, changes), _LAST_INSTANT, span)
    steady = _steady_from(zone.initial, changes, zone.footer)
    if steady > span.first:
        lines = _single(zone.initial, changes, steady, span)
        return lines if span.last is not None and steady > span.last else lines + _yearly(pair, steady)
    return _yearly(pair, None) if pair else _fixed(zone.footer.standard, span.first)


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


class _Onset(NamedTuple):
    """A yearly change: its RRULE, the same as a day rule, and the offsets before and after it."""

    rrule: str
    rule: DayRule
    before: Offset
    after: Offset


def _yearly_pair(footer: Footer) -> tuple[_Onset, ...] | None:
    """The yearly changes of a footer, none for a fixed offset; None where no RRULE says one of them."""
    if footer.summer is None or footer.summer_begins is None or footer.summer_ends is None:
        return ()
    begins, ends = _rrule(footer.summer_begins), _rrule(footer.summer_ends)
    if begins is None or ends is None:
        return None
    return (
        _Onset(begins, footer.summer_begins, footer.standard, footer.summer),
        _Onset(ends, footer.summer_ends, footer.summer, footer.standard),
    )


def _rrule(rule: DayRule) -> str | None:
    """A day rule as RRULE; one whose clock time is on another day names that weekday among its possible dates."""
    days = rule.seconds // 86_400
    weekday = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")[(rule.weekday + days) % 7]
    head = f"FREQ=YEARLY;BYMONTH={rule.month}"
    if not days:
        return f"{head};BYDAY={-1 if rule.week == 5 else rule.week}{weekday}"
    length = calendar.monthrange(2001, rule.month)[1]
    last = length if rule.week == 5 else 7 * rule.week
    first, last = last - 6 + days, last + days
    if rule.month == 2 or first < 1 or last > length:
        return None
    numbers = ",".join(map(str, range(first, last + 1)))
    return f"{head};BYMONTHDAY={numbers};BYDAY={weekday}"


def _yearly(pair: Iterable[_Onset], since: int | None) -> list[str]:
    """The alternating observances, from 1970 on or from the first onsets after `since`."""
    lines: list[str] = []
    for onset in pair:
        year = _RULES_BEGIN if since is None else instant_of(since).year - 1
        while since is not None and onset.rule.local_seconds(year) - onset.before.seconds <= since:
            year += 1
        kind = "DAYLIGHT" if onset.after.seconds > onset.before.seconds else "STANDARD"
        local = wall_stamp(instant_of(onset.rule.local_seconds(year)))
        lines += _observance(kind, local, onset.before.seconds, onset.after, onset.rrule)
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
