"""Textual calls the handler of every class of a screen by itself: one that calls its base's makes it run twice."""

from __future__ import annotations

import ast
from pathlib import Path

import couchcal.tui

_CALLED_BY_ITSELF = "on_event"
"""The one way in that is an ordinary method."""


def test_no_handler_calls_that_of_its_base() -> None:
    sources = sorted(Path(couchcal.tui.__file__).parent.rglob("*.py"))
    assert len(sources) > 100
    twice = [
        f"{path.name}:{node.lineno} {node.attr}"
        for path in sources
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "super"
        and node.attr.startswith("on_")
        and node.attr != _CALLED_BY_ITSELF
    ]
    assert twice == []
