"""Recurrence cases as independent implementations state them, on which at least two engines agree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from couchcal.scheduling.recurrence import RecurrenceError, parse_rule, recurrence_set
from couchcal.scheduling.wallclock import MAX_LOCAL, MIN_LOCAL, to_instant, to_local, zone

Case = dict[str, Any]

SECOND = timedelta(seconds=1)
# A zone that its source defines in a VTIMEZONE; New York kept the same rules in the years of the cases.
ALIASES = {"US-Eastern": "America/New_York"}
PLAIN = ("FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY")


def load(folder: Path) -> list[Case]:
    cases: list[Case] = json.loads((folder / "rrule_cases.json").read_text(encoding="utf-8"))
    return [case for case in cases if case["consensus"]]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix("Z")).replace(microsecond=0)


def zone_of(case: Case) -> tzinfo | None:
    name: str | None = case["tzid"]
    return None if name is None else zone(ALIASES.get(name, name))


def rule_texts(case: Case) -> list[str]:
    texts = case["rrule"]
    return [texts] if isinstance(texts, str) else texts


def window(case: Case, expected: list[datetime]) -> tuple[datetime, datetime]:
    lo, hi = MIN_LOCAL, MAX_LOCAL
    if case["window"]:
        first, end = case["window"]
        lo, hi = moment(first), moment(end) if end else MAX_LOCAL
    ends = all("COUNT" in text.upper() or "UNTIL" in text.upper() for text in rule_texts(case))
    if expected and not (case["complete"] and (ends or case["window"])):
        hi = min(hi, expected[-1] + SECOND)
    return lo, hi


def clock_times(moments: list[datetime], tz: tzinfo | None) -> list[datetime]:
    """A start inside a gap as the clocks show it, which is how the sources write it."""
    return sorted({to_local(to_instant(start, tz), tz) for start in moments}) if tz else moments


def difference(case: Case) -> str | None:
    dtstart, tz = moment(case["dtstart"]), zone_of(case)
    rules = [parse_rule(text) for text in rule_texts(case)]
    if case["value"] == "DATE":
        rules = [rule.for_all_day() for rule in rules]
    expected = sorted({moment(text) for text in case["expected"]})
    rdates = [moment(text) for text in case["rdates"]]
    if case["dtstart_semantics"] == "always":
        rdates.append(dtstart)
    exdates = [moment(text) for text in case["exdates"]]
    found = recurrence_set(dtstart, rules, rdates, exdates, *window(case, expected), tz=tz)
    found = clock_times(found, tz)
    return None if found == expected else f"{case['rrule']} from {case['dtstart']}: {found[:5]} not {expected[:5]}"


def failures(cases: list[Case]) -> Iterator[str]:
    for case in cases:
        try:
            message = difference(case)
        except RecurrenceError as error:
            message = f"{case['rrule']}: {error}"
        if message:
            yield message


def test_every_plain_rule_engines_agree_on(recurrence_cases: Path) -> None:
    unusual = ("BYWEEKNO", "BYYEARDAY", "BYHOUR")
    cases = [
        case
        for case in load(recurrence_cases)
        if all(
            any(freq in text.upper() for freq in PLAIN) and not any(part in text.upper() for part in unusual)
            for text in rule_texts(case)
        )
    ]
    assert len(cases) > 100
    assert list(failures(cases)) == []


def test_every_rule_engines_agree_on(recurrence_cases: Path) -> None:
    assert list(failures(load(recurrence_cases))) == []
