"""Who comes to the invented practice, and when in the week."""

from __future__ import annotations

from datetime import time
from typing import NamedTuple

CLIENTS = (
    "Juniper Vale", "Otis Marrow", "Wren Halloway", "Basil Quince", "Marigold Finch", "Rufus Thistle",
    "Clementine Ashby", "Jasper Wilde", "Saffron Moss", "Linus Birdwhistle", "Hazel Underhill", "Ambrose Pickle",
    "Fern Cobbler", "Silas Merriweather", "Poppy Lark", "Ignatius Plum", "Willow Teasdale", "Barnaby Crumb",
    "Olive Sandpiper", "Percival Nettle", "Dahlia Brook", "Mortimer Fig", "Ivy Candlewick", "Cosmo Applegarth",
    "Primrose Tumbler",
)  # fmt: skip
"""Nobody is called like that."""


class Slot(NamedTuple):
    """A place in the week: `weekday` 0 is Monday; every `weeks` weeks, `shift` weeks after the first."""

    client: int
    weekday: int
    start: time
    service: str = "90834"
    minutes: int = 50
    weeks: int = 1
    shift: int = 0
    telehealth: bool = False
    group: str | None = None


SLOTS = (
    Slot(0, 0, time(9), "90837", 55),
    Slot(1, 0, time(10), "90834", 45),
    Slot(2, 0, time(11), weeks=2),
    Slot(3, 0, time(11), weeks=2, shift=1),
    Slot(4, 0, time(14), telehealth=True),
    Slot(5, 0, time(15), "90837", 55),
    Slot(6, 1, time(9), telehealth=True),
    Slot(7, 1, time(10), "90837", 55),
    Slot(8, 1, time(13), "90832", 30),
    Slot(9, 1, time(14), "90834", 45),
    Slot(10, 1, time(15), weeks=2, telehealth=True),
    Slot(11, 2, time(9), "90837", 55),
    Slot(12, 2, time(10), "90847", 50),
    Slot(13, 2, time(14)),
    Slot(14, 2, time(16), "90853", 90, group="wednesday-group"),
    Slot(15, 2, time(16), "90853", 90, group="wednesday-group"),
    Slot(16, 2, time(16), "90853", 90, group="wednesday-group"),
    Slot(17, 3, time(9), telehealth=True),
    Slot(18, 3, time(10), "90837", 55),
    Slot(19, 3, time(11), weeks=2, shift=1),
    Slot(20, 3, time(14)),
    Slot(21, 4, time(9), "90834", 45),
    Slot(22, 4, time(10), telehealth=True),
    Slot(23, 4, time(11), weeks=2),
)
CANCELLED = {
    "late_cancel": ("Called in the morning", 7500),
    "no_show": ("", 7500),
    "therapist_cancel": ("Training day", None),
    "other": ("Moved house", None),
}
"""By type of cancellation the reason and the fee in cents."""
