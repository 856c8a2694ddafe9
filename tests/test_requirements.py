"""`docs/requirements.md` promises a test for every row; here the promise is checked."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "requirements.md"
FAMILIES = {
    "APT": 21, "GRP": 1, "MOD": 1, "REC": 13, "EDT": 3, "DND": 6, "CXL": 8, "DEL": 3, "LCK": 3, "CAL": 3,
    "CNF": 3, "AVL": 7, "EVT": 1, "VIS": 4, "VID": 2, "TOF": 4, "TZ": 2, "SYNC": 27,
    "BOOK": 5, "INT": 4, "REQ": 13, "PORTAL": 8, "REM": 5, "NOTIF": 5,
}  # fmt: skip
"""How many rows each family has."""
WANTED = [f"{family}-{number:02d}" for family, count in FAMILIES.items() for number in range(1, count + 1)]
INVARIANTS = [f"INV-A{n}" for n in range(1, 11)] + [f"INV-S{n}" for n in range(1, 10)]
INVARIANTS += [f"INV-B{n}" for n in range(1, 8)]
INVARIANTS += [f"INV-{family}{n}" for family in "LMY" for n in range(1, 5)]


@cache
def _rows() -> dict[str, str]:
    found = re.findall(r"^\| ([A-Z]+-[A-Z]?\d+) \|(.*)\|$", TABLE.read_text("utf-8"), re.MULTILINE)
    return dict(found)


@pytest.mark.parametrize("row_id", WANTED + INVARIANTS)
def test_every_row_names_tests_that_exist_and_name_it(row_id: str) -> None:
    assert row_id in _rows(), f"{row_id} has no row"
    cited = re.findall(r"\[(\w+)\]\(\.\./(tests/[\w/]+\.py)\)", _rows()[row_id])
    assert cited, f"{row_id} names no test"
    for name, path in cited:
        text = (ROOT / path).read_text("utf-8")
        assert re.search(rf"def {name}\b|class {name}\b", text), f"{path} has no {name}"
        assert re.search(rf"\b{row_id}\b", text), f"{path} does not name {row_id}"


def test_nothing_else_is_claimed() -> None:
    assert set(_rows()) <= {*WANTED, *INVARIANTS}
