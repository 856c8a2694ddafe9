"""Values of imported events, and the tables they are written to past the ORM."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlmodel import SQLModel

from couchcal.store.connection import Connection

OWN_UID_SUFFIX: Final = "@couchcal"
_BATCH: Final = 500
_MODIFIED: Final = "LAST-MODIFIED"


class ImportedEvent:
    """A VEVENT as the store keeps it.

    `start` and `end` are seconds since the epoch, for an all-day event the UTC midnights that stand for its first
    date and the date after its last. `start_local` is its start on the wall clock of `tz`. `modified` is
    LAST-MODIFIED as written, empty when absent. `extra` holds every content line without a column of ours. `key`
    names the occurrence it replaces, empty for an event of its own.
    """

    __slots__ = (
        "all_day", "busy", "end", "extra", "instructions", "key", "modified", "place", "sequence", "start",
        "start_local", "status", "title", "tz", "uid",
    )  # fmt: skip

    uid: str
    key: str
    start: int
    end: int
    start_local: datetime
    tz: str
    all_day: bool
    title: str
    place: str
    instructions: str
    busy: bool
    status: str
    sequence: int
    modified: str
    extra: str

    @property
    def version(self) -> tuple[int, str]:
        """What decides which of two revisions is the newer."""
        return self.sequence, self.modified

    @property
    def start_key(self) -> str:
        """The key of an occurrence that starts where this event does."""
        return event_key(self.start_local, all_day=self.all_day)


def event_key(local: datetime, *, all_day: bool) -> str:
    """The series key of an imported occurrence: its date when all-day, else its whole wall-clock start."""
    return local.date().isoformat() if all_day else local.replace(microsecond=0).isoformat()


class Stored(NamedTuple):
    """An event or series that is there already."""

    id: int
    sequence: int
    modified: str
    start: int

    @property
    def version(self) -> tuple[int, str]:
        return self.sequence, self.modified


class BulkTable:
    """Rows of one table, buffered and inserted in batches with ids counted up from the highest.

    Args:
        connection: the DB-API connection inside the write transaction.
        model: the record class; columns that are not bound take its defaults.
        bound: the columns each row gives, after its id.
        constants: values that are the same in every row.
    """

    def __init__(
        self, connection: Connection, model: type[SQLModel], bound: Sequence[str], constants: dict[str, Any]
    ) -> None:
        self.name = str(model.__tablename__)
        self._model = model
        self._connection = connection
        fixed = {
            name: field.default
            for name, field in model.model_fields.items()
            if name not in bound and name != "id" and not field.is_required() and field.default_factory is None
        }
        fixed.update(constants)
        columns = ("id", *bound, *fixed)
        values = ", ".join(["?"] * (len(bound) + 1) + [_literal(value) for value in fixed.values()])
        self._statement = f"INSERT INTO {self.name} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608  our names
        counter = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (self.name,)).fetchone()
        highest: int = counter[0] if counter else 0  # the highest ever: ids of deleted rows are not given again
        self.first_id = highest + 1
        self.next_id = self.first_id
        self._rows: list[tuple[Any, ...]] = []

    def add(self, *values: Any) -> int:
        """Buffer a row; returns its id."""
        row_id = self.next_id
        self.next_id = row_id + 1
        self._rows.append((row_id, *values))
        if len(self._rows) >= _BATCH:
            self.flush()
        return row_id

    def flush(self) -> None:
        """Write what is buffered."""
        if self._rows:
            self._connection.executemany(self._statement, self._rows)
            self._rows.clear()

    def made(self, row_id: int) -> bool:
        """Whether the row is of this run."""
        return row_id >= self.first_id


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, (bool, int)):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    raise TypeError(f"no SQL literal for {type(value).__name__}")


def stored_events(connection: Connection, calendar_id: int, uids: Iterable[str]) -> dict[tuple[str, str], Stored]:
    """Single events of a calendar by (UID, key)."""
    rows = _by_uid(
        connection,
        "SELECT a.uid, coalesce(a.series_key, ''), a.id, a.sequence, a.start_utc, i.extra FROM appointment a"
        " LEFT JOIN appointment_ics i ON i.appointment_id = a.id"
        " WHERE a.calendar_id = ? AND a.series_id IS NULL AND a.uid IN ({})",
        (calendar_id,),
        uids,
    )
    return {
        (uid, key): Stored(row_id, sequence, modified_of(extra), start)
        for uid, key, row_id, sequence, start, extra in rows
    }


def stored_series(connection: Connection, calendar_id: int, uids: Iterable[str]) -> dict[str, Stored]:
    """Series of a calendar by UID."""
    rows = _by_uid(
        connection,
        "SELECT s.uid, s.id, s.sequence, i.extra FROM series s LEFT JOIN series_ics i ON i.series_id = s.id"
        " WHERE s.calendar_id = ? AND s.uid IN ({})",
        (calendar_id,),
        uids,
    )
    return {uid: Stored(row_id, sequence, modified_of(extra), 0) for uid, row_id, sequence, extra in rows}


def stored_overrides(connection: Connection, series_id: int) -> dict[str, Stored]:
    """Occurrences of a series that a file overrode, by key."""
    rows = connection.execute(
        "SELECT a.series_key, a.id, a.sequence, a.start_utc, i.extra FROM appointment a"
        " JOIN appointment_ics i ON i.appointment_id = a.id WHERE a.series_id = ?",
        (series_id,),
    )
    return {
        key: Stored(row_id, sequence, modified_of(extra), start) for key, row_id, sequence, start, extra in rows
    }


def own_uids(connection: Connection, uids: Iterable[str]) -> set[str]:
    """Those of the UIDs that are appointments, series or time off of the practice itself."""
    ours = [uid for uid in uids if uid.endswith(OWN_UID_SUFFIX)]
    found: set[str] = set()
    for table, condition in (
        ("appointment", "calendar_id IS NULL"),
        ("series", "calendar_id IS NULL"),
        ("time_off", "true"),
    ):
        rows = _by_uid(
            connection,
            f"SELECT uid FROM {table} WHERE {condition} AND uid IN ({{}})",  # noqa: S608  our names
            (),
            ours,
        )
        found.update(uid for (uid,) in rows)
    return found


def uids_elsewhere(connection: Connection, calendar_id: int | None, uids: Iterable[str]) -> set[str]:
    """Those of the UIDs that imported entries of other calendars have, but none of this one."""
    wanted = list(uids)
    here: set[str] = set()
    elsewhere: set[str] = set()
    for table in ("appointment", "series"):
        statement = f"SELECT DISTINCT uid, calendar_id FROM {table} WHERE calendar_id IS NOT NULL AND uid IN ({{}})"  # noqa: S608  our names
        for uid, calendar in _by_uid(connection, statement, (), wanted):
            (here if calendar == calendar_id else elsewhere).add(uid)
    return elsewhere - here


def _by_uid(
    connection: Connection, statement: str, before: tuple[Any, ...], uids: Iterable[str]
) -> list[tuple[Any, ...]]:
    wanted = list(uids)
    found: list[tuple[Any, ...]] = []
    for first in range(0, len(wanted), _BATCH):
        part = wanted[first : first + _BATCH]
        found += connection.execute(statement.format(", ".join("?" * len(part))), (*before, *part))
    return found


def modified_of(extra: str | None) -> str:
    """The LAST-MODIFIED among kept content lines."""
    if not extra or _MODIFIED not in extra.upper():
        return ""
    for line in extra.split("\n"):
        if line[: len(_MODIFIED)].upper() == _MODIFIED:
            return line.partition(":")[2].strip()
    return ""
