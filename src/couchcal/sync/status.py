"""How the sync stands, in one cheap read: for the badge of the calendar, the command line, the doctor. No ORM."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from couchcal.store.connection import Connection

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATEMENT = """
SELECT a.email, a.state, a.paused, a.failures, a.last_ok, a.next_try, a.last_error,
       (SELECT count(*) FROM sync_outbox WHERE state <> 'blocked'),
       (SELECT count(*) FROM sync_outbox WHERE state = 'blocked'),
       (SELECT count(*) FROM sync_review WHERE resolved_at IS NULL),
       coalesce((SELECT progress FROM worker_lease WHERE name = 'sync' AND owner <> ''), ''),
       coalesce(l.name, ''), coalesce(l.state, ''), coalesce(l.direction, 'two_way')
FROM calendar_account a
LEFT JOIN calendar_link l ON l.account_id = a.id AND l.role = 'owned_target'
WHERE a.state <> 'disabled' ORDER BY a.id LIMIT 1
"""


class Status(NamedTuple):
    """How the sync stands; instants are aware UTC.

    Attributes:
        state: `ok` or `needs_auth`.
        paused: empty, `user`, `mass_delete` or `calendar_lost`.
        failures: cycles in a row that did not get through; the last of them said `last_error`.
        pending, blocked, review: entries that wait to be sent, that the service will not take; open reviews.
        doing, done, of: how far the process at work is; `doing` is empty if none is.
        calendar: the name of the calendar that is written to; empty if there is none. `calendar_state` is empty,
            `creating` or `lost`.
    """

    email: str
    state: str
    paused: str
    failures: int
    last_ok: datetime | None
    next_try: datetime | None
    last_error: str
    pending: int
    blocked: int
    review: int
    doing: str
    done: int
    of: int
    calendar: str
    calendar_state: str
    one_way: bool

    @property
    def working(self) -> bool:
        """Whether a process is at work on something that takes long enough to be shown."""
        return bool(self.doing)

    @property
    def connected(self) -> bool:
        """Whether the sign-in is good, as far as is known."""
        return self.state == "ok"


def read(connection: Connection) -> Status | None:
    """How it stands, None if no account is connected."""
    row = connection.execute(_STATEMENT).fetchone()
    if row is None:
        return None
    *head, last_ok, next_try, last_error, pending, blocked, review, progress, name, link_state, direction = row
    email, state, paused, failures = head
    doing, done, of = _progress(progress) if progress else ("", 0, 0)
    if doing == "sending":  # it is told by the batch; what is through has left the queue one by one
        done = max(done, of - pending)
    return Status(
        email, state, paused, failures, _moment(last_ok), _moment(next_try), last_error, pending, blocked, review,
        doing, done, of, name, link_state, direction == "one_way",
    )  # fmt: skip


def _progress(stored: str) -> tuple[str, int, int]:
    import json

    doing, done, of = json.loads(stored)
    return doing, done, of


def _moment(stored: int | None) -> datetime | None:
    return None if stored is None else _EPOCH + timedelta(seconds=stored)
