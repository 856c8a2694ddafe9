"""Recurring appointments: start, extend, this-and-future in place, stop (practice.md 9.4, REC)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sqlmodel import col, or_, select

from couchcal.clock import Clock, system_clock
from couchcal.errors import Refused
from couchcal.practice import rows
from couchcal.practice.cadence import DAY_CODES, Repeat, repeat_phrase, rule_text
from couchcal.practice.draft import Draft
from couchcal.practice.locks import lock_reasons, worked_on
from couchcal.practice.occurrences import (
    END_OF_TIME,
    fill,
    horizon,
    instants,
    key_of,
    key_start,
    local_starts,
    rules_of,
    zone_of,
)
from couchcal.practice.outcome import Done, Kept, Preview
from couchcal.scheduling.recurrence import starts
from couchcal.scheduling.wallclock import to_local, zone
from couchcal.store.connection import Database
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, Series, SeriesExdate, SeriesIcs
from couchcal.store.session import write_session
from couchcal.store.vocabulary import Scope

_TEMPLATE_FIELDS = tuple(name for name in rows.PLAIN_FIELDS if name not in ("tz", "all_day"))


class FutureOutcome(NamedTuple):
    """Rows a series change touched, and those it left alone."""

    changed: list[Appointment]
    kept: tuple[Kept, ...]


def template_of(session: JournalSession, row: Appointment, draft: Draft, repeat: Repeat, now: datetime) -> Series:
    """A new series whose first occurrence is `row` (REC-02, REC-07); not added to the session yet."""
    start_local = _local_start(draft)
    return Series(
        uid=rows.new_uid(),
        origin=row.origin,
        tz=draft.tz,
        all_day=draft.all_day,
        start_local=start_local,
        duration_s=int((draft.end - draft.start).total_seconds()),
        rrule=rule_text(repeat, start_local.date()),
        until_date=_checked_until(repeat.until, start_local.date()),
        materialised_from=draft.start,
        materialised_to=draft.start + timedelta(seconds=1),
        modifiers=" ".join(draft.modifiers or ()),
        calendar_id=row.calendar_id,
        **{name: getattr(draft, name) for name in _TEMPLATE_FIELDS},
    )


def _checked_until(until: date | None, first: date) -> date | None:
    if until is not None and until < first:
        raise Refused("the series would end before it begins", "choose a later last date")
    return until


def _local_start(draft: Draft) -> datetime:
    return draft.start.replace(tzinfo=None) if draft.all_day else to_local(draft.start, zone(draft.tz))


def phrase(series: Series) -> str:
    """`every 2 weeks` or `every week until 3 Mar 2027`."""
    until = f" until {series.until_date.day} {series.until_date:%b %Y}" if series.until_date else ""
    return repeat_phrase(series.rrule) + until


def start_repeating(
    database: Database,
    appointment_id: int,
    repeat: Repeat,
    *,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Make an existing appointment the first of a series (REC-02); fills every slot (REC-11, INV-S8).

    Raises:
        Refused: it belongs to a series, is cancelled, or is not ours.
    """
    with write_session(database, "Repeats", actor=actor, clock=clock) as session:
        row = rows.load(session, appointment_id)
        if row.series_id is not None:
            raise Refused("it repeats already", "stop repeating first")
        if row.status == "cancelled" or row.origin == "google":
            raise Refused(str(lock_reasons(row)[0].reason), lock_reasons(row)[0].way_out)
        draft = rows.draft_of(session, row)
        series = template_of(session, row, draft, repeat, session.now)
        label = f"{rows.title_of(session, row)} repeats {phrase(series)}"
        session.relabel(label)
        session.add(series)
        session.flush()
        row.series_id, row.series_key = series.id, key_of(series, series.start_local)
        made = fill(session, series, session.now, max(horizon(session), draft.start + timedelta(seconds=1)))
        return Done(label, row.id, len(made) + 1, (), rows.count_conflicts(session, [row, *made]))


def stop_repeating(
    database: Database, appointment_id: int, *, actor: str = "user", clock: Clock = system_clock
) -> Done:
    """End the series of an appointment now: upcoming rows go, past and worked-on ones stay (REC-09, INV-S7).

    Raises:
        Refused: it does not repeat.
    """
    with write_session(database, "Stopped", actor=actor, clock=clock) as session:
        row = rows.load(session, appointment_id)
        series = _series_of(session, row)
        label = f"Stopped repeating {rows.title_of(session, row)}"
        session.relabel(label)
        removed, kept = _sweep(session, series, session.now)
        _close(session, series, session.now)
        return Done(label, None if row in removed else row.id, len(removed), kept)


