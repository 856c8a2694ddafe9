"""What was worked: hours by service, utilisation, late cancels and no-shows, sessions per week.

Sums are made by the database. A range is half-open days of the practice's zone; a session belongs to the day on
which it begins there, so weeks and months break at local midnights on both sides of a change of the clocks.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from couchcal.errors import Invalid
from couchcal.practice import agenda
from couchcal.practice.agenda import Entry, day_instant
from couchcal.practice.availability_time import available_seconds
from couchcal.scheduling.span import CLASSES, reach
from couchcal.scheduling.wallclock import to_local
from couchcal.store.connection import Connection

LONGEST_DAYS = 3653
"""Ten years: a longer report would have more lines than anybody reads."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_WEEK_S = 604_800

_SPANS = f"VALUES {', '.join(f'({k}, {reach(k)})' for k in range(CLASSES))}"
_STARTS = f"span IN ({', '.join(map(str, range(CLASSES)))}) AND a.start_utc >= :lo AND a.start_utc < :hi"
"""Begins in `[lo, hi)`, by the index of spans and starts."""
_KEPT = "a.kind = 'client_session' AND a.status <> 'cancelled'"

_HOURS = f"""
SELECT t.service, coalesce(s.label, ''), sum(t.sessions), sum(t.seconds), s.fee_cents * sum(t.sessions)
FROM (
  SELECT a.service, count(*) AS sessions, sum(a.end_utc - a.start_utc) AS seconds
  FROM appointment a WHERE {_STARTS} AND {_KEPT} AND a.group_key IS NULL GROUP BY a.service
  UNION ALL
  SELECT a.service, count(*), a.end_utc - a.start_utc
  FROM appointment a WHERE {_STARTS} AND {_KEPT} AND a.group_key IS NOT NULL
  GROUP BY a.service, a.group_key, a.start_utc, a.end_utc
) t
LEFT JOIN service_code s ON s.code = t.service
GROUP BY t.service, s.label, s.fee_cents ORDER BY sum(t.seconds) DESC, t.service
"""  # noqa: S608  no value is in the text, only our own fragments
_WEEKS = f"""
SELECT (a.start_utc + {{offset}} - :base) / {_WEEK_S},
       sum(a.status <> 'cancelled' AND a.end_utc <= :now), sum(a.status <> 'cancelled' AND a.end_utc > :now),
       sum(a.status = 'cancelled')
FROM appointment a WHERE {_STARTS} AND a.kind = 'client_session' GROUP BY 1
"""  # noqa: S608  our fragments
_MISSED = f"""
FROM appointment a CROSS JOIN cancellation x ON x.appointment_id = a.id
JOIN client c ON c.id = a.client_id
WHERE {_STARTS} AND a.status = 'cancelled' AND a.kind = 'client_session'
  AND (x.type = 'late_cancel' OR x.type = 'no_show')
"""
_CANCELLATIONS = f"""
SELECT strftime('%Y-%m-01', a.start_utc + {{offset}}, 'unixepoch'), c.id, c.internal_id,
       coalesce(nullif(c.preferred, ''), c.first), c.last,
       sum(x.type = 'late_cancel'), sum(x.type = 'no_show'), coalesce(sum(x.fee_cents), 0)
{_MISSED}
GROUP BY 1, 2 ORDER BY 1, 3
"""
_BOOKED = f"""
WITH span(class, reach) AS ({_SPANS}),
busy AS (
  SELECT max(a.start_utc, :lo) AS start_utc, min(a.end_utc, :hi) AS end_utc,
         max(min(a.end_utc, :hi)) OVER
             (ORDER BY a.start_utc, a.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
  FROM span CROSS JOIN appointment a
    ON a.span = span.class AND a.start_utc > :lo - span.reach AND a.start_utc < :hi
  WHERE a.end_utc > :lo AND a.kind <> 'other_event' AND a.status <> 'cancelled'
),
piece AS (
  SELECT max(start_utc, coalesce(reached, start_utc)) AS start_utc, end_utc FROM busy
  WHERE end_utc > max(start_utc, coalesce(reached, start_utc))
)
SELECT min(a.start_utc), max(a.end_utc), sum(a.end_utc - a.start_utc),
       (a.start_utc + {{offset}} - :base) / {_WEEK_S} AS week, (a.end_utc - 1 + {{last_offset}} - :base) / {_WEEK_S}
FROM piece a GROUP BY 4, 5
"""  # noqa: S608  our fragments
"""Time with clients, counted once where sessions overlap: pieces within a week are summed, the one that crosses
from a week to another stands alone."""


