"""Statements in SQLite's words, in PostgreSQL's; values stay outside the text."""

from __future__ import annotations

import pytest

from couchcal.store.postgresql.translate import translate


@pytest.mark.parametrize(
    ("given", "said", "places"),
    [
        ("SELECT 1 WHERE a = ? AND b = ?", "SELECT 1 WHERE a = $1 AND b = $2", (0, 1)),
        ("SELECT 1 WHERE a = ?2 AND b = ?1 AND c = ?2", "SELECT 1 WHERE a = $1 AND b = $2 AND c = $3", (1, 0, 1)),
        ("SELECT 1 WHERE a = :lo AND b < :hi", "SELECT 1 WHERE a = $1 AND b < $2", ("lo", "hi")),
        ("SELECT '? :x IS y max(a, b)' WHERE a = ?", "SELECT '? :x IS y max(a, b)' WHERE a = $1", (0,)),
        ("SELECT 'it''s ?', \"a ?\"", "SELECT 'it''s ?', \"a ?\"", ()),
        ("SELECT a IS ? FROM t", "SELECT a IS NOT DISTINCT FROM $1 FROM t", (0,)),
        ("SELECT a IS NOT ?1 FROM t", "SELECT a IS DISTINCT FROM $1 FROM t", (0,)),
        ("SELECT a IS NULL, b IS NOT NULL FROM t", "SELECT a IS NULL, b IS NOT NULL FROM t", ()),
        ("SELECT ? IS NULL OR a = ?", "SELECT CAST($1 AS text) IS NULL OR a = $2", (0, 1)),
        ("SELECT max(a, ?), max(b)", "SELECT greatest(a, $1), max(b)", (0,)),
        ("SELECT min(c, max(d, e))", "SELECT least(c, greatest(d, e))", ()),
        ("SELECT coalesce(max(a), 0)", "SELECT coalesce(max(a), 0)", ()),
        (
            "SELECT 1 FROM a CROSS JOIN b x ON x.i = a.i AND x.j > ? WHERE x.k",
            "SELECT 1 FROM a CROSS JOIN LATERAL (SELECT * FROM b x WHERE x.i = a.i AND x.j > $1 OFFSET 0) x"
            " WHERE x.k",
            (0,),
        ),
        (
            "SELECT 1 FROM a CROSS JOIN b x LEFT JOIN c ON c.i = a.i",
            "SELECT 1 FROM a CROSS JOIN b x LEFT JOIN c ON c.i = a.i",
            (),
        ),
        ("SELECT CAST(substr(a, 3) AS INTEGER)", "SELECT CAST(substr(a, 3) AS bigint)", ()),
        ("SELECT a GLOB 'C-[0-9]*'", "SELECT a ~ '^C-[0-9].*$'", ()),
        ("SELECT a NOT GLOB '*[^0-9]*'", "SELECT a !~ '^.*[^0-9].*$'", ()),
    ],
)  # fmt: skip
def test_what_is_said(given: str, said: str, places: tuple[int | str, ...]) -> None:
    statement = translate(given)
    assert (statement.text, statement.places) == (said, places)


@pytest.mark.parametrize(
    ("statement", "changes"),
    [
        ("SELECT 1", False),
        ("INSERT INTO t VALUES (?)", True),
        ("WITH n(i) AS (SELECT 1) INSERT INTO t SELECT i FROM n", True),
        ("WITH n(i) AS (SELECT 'DELETE') SELECT i FROM n", False),
        ("update t set a = 1", True),
        ("EXPLAIN SELECT 1", False),
    ],
)
def test_who_writes_is_known(statement: str, changes: bool) -> None:
    assert translate(statement).changes is changes


def test_values_are_put_in_the_order_of_their_places() -> None:
    assert translate("SELECT ?2, ?1, ?2").values((10, 20)) == [20, 10, 20]
    assert translate("SELECT :b, :a").values({"a": 1, "b": 2}) == [2, 1]
