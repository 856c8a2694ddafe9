"""Every row of a practice from one database into another that is empty, of whichever kind, and compared afterwards.

What was written stays as it was: ids, versions, the journal of undo, the audit trail with its chain, what waits to
be sent. Who is at work on the old database is not copied, and the index of search is made anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from couchcal.errors import DatabaseProblem, Refused
from couchcal.store import audit_check
from couchcal.store.connection import Connection, transaction
from couchcal.store.rules import without_rules_of_change
from couchcal.store.search_index import entry_count

if TYPE_CHECKING:
    from sqlalchemy import Table

NOT_COPIED = frozenset({"worker_lease"})
"""Whose process is at work on the database it is in."""
_BATCH = 2_000
_VALUES = 2_000
"""How many values a statement is given at most."""
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_Row = Sequence[Any]


class Copied(NamedTuple):
    """How many rows of each table were copied."""

    rows: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def copy_rows(
    source: Connection, target: Connection, *, still: bool, told: Callable[[str], None] | None = None
) -> Copied:
    """Copy everything in one transaction of `target`, compare what is there with what was read, and commit.

    `source` is read in one snapshot and left as it is.

    Args:
        still: whether nobody may have written into `source` meanwhile.
        told: is given the name of each table before it is copied.

    Raises:
        DatabaseProblem: a row cannot be copied, or something is not the same afterwards (code `not_the_same`).
            Nothing is in `target` then.
        Refused: somebody wrote (code `in_use`); nothing is in `target` either.
    """
    tables = _tables()
    source.execute("BEGIN")
    try:
        version = _version(source)
        with transaction(target):
            target.execute("PRAGMA defer_foreign_keys=ON")
            with without_rules_of_change(target):
                target.execute(
                    "INSERT INTO entry_search_later (id, first_id, last_id) VALUES (1, 0, 9223372036854775807)"
                )
                copied = {}
                for table in tables:
                    if told is not None:
                        told(table.name)
                    copied[table.name] = _copy_table(source, target, table)
                target.execute("DELETE FROM entry_search_later")
            _set_counters(source, target)
            _compare(target, tables, copied)
            source.execute("ROLLBACK")
            source.execute("BEGIN")
            if still and _version(source) != version:
                raise Refused(
                    "somebody changed the practice while it was copied",
                    "end couchcal, its worker and its booking page everywhere, and try again",
                    code="in_use",
                )
    finally:
        source.execute("ROLLBACK")
    return Copied({name: part.rows for name, part in copied.items()})


def _version(connection: Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


class _Part(NamedTuple):
    """A table as it was read: how many rows, and their digest."""

    rows: int
    digest: str


def _tables() -> list[Table]:
    from sqlmodel import SQLModel

    from couchcal.store import records

    known = records.Appointment.metadata
    assert known is SQLModel.metadata  # noqa: S101  the import above fills it
    return [table for table in known.sorted_tables if table.name not in NOT_COPIED]


def _copy_table(source: Connection, target: Connection, table: Table) -> _Part:
    names = [column.name for column in table.columns]
    plain, count, digest = _plain(table), 0, sha256()
    for batch in _batches(source, table.name, names):
        try:
            _insert(target, table.name, names, batch)
        except Exception as error:
            if not {"IntegrityError", "DataError"} & {kind.__name__ for kind in type(error).__mro__}:
                raise
            raise DatabaseProblem(
                f"a row of {table.name} between ids {batch[0][0]} and {batch[-1][0]} cannot be copied:"
                f" {type(error).__name__}",
                "run couchcal doctor on the old database",
                code="not_the_same",
            ) from None
        count += len(batch)
        digest.update(_encode([plain(row) for row in batch]).encode())
    return _Part(count, digest.hexdigest())


def _insert(target: Connection, table: str, names: list[str], rows: list[_Row]) -> None:
    """Many rows with each statement: to a server every one is a message."""
    marks = f"({', '.join('?' for _ in names)})"
    into = f"INSERT INTO {table} ({', '.join(names)}) VALUES "  # noqa: S608  names of the schema
    many = _VALUES // len(names)
    whole = len(rows) - len(rows) % many
    if whole:
        groups = ([value for row in rows[at : at + many] for value in row] for at in range(0, whole, many))
        target.executemany(into + ", ".join([marks] * many), groups)
    if rows[whole:]:
        target.executemany(into + marks, rows[whole:])


def _batches(connection: Connection, table: str, names: list[str]) -> Iterator[list[_Row]]:
    """The rows of a table by their ids, which come first."""
    assert names[0] == "id"  # noqa: S101  of every table
    after = 0
    statement = f"SELECT {', '.join(names)} FROM {table} WHERE id > ? ORDER BY id LIMIT {_BATCH}"  # noqa: S608
    while batch := connection.execute(statement, (after,)).fetchall():
        yield batch
        after = batch[-1][0]


def _plain(table: Table) -> Callable[[_Row], list[Any]]:
    """Rows in a form that is the same for every database: times in full, and no NUL, which servers do not keep."""
    import sqlalchemy as sa

    read: list[Callable[[str], str]] = []
    for column in table.columns:
        if isinstance(column.type, sa.DateTime):
            read.append(lambda text: datetime.fromisoformat(text).isoformat())
        elif isinstance(column.type, sa.Time):
            read.append(lambda text: time.fromisoformat(text).isoformat())
        else:
            read.append(lambda text: text.replace("\x00", ""))

    def plain(row: _Row) -> list[Any]:
        return [
            as_read(value) if isinstance(value, str) else value for as_read, value in zip(read, row, strict=True)
        ]

    return plain


def _set_counters(source: Connection, target: Connection) -> None:
    """The highest id ever of each table: ids of deleted rows are not given again."""
    for name, seq in source.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name").fetchall():
        if name not in NOT_COPIED:
            target.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            target.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, seq))


def _compare(target: Connection, tables: list[Table], copied: dict[str, _Part]) -> None:
    for table in tables:
        plain, count, digest = _plain(table), 0, sha256()
        for batch in _batches(target, table.name, [column.name for column in table.columns]):
            count += len(batch)
            digest.update(_encode([plain(row) for row in batch]).encode())
        if copied[table.name] != (count, digest.hexdigest()):
            raise _not_the_same(f"{table.name} is not the same after copying")
    verdict = audit_check.verify(target, None)
    if not verdict.intact:
        raise DatabaseProblem(
            f"the audit trail is broken: {verdict.reason}", "couchcal audit verify", code="audit_broken"
        )
    if entry_count(target) != copied["appointment"].rows + copied["external_event"].rows:
        raise _not_the_same("the index of search does not have every entry")


def _not_the_same(what: str) -> DatabaseProblem:
    return DatabaseProblem(what, "nothing was copied; try again, and report it", code="not_the_same")
