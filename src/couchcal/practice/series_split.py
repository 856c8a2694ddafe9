"""Splitting a series: the old rule ends, another begins with the new time (INV-S9)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlmodel import select

from couchcal.errors import Refused
from couchcal.practice import rows
from couchcal.practice.cadence import DAY_CODES, Repeat, rule_text
from couchcal.practice.draft import Draft
from couchcal.practice.occurrences import (
    instants,
    key_of,
    key_start,
    local_starts,
    rdates_of,
    rules_of,
    shifted,
    zone_of,
)
from couchcal.practice.series_cadence import keys_by_date, take_rule
from couchcal.practice.series_rows import end_before, exdate_keys, local_start, series_id, wall_clock
from couchcal.scheduling.recurrence import last_start, starts
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, Series, SeriesExdate, SeriesIcs

_FAR = timedelta(days=3660)
_SUB_DAILY = ("HOURLY", "MINUTELY", "SECONDLY")
_OWN = frozenset({"id", "uid", "created_at", "updated_at", "version", "sequence", "rdates", "stopped_at"})
"""Columns that the second half of a split series does not take over."""


class Split(NamedTuple):
    """The new series, the new key of each old one, and how far the old series had rows."""

    target: Series
    keys: dict[str, str]
    covered: datetime


def split(
    session: JournalSession,
    series: Series,
    row: Appointment,
    draft: Draft,
    free: list[Appointment],
    repeat: Repeat | None = None,
) -> Split:
    """End `series` before `row` and start another with the time of `draft`; `free` rows are to move over.

    Positions decide: the i-th occurrence from here takes the i-th start of the new rule; with another cadence
    (`repeat`) dates do, and rows on none of its dates get no key. Exceptions move along; rows that stay with
    the old series leave an exception in the new one, so that none is doubled.

    Raises:
        Refused: an imported rule of a shape that cannot move to another day. Invalid: see `take_rule`.
    """
    old_start, new_start = key_start(series, row.series_key or ""), local_start(draft)
    moving = {other.id for other in free}
    members = session.exec(
        select(Appointment.id, Appointment.series_key).where(Appointment.series_id == series.id)
    ).all()
    staying = [key for row_id, key in members if key and row_id not in moving]
    barred = [key for key in (*exdate_keys(session, series), *staying) if key_start(series, key) >= old_start]
    target = _second_half(session, series, draft, old_start, new_start, repeat)
    needed = [*barred, *(other.series_key or "" for other in free)]
    if repeat is None:
        keys = _mapping(session, series, target, old_start, new_start, needed)
    else:
        keys = keys_by_date(target, series, new_start.date() - old_start.date(), needed)
    session.add_all(
        SeriesExdate(series_id=series_id(target), series_key=key)
        for key in sorted({keys[key] for key in barred if key in keys})
    )
    covered = series.materialised_to
    # A row past the coverage stands alone (`cover`): the years before it have none yet.
    placed = [
        keys[key]
        for key in (*(other.series_key or "" for other in free), *staying)
        if key in keys and instants(series, key_start(series, key))[0] < covered
    ]
    last = max((key_start(target, key) for key in placed), default=new_start) if repeat is None else new_start
    target.materialised_to = instants(target, last)[0] + timedelta(seconds=1)
    end_before(session, series, old_start)
    session.flush()
    return Split(target, keys, covered)


def _second_half(
    session: JournalSession,
    series: Series,
    draft: Draft,
    old_start: datetime,
    new_start: datetime,
    repeat: Repeat | None,
) -> Series:
    target = Series(**series.model_dump(exclude=set(_OWN)), uid=rows.new_uid())
    target.parent_series_id = series.id
    target.tz, target.all_day = draft.tz, draft.all_day
    target.start_local = new_start
    target.duration_s = int((draft.end - draft.start).total_seconds())
    if repeat is None:
        _shift_rule(target, series, old_start, new_start)
    else:
        take_rule(target, repeat)
    target.materialised_from = instants(target, new_start)[0]
    session.add(target)
    session.flush()
    for extra in session.exec(select(SeriesIcs).where(SeriesIcs.series_id == series.id)).all():
        session.add(SeriesIcs(series_id=series_id(target), extra=extra.extra))
    return target


def _shift_rule(target: Series, series: Series, old_start: datetime, new_start: datetime) -> None:
    target.rrule = _shifted_rules(series, old_start, new_start)
    if series.until_date is not None:
        target.until_date = _shifted_day(series.until_date, (new_start.date() - old_start.date()).days)
    shift = new_start - old_start
    target.rdates = "\n".join((moment + shift).isoformat() for moment in rdates_of(series) if moment >= old_start)


def _mapping(
    session: JournalSession,
    series: Series,
    target: Series,
    old_start: datetime,
    new_start: datetime,
    needed: list[str],
) -> dict[str, str]:
    covered = wall_clock(series, min(series.materialised_to, session.now + _FAR))
    last = max([covered, *(key_start(series, key) for key in needed)])
    old_starts = local_starts(series, old_start, shifted(last, timedelta(days=1)))
    reach = shifted(new_start, (last - old_start) * 2 + timedelta(days=400))
    new_starts = local_starts(target, new_start, reach, limit=1_000_000)
    keys = {key_of(series, old): key_of(target, new) for old, new in zip(old_starts, new_starts, strict=False)}
    shift = new_start.date() - old_start.date()
    for key in needed:
        keys.setdefault(key, key_of(target, _moved(target, key_start(series, key) + shift)))
    return keys


def _moved(target: Series, local: datetime) -> datetime:
    return datetime.combine(local.date(), target.start_local.time())


def _shifted_day(day: date, days: int) -> date:
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))


def _shifted_rules(series: Series, old: datetime, new: datetime) -> str:
    """The rules of a series moved from `old` to `new`, COUNT reduced by what stays behind."""
    days = (new.date() - old.date()).days
    tz = zone_of(series)
    lines = []
    for rule in rules_of(series):
        parts = dict(part.split("=", 1) for part in str(rule).split(";"))
        if rule.count is not None:
            before = len(starts(rule, series.start_local, series.start_local, old, tz=tz, limit=100_000))
            parts["COUNT"] = str(max(1, rule.count - before))
        if rule.until is not None:
            last = last_start(rule, series.start_local, tz)
            parts["UNTIL"] = _shifted_day(last.date() if last else old.date(), days).isoformat().replace("-", "")
        if days:
            _shift_days(parts, days, new.date())
        if (new - old) % timedelta(days=1):
            _drop_clock(parts)
        lines.append(";".join(f"{name}={value}" for name, value in parts.items()))
    return "\n".join(lines)


def _drop_clock(parts: dict[str, str]) -> None:
    """Let the time of day follow DTSTART; a rule with several a day cannot."""
    for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        if name in parts and ("," in parts[name] or parts["FREQ"] in _SUB_DAILY):
            raise _cannot_move("time")
        parts.pop(name, None)


def _shift_days(parts: dict[str, str], days: int, first: date) -> None:
    by = {name for name in parts if name.startswith("BY")} - {"BYHOUR", "BYMINUTE", "BYSECOND"}
    if not by and parts["FREQ"] not in _SUB_DAILY:
        return
    if by == {"BYDAY"} and parts["FREQ"] in ("WEEKLY", "MONTHLY") and re.fullmatch(r"[A-Z,]+", parts["BYDAY"]):
        moved = [DAY_CODES[(DAY_CODES.index(code) + days) % 7] for code in parts["BYDAY"].split(",")]
        parts["BYDAY"] = ",".join(sorted(moved, key=DAY_CODES.index))
    elif by == {"BYDAY"} and parts["FREQ"] == "MONTHLY" and "," not in parts["BYDAY"]:
        parts["BYDAY"] = rule_text(Repeat("monthly"), first).rpartition("BYDAY=")[2]
    elif _one_date(parts, by):
        for name in by:
            del parts[name]
    else:
        raise _cannot_move("day")


def _one_date(parts: dict[str, str], by: set[str]) -> bool:
    """Whether the BY parts only repeat the date of DTSTART."""
    dates = {"MONTHLY": ({"BYMONTHDAY"},), "YEARLY": ({"BYMONTHDAY", "BYMONTH"}, {"BYMONTH"})}
    return by in dates.get(parts["FREQ"], ()) and all(parts[name].isdecimal() for name in by)


def _cannot_move(what: str) -> Refused:
    return Refused(f"this imported rule cannot be moved to another {what}", "move single dates, or book it anew")
