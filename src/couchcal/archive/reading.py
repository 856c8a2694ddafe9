"""Reading back what `writing` has written: into a database that nobody has worked with yet, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final, NamedTuple

from couchcal.archive.writing import FORMAT, KEPT_APART, tables_of
from couchcal.clock import Clock
from couchcal.errors import NotFound, Refused
from couchcal.scheduling.wallclock import UnknownZone, zone
from couchcal.store.audit import Deed, append
from couchcal.store.audit_anchor import appended
from couchcal.store.connection import SCHEMA_HEAD, Connection, Database, database_errors, transaction
from couchcal.store.rules import without_rules_of_change

_BATCH = 1000
_LARGEST: Final = 2**63 - 1
_OF_THE_ROW = {"IntegrityError", "InterfaceError", "OverflowError", "UnicodeEncodeError", "DataError"}
"""What a value that no column takes is called by the drivers."""
_OF_TEXT: Final[dict[str, Callable[[str], object]]] = {
    "TIME": time.fromisoformat,
    "DATE": date.fromisoformat,
    "DATETIME": datetime.fromisoformat,
}
"""What reads the text that a column of a type has."""
_USED = ("client", "appointment", "series", "booking_request", "time_off", "external_event")
"""Tables that are empty in a new practice."""


def import_all(database: Database, folder: Path, *, clock: Clock) -> dict[str, int]:
    """Read a folder of `export_all`; how many rows of each table.

    Raises:
        NotFound: there is no such export. Refused: the database is in use, or the export is damaged or of a newer
            couchcal. Nothing is changed then.
    """
    described = _described(folder)
    now = int(clock().timestamp())
    with database_errors(database.path), closing(database.connect()) as connection, transaction(connection):
        names = [name for name in tables_of(connection) if name not in KEPT_APART]
        _refuse_if_used(connection)
        connection.execute("PRAGMA defer_foreign_keys=ON")
        with _no_damage(), without_rules_of_change(connection):
            for name in reversed(names):
                connection.execute(f"DELETE FROM {name}")  # noqa: S608  a table of the schema
            counts = {name: _read_table(connection, name, folder) for name in names}
        _same_counts(described, counts)
        _refuse_without_practice(connection)
        for name in names:
            last = described[name].last_id if name in described else 0
            connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            if last:
                connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, last))
        connection.execute("DELETE FROM change")
        words = f"rows={sum(counts.values())}"
        append(connection, now, "import", (Deed("import", "database", "", words),))
    appended(database)
    return counts


class _Table(NamedTuple):
    """What an export says of a table: how many rows it has, and the largest id that was ever given."""

    rows: int
    last_id: int


def _described(folder: Path) -> dict[str, _Table]:
    try:
        found = json.loads((folder / "schema.json").read_text("utf-8"))
        form, revision = int(found["format"]), str(found["schema"])
        tables = {
            str(name): _Table(_whole(table.get("rows", -1)), _whole(table.get("last_id", 0)))
            for name, table in found["tables"].items()
        }
    except OSError:
        raise NotFound(f"{folder} is no export of couchcal", "couchcal export --all DIR makes one") from None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise Refused("schema.json is damaged", "export again", code="damaged_export") from None
    if form > FORMAT or revision > SCHEMA_HEAD:
        raise Refused("this export was made by a newer couchcal", "upgrade couchcal to read it")
    return tables


def _whole(value: Any) -> int:
    """A number that the database can hold.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, int) or not -1 <= value <= _LARGEST:
        raise ValueError
    return value


@contextmanager
def _no_damage() -> Iterator[None]:
    try:
        yield
    except Refused as error:
        if error.code != "damaged":
            raise
        raise Refused("rows of this export lead nowhere", "export again", code="damaged_export") from None


def _refuse_if_used(connection: Connection) -> None:
    for name in _USED:
        if connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() is not None:  # noqa: S608  ours
            raise Refused(
                "this calendar has entries or clients already",
                "read it into a new one: couchcal --db NEW.db init, then import --all",
                code="in_use",
            )


def _read_table(connection: Connection, name: str, folder: Path) -> int:
    known = {row[1]: str(row[2]) for row in connection.execute(f"PRAGMA table_info({name})")}
    count = 0
    batch: list[list[Any]] = []
    columns: list[str] | None = None
    for number, row in _rows(folder, name):
        if columns is None or list(row) != columns:
            _insert(connection, name, columns, batch)
            batch, columns = [], list(row)
            if not columns or not set(columns) <= set(known):
                raise _damaged(name, number)
        if not all(_fits(value, known[column]) for column, value in row.items()):
            raise _damaged(name, number)
        batch.append(list(row.values()))
        count += 1
        if len(batch) >= _BATCH:
            _insert(connection, name, columns, batch)
            batch = []
    _insert(connection, name, columns, batch)
    return count


def _fits(value: Any, kind: str) -> bool:
    """Whether a column of this type of the schema may have it. SQLite itself would take anything anywhere."""
    if value is None:
        return True
    if kind in ("INTEGER", "BIGINT"):
        return isinstance(value, int)
    if kind == "BOOLEAN":
        return isinstance(value, int) and value in (0, 1)
    if not isinstance(value, str):
        return False
    try:
        _OF_TEXT.get(kind, str)(value)
    except ValueError:
        return False
    return True


def _rows(folder: Path, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    path = folder / "json" / f"{name}.jsonl"
    if not path.exists():  # of an older couchcal, which had no such table
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line.decode("utf-8"))
            except (ValueError, RecursionError):
                raise _damaged(name, number) from None
            if not isinstance(row, dict):
                raise _damaged(name, number)
            yield number, row


def _insert(connection: Connection, name: str, columns: list[str] | None, rows: list[list[Any]]) -> None:
    if not rows or columns is None:
        return
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  names of the schema
    try:
        connection.executemany(statement, rows)
    except Exception as error:
        if not _OF_THE_ROW & {kind.__name__ for kind in type(error).__mro__}:
            raise
        raise Refused(
            f"a row of json/{name}.jsonl is none of a calendar", "export again", code="damaged_export"
        ) from None


def _refuse_without_practice(connection: Connection) -> None:
    """Nothing can be shown without the row of the practice and its time zone."""
    zones = [str(tz) for (tz,) in connection.execute("SELECT tz FROM practice")]
    if len(zones) != 1:
        raise Refused("the practice itself is not in this export", "export again", code="damaged_export")
    try:
        zone(zones[0])
    except UnknownZone:
        raise Refused(
            f"the time zone of this export, {zones[0]}, is not known here",
            "install the tzdata package, or export again",
            code="damaged_export",
        ) from None


def _damaged(name: str, number: int) -> Refused:
    return Refused(f"json/{name}.jsonl line {number} is damaged", "export again", code="damaged_export")


def _same_counts(described: dict[str, _Table], counts: dict[str, int]) -> None:
    for name, count in counts.items():
        if name in described and described[name].rows != count:
            raise Refused(f"rows of json/{name}.jsonl are missing", "export again", code="damaged_export")
