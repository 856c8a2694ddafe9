"""Which time zone a TZID means: by name, by the behaviour of its VTIMEZONE, or by assumption (RFC 5545 3.2.19)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from couchcal.ics import windows_zones
from couchcal.scheduling.vtimezone import DefinedZone, parse_definition
from couchcal.scheduling.wallclock import CUSTOM_PREFIX, UnknownZone, zone

_SAMPLE: Final = timedelta(days=5)
_SECOND: Final = timedelta(seconds=1)
_EARLIEST, _LATEST = 1900, 2099


class UnresolvedZone(Exception):
    """The TZID has no known name and its VTIMEZONE has not come yet."""


class Zone(NamedTuple):
    """A zone as entries store it: `name` goes into `tz` columns, `definition` is kept where it is no IANA zone."""

    name: str
    tz: tzinfo
    definition: str = ""


UTC_ZONE: Final = Zone("UTC", UTC)


def iana(name: str) -> Zone | None:
    """The zone of an IANA name, None for other text."""
    if not name or not name.isascii() or len(name) > 64 or name.startswith(CUSTOM_PREFIX):
        return None
    try:
        return Zone(name, zone(name))
    except UnknownZone:
        return None


@lru_cache(maxsize=1)
def _proper_names() -> dict[str, str]:
    from zoneinfo import available_timezones

    return {name.lower(): name for name in available_timezones() if not name.startswith(("posix", "right"))}


@lru_cache(maxsize=256)
def by_name(tzid: str) -> Zone | None:
    """The zone of an IANA or Windows name."""
    text = tzid.strip().strip('"').strip()
    found = iana(text)
    if found is None and (windows := windows_zones.from_windows_name(text)):
        found = iana(windows)
    return found


@lru_cache(maxsize=256)
def by_likeness(tzid: str) -> Zone | None:
    """The zone of an IANA name in other letters, of a globally unique name (`/mozilla.org/…/Europe/Berlin`), or of
    a display name."""
    text = tzid.strip().strip('"').strip()
    proper = _proper_names().get(text.lower())
    if proper is not None:
        return iana(proper)
    if "/" in text:
        parts = text.split("/")
        for count in (3, 2, 1):
            found = iana("/".join(parts[-count:])) if count <= len(parts) and parts[-count] else None
            if found is not None and (count > 1 or text.startswith("/")):
                return found
    display = windows_zones.from_display_name(text)
    return iana(display) if display else None


def behaves_like(definition: tzinfo, other: tzinfo, first_year: int, last_year: int) -> bool:
    """Whether both have the same offset from UTC at every moment of the years, the last one included."""
    first, last = max(first_year, _EARLIEST), min(last_year, _LATEST)
    if first > last:
        return False
    moment = datetime(first, 1, 1, tzinfo=UTC)
    end = datetime(last + 1, 1, 1, tzinfo=UTC)
    if isinstance(definition, DefinedZone):
        for change in definition.changes:
            if first <= change.year <= last:
                at = change.replace(tzinfo=UTC)
                if not (_same(definition, other, at) and _same(definition, other, at - _SECOND)):
                    return False
    while moment < end:
        if not _same(definition, other, moment):
            return False
        moment += _SAMPLE
    return True


def _same(one: tzinfo, other: tzinfo, instant: datetime) -> bool:
    return instant.astimezone(one).utcoffset() == instant.astimezone(other).utcoffset()


class ZoneBook:
    """The zones of one file: what its VTIMEZONEs define and what its TZIDs came to mean.

    Args:
        home: the practice's zone.
        last_year: the last year in which entries are kept for an endless rule.
        remark: told once of each assumption or contradiction.
    """

    def __init__(self, home: Zone, last_year: int, remark: Callable[[str], None]) -> None:
        self.home = home
        self.stated = home
        self._last_year = last_year
        self._remark = remark
        self._definitions: dict[str, DefinedZone] = {}
        self._texts: dict[str, str] = {}
        self._favoured: dict[str, list[str]] = {}
        self._resolved: dict[tuple[str, int, int], Zone] = {}
        self._told: set[str] = set()
        self._defined_here: set[str] = set()

    def begin_calendar(self, text: str) -> None:
        """Take the X-WR-TIMEZONE of the next calendar in the file: unknown TZIDs are read in it.

        Its definitions take the place of those of the calendars before.
        """
        self._defined_here.clear()
        found = by_name(text) or by_likeness(text) if text else None
        if text and found is None:
            self._tell(f"X-WR-TIMEZONE:{text[:60]} is no known time zone")
        self.stated = found or self.home

    def define(self, lines: Iterable[str]) -> None:
        """Take a VTIMEZONE; the first of a name in its calendar counts."""
        kept = list(lines)
        tzid, location = "", ""
        for line in kept:
            name, _, value = line.partition(":")
            name = name.partition(";")[0].upper()
            if name == "TZID":
                tzid = tzid or value.strip().strip('"')
            elif name == "X-LIC-LOCATION":
                location = value.strip()
        if not tzid or tzid in self._defined_here:
            return
        self._defined_here.add(tzid)
        definition = parse_definition(tzid, kept)
        if definition is not None:
            if tzid in self._definitions:
                self._resolved = {key: zone for key, zone in self._resolved.items() if key[0] != tzid}
            self._definitions[tzid] = definition
            self._texts[tzid] = "\n".join(("BEGIN:VTIMEZONE", *kept, "END:VTIMEZONE"))
            self._favoured[tzid] = [location] if location else []

    def resolve(self, tzid: str, first_year: int, last_year: int | None, *, final: bool) -> Zone:
        """The zone of a TZID for an entry that lies in these years (`last_year` None: as far as rows are kept).

        Raises:
            UnresolvedZone: nothing known so far; with `final` the calendar's or the practice's zone is assumed.
        """
        key = (tzid, first_year, last_year if last_year is not None else max(first_year, self._last_year))
        found = self._resolved.get(key)
        if found is None:
            found = self._resolved[key] = self._find(*key, final=final)
        return found

    def _find(self, tzid: str, first: int, last: int, *, final: bool) -> Zone:
        definition = self._definitions.get(tzid)
        named = by_name(tzid)
        if named is not None:
            if definition is not None and not behaves_like(definition, named.tz, first, last):
                self._tell(f"the VTIMEZONE of {tzid[:60]} contradicts the zone of that name, the name was followed")
            return named
        likely = by_likeness(tzid)
        if definition is None:
            if likely is not None:
                return likely
            if not final:
                raise UnresolvedZone(tzid)
            self._tell(f"the time zone {tzid[:60]} is not defined, {self.stated.name} was assumed")
            return self.stated
        favoured = self._favoured[tzid]
        names = [likely.name] if likely else []
        names += [*favoured, self.stated.name, self.home.name, *windows_zones.common_zones()]
        for name in dict.fromkeys(names):
            candidate = iana(name)
            if candidate is not None and behaves_like(definition, candidate.tz, first, last):
                favoured.insert(0, name)
                return candidate
        self._tell(f"the time zone {tzid[:60]} is none of the known ones, its definition was kept")
        return Zone(CUSTOM_PREFIX + tzid, definition, self._texts[tzid])

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._remark(text)
