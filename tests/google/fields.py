"""The `fields` parameter: a part of the answer, at the top level and one level below (`items(id,etag)`)."""

from __future__ import annotations

import re
from typing import Any

from tests.google.messages import invalid
from tests.google.model import Json

_PART = re.compile(r"([A-Za-z*][A-Za-z0-9]*)(?:\(([^()]*)\)|/([A-Za-z*]\w*))?(?:,|$)")


def select(body: Json, fields: str) -> Json:
    """The named members of `body`. Raises ApiError 400 for a selector that cannot be read."""
    wanted: dict[str, set[str] | None] = {}
    position = 0
    while position < len(fields):
        found = _PART.match(fields, position)
        if not found:
            raise invalid(f"Invalid field selection {fields}", ("parameter", "fields"))
        inner = found[2] or found[3]
        wanted[found[1]] = {name.strip() for name in inner.split(",")} if inner else None
        position = found.end()
    if "*" in wanted:
        return body
    return {name: _inside(value, wanted[name]) for name, value in body.items() if name in wanted}


def _inside(value: Any, names: set[str] | None) -> Any:
    if names is None or "*" in names:
        return value
    if isinstance(value, list):
        return [_inside(item, names) for item in value]
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if name in names}
    return value
