"""The index of search: which entries and clients have words, in a file (FTS5) and on a server (tsvector).

A key of an entry begins with the minute of its start, so that the latest entries have the highest keys. Words that
begin with U+E000, which nobody types, say what an entry is. Imports no ORM.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from couchcal.store.connection import Connection, on_server

ANY = "any"
"""What every entry is."""
_MARK = "\ue000"
_FIND = "SELECT rowid FROM entry_search WHERE entry_search MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC"
_PREFIXES = 2
"""Up to so many letters the index keeps what begins with them."""
_MOST_WHOLE = 32
_WHOLE = f"""
WITH RECURSIVE found(term) AS (
    SELECT (SELECT term FROM entry_search_terms WHERE term >= :begin LIMIT 1)
    UNION ALL
    SELECT (SELECT term FROM entry_search_terms WHERE term >= found.term || ' ' LIMIT 1) FROM found
    WHERE found.term < :after
)
SELECT term FROM found WHERE term < :after LIMIT {_MOST_WHOLE + 1}
"""  # noqa: S608  our own number
"""The words of the index in `[:begin, :after)`; with a space after it, a word is followed by the next one."""
_FIND_CLIENTS = "SELECT rowid FROM client_search WHERE client_search MATCH ? LIMIT ?"
_NEAR = 600
_FIND_NEAR = (
    f"SELECT rowid FROM (SELECT rowid, words FROM entry_search WHERE rowid BETWEEN ? AND ?"  # noqa: S608  ours
    f" ORDER BY rowid DESC LIMIT {_NEAR}) near WHERE {{}} ORDER BY rowid DESC LIMIT ?"
)
"""What is looked for among the latest: words of many entries are found there without putting all together."""
_FIND_ALL = (
    "WITH hit AS MATERIALIZED (SELECT rowid FROM entry_search WHERE rowid BETWEEN ? AND ? AND {})"
    " SELECT rowid FROM hit ORDER BY rowid DESC LIMIT ?"
)
"""By the index over words, whatever the server guesses of how rare they are."""
_FIND_CLIENTS_ON_SERVER = (
    "SELECT rowid FROM client_search WHERE words @@ (SELECT search_prefixes(?)) ORDER BY rowid LIMIT ?"
)


class Keys(Protocol):
    """Keys of entries, the latest first."""

    def fetchmany(self, size: int, /) -> Sequence[tuple[int]]:
        """The next ones, at most `size`; none at the end."""


class _Pages:
    """Keys from a server, which sends all rows of a statement at once: asked for as many as are wanted."""

    def __init__(
        self, connection: Connection, condition: str, values: tuple[str, ...], lowest: int, highest: int
    ) -> None:
        self._connection = connection
        self._condition = condition
        self._values = values
        self._lowest = lowest
        self._highest = highest

    def fetchmany(self, size: int, /) -> Sequence[tuple[int]]:
        found = self._asked(_FIND_NEAR, size)
        if len(found) < size:
            found = self._asked(_FIND_ALL, size)
        if found:
            self._highest = found[-1][0] - 1
        return found

    def _asked(self, statement: str, size: int) -> Sequence[tuple[int]]:
        values = (self._lowest, self._highest, *self._values, size)
        return self._connection.execute(statement.format(self._condition), values).fetchall()


def entry_keys(
    connection: Connection, words: Sequence[str], states: Sequence[str], lowest: int, highest: int
) -> Keys | None:
    """The keys in `[lowest, highest]` of entries that have, for each of `words`, one that begins with it.

    Args:
        words: runs of letters and digits, as typed.
        states: what the entry is, one of them; empty for anything.

    Returns:
        None where it is known without looking that there are none.
    """
    if on_server(connection):
        marks = " | ".join(map(_mark, states)) or ("" if words else _mark(ANY))
        asked = {"words @@ (SELECT search_prefixes(?))": " ".join(words), "words @@ CAST(? AS tsquery)": marks}
        asked = {condition: value for condition, value in asked.items() if value}
        return _Pages(connection, " AND ".join(asked), tuple(asked.values()), lowest, highest)
    whole = _whole_words(connection, words)
    if not all(whole.values()):
        return None
    return connection.execute(_FIND, (_expression(words, states, whole), lowest, highest))


def client_ids(connection: Connection, words: Sequence[str], limit: int) -> list[int]:
    """At most `limit` clients who have, for each of `words`, one that begins with it."""
    if on_server(connection):
        rows = connection.execute(_FIND_CLIENTS_ON_SERVER, (" ".join(words), limit))
    else:
        rows = connection.execute(_FIND_CLIENTS, (" AND ".join(map(_prefix, words)), limit))
    return [client_id for (client_id,) in rows]


def entry_count(connection: Connection) -> int:
    """How many entries the index has."""
    if on_server(connection):
        found = connection.execute("SELECT count(*) FROM entry_search")
    else:
        every = _quoted(_MARK + ANY)
        found = connection.execute("SELECT count(*) FROM entry_search WHERE entry_search MATCH ?", (every,))
    return int(found.fetchone()[0])


def forget_deleted(connection: Connection) -> None:
    """Take the words of deleted rows out of the pages of the index; on a server VACUUM does."""
    if on_server(connection):
        return
    for index in ("entry_search", "client_search"):
        connection.execute(f"INSERT INTO {index}({index}) VALUES ('optimize')")  # noqa: S608  our own names


def _expression(words: Sequence[str], states: Sequence[str], whole: Mapping[str, Sequence[str]]) -> str:
    """The full-text expression; each word is a quoted prefix.

    `whole` has for some words the words of the index that begin with them, at least one.
    """
    terms = [f"({' OR '.join(map(_quoted, whole[word]))})" if word in whole else _prefix(word) for word in words]
    if states:
        terms.append("(" + " OR ".join(_quoted(_MARK + state) for state in states) + ")")
    return " AND ".join(terms or [_quoted(_MARK + ANY)])


def _prefix(word: str) -> str:
    return f"{_quoted(word)}*"


def _quoted(word: str) -> str:
    return f'"{word}"'


def _mark(state: str) -> str:
    return f"'{_MARK}{state}'"


def _whole_words(connection: Connection, words: Iterable[str]) -> dict[str, list[str]]:
    """For each word the ones of the index that begin with it, where they are few and sure to be known.

    What begins with a word is put together in full before the first match comes out, for a word of every entry a
    million bytes; matches of whole words come one by one. Which letters the index takes as the same is sure for
    ASCII only.
    """
    found = {}
    for word in words:
        if len(word) > _PREFIXES and word.isascii():
            begin = word.lower()
            bounds = {"begin": begin, "after": begin[:-1] + chr(ord(begin[-1]) + 1)}
            terms = [term for (term,) in connection.execute(_WHOLE, bounds)]
            if len(terms) <= _MOST_WHOLE:
                found[word] = terms
    return found
