"""What an import tells: counts, what was skipped, what was assumed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Progress = Callable[[int, int, int], bool]
"""Told bytes read, bytes in all and events so far; False stops the import and nothing is written."""


class Remark(NamedTuple):
    """Something to tell about a component: where it begins, its UID, and what."""

    line: int
    uid: str
    reason: str


@dataclass(slots=True)
class FileReport:
    """What an import did. `read` counts VEVENTs; each was added, updated, left unchanged or skipped.

    `notes` tells of what was kept with an assumption, `other` counts components that are no events.
    """

    file: str
    calendar: str = ""
    read: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)
    other: dict[str, int] = field(default_factory=dict)
    cancelled: bool = False

    def as_json(self) -> dict[str, Any]:
        """As `import --json` has it."""
        return {
            "file": self.file,
            "calendar": self.calendar,
            "read": self.read,
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "skipped": [remark._asdict() for remark in self.skipped],
            "notes": [remark._asdict() for remark in self.notes],
            "other": self.other,
        }
