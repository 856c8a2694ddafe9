"""What a person has to decide, or should know of, after a sync. Details name no client.

Plain SQL without the ORM, which is loaded only where a decision is made.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from couchcal.clock import Clock, system_clock
from couchcal.errors import NotFound
from couchcal.practice.outcome import Done
from couchcal.store.connection import Connection, Database
from couchcal.sync.ledger import epoch, moment

ALLOWED = "apply"
"""The resolution of a `mass_delete` that may be made; `USED` when a reading was."""
USED = "applied"

_CANCEL = ("cancel", "Cancel it here, too")
_RESTORE = ("restore", "Put it back in Google")
_UNLINK = ("unlink", "Keep it here alone")
_KEEP_OURS = ("keep", "Keep it as it is here")
_TAKE = ("take", "Take the time of Google")
_UNDERSTOOD = ("dismiss", "Understood")


class New(NamedTuple):
    """Something to decide on before it is stored; `ours`, `theirs` are JSON."""

    kind: str
    detail: str
    ours: str = ""
    theirs: str = ""
    appointment_id: int | None = None
    remote_event_id: str = ""


class ReviewItem(NamedTuple):
    """Something to decide on: what may be chosen are words and their labels, the first of them the usual one.

    An item with `dismiss` only is a notice.
    """

    id: int
    kind: str
    detail: str
    at: datetime
    choices: tuple[tuple[str, str], ...]
    appointment_id: int | None = None

    @property
    def notice(self) -> bool:
        return self.choices == (_UNDERSTOOD,)

    def as_json(self) -> dict[str, object]:
        """A row of `sync review --json`."""
        return {
            "id": str(self.id),
            "kind": self.kind,
            "detail": self.detail,
            "at": self.at.isoformat(),
            "choices": [word for word, _label in self.choices],
        }


class Stored(NamedTuple):
    """A review as it is stored."""

    id: int
    link_id: int | None
    appointment_id: int | None
    remote_event_id: str
    kind: str
    detail: str
    ours: str
    theirs: str
    at: datetime
    resolved_at: datetime | None
    resolution: str
    role: str

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """What may be chosen."""
        if self.kind == "remote_deleted":
            return _CANCEL, _RESTORE, _UNLINK
        if self.kind == "conflict":
            return (_KEEP_OURS, _TAKE) if self.theirs else (_UNDERSTOOD,)
        if self.kind == "unknown_event":
            return ("keep", "Keep it as an event of Google"), ("remove", "Remove it in Google")
        if self.kind == "calendar_lost":
            if self.role == "owned_target":
                return ("recreate", "Make a new calendar and send everything again"), ("disconnect", "Stop syncing")
            return (("forget", "Stop reading it"),)
        if self.kind == "mass_delete" and self.pushing:
            return ("apply", "Remove them in Google, too"), (
                "discard",
                "Leave them in Google, as events of its own",
            )
        if self.kind == "mass_delete":
            return (
                ("discard", "Change nothing and read everything anew"),
                ("restore", "Put ours back in Google"),
                ("apply", "They are deleted: go on"),
            )
        return (_UNDERSTOOD,)

    @property
    def pushing(self) -> bool:
        """Whether a `mass_delete` is of events that would be removed at the remote."""
        return bool(self.ours) and json.loads(self.ours).get("direction") == "push"


_SELECT = (
    "SELECT r.id, r.link_id, r.appointment_id, r.remote_event_id, r.kind, r.detail, r.ours, r.theirs, r.at,"
    " r.resolved_at, r.resolution, coalesce(l.role, '') FROM sync_review r"
    " LEFT JOIN calendar_link l ON l.id = r.link_id"
)


def open_items(connection: Connection) -> list[ReviewItem]:
    """Everything that waits for a person, the oldest first."""
    found = connection.execute(f"{_SELECT} WHERE r.resolved_at IS NULL ORDER BY r.at, r.id")
    items = [_stored(row) for row in found]
    return [
        ReviewItem(item.id, item.kind, item.detail, item.at, item.choices, item.appointment_id) for item in items
    ]


def holds_up(connection: Connection) -> bool:
    """Whether the sync, or a part of it, waits for a person: paused, or many deletions that are not sent."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM calendar_account WHERE paused <> '')"
        " OR EXISTS (SELECT 1 FROM sync_review WHERE resolved_at IS NULL AND kind = 'mass_delete')"
    ).fetchone()
    return bool(row[0])


def load(connection: Connection, review_id: int) -> Stored:
    """One review, open or not.

    Raises:
        NotFound: there is none.
    """
    row = connection.execute(f"{_SELECT} WHERE r.id = ?", (review_id,)).fetchone()
    if row is None:
        raise NotFound("there is no such item to review", "couchcal sync review lists them")
    return _stored(row)


