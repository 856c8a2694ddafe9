"""Finding entries: by words in client names, titles and instructions, or by (shortened) public id."""

from __future__ import annotations

import sqlite3
from datetime import tzinfo

from couchcal.errors import NotFound, Refused
from couchcal.practice import agenda
from couchcal.practice.agenda import Entry
from couchcal.store.public_id import decode, encode, split

_FIND = """
SELECT a.id FROM appointment a LEFT JOIN client c ON c.id = a.client_id
WHERE {terms}
ORDER BY a.start_utc DESC LIMIT ?
"""
_TERM = r"""
(a.title LIKE ? ESCAPE '\' OR a.place LIKE ? ESCAPE '\' OR a.instructions LIKE ? ESCAPE '\'
 OR a.service LIKE ? ESCAPE '\' OR (c.first || ' ' || c.last || ' ' || c.preferred) LIKE ? ESCAPE '\'
 OR c.internal_id LIKE ? ESCAPE '\')
"""


def find(connection: sqlite3.Connection, text: str, tz: tzinfo, *, limit: int = 200) -> list[Entry]:
    """Appointments that have every word of `text`, the latest `limit` of them, sorted by start and id."""
    words = text.split()[:8]
    if not words:
        return []
    patterns = [f"%{_escaped(word)}%" for word in words for _ in range(_TERM.count("?"))]
    statement = _FIND.format(terms=" AND ".join([_TERM] * len(words)))
    ids = [row[0] for row in connection.execute(statement, (*patterns, limit))]
    entries = (agenda.one(connection, row_id, tz) for row_id in ids)
    return sorted((entry for entry in entries if entry is not None), key=lambda entry: (entry.start, entry.id))


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def resolve_id(connection: sqlite3.Connection, text: str) -> tuple[str, int]:
    """The table and row of a public id or a unique beginning of one.

    Raises:
        NotFound: nothing has it. Refused: several do.
    """
    try:
        table, digits = split(text)
    except ValueError:
        raise NotFound(f"'{text[:20]}' is no id", "agenda --json shows the ids") from None
    if len(digits) == 8:
        row_id = decode(digits)
        if connection.execute(f"SELECT 1 FROM {table} WHERE id = ?", (row_id,)).fetchone():  # noqa: S608  our names
            return table, row_id
        raise NotFound(f"there is no entry {text[:20]}", "agenda --json shows the ids")
    ids = connection.execute(f"SELECT id FROM {table}")  # noqa: S608  our names
    offset = len(encode(table, 1)) - 8
    found = [row_id for (row_id,) in ids if encode(table, row_id)[offset:].startswith(digits)]
    if not found:
        raise NotFound(f"there is no entry {text[:20]}", "agenda --json shows the ids")
    if len(found) > 1:
        raise Refused(f"{len(found)} entries begin with {text[:20]}", "give more of the id")
    return table, found[0]
