"""The time fields of a form as text: read, written, and kept in step with each other. Pure.

A form has a day, a start, an end and a length that follow each other (APT-12, APT-21), or a first and a
last day. Reading and writing are inverse to each other, to the minute.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from couchcal.clock_words import chosen_24h, clock_words
from couchcal.scheduling.quickadd_tokens import Line, take_length
from couchcal.scheduling.quickadd_when import Shift
from couchcal.scheduling.wallclock import UnknownZone, is_ambiguous, is_gap, to_instant, to_local, zone
from couchcal.typed_dates import parse_day, parse_when

_HALF_DAY = timedelta(hours=12)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Times:
    """When an appointment is: instants and a zone; of an all-day one the UTC midnights of its first day
    and of the day after its last."""

    start: datetime
    end: datetime
    tz: str
    all_day: bool = False


@dataclass(frozen=True, slots=True)
class TimeText:
    """What the fields hold. `end` may carry a date; `last_day` counts for all-day entries only."""

    day: str
    start: str
    end: str
    length: str
    last_day: str
    tz: str
    all_day: bool = False


class Read(NamedTuple):
    """What was understood: the times, or for each field (`day`, `times`, `last_day`, `tz`) what is wrong."""

    times: Times | None
    errors: dict[str, str]
    notes: tuple[str, ...] = ()
    """What daylight saving does to the start or the end, in sentences."""


def write_times(times: Times) -> TimeText:
    """The text of the fields."""
    if times.all_day:
        first, last = times.start.date(), times.end.date() - _DAY
        return TimeText(first.isoformat(), "", "", "", last.isoformat(), times.tz, all_day=True)
    tz = zone(times.tz)
    start, end = to_local(times.start, tz), to_local(times.end, tz)
    return TimeText(
        day=start.date().isoformat(),
        start=_time_text(start),
        end=_end_text(start, end),
        length=write_length(times.end - times.start),
        last_day=end.date().isoformat(),
        tz=times.tz,
    )


def read_times(text: TimeText, now_local: datetime, known: tuple[TimeText, Times] | None = None) -> Read:
    """Understand the fields; `now_local` says what `tue` and `+1w` mean.

    `known` is what the fields were filled from: what is unchanged keeps its instant, so that the second
    01:30 of an autumn night stays the second.
    """
    errors: dict[str, str] = {}
    try:
        tz: tzinfo = zone(text.tz.strip())
    except UnknownZone:
        return Read(None, {"tz": "no such time zone"})
    if text.all_day:
        return _read_days(text, now_local)
    day = parse_day(text.day, now_local.date())
    if day is None:
        errors["day"] = "a day: tue, +1w, 3 mar"
    start_local = read_start(text, now_local)
    if start_local is None:
        if day is not None:
            errors["times"] = "start: 3pm, 14:05, 1530"
        return Read(None, errors)
    start, start_note = _instant(start_local, tz)
    if known is not None and _same(text, known[0], "day", "start", "tz"):
        start, start_note = known[1].start, ""
    end_local = _read_end(text.end, start_local, now_local)
    if end_local is None:
        return Read(None, {"times": "end: 3:50pm, 15:50, +50m"})
    end, end_note = _instant(end_local, tz)
    if known is not None and _same(text, known[0], "day", "start", "end", "tz"):
        end, end_note = known[1].end, ""
    elif end <= start and is_ambiguous(end_local, tz):
        end, end_note = to_instant(end_local, tz, fold=1), ""
    elif end <= start and end_local.date() < date.max and _only_a_time(text.end, start_local, now_local):
        end_local += _DAY
        end, end_note = _instant(end_local, tz)
        if end - start > _HALF_DAY:
            return Read(None, {"times": "it ends before it begins"})
    if end <= start:
        return Read(None, {"times": "it ends before it begins"})
    notes = tuple(note for note in (start_note, end_note) if note)
    return Read(Times(start, end, text.tz.strip()), errors, notes)


def follow(text: TimeText, edited: str, length: timedelta, now_local: datetime) -> TimeText:
    """The fields after a person edited one of them: a new day or start keeps `length`, a new length moves
    the end, a new end gives the length. What cannot be read changes nothing, nor does what has no end on the
    calendar."""
    try:
        return _followed(text, edited, length, now_local)
    except OverflowError:
        return text


def _followed(text: TimeText, edited: str, length: timedelta, now_local: datetime) -> TimeText:
    if text.all_day:
        first = parse_day(text.day, now_local.date())
        if edited != "day" or first is None:
            return text
        return replace(text, last_day=(first + max(timedelta(0), length - _DAY)).isoformat())
    if edited == "end":
        times = read_times(text, now_local).times
        return text if times is None else replace(text, length=write_length(times.end - times.start))
    if edited == "length":
        typed = read_length(text.length)
        if typed is None:
            return text
        length = typed
    start_local = read_start(text, now_local)
    try:
        tz = zone(text.tz.strip())
    except UnknownZone:
        return text
    if start_local is None:
        return text
    start = to_instant(start_local, tz)
    end_local = to_local(start + length, tz)
    end_text = _end_text(to_local(start, tz), end_local)
    return replace(text, end=end_text, length=text.length if edited == "length" else write_length(length))


def read_start(text: TimeText, now_local: datetime) -> datetime | None:
    """The wall-clock start; a day typed into the start field wins over the day field."""
    day = parse_day(text.day, now_local.date())
    if day is None:
        return None
    at = parse_when(text.start, now_local=now_local, base_local=datetime.combine(day, time.min))
    if isinstance(at, Shift) or at is None or not _names_a_time(text.start, day, now_local):
        return None
    return at


def read_length(text: str) -> timedelta | None:
    """`50`, `50 min`, `1h30`, `1:30`; None for anything else, or outside one minute and 31 days."""
    text = text.strip().lower()
    hours, colon, minutes = text.partition(":")
    if colon and hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2 and int(minutes) < 60:
        found: int | None = int(hours) * 60 + int(minutes)
    else:
        line = Line(f"for {text}" if text.isdecimal() else text)
        found = take_length(line)
        if line.words():
            return None
    return timedelta(minutes=found) if found is not None and 1 <= found <= 31 * 1440 else None


def write_length(length: timedelta) -> str:
    """`50 min`; from ten hours on `12h 30m`."""
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    if hours < 10:
        return f"{hours * 60 + minutes} min"
    return f"{hours}h {minutes}m" if minutes else f"{hours}h"


def _read_days(text: TimeText, now_local: datetime) -> Read:
    first, last = parse_day(text.day, now_local.date()), parse_day(text.last_day, now_local.date())
    errors = {}
    if first is None:
        errors["day"] = "a day: tue, +1w, 3 mar"
    if last is None:
        errors["last_day"] = "a day: tue, +1w, 3 mar"
    if first is None or last is None:
        return Read(None, errors)
    if last < first or last == date.max:
        return Read(None, {"last_day": "it ends before it begins"})
    return Read(Times(_midnight(first), _midnight(last + _DAY), text.tz.strip(), all_day=True), errors)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _end_text(start: datetime, end: datetime) -> str:
    same_day = end.date() == start.date()
    tonight = end.date() == start.date() + _DAY and end.time() <= start.time() and end - start <= _HALF_DAY
    return _time_text(end) if same_day or tonight else f"{end:%Y-%m-%d} {_time_text(end)}"


def _time_text(local: datetime) -> str:
    return f"{local:%H:%M}" if chosen_24h() else clock_words(local)


def _read_end(text: str, start_local: datetime, now_local: datetime) -> datetime | None:
    at = parse_when(text, now_local=now_local, base_local=start_local)
    try:
        if isinstance(at, Shift):
            return start_local + timedelta(days=at.days, minutes=at.minutes)
    except OverflowError:
        return None
    return at


def _only_a_time(text: str, start_local: datetime, now_local: datetime) -> bool:
    elsewhere = datetime(2000, 1, 1)  # noqa: DTZ001  wall clock
    here = parse_when(text, now_local=now_local, base_local=start_local)
    there = parse_when(text, now_local=now_local, base_local=elsewhere)
    return (
        isinstance(here, datetime)
        and isinstance(there, datetime)
        and there.date() == elsewhere.date() != here.date()
    )


def _names_a_time(text: str, day: date, now_local: datetime) -> bool:
    early = parse_when(text, now_local=now_local, base_local=datetime.combine(day, time(0, 1)))
    late = parse_when(text, now_local=now_local, base_local=datetime.combine(day, time(23, 58)))
    return early == late


def _instant(local: datetime, tz: tzinfo) -> tuple[datetime, str]:
    instant = to_instant(local, tz)
    if is_gap(local, tz):
        return (
            instant,
            f"{clock_words(local)} does not exist on this day; it becomes {clock_words(to_local(instant, tz))}",
        )
    if is_ambiguous(local, tz):
        return instant, f"{clock_words(local)} comes twice on this day; the first is taken"
    return instant, ""


def _same(one: TimeText, other: TimeText, *names: str) -> bool:
    return all(getattr(one, name).strip() == getattr(other, name).strip() for name in names)