class ServiceHours(NamedTuple):
    """Sessions of a service. A group that shares a time counts that time once.

    `share` is the part of all seconds, 0 to 1; `fee_cents` the fee of the service list times the sessions, None
    where the list has none.
    """

    code: str
    label: str
    sessions: int
    seconds: int
    share: float
    fee_cents: int | None


class WeekUse(NamedTuple):
    """Time with clients against the time available in a week.

    `week` is its first day, also where the range begins or ends within it; only days of the range count.
    `available` is None while no availability is set. Both are seconds.
    """

    week: date
    booked: int
    available: int | None

    @property
    def share(self) -> float | None:
        """Booked of available; more than 1 where sessions lie outside the hours, None without hours."""
        return self.booked / self.available if self.available else None


class Missed(NamedTuple):
    """Late cancels and no-shows of a client in the month that begins on `month`, and the fees recorded."""

    month: date
    client_id: int
    internal_id: str
    first: str
    last: str
    late_cancels: int
    no_shows: int
    fee_cents: int


class WeekSessions(NamedTuple):
    """Sessions that begin in a week: over, still to come, and cancelled whatever the reason."""

    week: date
    kept: int
    upcoming: int
    cancelled: int


class Report(NamedTuple):
    """The four tables over the days `[first, until)`."""

    first: date
    until: date
    hours: list[ServiceHours]
    utilisation: list[WeekUse]
    cancellations: list[Missed]
    weeks: list[WeekSessions]


def report(
    connection: Connection, first: date, until: date, tz: tzinfo, now: datetime, *, week_start: int = 0
) -> Report:
    """All tables of the days `[first, until)`.

    Args:
        connection: from `Database.connect()`; series must reach that far (`agenda.horizon_reached`).
        tz: the practice's zone.
        now: an aware instant; what ends after it is still to come.
        week_start: the weekday on which weeks begin, 0 is Monday.

    Raises:
        Invalid: more than ten years.
    """
    if (until - first).days > LONGEST_DAYS:
        raise Invalid(f"{first} to {until} is more than ten years", "choose an earlier end", field="until")
    span = _Range(first, until, tz, week_start)
    if until <= first:
        return Report(first, until, [], [], [], [])
    return Report(
        first,
        until,
        _hours(connection, span),
        _utilisation(connection, span),
        _cancellations(connection, span),
        _weeks(connection, span, now),
    )


def missed(connection: Connection, first: date, until: date, tz: tzinfo) -> list[Entry]:
    """The late cancels and no-shows that begin on the days `[first, until)`, sorted by start and id."""
    bounds = {"lo": _seconds(day_instant(first, tz)), "hi": _seconds(day_instant(until, tz))}
    ids = connection.execute(f"SELECT a.id {_MISSED}", bounds).fetchall()
    entries = (agenda.one(connection, row_id, tz) for (row_id,) in ids)
    return sorted((entry for entry in entries if entry is not None), key=lambda entry: (entry.start, entry.id))


