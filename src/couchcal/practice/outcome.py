"""What a write tells its caller: words for the toast, and what was left as it was."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Kept(NamedTuple):
    """A row that a series change did not touch, and why."""

    appointment_id: int
    label: str
    reason: str


class Done(NamedTuple):
    """The outcome of a write.

    `label` is the toast ("Moved Jane D. to Tue 3 Mar 15:00"); `changed` counts rows; `conflicts` counts
    rows of the change that now overlap something; `advice` never blocked anything. `untold` is the start that the
    client still knows, where the practice asks before they are told of a move.
    """

    label: str
    appointment_id: int | None = None
    changed: int = 1
    kept: tuple[Kept, ...] = ()
    conflicts: int = 0
    advice: tuple[str, ...] = ()
    untold: datetime | None = None


class Preview(NamedTuple):
    """What a scope would do before it is done.

    `by_hand` are rows that change only in part: what was changed on them by hand stays. `problem` says why
    the scope is refused; nothing would change then.
    """

    changes: int
    kept: tuple[Kept, ...]
    removed: int = 0
    added: int = 0
    by_hand: tuple[Kept, ...] = ()
    problem: str = ""
