"""Deeds by name, so that what happened in a run can be written down and done again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tests.sync.acceptance import checks, faults, here, there
from tests.sync.acceptance.world import World

Step = tuple[str, dict[str, Any]]


def _settle(world: World, choice: int = 0) -> None:
    """Everything comes to rest; raises AssertionError with all that is wrong then."""
    with world.at_rest():
        taken = world.settle(choice)
        found = checks.everything(world)
    world.trail.rest()
    assert not found, f"after {taken} cycles: " + "; ".join(found)


def _cycle(world: World, end: int = 0, anew: bool = False) -> None:
    """A cycle, as far as somebody is signed in."""
    world.cycle(end=end, anew=anew)


DEEDS: dict[str, Callable[..., object]] = {
    "book": here.book,
    "edit": here.edit,
    "move": here.move,
    "cancel": here.cancel,
    "restore": here.restore,
    "delete": here.delete,
    "start_repeating": here.start_repeating,
    "stop_repeating": here.stop_repeating,
    "undo": here.undo_one,
    "redo": here.redo_one,
    "rename": here.rename,
    "name_mode": here.name_mode,
    "google": there.do,
    "google_series": there.series,
    "admin": there.admin,
    "fault": faults.add,
    "between": faults.between,
    "no_faults": faults.clear,
    "cycle": _cycle,
    "crash": _cycle,
    "sign_in": World.sign_in,
    "decide": World.decide,
    "start_over": World.start_over,
    "wait": World.wait,
    "set_wrong": World.set_wrong,
    "take_backup": World.take_backup,
    "restore_backup": World.restore_backup,
    "settle": _settle,
}


def play(world: World, steps: Iterable[Step]) -> None:
    """Do these deeds."""
    for name, given in steps:
        DEEDS[name](world, **given)
