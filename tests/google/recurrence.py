"""Recurrence (spec R-REC1 to R-INST): reading the lines, expanding them, and the ids of instances.

An instance is known by its original start: an aware UTC datetime, for an all-day series midnight UTC of its
day. Expansion is on the wall clock of the series' zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tests.google.config import Config
from tests.google.model import When
from tests.google.rrule import BadRecurrence, Rule, Until, read_rule, starts

# How far a UTC bound may be from the wall clock, gaps included.
_SLACK = timedelta(days=2)
_MAX_LINES_BYTES = 32_768
_LINE = re.compile(r"(RRULE|EXRULE|RDATE|EXDATE)((?:;[A-Za-z-]+=[^:;]+)*):(\S+)\s*", re.IGNORECASE)
_VALUE = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")
_INSTANCE = re.compile(r"(?P<base>.+)_(?P<stamp>\d{8}(?:T\d{6}Z)?)", re.DOTALL)
_SPLIT = re.compile(r"(?P<base>.+)_R(?P<stamp>\d{8}(?:T\d{6})?)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a series starts: the UTC instant, the IANA zone it is expanded in ("UTC" when all-day)."""

    instant: datetime
    zone: str
    all_day: bool = False

    @property
    def wall(self) -> datetime:
        """The naive wall-clock start in the zone of the series."""
        return to_wall(self.instant, self.zone)

    def instant_of(self, wall: datetime) -> datetime:
        """The instant of a wall-clock start; the first start keeps its own side of a fold."""
        return self.instant if wall == self.wall else to_instant(wall, self.zone)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The read lines: rules, and single starts as UTC instants."""

    rules: tuple[Rule, ...]
    exrules: tuple[Rule, ...]
    rdates: frozenset[datetime]
    exdates: frozenset[datetime]


def to_instant(wall: datetime, zone: str) -> datetime:
    """R-REC2: in a gap with the offset before it (02:30 shows as 03:30), in a fold the first of the two."""
    return wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def to_wall(instant: datetime, zone: str) -> datetime:
    """The naive wall clock of `instant` in `zone`."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def all_day_anchor(day: date) -> Anchor:
    """The start of an all-day series."""
    return Anchor(datetime.combine(day, time(), UTC), "UTC", all_day=True)


def timed_anchor(wall: datetime, zone: str) -> Anchor:
    """The start of a timed series from its wall clock."""
    return Anchor(to_instant(wall, zone), zone)


def anchor_of(start: When, calendar_zone: str) -> Anchor:
    """The anchor of a series that starts at `start`; the calendar's zone stands in for one not declared."""
    if start.day is not None:
        return all_day_anchor(date.fromisoformat(start.day))
    return Anchor(datetime.fromtimestamp(start.instant or 0, UTC), start.zone or calendar_zone)


def problem(lines: Sequence[str], start: When, end: When, config: Config) -> str | None:
    """The message that refuses these lines for an event of this time; None when there is nothing to refuse."""
    if end.all_day != start.all_day:
        return "Invalid end time."
    try:
        read_lines(lines, anchor_of(start, "UTC"), bad_until=config.bad_until, two_rrules=config.two_rrules)
    except BadRecurrence as refusal:
        return str(refusal)
    return None


def read_lines(
    lines: Iterable[str], anchor: Anchor, *, bad_until: str = "400", two_rrules: str = "400"
) -> Recurrence:
    """R-REC1. Raises BadRecurrence for DTSTART or DTEND, two rules, an UNTIL of the wrong kind and bad syntax."""
    return _read(tuple(lines), anchor.zone, anchor.all_day, bad_until == "accept", two_rrules == "accept")


@lru_cache(maxsize=4096)
def _read(lines: tuple[str, ...], zone: str, all_day: bool, any_until: bool, many: bool) -> Recurrence:
    rules: list[Rule] = []
    exrules: list[Rule] = []
    rdates: set[datetime] = set()
    exdates: set[datetime] = set()
    if sum(len(line.encode()) for line in lines) > _MAX_LINES_BYTES:
        raise BadRecurrence("A provided value exceeds the allowed size limit.")
    for line in lines:
        name, params, value = split_line(line)
        if name in ("RRULE", "EXRULE"):
            rule = read_rule(value)
            if rule.until and not any_until and not _until_fits(rule.until, all_day):
                raise BadRecurrence
            (rules if name == "RRULE" else exrules).append(rule)
        else:
            found = {single_start(item, params, zone, all_day) for item in value.split(",")}
            (rdates if name == "RDATE" else exdates).update(found)
    if len(rules) > 1 and not many:
        raise BadRecurrence
    return Recurrence(tuple(rules), tuple(exrules), frozenset(rdates), frozenset(exdates))


def split_line(line: str) -> tuple[str, dict[str, str], str]:
    """The name, parameters and value of a recurrence line. Raises BadRecurrence."""
    match = _LINE.fullmatch(line)
    if not match:
        raise BadRecurrence
    params: dict[str, str] = {}
    for item in match[2].split(";")[1:]:
        name, _, text = item.partition("=")
        params[name.upper()] = text.strip('"')
    return match[1].upper(), params, match[3]


