"""Imported recurring events: how far their rows reach, and which rows those are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final, NamedTuple

from couchcal.practice.imported_rows import ImportedEvent, event_key
from couchcal.practice.occurrences import BEGINNING, END_OF_TIME
from couchcal.scheduling.recurrence import Rule, TooManyOccurrences, per_year, recurrence_set
from couchcal.scheduling.wallclock import UnknownZone, to_instant, to_local, zone
from couchcal.store.records import epoch_seconds

MAX_ROWS_A_YEAR: Final = 10_000
"""A rule that could fill more is refused."""
_ROWS_BACK: Final = 1_000
_TEXT_BUDGET: Final = 4_000_000
"""Characters of description that the rows of one series may repeat."""
_MAX_ROWS: Final = 100_000
_DAY: Final = timedelta(days=1)
_FIRST_LOCAL: Final = BEGINNING.replace(tzinfo=None)
_LAST_LOCAL: Final = END_OF_TIME.replace(tzinfo=None)


@dataclass(slots=True)
class ImportedSeries:
    """A recurring VEVENT with its exceptions.

    UNTIL of `rules` is a DATE for all-day series and UTC for others. `rdates` are wall-clock starts, `exdates` and
    `overrides` go by key; `lengths` has the seconds of RDATEs given as periods. `parent_uid` names the series that
    this one continues (RANGE=THISANDFUTURE). With `newer_keys` only these overrides are news for what is stored.
    """

    master: ImportedEvent
    rules: list[Rule] = field(default_factory=list)
    rdates: list[datetime] = field(default_factory=list)
    exdates: set[str] = field(default_factory=set)
    overrides: dict[str, ImportedEvent] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    parent_uid: str = ""
    newer_keys: set[str] | None = None

    @property
    def duration(self) -> int:
        """Seconds."""
        return self.master.end - self.master.start

    @property
    def zone(self) -> tzinfo:
        try:
            return zone(self.master.tz)
        except UnknownZone:
            return UTC

    def columns(self) -> dict[str, Any]:
        """Columns of the series record, without its calendar and its coverage."""
        master = self.master
        return {
            "tz": master.tz,
            "start_local": master.start_local,
            "duration_s": self.duration,
            "all_day": master.all_day,
            "rrule": "\n".join(dict.fromkeys(map(str, self.rules))),
            "rdates": "\n".join(moment.isoformat() for moment in sorted(set(self.rdates))),
            "sequence": master.sequence,
            "title": master.title,
            "place": master.place,
            "busy": master.busy,
            "instructions": master.instructions,
            "status": master.status,
        }


class Coverage(NamedTuple):
    """How far the rows of a series reach, `[start, end)`, and its starts in there, EXDATEs among them."""

    start: datetime
    end: datetime
    starts: list[datetime]


class Occurrence(NamedTuple):
    """A row to make: `event` is what it shows, the master or what overrides it."""

    key: str
    start: int
    end: int
    event: ImportedEvent
    overridden: bool


def rows_a_year(rules: list[Rule], start_local: datetime) -> int:
    """How many rows a year the rules can fill at most."""
    return sum(per_year(rule, start_local) for rule in rules)


def cover(series: ImportedSeries, now: datetime, horizon: datetime) -> Coverage:
    """How far to make rows.

    A finite series of up to a thousand occurrences is complete. Others reach from about a thousand rows before
    `now` to `horizon`; `occurrences.fill` makes the rest when somebody looks there.
    """
    rows_back = max(50, min(_ROWS_BACK, _TEXT_BUDGET // (len(series.master.instructions) + 1)))
    if all(rule.count is not None or rule.until is not None for rule in series.rules):
        try:
            return Coverage(BEGINNING, END_OF_TIME, _starts(series, _FIRST_LOCAL, _LAST_LOCAL, rows_back))
        except TooManyOccurrences:
            pass
    frequency = rows_a_year(series.rules, series.master.start_local) or 1
    back = timedelta(days=max(1.0, min(365.25 * rows_back / frequency, 700_000)))
    first = now - back if now - BEGINNING > back else BEGINNING
    if epoch_seconds(first) <= series.master.start:
        first = BEGINNING
    tz = series.zone
    lo = _FIRST_LOCAL if first == BEGINNING else to_local(first, tz) - _DAY
    lower, upper = epoch_seconds(first), epoch_seconds(horizon)
    starts = [
        local
        for local in _starts(series, lo, to_local(horizon, tz) + _DAY, _MAX_ROWS)
        if lower <= _seconds(local, series, tz) < upper
    ]
    return Coverage(first, horizon, starts)


def _starts(series: ImportedSeries, lo: datetime, hi: datetime, limit: int) -> list[datetime]:
    master = series.master
    return recurrence_set(master.start_local, series.rules, series.rdates, (), lo, hi, tz=series.zone, limit=limit)


def _seconds(local: datetime, series: ImportedSeries, tz: tzinfo) -> int:
    return epoch_seconds(local.replace(tzinfo=UTC) if series.master.all_day else to_instant(local, tz))


def occurrences(series: ImportedSeries, starts: list[datetime]) -> Iterator[Occurrence]:
    """The rows of a series: those at `starts` that are not excluded, and every override wherever it lies."""
    master, duration, tz = series.master, series.duration, series.zone
    pending = dict(series.overrides)
    for local in starts:
        key = event_key(local, all_day=master.all_day)
        override = pending.pop(key, None) if pending else None
        if override is not None:
            yield Occurrence(key, override.start, override.end, override, True)
        elif key not in series.exdates:
            start = _seconds(local, series, tz)
            length = series.lengths.get(key)
            yield Occurrence(
                key, start, start + (duration if length is None else length), master, length is not None
            )
    for key, override in pending.items():
        yield Occurrence(key, override.start, override.end, override, True)


def overridden_fields(occurrence: Occurrence, series: ImportedSeries) -> str:
    """What an override changes, in the words of `Appointment.overridden`."""
    if not occurrence.overridden:
        return ""
    event, master = occurrence.event, series.master
    names = [
        name for name in ("busy", "instructions", "place", "title") if getattr(event, name) != getattr(master, name)
    ]
    start = _seconds(datetime.fromisoformat(occurrence.key), series, series.zone)
    if (occurrence.start, occurrence.end) != (start, start + series.duration) or event.all_day != master.all_day:
        names.append("time")
    return " ".join(names)
