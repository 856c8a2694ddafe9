"""Everything a view shows, as one value: views are functions of a scene, a cursor and a ghost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from couchcal.practice.agenda import Entry
from couchcal.practice.availability import BlockRow
from couchcal.tui.calendar.layout import Key, key_of
from couchcal.tui.calendar.period import Period, View
from couchcal.tui.calendar.words import Words, words_of
from couchcal.tui.text import UNICODE, Glyphs

if TYPE_CHECKING:
    from couchcal.scheduling.drag import Grab


class Cursor(NamedTuple):
    """Where the user is: a local day, a wall-clock minute of it, or its all-day line; and the entry chosen."""

    day: date
    minute: int = 540
    all_day: bool = False
    picked: Key | None = None


class SecondZone(NamedTuple):
    """Another zone whose hours are shown beside those of the grid (CAL-03)."""

    name: str
    tz: tzinfo


@dataclass(frozen=True, eq=False, repr=False)
class Scene:
    """What is to be seen, without cursor and ghost. `generation` differs whenever anything else does."""

    view: View
    period: Period
    entries: tuple[Entry, ...]
    tz: tzinfo
    now_local: datetime
    generation: int = 0
    row_minutes: int = 30
    first_minute: int = 480
    names: str = "full"
    hour24: bool = True
    glyphs: Glyphs = UNICODE
    availability: tuple[BlockRow, ...] = ()
    loaded: bool = True
    month: int = 0
    """The month a month view is about, days of others are dim; 0 in the other views."""
    second: SecondZone | None = None
    labels: Mapping[Key, str] = field(default_factory=dict)
    """Letters to jump to entries by, while they are asked for."""
    words: dict[Key, Words] = field(default_factory=dict)

    def is_drawn_like(self, other: Scene) -> bool:
        """Whether both are the same to look at: where now is out of sight, only its day matters."""
        today = self.now_local.date()
        same: dict[str, object] = {"generation": 0, "words": {}}
        if today == other.now_local.date() and today not in self.period:
            same["now_local"] = today
        return vars(self) | same == vars(other) | same

    def words_of(self, entry: Entry) -> Words:
        """The words of an entry, found once."""
        key = key_of(entry)
        found = self.words.get(key)
        if found is None:
            found = words_of(entry, self.glyphs, self.names)
            if key in self.labels:
                label = f"[{self.labels[key]}]"
                found = found._replace(title=f"{label} {found.title}", initials=label, glyphs=())
            self.words[key] = found
        return found


class Ghost(NamedTuple):
    """An entry in the hand: where it would land, and whether something is in the way."""

    entry: Entry
    grab: Grab
    warning: str = ""
    """`overlaps Bob R.`; empty when the place is free."""
