"""How the lines of a series change when the series is split or its starts move (spec 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from tests.google.recurrence import Anchor, count_before, read_lines, single_start, split_line, to_instant, to_wall
from tests.google.rrule import WEEKDAYS, read_rule, rule_parts


def until_before(anchor: Anchor, split: datetime) -> str:
    """The UNTIL that ends a series with the local day before `split`: its last second in UTC, or the date."""
    day = to_wall(split, anchor.zone).date() - timedelta(days=1)
    if anchor.all_day:
        return day.strftime("%Y%m%d")
    return to_instant(datetime.combine(day, time(23, 59, 59)), anchor.zone).strftime("%Y%m%dT%H%M%SZ")


def truncated(lines: Sequence[str], anchor: Anchor, split: datetime) -> list[str]:
    """The lines of the part before `split`: UNTIL instead of UNTIL and COUNT, later RDATEs and EXDATEs gone."""
    kept = []
    for line in lines:
        name, params, value = split_line(line)
        if name == "RRULE":
            kept.append(with_end(line, until=until_before(anchor, split)))
        elif name == "EXRULE":
            kept.append(line)
        else:
            kept += _dates(line, [v for v in value.split(",") if _at(v, params, anchor) < split])
    return kept


def remainder(
    lines: Sequence[str], anchor: Anchor, split: datetime, *, keep_count: bool = False, dtstart_counts: bool = True
) -> list[str]:
    """The lines of the part from `split` on: an UNTIL of its own stays, COUNT becomes what is left of it."""
    recurrence = read_lines(lines, anchor, bad_until="accept", two_rrules="accept")
    used = count_before(anchor, recurrence, split, dtstart_counts=dtstart_counts)
    kept = []
    for line in lines:
        name, params, value = split_line(line)
        if name == "RRULE":
            count = read_rule(value).count
            left = count if keep_count or count is None else max(1, count - used)
            kept.append(line if count is None else with_end(line, count=left))
        elif name == "EXRULE":
            kept.append(line)
        else:
            kept += _dates(line, [v for v in value.split(",") if _at(v, params, anchor) >= split])
    return kept


def with_end(line: str, *, until: str | None = None, count: int | None = None) -> str:
    """The rule line with this end instead of the one it has."""
    name, _, value = split_line(line)
    parts = {key: text for key, text in rule_parts(value).items() if key not in ("UNTIL", "COUNT")}
    if until is not None:
        parts["UNTIL"] = until
    if count is not None:
        parts["COUNT"] = str(count)
    return f"{name}:" + ";".join(f"{key}={text}" for key, text in parts.items())


def _at(text: str, params: dict[str, str], anchor: Anchor) -> datetime:
    return single_start(text, params, anchor.zone, anchor.all_day)


def _dates(line: str, values: list[str]) -> list[str]:
    return [line.partition(":")[0] + ":" + ",".join(values)] if values else []


def moved(lines: Sequence[str], anchor: Anchor, new: Anchor) -> list[str]:
    """The lines after the start moved from `anchor` to `new`, as the dialog of the web page rewrites them.

    The weekday, day of the month or month the old start stood for becomes the new one's; other days of the
    rule stay. EXDATE and RDATE move along by the same wall-clock distance; from timed to all-day and back, the
    dates are kept and an UNTIL changes its kind.
    """
    result = []
    for line in lines:
        name, params, value = split_line(line)
        if name in ("RRULE", "EXRULE"):
            result.append(f"{name}:{_moved_rule(value, anchor, new)}")
            continue
        distance = new.wall - anchor.wall
        walls = [
            to_wall(single_start(v, params, anchor.zone, anchor.all_day), anchor.zone) for v in value.split(",")
        ]
        if new.all_day:
            days = ",".join((wall + distance).strftime("%Y%m%d") for wall in walls)
            result.append(f"{name};VALUE=DATE:{days}")
        else:
            moments = (to_instant(wall + distance, new.zone) for wall in walls)
            result.append(f"{name}:" + ",".join(moment.strftime("%Y%m%dT%H%M%SZ") for moment in moments))
    return result


def _moved_rule(value: str, anchor: Anchor, new: Anchor) -> str:
    parts = rule_parts(value)
    old_day, new_day = anchor.wall.date(), new.wall.date()
    if "BYDAY" in parts and old_day != new_day:
        old_name, new_name = WEEKDAYS[old_day.weekday()], WEEKDAYS[new_day.weekday()]
        place, new_place = (old_day.day - 1) // 7 + 1, (new_day.day - 1) // 7 + 1
        swaps = {old_name: new_name, f"{place}{old_name}": f"{new_place}{new_name}"}
        days = dict.fromkeys(swaps.get(day, day) for day in parts["BYDAY"].split(","))
        parts["BYDAY"] = ",".join(days)
    if parts.get("BYMONTHDAY") == str(old_day.day):
        parts["BYMONTHDAY"] = str(new_day.day)
    if parts.get("BYMONTH") == str(old_day.month):
        parts["BYMONTH"] = str(new_day.month)
    if "UNTIL" in parts and anchor.all_day != new.all_day:
        until = read_rule(value).until
        assert until is not None
        last = to_instant(datetime.combine(until.day, time(23, 59, 59)), new.zone)
        parts["UNTIL"] = until.day.strftime("%Y%m%d") if new.all_day else last.strftime("%Y%m%dT%H%M%SZ")
    return ";".join(f"{key}={text}" for key, text in parts.items())
