"""Zone definitions that imported files brought along: kept in `custom_zone`, known to the process by name."""

from __future__ import annotations

from couchcal.scheduling.vtimezone import parse_definition
from couchcal.scheduling.wallclock import CUSTOM_PREFIX, register_zone
from couchcal.store.connection import Connection


def register_stored(connection: Connection) -> int:
    """Let `wallclock.zone` resolve every stored definition under ``VTIMEZONE:<name>``; returns how many.

    To be called when a database is opened. A definition that cannot be read any more is left out: its entries
    keep their instants.
    """
    known = 0
    for name, definition in connection.execute("SELECT name, definition FROM custom_zone"):
        zone = parse_definition(name, definition.split("\n"))
        if zone is not None:
            register_zone(CUSTOM_PREFIX + name, zone)
            known += 1
    return known
