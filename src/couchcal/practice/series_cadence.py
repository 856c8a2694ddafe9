"""Giving a series another cadence or another end, from one occurrence on (REC-03, REC-13, C-01)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from couchcal.errors import Invalid
from couchcal.practice.cadence import Repeat, rule_text
from couchcal.practice.occurrences import fill, horizon, key_of, key_start, local_starts, shifted, zone_of
from couchcal.practice.outcome import Kept
from couchcal.practice.series_rows import FutureOutcome, checked_until, kept_row, sweep, upcoming
from couchcal.scheduling.wallclock import to_instant
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, Series

MOVED = "moved by hand"


def is_new_rule(series: Series, row: Appointment, repeat: Repeat) -> bool:
    """Whether `repeat` is another cadence than the one the series has; its end does not count."""
    return rule_text(repeat, key_start(series, row.series_key or "").date()) != series.rrule


def take_rule(target: Series, repeat: Repeat) -> None:
    """Write a cadence and its end into a new series, whose first date is known.

    Raises:
        Invalid: the series would end before it begins, or is not on the last such weekday of its month.
    """
    first = target.start_local.date()
    target.rrule, target.rdates = rule_text(repeat, first), ""
    target.until_date = checked_until(repeat.until, first)


def keys_by_date(target: Series, series: Series, shift: timedelta, keys: list[str]) -> dict[str, str]:
    """New keys of the old ones that fall on a date of the new cadence, both moved by `shift` days.

    By date, not by position: of a weekly series that becomes fortnightly every other session stays where it
    is, and so does a week that was left out for a holiday.
    """
    if not keys:
        return {}
    wanted = {key: key_start(series, key).date() + shift for key in keys}
    last = datetime.combine(max(wanted.values()), time())
    starts = local_starts(target, target.start_local, shifted(last, timedelta(days=1)))
    by_date = {start.date(): key_of(target, start) for start in starts}
    return {key: by_date[day] for key, day in wanted.items() if day in by_date}


def drop_unmatched(
    session: JournalSession, unmatched: list[Appointment], *, keep_moved: bool
) -> tuple[int, tuple[Kept, ...]]:
    """Delete rows whose date the new cadence does not have; how many went, and which stay because a person had
    moved them and `keep_moved` says that they stay."""
    moved = [row for row in unmatched if keep_moved and "time" in row.overridden.split()]
    removed, _ = sweep(session, [row for row in unmatched if row not in moved])
    return len(removed), tuple(kept_row(session, row, MOVED) for row in moved)


def fill_ahead(session: JournalSession, series: Series, covered: datetime) -> list[Appointment]:
    """Give a series its rows up to the horizon, and as far as it had them before within reason."""
    ahead = horizon(session)
    far = min(covered, ahead + timedelta(days=731))
    return fill(session, series, series.materialised_from, max(ahead, far))


def set_until(session: JournalSession, series: Series, row: Appointment, until: date | None) -> FutureOutcome:
    """Let the series end on another day, or go on until stopped; the rows made are its `added`.

    Raises:
        Invalid: the day lies before this occurrence.
    """
    if until is not None and until < key_start(series, row.series_key or "").date():
        raise Invalid("the series would end before this one", "choose a later last date", field="until")
    before, series.until_date = series.until_date, until
    series.stopped_at = None
    series.sequence += 1
    removed: list[Appointment] = []
    kept: tuple[Kept, ...] = ()
    if until is not None:
        late = [
            other
            for other in upcoming(session, series, session.now)
            if key_start(series, other.series_key or "").date() > until
        ]
        removed, kept = sweep(session, late)
    made: list[Appointment] = []
    if before is not None and (until is None or until > before):
        complete = to_instant(datetime.combine(before + timedelta(days=1), time()), zone_of(series))
        series.materialised_to = max(min(series.materialised_to, complete), session.now)
        made = fill(session, series, series.materialised_from, horizon(session))
    return FutureOutcome(made, kept, len(removed), len(made))
