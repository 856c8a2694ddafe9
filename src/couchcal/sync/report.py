"""What a cycle did, and what a person has to know of it; as words and as the JSON of the contract."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from couchcal.sync.port import Progress

State = Literal["ok", "needs_auth", "retry", "paused"]


@dataclass(frozen=True, slots=True)
class CalendarReport:
    """One calendar in one cycle. `deleted` counts both ways; `requests` are those made for it."""

    id: str
    name: str
    pulled: int = 0
    pushed: int = 0
    deleted: int = 0
    requests: int = 0


@dataclass(frozen=True, slots=True)
class BlockedReport:
    """An entry that the service will not take; `id` is that of `agenda`."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReviewReport:
    """Something that waits for a person."""

    id: str
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """A cycle: `status` says how it ended, `reason` why, if not well; instants are aware UTC."""

    status: State
    calendars: tuple[CalendarReport, ...] = ()
    pending: int = 0
    blocked: tuple[BlockedReport, ...] = ()
    review: tuple[ReviewReport, ...] = ()
    last_ok: datetime | None = None
    next_try: datetime | None = None
    reason: str = ""

    @property
    def changed(self) -> bool:
        """Whether anything went either way."""
        return any(each.pulled or each.pushed or each.deleted for each in self.calendars)

    def as_json(self) -> dict[str, object]:
        """The object of `sync --json`: every key always there, null where there is nothing."""
        return {
            "status": self.status,
            "calendars": [
                {
                    "id": each.id,
                    "name": each.name,
                    "pulled": each.pulled,
                    "pushed": each.pushed,
                    "deleted": each.deleted,
                    "requests": each.requests,
                }
                for each in self.calendars
            ],
            "pending": self.pending,
            "blocked": [{"id": each.id, "reason": each.reason} for each in self.blocked],
            "review": [{"id": each.id, "kind": each.kind, "detail": each.detail} for each in self.review],
            "last_ok": _text(self.last_ok),
            "next_try": _text(self.next_try),
        }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


@dataclass(frozen=True, slots=True)
class CalendarPlan:
    """What a cycle would do in one calendar: what was found there, and what would be sent and removed.

    `problem` says why it could not be read.
    """

    id: str
    name: str
    found: int = 0
    gone: int = 0
    inserts: int = 0
    changes: int = 0
    deletes: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PlannedSending:
    """One entry that would be sent: `words` name it without a name, `what` is `insert`, `change` or `delete`, and
    `fields` says which of it."""

    id: str
    words: str
    what: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A dry run: nothing was applied, nothing sent."""

    calendars: tuple[CalendarPlan, ...] = ()
    sendings: tuple[PlannedSending, ...] = ()
    held: int = 0
    status: State = "ok"
    reason: str = ""


def progress_text(progress: Progress) -> str:
    """Progress as the lease keeps it."""
    return json.dumps([progress.doing, progress.done, progress.of])
