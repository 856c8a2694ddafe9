"""Two people changed one appointment: what each of them changed, and the two put together. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from couchcal.practice.fields import FIELD_LABELS

UNITS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("When", ("start", "end", "tz", "all_day")),
    ("Place", ("location_id", "room_id", "visit_type")),
)
"""Fields that only make sense together: one person's start with another's end may be no time at all."""


class Unit(NamedTuple):
    """Fields that are changed together, and what they are called."""

    label: str
    names: tuple[str, ...]


class Merge(NamedTuple):
    """What was changed since the form was opened: by them alone, by me alone, by both to different ends."""

    theirs: tuple[Unit, ...]
    mine: tuple[Unit, ...]
    both: tuple[Unit, ...]


def compare(base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Merge:
    """Three-way: `base` as it was when the form was opened. A change that both made alike is no difference."""
    only_theirs, only_mine, both = [], [], []
    for unit in _units(base):
        was, now_mine, now_theirs = (
            tuple(values.get(name) for name in unit.names) for values in (base, mine, theirs)
        )
        if now_mine == now_theirs:
            continue
        if now_mine == was:
            only_theirs.append(unit)
        elif now_theirs == was:
            only_mine.append(unit)
        else:
            both.append(unit)
    return Merge(tuple(only_theirs), tuple(only_mine), tuple(both))


def merged(
    merge: Merge, mine: Mapping[str, Any], theirs: Mapping[str, Any], take_theirs: Collection[str] = ()
) -> dict[str, Any]:
    """Theirs with my changes on top; of what both changed, theirs where `take_theirs` names the label."""
    units = [*merge.mine, *(unit for unit in merge.both if unit.label not in take_theirs)]
    return dict(theirs) | {name: mine[name] for unit in units for name in unit.names if name in mine}


def _units(base: Mapping[str, Any]) -> list[Unit]:
    together = {name for _, names in UNITS for name in names}
    single = [Unit(FIELD_LABELS.get(name, name), (name,)) for name in base if name not in together]
    return [*(Unit(label, names) for label, names in UNITS), *single]
