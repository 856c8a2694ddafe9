"""Statements in the source say truth as truth: SQLite takes 1 and 0 for it, PostgreSQL does not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Boolean
from sqlmodel import SQLModel

import couchcal
from couchcal.store import records

assert records.Client.metadata is SQLModel.metadata
TRUTHS = {
    table.name: {column.name for column in table.columns if isinstance(column.type, Boolean)}
    for table in SQLModel.metadata.tables.values()
}
COLUMNS = set().union(*TRUTHS.values())
_INSERT = re.compile(r"INSERT INTO (\w+) \(([^()]*)\) VALUES \((.*)\)")
_COMPARED = re.compile(r"\b(\w+) (?:=|<>) [01]\b")
_ALONE = re.compile(r"\b(?:WHERE|AND|OR) [01](?: (?!PRECEDING)|$)")
_VALUES = re.compile(r"'[^']*'|\([^()]*\)")


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "x" for part in node.values)
            yield node.lineno, " ".join("".join(map(str, parts)).split())
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, " ".join(node.value.split())


def _wrong(text: str) -> bool:
    if not re.search(r"\b(SELECT|UPDATE|INSERT|DELETE|WHERE)\b", text):
        return False
    found = _INSERT.search(text)
    if found is not None and found[1] in TRUTHS:
        values = _VALUES.sub("x", found[3]).split(",")
        columns = found[2].split(",")
        given = zip(columns, values, strict=False) if len(columns) == len(values) else ()
        if any(column.strip() in TRUTHS[found[1]] and value.strip() in "01" for column, value in given):
            return True
    return bool(_ALONE.search(text)) or any(name in COLUMNS for name in _COMPARED.findall(text))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("UPDATE location SET active = 1", True),
        ("UPDATE location SET active = true", False),
        ("SELECT 1 FROM location WHERE version = 1", False),
        ("SELECT id FROM location WHERE 1", True),
        ("INSERT INTO location (name, active) VALUES ('a, b', 0)", True),
        ("INSERT INTO location (name, active) VALUES (?, false)", False),
    ],
)
def test_what_is_looked_for_is_found(text: str, wrong: bool) -> None:
    assert _wrong(text) is wrong


@pytest.mark.parametrize("folder", [Path(couchcal.__file__).parent, Path(__file__).parents[2]])
def test_truth_is_said_as_truth(folder: Path) -> None:
    found = [
        f"{path.relative_to(folder)}:{line} {text[:80]}"
        for path in sorted(folder.rglob("*.py"))
        if "migrations" not in path.parts and path != Path(__file__)
        for line, text in _texts(path)
        if _wrong(text)
    ]
    assert found == []