def end_from(session: JournalSession, row: Appointment) -> FutureOutcome:
    """Delete this and all following of a series (REC-05); worked-on rows stay and are told."""
    series = _series_of(session, row)
    _refuse_past(session, row)
    since = _rule_instant(series, row)
    removed, kept = _sweep(session, series, max(since, session.now))
    _close(session, series, since)
    return FutureOutcome(removed, kept)


def _sweep(session: JournalSession, series: Series, since: datetime) -> tuple[list[Appointment], tuple[Kept, ...]]:
    removed, kept = [], []
    for row in _following(session, series, since):
        if worked_on(row):
            kept.append(_kept(session, row))
        else:
            rows.remove(session, row)
            removed.append(row)
    session.flush()
    return removed, tuple(kept)


def _close(session: JournalSession, series: Series, since: datetime) -> None:
    """End the series before `since`; a series without rows goes away with its exceptions."""
    session.flush()
    remaining = session.exec(select(Appointment.id).where(Appointment.series_id == series.id).limit(1)).first()
    if remaining is None:
        for exdate in session.exec(select(SeriesExdate).where(SeriesExdate.series_id == series.id)):
            session.delete(exdate)
        for extra in session.exec(select(SeriesIcs).where(SeriesIcs.series_id == series.id)):
            session.delete(extra)
        session.flush()
        session.delete(series)
        return
    last = _day_before(series, since)
    if series.until_date is None or last < series.until_date:
        series.until_date = last
    series.stopped_at = session.now
    series.materialised_to = END_OF_TIME
    series.sequence += 1


def _day_before(series: Series, since: datetime) -> date:
    """The last local date that may have an occurrence when the series ends before `since`."""
    local = since.replace(tzinfo=None) if series.all_day else to_local(since, zone_of(series))
    day = local.date()
    still = local_starts(series, datetime.combine(day, time()), local)
    return day if still else day - timedelta(days=1)


def bump(session: JournalSession, series_id: int) -> None:
    """Raise the SEQUENCE of a series whose recurrence set changed (INV-M4)."""
    series = session.get(Series, series_id)
    if series is not None:
        series.sequence += 1


def extend_all(database: Database, start: datetime, end: datetime, *, clock: Clock = system_clock) -> int:
    """Give every series its rows in `[start, end)` and up to the horizon; returns how many were made (REC-08)."""
    with write_session(database, "Extended series", actor="worker", clock=clock) as session:
        until = max(end, horizon(session))
        lacking = session.exec(
            select(Series).where(or_(col(Series.materialised_to) < until, col(Series.materialised_from) > start))
        )
        return sum(len(fill(session, series, start, until)) for series in lacking)


def preview(database: Database, appointment_id: int, scope: Scope, *, clock: Clock = system_clock) -> Preview:
    """How many rows a scope would touch, and which it would leave (REC-04)."""
    from couchcal.store.session import engine_of

    with JournalSession(engine_of(database)) as session:
        session.begin_change("preview", actor="user", clock=clock)
        row = rows.load(session, appointment_id)
        if scope == "this" or row.series_id is None:
            return Preview(1, ())
        series = _series_of(session, row)
        following = _following(session, series, max(_rule_instant(series, row), session.now))
        kept = tuple(_kept(session, other) for other in following if worked_on(other) and other is not row)
        return Preview(len(following) - len(kept), kept)


