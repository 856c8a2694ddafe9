"""The time zones that a visitor chooses from, by the part of the world they are in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from couchcal.scheduling.wallclock import UnknownZone, zone
from couchcal.web.manners import offset_words, place_words

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


class ZoneGroup(NamedTuple):
    """The zones of a part of the world, by their labels."""

    area: str
    options: Sequence[ZoneOption]


def chosen_zone(wanted: str, practice: str) -> str:
    """The zone that a visitor asked for, if there is one of that name, else the practice's."""
    try:
        if 0 < len(wanted) <= 64 and wanted.isascii() and ":" not in wanted:
            zone(wanted)
            return wanted
    except UnknownZone:
        pass
    return practice


def zone_groups(now: datetime, *likely: str) -> list[ZoneGroup]:
    """All zones that places live by, the `likely` ones in front; with the offset they have `now`."""
    first = ZoneGroup("", [_option(name, now) for name in dict.fromkeys(likely)])
    areas: dict[str, list[ZoneOption]] = {}
    for name in _names():
        areas.setdefault(name.partition("/")[0], []).append(_option(name, now))
    rest = [ZoneGroup(area, sorted(areas[area], key=lambda option: option.label)) for area in sorted(areas)]
    return [first, *rest, ZoneGroup("Elsewhere", [_option("UTC", now)])]


def _option(name: str, now: datetime) -> ZoneOption:
    place = "UTC" if name == "UTC" else place_words(name)
    return ZoneOption(name, f"{place} ({offset_words(now, zone(name))})")


@cache
def _names() -> tuple[str, ...]:
    """The zones of the countries of the world, without aliases of old."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    lines = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return tuple(sorted(name for _, _, name, *_ in lines if name.partition("/")[0] in _AREAS))
