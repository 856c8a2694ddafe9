"""What the sync's screens show: how everything is, an item to review in full, what Google does not take."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from couchcal.practice.disclosure import Facts
from couchcal.sync.accounts import Link
from couchcal.sync.status import Status


class SyncState(NamedTuple):
    """All that the screen shows, as of one moment.

    `reasons` says of each link that cannot be read why. `client_file` is where the file that Google gives a program
    is looked for, `client_problem` what is wrong with it; it is empty where the file can be used, or is not needed.
    """

    status: Status | None
    links: tuple[Link, ...]
    reasons: dict[int, str]
    facts: Facts
    client_file: Path
    client_problem: str

    @property
    def target(self) -> Link | None:
        """The calendar that appointments go to."""
        return next((link for link in self.links if link.role == "owned_target"), None)

    @property
    def direction(self) -> str:
        """`two_way` or `one_way`; empty while there is no calendar."""
        return self.target.direction if self.target is not None else ""


class About(NamedTuple):
    """What is known of an item to review: JSON of what both sides have, entries that would go in words without a
    name, and how many events of Google itself."""

    ours: str = ""
    theirs: str = ""
    entries: tuple[str, ...] = ()
    events: int = 0


class Unsent(NamedTuple):
    """An entry that Google does not take: in words without a name, and why."""

    appointment_id: int
    words: str
    reason: str