def change_future(
    session: JournalSession,
    row: Appointment,
    before: Draft,
    draft: Draft,
    names: set[str],
    *,
    reset_moved: bool,
) -> FutureOutcome:
    """Apply an edit to this occurrence and all following, in place (INV-S2, S4, S5).

    Ids, uids and remote ids stay. Worked-on rows keep everything and are told; fields changed by hand on
    single rows stay unless `reset_moved`. A change of time splits the series; others need no split.
    """
    from couchcal.practice.appointments import update_row

    series = _series_of(session, row)
    _refuse_past(session, row)
    if worked_on(row):
        raise Refused(
            f"{lock_reasons(row)[0].reason}, so it cannot lead a change of the series",
            "change this one only, or begin from the next",
        )
    since = max(_rule_instant(series, row), session.now)
    following = _following(session, series, since)
    if row not in following:
        following.insert(0, row)
    kept = tuple(_kept(session, other) for other in following if worked_on(other))
    free = [other for other in following if not worked_on(other)]
    timed = bool(names & {"start", "end", "tz", "all_day"})
    target, keys = (series, {}) if not timed else _split(session, series, row, draft, following)
    _update_template(session, target, draft, names)
    fields = names - {"start", "end", "tz", "all_day"}
    for other in free:
        own = set() if reset_moved else set(other.overridden.split())
        wanted = {name for name in fields if name not in own or other is row}
        mine = rows.draft_of(session, other)
        for name in wanted:
            setattr(mine, name, getattr(draft, name))
        touched = set(wanted)
        if timed:
            other.series_id, other.series_key = target.id, keys[other.series_key or ""]
            if other is row or reset_moved or rows.TIME not in own:
                mine.start, mine.end = instants(target, key_start(target, other.series_key))
                mine.tz, mine.all_day = target.tz, target.all_day
                rows.set_overridden(other, rows.TIME, on=False)
                touched |= {"start", "end"}
        if other is row:
            other.overridden = " ".join(sorted(set(other.overridden.split()) - wanted))
        update_row(session, other, mine, touched, by_hand=False)
    return FutureOutcome(free, kept)


def _update_template(session: JournalSession, series: Series, draft: Draft, names: set[str]) -> None:
    for name in names:
        if name in _TEMPLATE_FIELDS:
            rows.put(series, name, getattr(draft, name))
    if "modifiers" in names:
        series.modifiers = " ".join(draft.modifiers or ())
    series.sequence += 1


def _split(
    session: JournalSession, series: Series, row: Appointment, draft: Draft, following: list[Appointment]
) -> tuple[Series, dict[str, str]]:
    """End `series` before `row` and start another with the new time; returns it and old key -> new key.

    Positions decide: the i-th occurrence from here takes the i-th start of the new rule. Exceptions move
    along; rows that stay with the old series leave an exception in the new one, so that none is doubled.
    """
    old_start = key_start(series, row.series_key or "")
    new_start = _local_start(draft)
    last_key = max((key_start(series, other.series_key or "") for other in following), default=old_start)
    covered = min(series.materialised_to, session.now + timedelta(days=3660))
    window_end = max(last_key, to_local(covered, zone_of(series))) + timedelta(days=1)
    old_starts = local_starts(series, old_start, window_end)
    target = Series(
        **series.model_dump(
            exclude={"id", "uid", "created_at", "updated_at", "version", "rdates", "stopped_at", "sequence"}
        ),
        uid=rows.new_uid(),
    )
    target.parent_series_id = series.id
    target.tz, target.all_day = draft.tz, draft.all_day
    target.start_local = new_start
    target.duration_s = int((draft.end - draft.start).total_seconds())
    target.rrule = _shifted_rules(series, old_start, new_start)
    shift = new_start.date() - old_start.date()
    if series.until_date is not None:
        target.until_date = series.until_date + shift
    target.rdates = "\n".join(
        (moment + (new_start - old_start)).isoformat() for moment in _rdates_from(series, old_start)
    )
    target.materialised_from = instants(target, new_start)[0]
    session.add(target)
    session.flush()
    span = (window_end - old_start) * 2 + timedelta(days=400)
    new_starts = local_starts(target, new_start, new_start + span, limit=1_000_000)
    keys = {key_of(series, old): key_of(target, new) for old, new in zip(old_starts, new_starts, strict=False)}
    for other in following:
        keys.setdefault(other.series_key or "", key_of(target, key_start(series, other.series_key or "") + shift))
    gone = session.exec(select(SeriesExdate).where(SeriesExdate.series_id == series.id)).all()
    for exdate in gone:
        if exdate.series_key in keys:
            session.add(SeriesExdate(series_id=_id(target), series_key=keys[exdate.series_key]))
    for other in following:
        if worked_on(other):
            session.add(SeriesExdate(series_id=_id(target), series_key=keys[other.series_key or ""]))
    series.until_date = old_start.date() - timedelta(days=1)
    series.materialised_to = END_OF_TIME
    series.sequence += 1
    session.flush()
    return target, keys


