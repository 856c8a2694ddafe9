"""The audit trail: who did what to which record and when, each entry chained to the one before it.

An entry names fields, never values. Entries are appended in the transaction that makes the change; triggers block
any update and delete. `hash` is the SHA-256 of the entry and of the hash before it, so that an entry that was
edited, removed, inserted or moved breaks the chain (45 CFR 164.312(b) and (c)). See `store.audit_check`.

Imports no ORM.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import NamedTuple

from couchcal.clock import Clock, system_clock
from couchcal.store.connection import Connection, Database, database_errors, transaction

COLUMNS = "id, at, actor, action, entity, entity_id, fields, prev_hash, hash"
ALONE = 3
"""Rows of one kind that a change may touch before they share one entry."""
_VERBS = {"insert": "create", "update": "update", "delete": "delete"}
_UNNAMED = frozenset(
    {"id", "created_at", "updated_at", "version", "sequence", "materialised_from", "materialised_to"}
)
"""Columns that follow a change and are none."""

_encode = json.JSONEncoder(separators=(",", ":"), default=repr).encode


class Entry(NamedTuple):
    """A link of the chain as it is stored; `at` is in seconds since 1970, `entity` is a table or a topic."""

    id: int
    at: int
    actor: str
    action: str
    entity: str
    entity_id: str
    fields: str
    prev_hash: str
    hash: str


class Deed(NamedTuple):
    """What an entry will say: `entity_id` is a row id, or ids as `3,7-12`; `fields` are names or counts."""

    action: str
    entity: str = ""
    entity_id: str = ""
    fields: str = ""


def digest(prev_hash: str, *values: object) -> str:
    """The hash of an entry: id, at, actor, action, entity, entity_id, fields, after the hash before it."""
    from hashlib import sha256

    return sha256(_encode((prev_hash, *values)).encode("ascii")).hexdigest()


def head(connection: Connection) -> tuple[int, str]:
    """The id and hash of the newest entry, `(0, "")` if there is none."""
    row = connection.execute("SELECT id, hash FROM audit_entry ORDER BY id DESC LIMIT 1").fetchone()
    return (0, "") if row is None else (int(row[0]), str(row[1]))


def append(connection: Connection, at: int, actor: str, deeds: Iterable[Deed]) -> int:
    """Add entries inside the transaction that is open on `connection`; the id of the newest one."""
    last, hash_ = head(connection)
    if last == 0:
        row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit_entry'").fetchone()
        last = int(row[0]) if row is not None else 0  # whoever emptied the table does not get its numbers back
    rows = []
    for deed in deeds:
        last, before = last + 1, hash_
        hash_ = digest(before, last, at, actor, *deed)
        rows.append((last, at, actor, *deed, before, hash_))
    connection.executemany(
        f"INSERT INTO audit_entry ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  our own names
        rows,
    )
    return last


def note(
    database: Database,
    action: str,
    entity: str = "",
    entity_id: int | str = "",
    *,
    fields: str = "",
    actor: str = "user",
    clock: Clock = system_clock,
) -> bool:
    """Write down what changes no record: a look, an export, an unlock, a letter sent, a turn of the sync.

    Args:
        action: a verb of docs/security.md, such as `view`, `export`, `unlock`.
        entity: a table, or a topic such as `database`.
        fields: names of fields or counts (`pushed=3 deleted=1`), never a client's data.

    Returns:
        False where the database can only be read: nothing is written down then.

    Raises:
        DatabaseProblem: it is busy, or the disk is full.
    """
    if not database.takes_writes():
        return False
    deed = Deed(action, entity, str(entity_id), fields)
    with database_errors(database.path), closing(database.connect()) as connection, transaction(connection):
        append(connection, int(clock().timestamp()), actor, (deed,))
    from couchcal.store.audit_anchor import appended

    appended(database)
    return True


class Tally:
    """Counts the rows that a write session changes, until it commits."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, str], list[tuple[int, int]]] = {}

    def add(self, operation: str, table: str, first_id: int, last_id: int | None, after: str | None) -> None:
        """Count rows of a journal entry; `after` is the JSON of an update's values."""
        fields = ""
        if operation == "update":
            names = [name for name in json.loads(after or "{}") if name not in _UNNAMED]
            if not names:
                return
            fields = " ".join(names)
        self._groups.setdefault((operation, table, fields), []).append((first_id, last_id or first_id))

    def deeds(self) -> Iterator[Deed]:
        """An entry for each row, one for all of a kind where they are many; the tally is empty afterwards."""
        for (operation, table, fields), ranges in self._groups.items():
            verb = _VERBS[operation]
            if len(ranges) <= ALONE:
                for first, last in ranges:
                    yield Deed(verb, table, str(first) if first == last else f"{first}-{last}", fields)
            else:
                yield Deed(verb, table, in_ranges(ranges), fields)
        self._groups = {}


def in_ranges(ranges: Iterable[tuple[int, int]]) -> str:
    """Ids as short as they go: `3,7-12`."""
    joined: list[list[int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1][1] = max(joined[-1][1], last)
        else:
            joined.append([first, last])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in joined)


def covers(entity_id: str, row_id: str) -> bool:
    """Whether the ids of an entry (`3,7-12`) have `row_id` among them."""
    if entity_id == row_id:
        return True
    if not row_id.isdecimal():
        return False
    number = int(row_id)
    for part in entity_id.split(","):
        first, _, last = part.partition("-")
        if first.isdecimal() and int(first) <= number <= (int(last) if last.isdecimal() else int(first)):
            return True
    return False
