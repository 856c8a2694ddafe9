"""The emulator and the program it tests share nothing, in either direction."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOREIGN = {"dateutil"}


def imported(path: Path, only: str = "") -> Iterator[str]:
    """Every module a file names in an import, at whatever depth; none where the text does not even hold `only`."""
    text = path.read_text()
    if only not in text:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, path
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def emulator_files() -> list[Path]:
    """The emulator itself: what its tests may use beside it does not count."""
    return [path for path in HERE.glob("*.py") if not path.name.startswith(("test_", "conftest"))]


@pytest.mark.parametrize("path", emulator_files(), ids=lambda path: path.name)
def test_the_emulator_needs_the_standard_library_and_dateutil(path: Path) -> None:
    allowed = set(sys.stdlib_module_names) | FOREIGN | {"tests"}
    if path.name == "transport.py":
        allowed |= {"requests", "urllib3"}
    names = list(imported(path))
    assert {name.partition(".")[0] for name in names} <= allowed
    inside = {name for name in names if name.startswith("tests")}
    assert all(name == "tests.google" or name.startswith("tests.google.") for name in inside)


def test_none_of_it_knows_the_program() -> None:
    for path in HERE.rglob("*.py"):
        assert not any(name.partition(".")[0] == "couchcal" for name in imported(path, "couchcal")), path


def test_the_program_does_not_know_the_emulator() -> None:
    files = list((ROOT / "src").rglob("*.py"))
    assert files
    for path in files:
        assert not any(name.partition(".")[0] == "tests" for name in imported(path, "tests")), path