class _Range:
    """A range of days with what the statements need of it. `weeks` are the first days of its weeks."""

    def __init__(self, first: date, until: date, tz: tzinfo, week_start: int) -> None:
        self.start, self.end = day_instant(first, tz), day_instant(until, tz)
        self.tz = tz
        self.days = [date.fromordinal(day) for day in range(first.toordinal(), until.toordinal())]
        self._monday = first.toordinal() - (first.weekday() - week_start) % 7  # or what day weeks begin on
        self.weeks = [date.fromordinal(max(1, day)) for day in range(self._monday, until.toordinal(), 7)]
        self._offsets = _offsets(self.start, self.end, tz)

    @property
    def values(self) -> dict[str, int]:
        """What the statements call `:lo`, `:hi` and `:base`."""
        base = (self._monday - _EPOCH.toordinal()) * 86_400
        return {"lo": _seconds(self.start), "hi": _seconds(self.end), "base": base}

    def offset(self, column: str) -> str:
        """SQL for the seconds that the practice's clocks are ahead of UTC at an instant of the range."""
        *changes, (_, last) = self._offsets
        if not changes:
            return str(last)
        return (
            f"CASE {' '.join(f'WHEN {column} < {until} THEN {ahead}' for until, ahead in changes)} ELSE {last} END"
        )

    def week_of(self, day: date) -> int:
        """The index in `weeks` of the week of a day."""
        return (day.toordinal() - self._monday) // 7


def _hours(connection: Connection, span: _Range) -> list[ServiceHours]:
    rows = connection.execute(_HOURS, {"lo": span.values["lo"], "hi": span.values["hi"]}).fetchall()
    total = sum(seconds for _, _, _, seconds, _ in rows) or 1
    return [
        ServiceHours(code, label, sessions, seconds, seconds / total, fees)
        for code, label, sessions, seconds, fees in rows
    ]


def _utilisation(connection: Connection, span: _Range) -> list[WeekUse]:
    booked = [0] * len(span.weeks)
    statement = _BOOKED.format(offset=span.offset("a.start_utc"), last_offset=span.offset("(a.end_utc - 1)"))
    for start, end, seconds, week, last_week in connection.execute(statement, span.values):
        if week == last_week:
            booked[week] += seconds
            continue
        for index in range(week, last_week + 1):
            opens = _seconds(day_instant(span.weeks[index], span.tz)) if index > week else start
            closes = _seconds(day_instant(span.weeks[index + 1], span.tz)) if index < last_week else end
            booked[index] += closes - opens
    available = available_seconds(connection, span.days, span.tz)
    if available is None:
        return [WeekUse(week, seconds, None) for week, seconds in zip(span.weeks, booked, strict=True)]
    open_for = [0] * len(span.weeks)
    for day, seconds in available.items():
        open_for[span.week_of(day)] += seconds
    return [WeekUse(*row) for row in zip(span.weeks, booked, open_for, strict=True)]


def _cancellations(connection: Connection, span: _Range) -> list[Missed]:
    statement = _CANCELLATIONS.format(offset=span.offset("a.start_utc"))
    rows = connection.execute(statement, {"lo": span.values["lo"], "hi": span.values["hi"]})
    return [Missed(date.fromisoformat(month), *row) for month, *row in rows]


def _weeks(connection: Connection, span: _Range, now: datetime) -> list[WeekSessions]:
    statement = _WEEKS.format(offset=span.offset("a.start_utc"))
    rows = connection.execute(statement, {**span.values, "now": _seconds(now)})
    counted = {index: counts for index, *counts in rows}
    return [WeekSessions(week, *counted.get(index, (0, 0, 0))) for index, week in enumerate(span.weeks)]


def _offsets(start: datetime, end: datetime, tz: tzinfo) -> list[tuple[int, int]]:
    """`(until, ahead)` in seconds for `[start, end)`: up to the instant `until` the clocks of `tz` are `ahead` of
    UTC; the last one has no end that counts."""
    found: list[tuple[int, int]] = []
    at, ahead = start, _ahead(start, tz)
    while at < end:
        following = min(end, at + _DAY) if end - at > _DAY else end
        if _ahead(following, tz) != ahead:
            early, late = at, following
            while late - early > _SECOND:
                middle = early + (late - early) // _SECOND // 2 * _SECOND
                early, late = (middle, late) if _ahead(middle, tz) == ahead else (early, middle)
            found.append((_seconds(late), ahead))
            ahead = _ahead(following, tz)
        at = following
    return [*found, (_seconds(end), ahead)]


def _ahead(instant: datetime, tz: tzinfo) -> int:
    return (to_local(instant, tz) - instant.replace(tzinfo=None)) // _SECOND


def _seconds(instant: datetime) -> int:
    return (instant - _EPOCH) // _SECOND