def _until_fits(until: Until, all_day: bool) -> bool:
    return until.at is None if all_day else until.at is not None and until.utc


def single_start(text: str, params: dict[str, str], zone: str, all_day: bool) -> datetime:
    """One value of an RDATE or EXDATE as an instant. Raises BadRecurrence."""
    match = _VALUE.fullmatch(text.upper())
    if not match or params.get("VALUE", "DATE-TIME") not in ("DATE", "DATE-TIME") or bool(match[2]) == all_day:
        raise BadRecurrence
    try:
        wall = datetime.fromisoformat(match[1] + "T" + (match[2] or "000000"))
        return to_instant(wall, "UTC" if match[3] or all_day else params.get("TZID", zone))
    except (ValueError, LookupError, OSError, OverflowError):
        raise BadRecurrence from None


def expand(
    anchor: Anchor, recurrence: Recurrence, begin: datetime, end: datetime, *, dtstart_counts: bool = True
) -> list[datetime]:
    """The starts in `[begin, end)`, ascending, each once. The first start counts also where no rule gives it
    (R-REC3) unless `dtstart_counts` is off; EXDATE removes it like any other."""
    found = {instant for instant in recurrence.rdates if begin <= instant < end}
    if begin <= anchor.instant < end and (dtstart_counts or not recurrence.rules):
        found.add(anchor.instant)
    for rule in recurrence.rules:
        found.update(_rule_starts(anchor, rule, begin, end, dtstart_counts))
    found -= recurrence.exdates
    for rule in recurrence.exrules:
        found.difference_update(_rule_starts(anchor, rule, begin, end, dtstart_counts=False))
    return sorted(found)


def is_occurrence(
    anchor: Anchor, recurrence: Recurrence, original_start: datetime, *, dtstart_counts: bool = True
) -> bool:
    """Whether the series has an instance that starts at this instant."""
    second = timedelta(seconds=1)
    return bool(expand(anchor, recurrence, original_start, original_start + second, dtstart_counts=dtstart_counts))


def count_before(anchor: Anchor, recurrence: Recurrence, split: datetime, *, dtstart_counts: bool = True) -> int:
    """How many starts the rules give before `split`, removed ones included: what COUNT has used up."""
    found: set[datetime] = {anchor.instant} if dtstart_counts and anchor.instant < split else set()
    for rule in recurrence.rules:
        found.update(_rule_starts(anchor, rule, anchor.instant, split, dtstart_counts))
    return len(found)


def _rule_starts(
    anchor: Anchor, rule: Rule, begin: datetime, end: datetime, dtstart_counts: bool
) -> list[datetime]:
    first = anchor.wall
    left = rule.count
    limit = _until_instant(rule.until, anchor) if rule.until else None
    if begin > end or anchor.instant >= end:
        return []
    found = []
    low, high = to_wall(begin, "UTC") - _SLACK, to_wall(end, "UTC") + _SLACK
    for number, wall in enumerate(starts(rule, first, low, high)):
        if number == 0 and left is not None and dtstart_counts and wall != first:
            left -= 1
        if left is not None:
            if left <= 0:
                break
            left -= 1
        instant = anchor.instant_of(wall)
        if limit is not None and instant > limit:
            break
        if begin <= instant < end:
            found.append(instant)
    return found


def _until_instant(until: Until, anchor: Anchor) -> datetime:
    """The last instant UNTIL lets start. A bare date, where it is let through, means the whole local day."""
    if anchor.all_day:
        return datetime.combine(until.day, time(), UTC)
    wall = datetime.combine(until.day, until.at if until.at is not None else time(23, 59, 59))
    return to_instant(wall, "UTC" if until.utc else anchor.zone)


# -- ids ---------------------------------------------------------------------------------------------------


def stamp(start: datetime, all_day: bool) -> str:
    """`20250325T130000Z`, or `20250325` for an all-day series."""
    return start.strftime("%Y%m%d" if all_day else "%Y%m%dT%H%M%SZ")


def split_base(master_id: str) -> str:
    """The id before the `_R…` of the rest of a split series; any other id as it is."""
    match = _SPLIT.fullmatch(master_id)
    return match["base"] if match else master_id


def instance_id(master_id: str, start: datetime, all_day: bool) -> str:
    """R-INST: of a series `{base}_R…` the instances are called `{base}_…`."""
    return f"{split_base(master_id)}_{stamp(start, all_day)}"


def split_id(master_id: str, start: datetime, all_day: bool) -> str:
    """The id of the rest of a series split at `start` without a change of time."""
    return f"{split_base(master_id)}_R{stamp(start, all_day).removesuffix('Z')}"


def read_instance_id(event_id: str) -> tuple[str, datetime, bool] | None:
    """The base, original start and whether all-day of an instance id; None when it is not one."""
    match = _INSTANCE.fullmatch(event_id)
    if not match:
        return None
    text = match["stamp"]
    try:
        start = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
    return match["base"], start, "T" not in text
