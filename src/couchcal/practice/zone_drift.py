"""Entries of series that the rules of their zone have left at another hour than the series'.

An entry keeps its instant. If a government gives up summer time and new rules are installed, those that were on the
calendar already are an hour off on the wall, while later ones are made by the new rules (TZ, docs/reliability.md).
Imports no ORM.
"""

from __future__ import annotations

from datetime import UTC, datetime

from couchcal.scheduling.wallclock import UnknownZone, to_instant, to_local, zone
from couchcal.store.connection import Connection

_ROWS = """
    SELECT a.start_utc, s.start_local, s.tz FROM appointment a JOIN series s ON s.id = a.series_id
    WHERE a.start_utc >= ? AND a.status = 'scheduled' AND NOT a.all_day AND NOT s.all_day AND s.rdates = ''
    AND s.origin <> 'ics' AND s.rrule NOT LIKE '%BYHOUR%' AND s.rrule NOT LIKE '%BYMINUTE%'
    AND ' ' || a.overridden || ' ' NOT LIKE '% time %'
"""


def drifted(connection: Connection, now: datetime) -> dict[str, int]:
    """How many entries to come are not at the hour of their series, by the zone whose rules have changed.

    Args:
        now: aware UTC.
    """
    found: dict[str, int] = {}
    for start, start_local, name in connection.execute(_ROWS, (int(now.timestamp()),)):
        try:
            tz = zone(name)
        except UnknownZone:
            continue
        instant = datetime.fromtimestamp(start, UTC)
        wanted = datetime.combine(to_local(instant, tz).date(), datetime.fromisoformat(start_local).time())
        if to_instant(wanted, tz) != instant:
            found[name] = found.get(name, 0) + 1
    return found
