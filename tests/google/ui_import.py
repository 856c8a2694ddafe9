"""What comes in from elsewhere: an imported iCalendar file, and a phone that writes through CalDAV."""

from __future__ import annotations

import base64
import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.google import series
from tests.google.messages import ApiError
from tests.google.model import Calendar, EventRow, When
from tests.google.recurrence import instance_id, read_lines
from tests.google.rrule import BadRecurrence
from tests.google.times import shifted, zone_named
from tests.google.ui_change import Change, Person, read_change, with_rules
from tests.google.ui_series import Picked, apply

_LINE = re.compile(
    r"(?P<name>[A-Za-z-]+)(?P<params>(?:;[A-Za-z-]+=(?:\"[^\"]*\"|[^\";:]*))*):(?P<value>.*)", re.DOTALL
)
_PARAM = re.compile(r";([A-Za-z-]+)=(\"[^\"]*\"|[^\";:]*)")
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_TEXTS = {"SUMMARY": "summary", "DESCRIPTION": "description", "LOCATION": "location"}
_RULES = ("RRULE", "EXRULE", "RDATE", "EXDATE")
# A phone counts its own edits; the number it sends is ahead of what Google saw.
_SEQUENCE_JUMP = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One unfolded content line."""

    name: str
    params: Mapping[str, str]
    value: str


def id_of_uid(uid: str) -> str:
    """The id of an imported event: `_` and its UID in base32hex."""
    return "_" + base64.b32hexencode(uid.encode()).decode().rstrip("=").lower()


def import_ics(person: Person, calendar: Calendar, text: str) -> str | None:
    """Put every VEVENT into the calendar, one already there (by UID) brought up to date; the first one's id.

    Raises ApiError 400 for a file without an event, and for one that cannot be read.
    """
    events = list(_events(text))
    if not events:
        raise ApiError(400, "invalid", "No event in the file.")
    rows: dict[str, EventRow] = {}
    for lines in sorted(events, key=lambda event: "RECURRENCE-ID" in _names(event)):
        row = _row(person, calendar, lines, rows)
        rows[row.id] = row
    person.write(calendar, list(rows.values()))
    return next(iter(rows))


def _names(lines: Iterable[Line]) -> set[str]:
    return {line.name for line in lines}


def _events(text: str) -> Iterator[list[Line]]:
    current: list[Line] | None = None
    depth = 0
    for line in _lines(text):
        if line.name == "BEGIN" and line.value.upper() == "VEVENT":
            current, depth = [], 0
        elif line.name == "END" and line.value.upper() == "VEVENT" and current is not None:
            yield current
            current = None
        elif current is not None and line.name in ("BEGIN", "END"):
            depth += 1 if line.name == "BEGIN" else -1
        elif current is not None and not depth:
            current.append(line)


def _lines(text: str) -> Iterator[Line]:
    for raw in re.sub(r"\r?\n[ \t]", "", text).splitlines():
        match = _LINE.fullmatch(raw)
        if match:
            params = {name.upper(): value.strip('"') for name, value in _PARAM.findall(match["params"])}
            yield Line(match["name"].upper(), params, match["value"])


def _row(person: Person, calendar: Calendar, lines: list[Line], made: Mapping[str, EventRow]) -> EventRow:
    first = {line.name: line for line in reversed(lines)}
    if "UID" not in first or "DTSTART" not in first:
        raise ApiError(400, "invalid", "An event without UID or DTSTART.")
    uid = first["UID"].value
    known = (calendar.events[id_] for id_ in sorted(calendar.by_uid.get(uid, ())))
    there = next((row for row in known if row.kind != "exception" and not row.cancelled), None)
    start = _when(first["DTSTART"], calendar)
    row = there or _blank(person, id_of_uid(uid), uid, start)
    row = made.get(row.id, row)
    if "RECURRENCE-ID" in first and row.kind == "master":
        original = series.moment(_when(first["RECURRENCE-ID"], calendar))
        id_ = instance_id(row.id, original, row.start.all_day)
        row = calendar.events.get(id_) or series.virtual(calendar, row, original)
        row = dataclasses.replace(row, overridden=frozenset({"start", "end", *_TEXTS.values()}))
    fields = dict(row.fields) | {
        field: _unescaped(first[name].value) for name, field in _TEXTS.items() if name in first
    }
    if first.get("CLASS", Line("", {}, "")).value.upper() in ("PRIVATE", "CONFIDENTIAL"):
        fields["visibility"] = "private"
    if first.get("TRANSP", Line("", {}, "")).value.upper() == "TRANSPARENT":
        fields["transparency"] = "transparent"
    status = first.get("STATUS", Line("", {}, "CONFIRMED")).value.lower()
    sequence = first.get("SEQUENCE", Line("", {}, "0")).value
    row = dataclasses.replace(
        row,
        start=start,
        end=_end(first, start, calendar),
        fields=fields,
        status="cancelled" if status == "cancelled" else "tentative" if status == "tentative" else "confirmed",
        sequence=max(row.sequence, int(sequence) if sequence.isdigit() else 0),
    )
    return row if row.kind == "exception" else with_rules(row, _rules(calendar, row, lines))


def _blank(person: Person, id_: str, uid: str, start: When) -> EventRow:
    return EventRow(id_, "single", start, start, uid, id_, creator=person.email)


def _rules(calendar: Calendar, row: EventRow, lines: list[Line]) -> tuple[str, ...]:
    found = []
    for line in lines:
        if line.name in _RULES:
            params = "".join(f";{name}={value}" for name, value in line.params.items())
            found.append(f"{line.name}{params}:{line.value}")
    try:
        read_lines(found, series.anchor(calendar, row), bad_until="accept", two_rrules="accept")
    except BadRecurrence:
        raise ApiError(400, "invalid", "A rule that cannot be read.") from None
    return tuple(found)


def _when(line: Line, calendar: Calendar) -> When:
    try:
        if "T" not in line.value:
            return When(day=datetime.fromisoformat(line.value).date().isoformat())
        zone = line.params.get("TZID", calendar.zone)
        declared = zone if zone_named(zone) else calendar.zone
        moment = datetime.fromisoformat(line.value)
    except ValueError:
        raise ApiError(400, "invalid", f"Not a time: {line.value}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone_named(declared))
    return When(instant=int(moment.timestamp()), zone="UTC" if line.value.endswith("Z") else declared)


def _end(first: Mapping[str, Line], start: When, calendar: Calendar) -> When:
    if "DTEND" in first:
        return _when(first["DTEND"], calendar)
    match = _DURATION.fullmatch(first["DURATION"].value) if "DURATION" in first else None
    if match:
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return shifted(start, timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds))
    return shifted(start, timedelta(days=1)) if start.all_day else start


def _unescaped(text: str) -> str:
    return re.sub(r"\\([\\;,Nn])", lambda match: "\n" if match[1] in "Nn" else match[1], text)


def phone_made(person: Person, row: EventRow) -> EventRow:
    """A new event as a phone makes it: id `_…`, a UID of its own, the zone written by the phone."""
    uid = f"{person.world.rng.getrandbits(128):032X}"
    uid = "-".join((uid[:8], uid[8:12], uid[12:16], uid[16:20], uid[20:]))
    id_ = id_of_uid(uid)
    return dataclasses.replace(row, id=id_, uid=uid, family=id_, series=id_ if row.kind == "master" else None)


def phone_rewrites(person: Person, at: Picked, body: Mapping[str, Any]) -> EventRow:
    """An event saved on a phone: the `changes`, the zone declared anew (`timeZone`, for a single event without it
    UTC at the same instants), and a sequence that jumps."""
    row = at.row
    zone = body.get("timeZone") or ("UTC" if at.master is None else None)
    change = read_change(at.calendar, row, body.get("changes") or {})
    start, end = change.start or row.start, change.end or row.end
    if zone and not start.all_day:
        start, end = (dataclasses.replace(when, zone=zone) for when in (start, end))
    if (start, end) != (row.start, row.end):
        change = Change(start, end, change.recurrence, change.content)
    new = apply(person, at, change)
    return person.write(at.calendar, [dataclasses.replace(new, sequence=new.sequence + _SEQUENCE_JUMP)])[0]
