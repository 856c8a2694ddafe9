"""What SQLite's pragmas ask for, answered by a server. Those about a file and its pages have no answer."""

from __future__ import annotations

import re
from typing import Any, Protocol

_COLUMNS = """
SELECT ordinal_position - 1, column_name,
    CASE data_type WHEN 'character varying' THEN 'VARCHAR' WHEN 'text' THEN 'VARCHAR'
        WHEN 'time without time zone' THEN 'TIME' WHEN 'timestamp without time zone' THEN 'DATETIME'
        ELSE upper(data_type) END,
    is_nullable = 'NO', column_default, column_name = 'id'
FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position
"""
_REFERENCES = """
SELECT (row_number() OVER (ORDER BY c.conname)) - 1, 0, f.relname, a.attname, 'id'
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f' AND t.relname = ? AND t.relnamespace = to_regnamespace(current_schema())
"""
_ABOUT_TABLES = {"table_info": _COLUMNS, "foreign_key_list": _REFERENCES}
_CALL = re.compile(r"PRAGMA (\w+)(?:\((\w+)\))?", re.IGNORECASE)


class Asked(Protocol):
    """The connection a pragma is asked of."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Any:
        """Run a statement."""

    def plain(self, text: str) -> Any:
        """Run a statement as it stands."""

    def data_version(self) -> int:
        """The number that changes with others' commits."""


class Answer:
    """Rows that came from no statement."""

    description = None
    rowcount = -1

    def __init__(self, rows: list[tuple[Any, ...]]) -> None:
        self._rows = iter(rows)

    def __iter__(self) -> Answer:
        return self

    def __next__(self) -> tuple[Any, ...]:
        return next(self._rows)

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, None at the end."""
        return next(self._rows, None)

    def fetchmany(self, size: int | None = 1, /) -> list[tuple[Any, ...]]:
        """The next rows."""
        return [row for row, _ in zip(self._rows, range(size or 1), strict=False)]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""
        return list(self._rows)

    def close(self) -> None:
        """Nothing is held."""


def answer(connection: Asked, text: str) -> Any:
    """The rows of a pragma; none for one about files, pages and their log."""
    found = _CALL.match(text)
    name, argument = (found[1].lower(), found[2]) if found else ("", None)
    if name == "data_version":
        return Answer([(connection.data_version(),)])
    if name == "defer_foreign_keys":
        connection.plain("SET CONSTRAINTS ALL DEFERRED")
    elif name in _ABOUT_TABLES:
        return connection.execute(_ABOUT_TABLES[name], (argument,))
    return Answer([])
