"""The ways into the program, by name. A module is imported when its target is asked for, so that its branches can
be watched."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from tests.fuzz.target import Target

_WHERE = {
    "ics-read": "calendars", "ics": "calendars", "archive": "files", "config": "files", "quick-add": "typed",
    "words": "typed", "dates": "typed", "web": "pages", "tokens": "pages", "google-read": "google_read",
    "google": "google", "cli": "commands",
}  # fmt: skip
NAMES = tuple(_WHERE)


def target(name: str, *, ics_corpus: Path | None = None) -> Target:
    """The target of this name; `ics_corpus` has real .ics files to begin with."""
    module = import_module(f"tests.fuzz.targets.{_WHERE[name]}")
    make = getattr(module, name.replace("-", "_"))
    found: Target = make(ics_corpus) if name.startswith("ics") else make()
    return found
