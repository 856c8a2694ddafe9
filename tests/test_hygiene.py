"""What every file of the project owes its reader."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST_FILE = 500
BUILD_STEP = ".ci/run"
PACKAGE_HOSTS = ("pypi." + "org", "python" + "hosted", "index-" + "url", "registry.npm" + "js", "artifact" + "ory")
MACHINE_PATHS = ("/" + "work/", "/" + "root/", "/home" + "/")
OUTSIDE = ".." + "/shared"
LEFT_OVER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        return []
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


TRACKED = _tracked()
SOURCES = [path for path in TRACKED if path.suffix == ".py"]
needs_git = pytest.mark.skipif(not TRACKED, reason="needs the repository")


def _texts() -> Iterator[tuple[str, str]]:
    for path in TRACKED:
        content = path.read_bytes()
        if b"\0" not in content[:8000]:
            yield path.relative_to(ROOT).as_posix(), content.decode("utf-8")


@needs_git
def test_no_file_names_a_machine_or_a_package_index() -> None:
    banned = (*MACHINE_PATHS, *PACKAGE_HOSTS, OUTSIDE)
    found = [
        f"{name}: {word}"
        for name, text in _texts()
        for word in banned
        if word in text and not (name == BUILD_STEP and word == OUTSIDE)
    ]
    assert found == []


@needs_git
def test_nothing_is_left_for_later() -> None:
    assert [name for name, text in _texts() if name.endswith(".py") and LEFT_OVER.search(text)] == []


@needs_git
def test_no_source_is_longer_than_anybody_reads() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    migrations = "src/couchcal/store/migrations/versions/"
    assert {n: c for n, c in lengths.items() if c > LONGEST_FILE and not n.startswith(migrations)} == {}


def _undocumented(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    name = path.relative_to(ROOT).as_posix()
    if not ast.get_docstring(tree) and tree.body:
        yield f"{name}: the module"
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            yield f"{name}:{node.lineno} {node.name}"


@needs_git
def test_public_functions_and_classes_say_what_they_mean() -> None:
    migrations = ROOT / "src" / "couchcal" / "store" / "migrations"
    sources = [path for path in SOURCES if ROOT / "src" in path.parents and migrations not in path.parents]
    assert sources
    assert [line for path in sources for line in _undocumented(path)] == []


@needs_git
def test_annotations_are_never_evaluated_early() -> None:
    wanted = "from __future__ import annotations"
    sources = [path for path in SOURCES if ROOT / "src" in path.parents or ROOT / "tests" in path.parents]
    texts = {path.name: path.read_text("utf-8") for path in sources}
    missing = [name for name, text in texts.items() if "\nimport " in text and wanted not in text]
    assert missing == []
