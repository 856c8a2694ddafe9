"""What somebody has chosen so far, as the addresses of the pages hold it: no word about who chooses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from urllib.parse import quote, urlencode

from couchcal.practice import door
from couchcal.practice.door_shapes import ClientKey, OfferedType, OwnSession, PracticePage
from couchcal.scheduling.wallclock import zone
from couchcal.store.connection import Connection
from couchcal.web.local import Local
from couchcal.web.manners import Manners
from couchcal.web.month import instant_text
from couchcal.web.words import say
from couchcal.web.zones import chosen_zone

_INSTANT = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]Z", re.ASCII)
_DAY = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Choice:
    """A practice, what to book there and how to meet, and the zone that times are shown in.

    `kind` and `visit_type` are None until they are chosen; where there is one only, that one is (VIS-03). `base` is
    the page that it is chosen on. `client` is who is signed in, `own` their session that is to move (C-07), and
    `carried` the fields that every link and form of these pages needs besides.
    """

    practice: PracticePage
    kind: OfferedType | None
    visit_type: str | None
    zone: str
    zone_chosen: bool
    base: str
    client: ClientKey | None = None
    own: OwnSession | None = None
    carried: Mapping[str, str] = field(default_factory=dict)

    @property
    def tz(self) -> tzinfo:
        """The zone that times are shown in."""
        return zone(self.zone)

    @property
    def practice_tz(self) -> tzinfo:
        """The practice's zone, whose days slots are asked for by."""
        return zone(self.practice.zone)

    @property
    def steps(self) -> tuple[int, int]:
        """The step that comes next, and how many there are: what, how, when, who."""
        several, both = self.may_change_kind, self.kind is None or self.may_change_visit
        total = 2 + several + both
        done = (several and self.kind is not None) + (both and self.visit_type is not None)
        return done + 1, total

    @property
    def may_change_kind(self) -> bool:
        """Whether there is more than one thing to book."""
        return self.own is None and len(self.practice.event_types) > 1

    @property
    def may_change_visit(self) -> bool:
        """Whether there are two ways to meet."""
        return self.own is None and self.kind is not None and len(self.kind.visit_types) > 1

    def starts(self, connection: Connection, first: date, last: date, now: datetime) -> Sequence[datetime]:
        """What is free on days of the practice's calendar. Only once `kind` and `visit_type` are chosen."""
        assert self.kind is not None  # noqa: S101  the type checker's
        found = door.slots(
            connection, self.kind.id, self.visit_type, first, last, now=now,
            client=self.client, moving=self.own.key if self.own else "",
        )  # fmt: skip
        return [start for start in found if self.own is None or start != self.own.start]

    def link(self, path: str = "", **more: str) -> str:
        """The address of a page below `base` that keeps what is chosen; `more` overrides, empty takes out."""
        return f"{self.base}{path}?{urlencode(self.fields(**more))}".rstrip("?")

    def link_to(self, name: str, path: str = "") -> str:
        """The same for a list of links that differ in their last field, `name`: its value is put behind it."""
        return self.link(path, **{name: "-"}).removesuffix("-")

    def fields(self, **more: str) -> dict[str, str]:
        """The same as the hidden fields of a form."""
        found = {
            **self.carried,
            "for": "" if self.kind is None or not self.may_change_kind else str(self.kind.id),
            "how": self.visit_type if self.visit_type and self.may_change_visit else "",
            "zone": self.zone if self.zone_chosen else "",
            **more,
        }
        return {name: value for name, value in found.items() if value}

    def moment(self, start: datetime, manners: Manners) -> str:
        """`Monday 9 March 2026, 15:00` in the visitor's zone."""
        return Local(self.zone, manners).moment(start)

    def moment_near(self, start: datetime, manners: Manners) -> str:
        """`Monday 9 March, 15:00` in the visitor's zone, of a time some days away."""
        return Local(self.zone, manners).near(start)

    def moment_there(self, start: datetime, manners: Manners) -> str:
        """The same where the practice is, empty if clocks show the same there (TZ-01)."""
        return Local(self.zone, manners).elsewhere(start, self.practice.zone)

    @property
    def place(self) -> str:
        """How to meet, in words."""
        if self.visit_type != "in_person":
            return say("telehealth")
        return f"{say('in_person')}, {self.practice.address}" if self.practice.address else say("in_person")


def choice_of(practice: PracticePage, given: Mapping[str, str]) -> Choice:
    """What `given`, of an address or a form, has chosen. What is not offered is not chosen."""
    kinds = {str(kind.id): kind for kind in practice.event_types}
    kind = practice.event_types[0] if len(kinds) == 1 else kinds.get(given.get("for", ""))
    visit_type = None
    if kind is not None:
        wanted = given.get("how", "")
        visit_type = kind.visit_types[0] if len(kind.visit_types) == 1 else None
        if visit_type is None and wanted in kind.visit_types:
            visit_type = wanted
    wanted_zone = given.get("zone", "")
    base = f"/book/{quote(practice.slug)}"
    return Choice(practice, kind, visit_type, chosen_zone(wanted_zone, practice.zone), bool(wanted_zone), base)


def instant_of(text: str) -> datetime | None:
    """The instant of `month.instant_text`, None for anything else."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None
    return found if instant_text(found) == text else None


def day_of(text: str) -> date | None:
    """The day of `2026-03-09`, None for anything else."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
