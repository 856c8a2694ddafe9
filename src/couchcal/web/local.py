"""Times as one visitor reads them: in their zone, by the manners of their region, the zone named beside them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from couchcal.scheduling.wallclock import to_local, zone
from couchcal.web.manners import Manners, zone_words
from couchcal.web.site import Visit
from couchcal.web.words import say
from couchcal.web.zones import chosen_zone

ZONE = "zone"
"""The cookie that keeps the zone a client has chosen, and the field it is chosen by."""


class Local(NamedTuple):
    """An IANA zone and manners; `chosen` says that the visitor asked for this zone (TZ-01)."""

    zone: str
    manners: Manners
    chosen: bool = False

    def moment(self, start: datetime) -> str:
        """`Monday 9 March 2026, 15:00`."""
        local = to_local(start, zone(self.zone))
        return f"{self.manners.day_and_year(local.date())}, {self.manners.clock(local)}"

    def near(self, start: datetime) -> str:
        """`Monday 9 March, 15:00`, of a time some days away."""
        local = to_local(start, zone(self.zone))
        return f"{self.manners.day(local.date())}, {self.manners.clock(local)}"

    def day(self, start: datetime) -> str:
        """`Monday 9 March 2026`."""
        return self.manners.day_and_year(to_local(start, zone(self.zone)).date())

    def hours(self, start: datetime, end: datetime) -> str:
        """`15:00 to 15:50`."""
        tz = zone(self.zone)
        times = (self.manners.clock(to_local(at, tz)) for at in (start, end))
        return say("from_to", start=next(times), end=next(times))

    def elsewhere(self, start: datetime, practice_zone: str) -> str:
        """The same moment where the practice is, empty if clocks show the same there."""
        there, here = to_local(start, zone(practice_zone)), to_local(start, zone(self.zone))
        if there == here:
            return ""
        day = "" if there.date() == here.date() else f"{self.manners.day(there.date())}, "
        return say("at_practice", time=f"{day}{self.manners.clock(there)}", zone=zone_words(practice_zone))

    @property
    def words(self) -> str:
        """`New York time`."""
        return zone_words(self.zone)


def local_of(visit: Visit, own: str) -> Local:
    """By the zone that the visitor asks for or chose earlier, else their `own`."""
    for wanted in (visit.query.get(ZONE), visit.form.get(ZONE), visit.kept(ZONE)):
        if found := chosen_zone(wanted or "", ""):
            return Local(found, visit.manners, True)
    return Local(own, visit.manners)
