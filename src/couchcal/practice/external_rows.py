"""Rows of remote calendars as they are stored, read and written many at once past the ORM.

Nothing of it is journalled: what a remote calendar shows is no change of the practice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from couchcal.practice.agenda import MASTER_SPAN
from couchcal.store.connection import Connection


class Family(NamedTuple):
    """What of a remote calendar stands or falls together.

    `present`: whether the event itself, single or master, is here; else only exceptions of it are.
    """

    id: str
    present: bool
    recurring: bool
    exceptions: frozenset[str]


class Row(NamedTuple):
    """The columns of an `ExternalEvent` that say something; instants are seconds since the epoch."""

    remote_event_id: str
    recurring_id: str
    rrule: str
    start_utc: int
    end_utc: int
    span: int
    tz: str
    all_day: bool
    title: str
    transparent: bool
    status: str
    etag: str
    event_type: str
    place: str
    original_start: int | None
    exception: bool
    expanded_from: int | None
    expanded_to: int | None

    @property
    def generated(self) -> bool:
        """Whether it is made from its master."""
        return bool(self.recurring_id) and not self.exception

    def says(self, other: Row) -> bool:
        """Whether it tells people the same as `other`; an etag changes with its whole family."""
        return self == other._replace(
            etag=self.etag, expanded_from=self.expanded_from, expanded_to=self.expanded_to
        )


_COLUMNS: Final = ", ".join(Row._fields)
_SELECT: Final = f"SELECT {_COLUMNS} FROM external_event WHERE link_id = ?"  # noqa: S608  our own names
_INSERT: Final = (
    f"INSERT INTO external_event (link_id, created_at, updated_at, version, raw_hash, {_COLUMNS})"  # noqa: S608  ours
    f" VALUES (?, ?, ?, 1, '', {', '.join('?' * len(Row._fields))})"
)
_UPDATE: Final = (
    f"UPDATE external_event SET ({_COLUMNS}) = ({', '.join('?' * len(Row._fields))}),"  # noqa: S608  ours
    " version = version + 1, updated_at = ? WHERE link_id = ? AND remote_event_id = ?"
)
_DELETE: Final = "DELETE FROM external_event WHERE link_id = ? AND remote_event_id = ?"

Rows = dict[str, Row]


def by_ids(connection: Connection, link_id: int, ids: Iterable[str]) -> Rows:
    """The rows of a link with these remote ids."""
    return _rows(connection, "remote_event_id IN (SELECT atom FROM json_each(?))", link_id, _texts(ids))


def by_masters(connection: Connection, link_id: int, masters: Iterable[str]) -> Rows:
    """The occurrences of these masters, exceptions among them."""
    return _rows(connection, "recurring_id IN (SELECT atom FROM json_each(?))", link_id, _texts(masters))


def masters_named(connection: Connection, link_id: int, name: str) -> Rows:
    """The master `name`, and those that go on after splits of it (`name_R…`)."""
    condition = "rrule <> '' AND (remote_event_id = ? OR (remote_event_id >= ? AND remote_event_id < ?))"
    return _rows(connection, condition, link_id, name, f"{name}_R", f"{name}_S")


def lacking(connection: Connection, lo: int, hi: int) -> list[tuple[int, Row]]:
    """The masters of all links whose occurrences do not fill `[lo, hi)`, each with its link."""
    found = connection.execute(
        f"SELECT link_id, {_COLUMNS} FROM external_event"  # noqa: S608  our own names
        f" WHERE span = {MASTER_SPAN} AND rrule <> '' AND (expanded_to < ? OR expanded_from > ?) ORDER BY id",
        (hi, lo),
    )
    return [(link_id, _row(values)) for link_id, *values in found.fetchall()]


def _rows(connection: Connection, condition: str, link_id: int, *values: str) -> Rows:
    found = connection.execute(f"{_SELECT} AND {condition}", (link_id, *values))
    return {values[0]: _row(values) for values in found}


def _row(values: Iterable[object]) -> Row:
    row = Row(*values)  # type: ignore[arg-type]  # the columns have these types
    return row._replace(all_day=bool(row.all_day), transparent=bool(row.transparent), exception=bool(row.exception))


def _texts(ids: Iterable[str]) -> str:
    return json.dumps(list(ids))


def write(
    connection: Connection, link_id: int, before: Mapping[str, Row], after: Mapping[str, Row], now: int
) -> int:
    """Make of the rows `before` the rows `after`; only what differs is written. Returns how many were.

    In the order of their starts, in which the index of search takes them at half the cost.
    """
    gone = [row for name, row in before.items() if name not in after]
    changed = [row for name, row in after.items() if name in before and row != before[name]]
    new = [row for name, row in after.items() if name not in before]
    for rows in (gone, changed, new):
        rows.sort(key=lambda row: row.start_utc)
    connection.executemany(_DELETE, [(link_id, row.remote_event_id) for row in gone])
    connection.executemany(_UPDATE, [(*row, now, link_id, row.remote_event_id) for row in changed])
    connection.executemany(_INSERT, [(link_id, now, now, *row) for row in new])
    return len(gone) + len(changed) + len(new)


def clear(connection: Connection, link_id: int) -> int:
    """Delete everything of a link; returns how many rows there were."""
    ids = connection.execute("SELECT id FROM external_event WHERE link_id = ? ORDER BY start_utc, id", (link_id,))
    found = ids.fetchall()
    connection.executemany("DELETE FROM external_event WHERE id = ?", found)
    return len(found)


def ids(connection: Connection, link_id: int) -> dict[str, Family]:
    """Everything of a calendar that the remote itself has, by the id of the single event or master."""
    events: dict[str, bool] = {}
    exceptions: dict[str, set[str]] = {}
    for remote_id, recurring_id, recurring in connection.execute(
        "SELECT remote_event_id, recurring_id, rrule <> '' FROM external_event"
        " WHERE link_id = ? AND (recurring_id = '' OR exception)",
        (link_id,),
    ):
        if recurring_id:
            exceptions.setdefault(recurring_id, set()).add(remote_id)
        else:
            events[remote_id] = bool(recurring)
    return {
        name: Family(name, name in events, events.get(name, True), frozenset(exceptions.get(name, ())))
        for name in dict.fromkeys((*events, *exceptions))
    }
