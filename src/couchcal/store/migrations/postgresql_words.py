"""How text becomes words in the index of search on PostgreSQL: as SQLite's `unicode61 remove_diacritics 2` does it.

A word is a run of letters, numbers and private characters, without case and, in Latin script, without accents. What
counts as the same letter is asked of SQLite itself, so that a search finds the same on both.
"""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections.abc import Iterable
from contextlib import closing

from alembic import op

_LETTERS = range(0x80, 0x1F000)
_OTHERS = (*range(1, 0x20000), *range(0xE0000, 0xE01F0))
"""Where there are characters that separate words; beyond are ideographs and private ones."""
_LONGEST_WORD = 500
_LONGEST_TEXT = 250_000
"""In characters: the words of an entry have to fit into a megabyte."""
_FOLD = """
CREATE FUNCTION search_fold(words text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $fold$
DECLARE
    letter text;
    same text;
BEGIN
    words := lower(words COLLATE "C");
    IF octet_length(words) > length(words) THEN
        FOR letter IN SELECT DISTINCT hit[1] FROM regexp_matches(words, '[^\\x01-\\x7f]', 'g') AS hit LOOP
            same := '{letters}'::jsonb ->> letter;
            IF same IS NOT NULL THEN
                words := replace(words, letter, same);
            END IF;
        END LOOP;
    END IF;
    RETURN words;
END $fold$
"""
_SPLIT = """
CREATE FUNCTION search_words(words text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $split$
DECLARE
    folded text := search_fold(left(words, {text}));
BEGIN
    RETURN (
        SELECT coalesce(array_agg(DISTINCT left(word, {word})), '{{}}') FROM regexp_split_to_table(
            folded, CASE WHEN octet_length(folded) = length(folded) THEN '[^a-z0-9]+' ELSE '[{separators}]+' END
        ) AS word
        WHERE word <> ''
    );
END $split$
"""
_QUERY = """
CREATE FUNCTION search_prefixes(words text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT string_agg('''' || word || ''':*', ' & ')::tsquery FROM unnest(search_words(words)) AS word)
"""


def create_word_functions() -> None:
    """`search_words(text)`: the words of a text; `search_prefixes(text)`: the query for what begins with each."""
    op.execute(_FOLD.replace("{letters}", json.dumps(_same_letters(), ensure_ascii=False, separators=(",", ": "))))
    op.execute(_SPLIT.format(text=_LONGEST_TEXT, word=_LONGEST_WORD, separators=_separators()))
    op.execute(_QUERY)


def drop_word_functions() -> None:
    """Take them away."""
    for name in ("search_prefixes", "search_words", "search_fold"):
        op.execute(f"DROP FUNCTION {name}(text)")


def _same_letters() -> dict[str, str]:
    """What SQLite's index makes of letters that it does not keep as they are; nothing of an accent alone."""
    letters = [chr(code) for code in _LETTERS if _may_change(chr(code))]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            "CREATE VIRTUAL TABLE words USING fts5(word, content='', tokenize='unicode61 remove_diacritics 2')"
        )
        connection.execute("CREATE VIRTUAL TABLE terms USING fts5vocab(words, 'instance')")
        # Between two other letters: what is nothing by itself joins them, what separates gives two words.
        connection.executemany(
            "INSERT INTO words (rowid, word) VALUES (?, ?)", ((ord(letter), f"a{letter}z") for letter in letters)
        )
        found = connection.execute("SELECT doc, term FROM terms WHERE term LIKE 'a%z'").fetchall()
    return {chr(code): term[1:-1] for code, term in found if term[1:-1] != chr(code)}


def _may_change(letter: str) -> bool:
    return (
        letter.casefold() != letter
        or unicodedata.category(letter) == "Mn"
        or (unicodedata.decomposition(letter) != "" and not "\uac00" <= letter <= "\ud7a3")
    )


def _separators() -> str:
    """The characters between words, as ranges of a regular expression."""
    return "".join(
        f"\\U{first:08x}-\\U{last:08x}" if last > first else f"\\U{first:08x}"
        for first, last in _runs(code for code in _OTHERS if not _in_word(chr(code)))
    )


def _in_word(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LN" or category in ("Co", "Cn", "Cs")


def _runs(codes: Iterable[int]) -> Iterable[tuple[int, int]]:
    first = last = -1
    for code in codes:
        if code != last + 1:
            if first >= 0:
                yield first, last
            first = code
        last = code
    yield first, last
