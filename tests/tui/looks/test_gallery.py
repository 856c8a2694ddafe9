"""Every screen of the program is in a picture, and is looked at whenever the gallery is made."""

from __future__ import annotations

import ast
from pathlib import Path

import couchcal.tui
from tests.tui.looks.gallery import RECORD

_BASES = {"App", "Screen", "ModalScreen", "Modal", "ChangedModal"}


def _classes() -> dict[str, set[str]]:
    """Every class of the terminal program by its name, with the names of its bases."""
    found: dict[str, set[str]] = {}
    for path in Path(couchcal.tui.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found[node.name] = {
                    name.id for base in node.bases for name in ast.walk(base) if isinstance(name, ast.Name)
                }
    return found


def screens() -> set[str]:
    """The screens that are opened: those from which no other is derived."""
    classes = _classes()
    derived = {"Screen", "ModalScreen"}
    while more := {name for name, bases in classes.items() if bases & derived} - derived:
        derived |= more
    used = {base for bases in classes.values() for base in bases}
    return {name for name in derived & set(classes) if name not in used} - _BASES


def test_every_screen_is_in_a_picture() -> None:
    seen = set(RECORD.read_text(encoding="utf-8").split())
    assert len(seen) > 50
    assert screens() - seen == set()
