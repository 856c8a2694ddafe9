"""How often a rule can repeat within a year, from its parts alone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from couchcal.scheduling.recurrence_clock import UNIT_SECONDS
from couchcal.scheduling.recurrence_periods import seconds_of_minute, times_of_day
from couchcal.scheduling.recurrence_rule import SUB_DAILY, Rule

PER_YEAR_CAP: Final = 10_001
"""`per_year` answers no more than this."""

_PERIODS_A_YEAR: Final = {"DAILY": 366, "WEEKLY": 54, "MONTHLY": 12, "YEARLY": 1}


def per_year(rule: Rule, dtstart: datetime) -> int:
    """An upper bound on the occurrences of the rule in any calendar year, at most `PER_YEAR_CAP`.

    Cheap, because no date is computed: the bound may exceed what the rule really gives.
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
        bounds.append((len(rule.bymonth) or 12) * len(rule.bymonthday))
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
    units = min(days * min(a_day, -(-86_400 // (unit * rule.interval))), -(-366 * 86_400 // (unit * rule.interval)))
    if rule.until is not None:
        end = rule.until if isinstance(rule.until, datetime) else datetime.combine(rule.until, time.max)
        # A UTC end can be up to a day later on the clocks of the series.
        span = end.replace(tzinfo=None) - dtstart + timedelta(days=1)
        units = min(units, max(0, int(span.total_seconds()) // (unit * rule.interval) + 1))
    if rule.bysetpos:
        within = min(within, len(rule.bysetpos))
    return units * within
