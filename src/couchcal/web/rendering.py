"""The templates: everything that is put into them is escaped, and a name that is missing is an error."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from couchcal.web.words import say

STATIC = Path(__file__).with_name("static")
_TEMPLATES = Path(__file__).with_name("templates")


def environment() -> Environment:
    """The environment of all pages; `say` is the catalogue, `static` the address of one of our own files."""
    found = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.globals.update(say=say, static=static)
    return found


@cache
def static(name: str) -> str:
    """`/static/NAME` with a mark of what is in it, so that it can be kept for ever."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:16]}"
