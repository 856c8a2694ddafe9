"""The time zones that a visitor chooses from, by the part of the world they are in."""

from __future__ import annotations

from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from markupsafe import Markup

from couchcal.scheduling.wallclock import UnknownZone, zone
from couchcal.web.manners import offset_words, place_words
from couchcal.web.words import say

_AREAS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


class ZoneOption(NamedTuple):
    """One line of the list: `Paris (GMT+1)`."""

    name: str
    label: str


def chosen_zone(wanted: str, practice: str) -> str:
    """The zone that a visitor asked for, if there is one of that name, else the practice's."""
    try:
        if 0 < len(wanted) <= 64 and wanted.isascii() and ":" not in wanted:
            zone(wanted)
            return wanted
    except UnknownZone:
        pass
    return practice


def zone_options(now: datetime, *names: str) -> list[ZoneOption]:
    """The lines of these zones, each once, with the offset they have `now`."""
    return [_option(name, now) for name in dict.fromkeys(names)]


def all_zones(now: datetime) -> Markup:
    """The lines of all zones that places live by, grouped, as they stand in a list of a page."""
    return _all_zones(now.replace(minute=0, second=0, microsecond=0))


@lru_cache(maxsize=2)
def _all_zones(hour: datetime) -> Markup:
    areas: dict[str, list[ZoneOption]] = {}
    for name in _names():
        areas.setdefault(name.partition("/")[0], []).append(_option(name, hour))
    areas[say("zone_elsewhere")] = [_option("UTC", hour)]
    line = Markup('<option value="{}">{}</option>')
    group = Markup('<optgroup label="{}">{}</optgroup>')
    groups = []
    for area, options in areas.items():
        lines = (line.format(*option) for option in sorted(options, key=lambda option: option.label))
        groups.append(group.format(area, Markup("").join(lines)))
    return Markup("\n").join(groups)


def _option(name: str, now: datetime) -> ZoneOption:
    place = "UTC" if name == "UTC" else place_words(name)
    return ZoneOption(name, f"{place} ({offset_words(now, zone(name))})")


@cache
def _names() -> tuple[str, ...]:
    """The zones of the countries of the world, without aliases of old."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    lines = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return tuple(sorted(name for _, _, name, *_ in lines if name.partition("/")[0] in _AREAS))