def _rdates_from(series: Series, start: datetime) -> list[datetime]:
    return [moment for line in series.rdates.split() if (moment := datetime.fromisoformat(line)) >= start]


def _shifted_rules(series: Series, old: datetime, new: datetime) -> str:
    """The rules of a series moved from `old` to `new`, COUNT reduced by what stays behind.

    Raises:
        Refused: an imported rule of a shape that cannot move to another day.
    """
    days = (new.date() - old.date()).days
    lines = []
    for rule in rules_of(series):
        parts = dict(part.split("=", 1) for part in str(rule).split(";"))
        if rule.count is not None:
            before = len(
                starts(rule, series.start_local, series.start_local, old, tz=zone_of(series), limit=100_000)
            )
            parts["COUNT"] = str(max(1, rule.count - before))
        if days:
            _shift_days(parts, days, new.date())
        for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
            parts.pop(name, None)
        if rule.until is not None:
            parts["UNTIL"] = _shifted_until(rule.until, days)
        lines.append(";".join(f"{name}={value}" for name, value in parts.items()))
    return "\n".join(lines)


def _shifted_until(until: date | datetime, days: int) -> str:
    day = until.date() if isinstance(until, datetime) else until
    return f"{day + timedelta(days=days):%Y%m%d}"


def _shift_days(parts: dict[str, str], days: int, first: date) -> None:
    plain = not any(name in parts for name in ("BYSETPOS", "BYWEEKNO", "BYYEARDAY"))
    if parts["FREQ"] == "WEEKLY" and plain and "BYDAY" in parts:
        moved = [DAY_CODES[(DAY_CODES.index(code) + days) % 7] for code in parts["BYDAY"].split(",")]
        parts["BYDAY"] = ",".join(sorted(moved, key=DAY_CODES.index))
        return
    if parts["FREQ"] == "MONTHLY" and plain and "," not in parts.get("BYDAY", "") and "BYMONTH" not in parts:
        if parts.get("BYDAY"):
            repeat = Repeat("monthly", int(parts.get("INTERVAL", "1")))
            parts["BYDAY"] = rule_text(repeat, first).rpartition("BYDAY=")[2]
            return
        if "," not in parts.get("BYMONTHDAY", ""):
            parts.pop("BYMONTHDAY", None)
            return
    if not any(name.startswith("BY") for name in parts):
        return
    raise Refused("this imported rule cannot be moved to another day", "move single dates, or delete and book anew")


def _series_of(session: JournalSession, row: Appointment) -> Series:
    series = session.get(Series, row.series_id) if row.series_id is not None else None
    if series is None:
        raise Refused("it does not repeat", "couchcal repeat starts a series")
    return series


def _refuse_past(session: JournalSession, row: Appointment) -> None:
    if row.start_utc < session.now:
        raise Refused(
            "past occurrences of a series stay as they are",
            "change this one only, or begin from an upcoming one",
        )


def _rule_instant(series: Series, row: Appointment) -> datetime:
    """When the rule puts this occurrence, wherever it was moved to."""
    return instants(series, key_start(series, row.series_key or ""))[0]


def _following(session: JournalSession, series: Series, since: datetime) -> list[Appointment]:
    """Rows whose place in the rule is at or after `since` and that have not begun, by place."""
    statement = select(Appointment).where(
        Appointment.series_id == series.id, col(Appointment.start_utc) >= session.now
    )
    found = [row for row in session.exec(statement) if _rule_instant(series, row) >= since]
    return sorted(found, key=lambda row: (row.series_key or "", row.id or 0))


def _kept(session: JournalSession, row: Appointment) -> Kept:
    return Kept(_id(row), f"{rows.title_of(session, row)} {rows.when_words(row)}", lock_reasons(row)[0].reason)


def _id(record: Appointment | Series) -> int:
    if record.id is None:
        raise RuntimeError("the row is not stored yet")
    return record.id


__all__ = [
    "END_OF_TIME",
    "FutureOutcome",
    "bump",
    "change_future",
    "end_from",
    "extend_all",
    "fill",
    "horizon",
    "key_of",
    "phrase",
    "preview",
    "start_repeating",
    "stop_repeating",
    "template_of",
]
