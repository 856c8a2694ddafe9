"""Imported recurring events: the series record, how far its rows reach, and which rows those are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from couchcal.errors import Refused
from couchcal.practice.imported_rows import ImportedEvent, event_key
from couchcal.practice.occurrences import BEGINNING, END_OF_TIME, instants, local_starts, rules_of, zone_of
from couchcal.scheduling.recurrence import per_year
from couchcal.scheduling.wallclock import to_local
from couchcal.store.records import Series, epoch_seconds, from_epoch

MAX_ROWS_A_YEAR: Final = 10_000
"""A rule that could fill more is refused."""
_ROWS_BACK: Final = 1_000
_TEXT_BUDGET: Final = 4_000_000
"""Characters of description that the rows of one series may repeat."""
_DAY: Final = timedelta(days=1)


@dataclass(slots=True)
class ImportedSeries:
    """A recurring VEVENT with its exceptions.

    `rrule`, `rdates` and `exdates` are as in the records of series; `overrides` are the components that replace an
    occurrence, by its key; `lengths` the seconds of RDATEs given as periods. `parent_uid` names the series that this
    one continues (RANGE=THISANDFUTURE). With `newer_keys` only these overrides are news for what is stored.
    """

    master: ImportedEvent
    rrule: str
    rdates: list[datetime] = field(default_factory=list)
    exdates: set[str] = field(default_factory=set)
    overrides: dict[str, ImportedEvent] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    parent_uid: str = ""
    newer_keys: set[str] | None = None


class Occurrence(NamedTuple):
    """A row to make: `event` is what it shows, the master or what overrides it."""

    key: str
    start: int
    end: int
    event: ImportedEvent
    overridden: bool


def record_of(series: ImportedSeries, calendar_id: int) -> Series:
    """The series record, without id and with empty coverage."""
    master = series.master
    return Series(
        uid=master.uid,
        kind="other_event",
        calendar_id=calendar_id,
        tz=master.tz,
        start_local=master.start_local,
        duration_s=master.end - master.start,
        all_day=master.all_day,
        rrule=series.rrule,
        rdates="\n".join(moment.isoformat() for moment in sorted(set(series.rdates))),
        materialised_from=BEGINNING,
        materialised_to=BEGINNING,
        origin="ics",
        sequence=master.sequence,
        title=master.title,
        place=master.place,
        busy=master.busy,
        instructions=master.instructions,
        status=master.status,
    )


def cover(record: Series, now: datetime, horizon: datetime) -> list[datetime]:
    """Set how far the rows of a series reach; returns their wall-clock starts, EXDATEs among them.

    A finite series of up to a thousand occurrences is complete. Others reach from about a thousand rows before
    `now` to `horizon`; `occurrences.fill` makes the rest when somebody looks there.
    """
    rules = rules_of(record)
    rows_back = max(50, min(_ROWS_BACK, _TEXT_BUDGET // (len(record.instructions) + 1)))
    if all(rule.count is not None or rule.until is not None for rule in rules):
        try:
            found = local_starts(record, datetime.min, datetime.max, limit=rows_back)  # noqa: DTZ901  wall clock
        except Refused:
            pass
        else:
            record.materialised_from, record.materialised_to = BEGINNING, END_OF_TIME
            return found
    frequency = sum(per_year(rule, record.start_local) for rule in rules) or 1
    back = timedelta(days=max(1, min(365.25 * rows_back / frequency, 700_000)))
    record.materialised_to = horizon
    record.materialised_from = now - back if now - BEGINNING > back else BEGINNING
    first_start = instants(record, record.start_local)[0]
    if record.materialised_from <= first_start:
        record.materialised_from = BEGINNING
    tz = zone_of(record)
    lo = datetime.min if record.materialised_from == BEGINNING else to_local(record.materialised_from, tz) - _DAY  # noqa: DTZ901
    starts = local_starts(record, lo, to_local(horizon, tz) + _DAY)
    return [
        local
        for local in starts
        if record.materialised_from <= instants(record, local)[0] < record.materialised_to
    ]


def occurrences(series: ImportedSeries, record: Series, starts: list[datetime]) -> Iterator[Occurrence]:
    """The rows of a series: those at `starts` that are not excluded, and every override wherever it lies."""
    master = series.master
    pending = dict(series.overrides)
    for local in starts:
        key = event_key(local, all_day=record.all_day)
        override = pending.pop(key, None)
        if override is not None:
            yield Occurrence(key, override.start, override.end, override, True)
        elif key not in series.exdates:
            start, end = (epoch_seconds(moment) for moment in instants(record, local))
            length = series.lengths.get(key)
            if length is None:
                yield Occurrence(key, start, end, master, False)
            else:
                yield Occurrence(key, start, start + length, master, True)
    for key, override in pending.items():
        yield Occurrence(key, override.start, override.end, override, True)


def overridden_fields(occurrence: Occurrence, master: ImportedEvent, record: Series) -> str:
    """What an override changes, in the words of `Appointment.overridden`."""
    if not occurrence.overridden:
        return ""
    event = occurrence.event
    names = [name for name in ("busy", "instructions", "place", "title") if getattr(event, name) != getattr(master, name)]
    regular = instants(record, datetime.fromisoformat(occurrence.key))
    if (from_epoch(occurrence.start), from_epoch(occurrence.end)) != regular or event.all_day != master.all_day:
        names.append("time")
    return " ".join(sorted(names))


def excess(rrules: str, start_local: datetime) -> bool:
    """Whether the rules could fill more than `MAX_ROWS_A_YEAR`."""
    probe = Series(uid="", start_local=start_local, rrule=rrules, materialised_from=BEGINNING, materialised_to=BEGINNING)
    return sum(per_year(rule, start_local) for rule in rules_of(probe)) > MAX_ROWS_A_YEAR


__all__ = [
    "MAX_ROWS_A_YEAR",
    "ImportedSeries",
    "Occurrence",
    "cover",
    "excess",
    "occurrences",
    "overridden_fields",
    "record_of",
]