def _stored(row: tuple[object, ...]) -> Stored:
    stored = Stored(*row)  # type: ignore[arg-type]  # columns as they are declared
    return stored._replace(at=moment(row[8]), resolved_at=moment(row[9]))  # type: ignore[arg-type]  # integer columns


def resolve(database: Database, review_id: int, how: str, *, clock: Clock = system_clock) -> Done:
    """Decide on an item by one of the words of its choices; see `resolving.resolve`, which loads the ORM."""
    from couchcal.sync import resolving

    return resolving.resolve(database, review_id, how, clock=clock)


# Inside a transaction.


def open_one(connection: Connection, new: New, *, link_id: int | None, now: datetime, resolution: str = "") -> None:
    """Store something to decide on. What is open of the same already is brought up to date instead.

    Args:
        resolution: store it as decided already, for people to read.
    """
    values = (new.detail, new.ours, new.theirs, epoch(now))
    if not resolution:
        found = connection.execute(
            f"UPDATE sync_review SET detail = ?, ours = ?, theirs = ?, at = ? {_SAME}",  # noqa: S608  our own words
            (*values, *_same(new, link_id)),
        )
        if found.rowcount:
            return
    connection.execute(
        "INSERT INTO sync_review (detail, ours, theirs, at, resolved_at, resolution, kind, link_id, appointment_id,"
        " remote_event_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *values, epoch(now) if resolution else None, resolution, new.kind, link_id, new.appointment_id,
            new.remote_event_id,
        ),
    )  # fmt: skip


_SAME = (
    "WHERE resolved_at IS NULL AND kind = ? AND link_id IS ? AND appointment_id IS ? AND remote_event_id = ?"
    " AND CASE WHEN kind = 'mass_delete' THEN ours LIKE '%\"push\"%' ELSE false END = ?"
)


def _same(new: New, link_id: int | None) -> tuple[object, ...]:
    pushing = new.kind == "mass_delete" and '"push"' in new.ours
    return new.kind, link_id, new.appointment_id, new.remote_event_id, int(pushing)


def is_open(connection: Connection, new: New, link_id: int | None) -> bool:
    """Whether exactly this is open already."""
    row = connection.execute(
        f"SELECT 1 FROM sync_review {_SAME} AND detail = ? AND ours = ?",  # noqa: S608  our own words
        (*_same(new, link_id), new.detail, new.ours),
    ).fetchone()
    return row is not None


def settle(
    connection: Connection, link_id: int, appointment_id: int, kind: str, resolution: str, now: datetime
) -> bool:
    """Resolve what is open of one kind for an appointment; whether anything was."""
    found = connection.execute(
        "UPDATE sync_review SET resolved_at = ?, resolution = ? WHERE resolved_at IS NULL AND kind = ?"
        " AND link_id = ? AND appointment_id = ?",
        (epoch(now), resolution, kind, link_id, appointment_id),
    )
    return bool(found.rowcount)


def close(connection: Connection, review_id: int, resolution: str, now: datetime) -> None:
    """Resolve one."""
    connection.execute(
        "UPDATE sync_review SET resolved_at = ?, resolution = ? WHERE id = ? AND resolved_at IS NULL",
        (epoch(now), resolution, review_id),
    )


def was_seen(connection: Connection, link_id: int, event_id: str) -> bool:
    """Whether an event was once asked about as an unknown one."""
    row = connection.execute(
        "SELECT 1 FROM sync_review WHERE kind = 'unknown_event' AND link_id = ? AND remote_event_id = ? LIMIT 1",
        (link_id, event_id),
    ).fetchone()
    return row is not None


def use_permit(connection: Connection, link_id: int, count: int) -> bool:
    """Whether a person allowed a reading that takes away `count`; then it is used up."""
    for review_id, theirs in connection.execute(
        "SELECT id, theirs FROM sync_review WHERE kind = 'mass_delete' AND link_id = ? AND resolution = ?"
        " AND ours LIKE '%\"pull\"%'",
        (link_id, ALLOWED),
    ).fetchall():
        values = json.loads(theirs)
        connection.execute("UPDATE sync_review SET resolution = ? WHERE id = ?", (USED, review_id))
        if count <= len(values["appointments"]) + values["events"]:
            return True
    return False


def allowed_deletes(connection: Connection, link_id: int) -> frozenset[int]:
    """The appointments whose events a person allowed to be removed in a great number."""
    found = connection.execute(
        "SELECT ours FROM sync_review WHERE kind = 'mass_delete' AND link_id = ? AND resolution = ?"
        " AND ours LIKE '%\"push\"%'",
        (link_id, ALLOWED),
    )
    return frozenset(row_id for (ours,) in found for row_id in json.loads(ours)["appointments"])
