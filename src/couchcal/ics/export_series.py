"""A series as VEVENTs: a master with its rule and exceptions, and an override for every occurrence that differs.

What is on the calendar are rows, so the recurrence set that is written is computed from the template and its rows
(RFC 5545 3.8.4.4, 3.8.5). Every occurrence that the rule makes but the calendar does not show is an EXDATE.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Final, NamedTuple

from couchcal.ics.export_items import Item, Wording, event_lines
from couchcal.ics.export_template import Template
from couchcal.ics.export_window import Window
from couchcal.ics.export_zones import ExportZones
from couchcal.ics.folding import fold
from couchcal.scheduling.wallclock import MAX_LOCAL, MIN_LOCAL, is_gap

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)


class Written(NamedTuple):
    """VEVENTs that stand together, and what they are sorted by. `events` is how many there are."""

    start: int
    uid: str
    text: str
    events: int


class Places(NamedTuple):
    """What the calendar shows at the starts of a rule. At `plain` ones it is what the template says."""

    plain: set[datetime]
    changed: dict[datetime, Item]
    absent: set[datetime]
    homeless: list[Item]
    """Rows where the rule has no occurrence."""

    @property
    def shown(self) -> list[datetime]:
        return sorted(chain(self.plain, self.changed))


class SeriesWriter:
    """Writes series; all of an export share one.

    Args:
        window: only occurrences that overlap it are written.
        cancelled: whether cancelled occurrences are written, marked as such.
    """

    def __init__(self, zones: ExportZones, wording: Wording, window: Window, *, cancelled: bool) -> None:
        self._zones = zones
        self._wording = wording
        self._window = window
        self._cancelled = cancelled

    def write(
        self, template: Template, rows: Mapping[str, Item], exdates: Collection[str]
    ) -> tuple[Written | None, list[Item]]:
        """The master with its overrides, None if nothing of the rule is left; and the rows that must stand alone.

        Args:
            rows: all rows of the series by key.
            exdates: keys of occurrences that were deleted.
        """
        dead = template.item.status == "cancelled" and not self._cancelled
        bounds = None if dead else self._bounds(template, rows)
        if bounds is None:
            return None, [row for row in rows.values() if self._shows(row)]
        first, last = bounds
        places = self._sorted(template, rows, exdates, first, last)
        if not places.shown and self._complete(template, first, last):
            return None, places.homeless
        return self._master(template, rows, places, last), places.homeless

    def _shows(self, row: Item) -> bool:
        if row.status == "cancelled" and not self._cancelled:
            return False
        return self._window.admits(row.start, row.end, all_day=bool(row.all_day))

    def _admits(self, template: Template, start: datetime) -> bool:
        """Whether the occurrence that the template has at `start` lies in the window."""
        return self._window.admits(*template.instants(start), all_day=template.item.all_day)

    def _bounds(self, template: Template, rows: Mapping[str, Item]) -> tuple[datetime, datetime | None] | None:
        """The first and the last start to speak of, None for a rule without end; None when there is none at all."""
        window = self._window
        first, last = template.first(), template.last()
        if first is None or window.endless:
            return None if first is None else (first, last)
        moved = [template.key_start(key) for key, row in rows.items() if self._shows(row)]
        moved = [start for start in moved if template.has(start)]
        if window.lo is not None:
            start = self._first_inside(template, window.lo)
            first = min((*moved, *([] if start is None else [start])), default=None)
        if window.hi is not None and first is not None:
            inside = template.between(first, _later(template.local(window.hi), _DAY))
            last = max((*moved, *(start for start in inside if self._admits(template, start))), default=None)
            if last is None:
                return None
        return None if first is None else (first, last)

    def _first_inside(self, template: Template, lo: int) -> datetime | None:
        start = template.first(_later(template.local(lo), -_DAY - timedelta(seconds=template.duration)))
        while start is not None and not self._admits(template, start):
            if self._window.hi is not None and template.instants(start)[0] > self._window.hi + 2 * 86_400:
                return None
            start = template.first(start + _SECOND)
        return start

    def _complete(self, template: Template, first: datetime, last: datetime | None) -> bool:
        """Whether `_speaking` names every start from `first` to `last`."""
        below = self._window.lo is not None or template.covers(first)
        above = self._window.hi is not None or (last is not None and template.covers(last))
        return below and above

    def _sorted(
        self,
        template: Template,
        rows: Mapping[str, Item],
        exdates: Collection[str],
        first: datetime,
        last: datetime | None,
    ) -> Places:
        places = Places(set(), {}, set(), [])
        met = set()
        body = self._wording.body(template.item)
        for start in self._speaking(template, rows, exdates, first, last):
            key = template.key_of(start)
            row = rows.get(key)
            met.add(key)
            if row is None:
                gone = key in exdates or template.covers(start) or not self._admits(template, start)
                (places.absent if gone else places.plain).add(start)
            elif not self._shows(row):
                places.absent.add(start)
            elif _misread(template, row, start):
                places.absent.add(start)
                places.homeless.append(row)
            elif self._differs(template, row, start, body):
                places.changed[start] = row
            else:
                places.plain.add(start)
        places.homeless.extend(row for key, row in rows.items() if key not in met and self._shows(row))
        return places

    def _speaking(
        self,
        template: Template,
        rows: Mapping[str, Item],
        exdates: Collection[str],
        first: datetime,
        last: datetime | None,
    ) -> list[datetime]:
        """Starts of the rule that rows, exceptions or the window may have something to say about."""
        lo, hi = first, last
        if template.rules:
            if self._window.lo is None:
                lo = max(lo, _later(template.local(template.covered_from), -_DAY))
            if self._window.hi is None:
                covered = _later(template.local(template.covered_to), _DAY)
                hi = covered if hi is None else min(hi, covered)
        starts = set() if hi is None else set(template.between(lo, _later(hi, _SECOND)))
        for key in chain(rows, exdates):
            start = template.key_start(key)
            inside = first <= start and (last is None or start <= last)
            if inside and start not in starts and template.has(start):
                starts.add(start)
        return sorted(starts)

    def _differs(self, template: Template, row: Item, start: datetime, body: str) -> bool:
        """Whether a row shows anything else than readers would make of the template at that place."""
        item = template.item
        return (
            template.meets_change(start)
            or (row.start, row.end) != template.instants(start)
            or row.all_day != item.all_day
            or (row.tz != item.tz and not item.all_day)
            or self._wording.body(_inheriting(row, item)) != body
        )

    def _master(
        self, template: Template, rows: Mapping[str, Item], places: Places, last: datetime | None
    ) -> Written:
        item, shown = template.item, places.shown
        by_rule = [start for start in shown if template.rule_has(start)]
        dtstart = template.first_by_rule()
        cut = None if self._window.hi is None else last
        if (self._window.lo is not None or dtstart is None) and len(template.rules) <= 1 and shown:
            dtstart = by_rule[0] if by_rule else shown[0]
        if len(template.rules) > 1 or dtstart is None:
            # Each of several rules counts its intervals from DTSTART.
            dtstart = template.start_local
        if cut is not None and shown:
            cut = shown[-1]
        rules = template.written_rules(dtstart, cut)
        absent = [start for start in sorted(places.absent) if start >= dtstart and (cut is None or start <= cut)]
        absent = [start for start in absent if rules and template.rule_has(start)]
        rdates = [
            start
            for start in (sorted(set(template.rdates)) if template.rules else shown)
            if start != dtstart
            and start not in places.absent
            and not (rules and template.rule_has(start))
            and (self._window.endless or start in shown)
        ]
        recurrence = [
            *(f"RRULE:{rule}" for rule in rules),
            *(f"RDATE{self._value(template, start)}" for start in rdates),
            *(f"EXDATE{self._value(template, start)}" for start in absent),
        ]
        left_out = [row for start in places.absent if (row := rows.get(template.key_of(start))) is not None]
        item = item._replace(updated=max([item.updated, *(row.updated for row in left_out)]))
        texts = [event_lines(item, self._master_times(template, dtstart, recurrence), self._wording.body(item))]
        for start, row in sorted(places.changed.items()):
            row = _inheriting(row, item)._replace(uid=item.uid, sequence=max(row.sequence, item.sequence))
            recurrence_id = f"{fold(f'RECURRENCE-ID{self._value(template, start)}')}\r\n"
            texts.append(event_lines(row, recurrence_id + self._times(row), self._wording.body(row)))
        self._use(template, [dtstart, *rdates], last)
        return Written(template.instants(dtstart)[0], item.uid, "".join(texts), len(texts))

    def _use(self, template: Template, starts: list[datetime], last: datetime | None) -> None:
        if not template.item.all_day:
            end = None if last is None else template.instants(last)[1]
            self._zones.use(template.item.tz, template.instants(min(starts))[0], end)

    def _master_times(self, template: Template, dtstart: datetime, recurrence: list[str]) -> str:
        """DTSTART, DTEND and the recurrence properties; DTSTART is on the wall clock, which the rule goes by."""
        end = template.instants(dtstart)[1]
        lines = [f"DTSTART{self._value(template, dtstart)}"]
        if template.meets_change(dtstart):
            # The wall clock of this end would say another length for all the others.
            lines.append(f"DURATION:PT{template.duration}S")
        elif template.duration:
            lines.append(f"DTEND{self._zones.moment(end, template.item.tz, all_day=template.item.all_day)}")
        return "".join([f"{fold(line)}\r\n" for line in (*lines, *recurrence)])

    def _value(self, template: Template, start: datetime) -> str:
        """A start in the form of the master's DTSTART: `;TZID=…:20260302T090000`."""
        return self._zones.wall(start, template.item.tz, all_day=template.item.all_day)

    def _times(self, row: Item) -> str:
        text, zoned = self._zones.times(row.start, row.end, row.tz, all_day=bool(row.all_day))
        if zoned:
            self._zones.use(row.tz, row.start, row.end)
        return text


def _misread(template: Template, row: Item, start: datetime) -> bool:
    """Whether readers would get an occurrence wrong as a part of the series.

    Some show both when an override turns a timed occurrence into an all-day one (what an imported file had so stays
    so); each has its own idea of a time that the clocks skip.
    """
    if row.all_day != template.item.all_day:
        return row.origin != "ics"
    return not row.all_day and is_gap(start, template.tz)


def _inheriting(row: Item, item: Item) -> Item:
    """The row with what the file said of the whole series, unless it said something about the row alone."""
    return row if row.extra is not None or not item.extra else row._replace(extra=item.extra)


def _later(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return MAX_LOCAL if by > timedelta(0) else MIN_LOCAL
