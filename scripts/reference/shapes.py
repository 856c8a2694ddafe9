"""An object of docs/reference/json.md.

A type is one of `text`, `number`, `whole number`, `true or false`, `list`, `object`, or several with `or` between,
`null` last. The test compares them with what the commands print.
"""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """An object: its heading, what prints it, what it is, its fields as `type: meaning`, the command lines that
    make examples of it, and where in their output it is (`[]` each of a list)."""

    title: str
    commands: str
    about: str
    fields: dict[str, str]
    made_by: tuple[str, ...]
    at: str = ""


def values(*words: str) -> str:
    """The values that a field may have."""
    return ", ".join(f"`{word}`" for word in words)
