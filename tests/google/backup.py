"""Snapshots of calendars and lists, and going back to one as a restored backup does (time travel)."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from tests.google.model import Calendar, User
from tests.google.world import World


@dataclass(frozen=True)
class Snapshot:
    """Calendars and users as they were; grants and clock are not part of a backup."""

    calendars: dict[str, Calendar]
    users: dict[str, User]
    created: dict[str, int]


def take(world: World) -> Snapshot:
    calendars = {id_: calendar.copy() for id_, calendar in world.calendars.items()}
    return Snapshot(calendars, copy.deepcopy(world.users), dict(world.calendars_created))


def restore(world: World, snapshot: Snapshot) -> None:
    """Everything is as it was. Sync tokens from what never happened now are void, older ones still good."""
    world.calendars = {id_: calendar.copy() for id_, calendar in snapshot.calendars.items()}
    world.users = copy.deepcopy(snapshot.users)
    world.calendars_created = dict(snapshot.created)
    timeline = world.clock.stamp()
    for calendar in world.calendars.values():
        calendar.generations.append((calendar.rev + 1, timeline))
    for user in world.users.values():
        user.valid_from_us = timeline
