"""The time zones of an export: how a moment is written in one, and the definitions that the file must carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final, NamedTuple

from couchcal.ics.folding import date_stamp, fold, instant_of, parameter, utc_stamp, wall_stamp
from couchcal.ics.kept_lines import definition_lines
from couchcal.ics.vtimezone import Span, definition
from couchcal.scheduling.wallclock import CUSTOM_PREFIX, UnknownZone, zone

_UTC_NAMES: Final = frozenset(
    {"UTC", "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal"}
)


class WrittenZone(NamedTuple):
    """A zone as times are written in it: `parameter` is `;TZID=…`, empty when they are written in UTC."""

    tz: tzinfo
    parameter: str


class ExportZones:
    """Zones by the names that `tz` columns have; remembers which of them are used, and when.

    Args:
        definitions: VTIMEZONE texts of imported zones, by the name in `custom_zone`.
    """

    def __init__(self, definitions: Mapping[str, str]) -> None:
        self._definitions = definitions
        self._known: dict[str, WrittenZone] = {}
        self._used: dict[str, Span] = {}

    def zone(self, name: str) -> WrittenZone:
        """The zone of a name; one that cannot be defined in the file is written in UTC."""
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = self._find(name)
        return found

    def _find(self, name: str) -> WrittenZone:
        tzid = name.removeprefix(CUSTOM_PREFIX)
        if name in _UTC_NAMES or (name != tzid and tzid not in self._definitions):
            return WrittenZone(UTC, "")
        try:
            return WrittenZone(zone(name), f";TZID={parameter(tzid)}")
        except UnknownZone:
            return WrittenZone(UTC, "")

    def times(self, start: int, end: int, tz: str, *, all_day: bool) -> tuple[str, bool]:
        """DTSTART and DTEND as folded lines, and whether they name the zone.

        What the clocks show twice is written in UTC: RFC 5545 3.3.5 means the first of both, readers do not agree.
        An entry without length has no DTEND, because DTEND must be later than DTSTART.
        """
        if all_day:
            return (
                f"DTSTART;VALUE=DATE:{date_stamp(instant_of(start))}\r\n"
                f"DTEND;VALUE=DATE:{date_stamp(instant_of(end))}\r\n"
            ), False
        written = self.zone(tz)
        if written.parameter:
            begins, ends = _local(start, written.tz), _local(end, written.tz)
            if begins is not None and ends is not None and not (shown_twice(begins) or shown_twice(ends)):
                text = f"{fold(f'DTSTART{written.parameter}:{wall_stamp(begins)}')}\r\n"
                if end > start:
                    text += f"{fold(f'DTEND{written.parameter}:{wall_stamp(ends)}')}\r\n"
                return text, True
        text = f"DTSTART:{utc_stamp(start)}\r\n"
        return (f"{text}DTEND:{utc_stamp(end)}\r\n" if end > start else text), False

    def wall(self, local: datetime, tz: str, *, all_day: bool) -> str:
        """Parameters and value of a wall-clock time: `;TZID=Europe/Dublin:20260302T090000`."""
        if all_day:
            return f";VALUE=DATE:{date_stamp(local)}"
        parameter = self.zone(tz).parameter
        return f"{parameter}:{wall_stamp(local)}" if parameter else f":{wall_stamp(local)}Z"

    def moment(self, seconds: int, tz: str, *, all_day: bool) -> str:
        """As `wall` for an instant; in UTC where the wall clock would mean another one."""
        if all_day:
            return f";VALUE=DATE:{date_stamp(instant_of(seconds))}"
        zone = self.zone(tz)
        local = _local(seconds, zone.tz)
        if local is None or shown_twice(local):
            return f":{utc_stamp(seconds)}"
        return self.wall(local, tz, all_day=False)

    def use(self, name: str, first: int, last: int | None) -> None:
        """Have the file define a zone, right from `first` to `last` (None: for ever)."""
        if not self.zone(name).parameter:
            return
        span = self._used.get(name, Span(first, last))
        later = None if span.last is None or last is None else max(span.last, last)
        self._used[name] = Span(min(span.first, first), later)

    def components(self) -> Iterator[str]:
        """The VTIMEZONEs of all zones in use, by name."""
        for name in sorted(self._used):
            yield from (f"{fold(line)}\r\n" for line in self._lines(name))

    def _lines(self, name: str) -> list[str]:
        if not name.startswith(CUSTOM_PREFIX):
            return definition(name, self._used[name])
        tzid = name.removeprefix(CUSTOM_PREFIX)
        # The importer gives a second definition of one name another name.
        name_line = f"TZID:{parameter(tzid).strip(chr(34))}"
        return ["BEGIN:VTIMEZONE", name_line, *definition_lines(self._definitions[tzid]), "END:VTIMEZONE"]


def shown_twice(local: datetime) -> bool:
    """Whether the clocks of an aware time's zone show it a second time, having been put back."""
    return bool(local.fold) or local.utcoffset() != local.replace(fold=1).utcoffset()


def _local(seconds: int, tz: tzinfo) -> datetime | None:
    """The wall clock at an instant, None beyond what a datetime holds."""
    try:
        return instant_of(seconds).astimezone(tz)
    except OverflowError:
        return None
