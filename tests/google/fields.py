"""The `fields` parameter: which parts of an answer are wanted, as in `nextPageToken,items(id,start/dateTime)`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from tests.google.messages import invalid
from tests.google.model import Json

_WORD = re.compile(r"[A-Za-z*][A-Za-z0-9_]*", re.ASCII)
Selection = dict[str, Any]  # by name: the selection inside it, empty for all of it


def select(body: Json, fields: str) -> Json:
    """The wanted members of `body`. Raises ApiError 400 for a selector that cannot be read."""
    selection, rest = _read(fields)
    if rest:
        raise _unreadable(fields)
    chosen: Json = _chosen(body, selection)
    return chosen


@lru_cache(maxsize=64)
def _read(text: str) -> tuple[Selection, str]:
    """The selection at the beginning of the text, and what follows it."""
    selection: Selection = {}
    rest = text
    while True:
        target = selection
        while True:
            found = _WORD.match(rest)
            if not found:
                raise _unreadable(text)
            name, rest = found[0], rest[found.end() :]
            inner = target.setdefault(name, {})
            if not rest.startswith("/"):
                break
            target, rest = inner, rest[1:]
        if rest.startswith("("):
            nested, rest = _read(rest[1:])
            if not rest.startswith(")"):
                raise _unreadable(text)
            inner.update(nested)
            rest = rest[1:]
        if not rest.startswith(","):
            return selection, rest
        rest = rest[1:]


def _unreadable(fields: str) -> Exception:
    return invalid(f"Invalid field selection {fields}", ("parameter", "fields"))


def _chosen(value: Any, selection: Selection) -> Any:
    if not selection or "*" in selection:
        return value
    if isinstance(value, list):
        return [_chosen(item, selection) for item in value]
    if isinstance(value, dict):
        return {name: _chosen(item, selection[name]) for name, item in value.items() if name in selection}
    return value
