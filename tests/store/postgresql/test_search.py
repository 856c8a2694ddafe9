"""Words of the index on a server are those of a file's, letter by letter; ranges that are indexed later."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from couchcal.store.connection import Connection, transaction
from couchcal.store.postgresql.address import read
from couchcal.store.postgresql.database import ServerDatabase
from couchcal.store.search_index import client_ids, entry_keys
from tests.store.test_walls import APPOINTMENT


@pytest.fixture
def connection(server_url: str) -> Iterator[Connection]:
    database = ServerDatabase(read(server_url))
    with closing(database.connect()) as connection:
        yield connection
    database.dispose()


def _terms(characters: list[str]) -> list[list[str]]:
    """What SQLite's index makes of `a` and a character and `z`."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE w USING fts5(t, tokenize='unicode61 remove_diacritics 2')")
        connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab(w, 'instance')")
        rows = ((number, f"a{character}z") for number, character in enumerate(characters))
        connection.executemany("INSERT INTO w (rowid, t) VALUES (?, ?)", rows)
        found: list[list[str]] = [[] for _ in characters]
        for number, term in connection.execute("SELECT doc, term FROM v ORDER BY doc, offset"):
            found[number].append(term)
    return found


def test_every_letter_is_the_same_in_both(connection: Connection) -> None:
    """All that a word may be made of, and marks and signs of every kind that SQLite's tables know."""
    typed = re.compile(r"[^\W_]")
    characters = [
        chr(code)
        for code in (*range(1, 0x3100), *range(0xA000, 0xAC10), *range(0xD7A0, 0xD7FF), *range(0xF900, 0x10480))
        if typed.match(chr(code)) or (unicodedata.category(chr(code)) not in ("So", "Cn", "Mn", "Mc", "Me"))
    ]
    different = {}
    for begin in range(0, len(characters), 4000):
        some = characters[begin : begin + 4000]
        wanted = _terms(some)
        marks = ", ".join(f"({number}, ?)" for number in range(len(some)))
        found = connection.execute(
            "SELECT array_to_string(search_words(v.t), ' ') FROM "
            f"(VALUES {marks}) AS v(number, t) ORDER BY v.number",
            tuple(f"a{character}z" for character in some),
        ).fetchall()
        for character, terms, (words,) in zip(some, wanted, found, strict=True):
            if sorted(terms) != sorted(words.split(" ")):
                different[character] = (terms, words)
    # What was made a letter, or a sign, after SQLite's tables were made: New Tai Lue vowels, brackets, currencies.
    for character, (terms, words) in different.items():
        is_letter = typed.match(character) is not None
        assert (len(terms), len(words.split(" "))) == ((2, 1) if is_letter else (1, 2)), (character, terms, words)
    assert len([character for character in different if typed.match(character)]) < 30
    assert len(different) < 300


def _appointment(connection: Connection, row_id: int, title: str) -> None:
    row = APPOINTMENT | {"id": row_id, "title": title, "start_utc": 60 * row_id, "end_utc": 60 * row_id + 60}
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(f"INSERT INTO appointment ({names}) VALUES ({values})", row)


def _found(connection: Connection, *words: str) -> list[int]:
    keys = entry_keys(connection, words, (), 0, (1 << 63) - 1)
    assert keys is not None
    return [key >> 1 & ((1 << 29) - 1) for (key,) in keys.fetchmany(1000)]


def test_a_range_is_indexed_later(connection: Connection) -> None:
    _appointment(connection, 1, "before")
    _appointment(connection, 2, "inside")
    with transaction(connection):
        connection.execute("INSERT INTO entry_search_later (id, first_id, last_id) VALUES (1, 2, 9)")
        assert _found(connection, "inside") == []
        _appointment(connection, 3, "inside too")
        connection.execute("UPDATE appointment SET title = 'other' WHERE id = 2")
        assert _found(connection, "inside") == []
        assert _found(connection, "before") == [1]
        connection.execute("DELETE FROM entry_search_later")
        assert _found(connection, "inside") == [3]
    assert _found(connection, "other") == [2]


def test_a_range_that_is_forgotten_is_not_committed(connection: Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO entry_search_later (id, first_id, last_id) VALUES (1, 2, 9)")
    _appointment(connection, 2, "inside")
    with pytest.raises(psycopg.IntegrityError):
        connection.execute("COMMIT")
    assert connection.execute("SELECT count(*) FROM appointment").fetchone() == (0,)


def test_there_is_one_range_at_a_time(connection: Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO entry_search_later (id, first_id, last_id) VALUES (1, 2, 9)")
    with pytest.raises(psycopg.IntegrityError, match="one range at a time"):
        connection.execute("INSERT INTO entry_search_later (id, first_id, last_id) VALUES (1, 2, 9)")
    connection.execute("ROLLBACK")


def test_keys_come_latest_first_and_in_pages(connection: Connection) -> None:
    for row_id in range(1, 8):
        _appointment(connection, row_id, "same")
    keys = entry_keys(connection, ("same",), (), 0, (1 << 63) - 1)
    assert keys is not None
    pages = [[key >> 1 & 15 for (key,) in keys.fetchmany(3)] for _ in range(4)]
    assert pages == [[7, 6, 5], [4, 3, 2], [1], []]


def test_texts_of_any_size_are_indexed(connection: Connection) -> None:
    """The words of a row have to fit into a megabyte, a word into two kilobytes."""
    _appointment(connection, 1, " ".join(f"wörd{number}" for number in range(200_000)))
    _appointment(connection, 2, "ü" * 5000)
    assert _found(connection, "word1") == [1]
    assert _found(connection, "uuuuu") == [2]


def test_nothing_that_is_typed_is_syntax(connection: Connection) -> None:
    for text in ("'", "'a' | 'b'", "a:*", "!a", "\\", "a & b", "((", "%", "a <-> b"):
        assert _found(connection, text) == []
        assert client_ids(connection, (text,), 5) == []
