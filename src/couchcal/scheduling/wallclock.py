"""Wall-clock time and instants: time zones by name, gaps and folds of daylight saving.

An *instant* is an aware UTC datetime; a *wall-clock* time is a naive datetime read in a zone. Conversions
near year 1 and year 9999 never raise OverflowError: a result that no datetime can hold is clamped to
`datetime.min` or `datetime.max` (with UTC for an instant).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

CUSTOM_PREFIX = "VTIMEZONE:"

MIN_LOCAL = datetime.min  # noqa: DTZ901 - wall-clock time
MAX_LOCAL = datetime.max  # noqa: DTZ901 - wall-clock time
"""The first and last wall-clock times that a datetime holds."""

_MIN_INSTANT = datetime.min.replace(tzinfo=UTC)
_MAX_INSTANT = datetime.max.replace(tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_custom_zones: dict[str, tzinfo] = {}


class UnknownZone(ValueError):
    """No time zone has this name."""


def zone(name: str) -> tzinfo:
    """The time zone called `name`: an IANA name, or one given to `register_zone`.

    Raises UnknownZone for anything else, be it empty, a path, or a file that is no zone.
    """
    if name.startswith(CUSTOM_PREFIX):
        try:
            return _custom_zones[name]
        except KeyError:
            raise UnknownZone(f"unknown time zone {name!r}") from None
    return _iana_zone(name)


def zone_or_utc(name: str) -> tzinfo:
    """The time zone called `name`; one that is unknown here (a definition that is gone) reads as UTC."""
    try:
        return zone(name)
    except UnknownZone:
        return UTC


def register_zone(name: str, definition: tzinfo) -> None:
    """Let `zone` resolve `name`, which must begin with ``VTIMEZONE:``, for the rest of the process.

    A calendar file may define its own zone (RFC 5545 3.6.5); the prefix keeps it from shadowing an IANA name.
    """
    if not name.startswith(CUSTOM_PREFIX):
        raise ValueError(f"a custom zone's name begins with {CUSTOM_PREFIX!r}")
    _custom_zones[name] = definition


@lru_cache(maxsize=1024)
def _iana_zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # KeyError: ZoneInfoNotFoundError
        raise UnknownZone(f"unknown time zone {name!r}") from None


def to_instant(local: datetime, tz: tzinfo, *, fold: int = 0) -> datetime:
    """The instant of a wall-clock time (RFC 5545 3.3.5).

    A time inside a gap is read with the offset before the gap; an ambiguous time is its first occurrence,
    or its second with `fold` 1.
    """
    before, after = _offsets(local, tz)
    return _shift_to_utc(local, after if fold and before > after else before)


def first_existing(local: datetime, tz: tzinfo) -> datetime:
    """The first instant at which the clocks of `tz` show `local` or later.

    A time inside a gap becomes the end of the gap; an ambiguous time is its first occurrence. This is how the
    edges of availability blocks and of days are read.
    """
    before, after = _offsets(local, tz)
    if before >= after:
        return _shift_to_utc(local, before)
    early, late = _shift_to_utc(local, after), _shift_to_utc(local, before)
    while late - early > _SECOND:
        middle = early + timedelta(seconds=(late - early) // _SECOND // 2)
        if middle.astimezone(tz).utcoffset() == before:
            early = middle
        else:
            late = middle
    # Transitions fall on whole seconds; `early` keeps the fraction of `local`.
    return late.replace(microsecond=0)


def to_local(instant: datetime, tz: tzinfo) -> datetime:
    """The wall-clock time that the clocks of `tz` show at `instant`."""
    try:
        return instant.astimezone(tz).replace(tzinfo=None, fold=0)
    except (OverflowError, ValueError):
        return MIN_LOCAL if instant.year == 1 else MAX_LOCAL


def day_bounds(day: date, tz: tzinfo) -> tuple[datetime, datetime]:
    """The instants of local midnight and of the next one: a day of 23, 24, 25 or other hours.

    A midnight that does not exist is the first instant after it, so consecutive days always meet. A day
    that the zone skipped (Pacific/Apia, 2011-12-30) is empty: both bounds are equal. The last day ends at
    `datetime.max`.
    """
    start = first_existing(datetime.combine(day, time.min), tz)
    if day == date.max:
        return start, _MAX_INSTANT
    return start, first_existing(datetime.combine(day + timedelta(days=1), time.min), tz)


def is_gap(local: datetime, tz: tzinfo) -> bool:
    """Whether the clocks of `tz` never show `local` because they were put forward over it."""
    before, after = _offsets(local, tz)
    return before < after


def is_ambiguous(local: datetime, tz: tzinfo) -> bool:
    """Whether the clocks of `tz` show `local` twice because they were put back over it."""
    before, after = _offsets(local, tz)
    return before > after


def _offsets(local: datetime, tz: tzinfo) -> tuple[timedelta, timedelta]:
    """UTC offsets of `local` for fold 0 and 1 (PEP 495): the first is smaller in a gap, larger in a fold."""
    first = local.replace(tzinfo=tz, fold=0).utcoffset()
    second = local.replace(tzinfo=tz, fold=1).utcoffset()
    if first is None or second is None:
        raise ValueError("a time zone without UTC offsets")
    return first, second


def _shift_to_utc(local: datetime, offset: timedelta) -> datetime:
    try:
        return (local - offset).replace(tzinfo=UTC, fold=0)
    except OverflowError:
        return _MIN_INSTANT if offset > timedelta(0) else _MAX_INSTANT
