"""docs/reference/json.md: what each command prints with `--json`, by running it on the demo practice."""

from __future__ import annotations

import atexit
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scripts.reference.json_practice import PRACTICE
from scripts.reference.json_program import PROGRAM
from scripts.reference.markdown import code, document, table
from scripts.reference.shapes import Shape

SHAPES = (*PRACTICE, *PROGRAM)
_NOW = "2026-03-03T15:42:00+00:00"
_ZONE = "America/New_York"
_INTRO = """
With `--json` a command prints one object, or a list; [Commands](commands.md) says which take it. Names of fields
are stable, and every field is always there. Instants are ISO 8601 with an offset, days `2026-03-02`. Text is
ASCII with escapes, so that no locale can spoil it. An error is an object of its own: [Exit codes and
errors](exit-codes.md).

The examples are of `couchcal demo`.
"""
_CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//EN
BEGIN:VEVENT
UID:1@example
DTSTART:20260305T150000Z
DTEND:20260305T160000Z
SUMMARY:Dentist
END:VEVENT
BEGIN:VEVENT
UID:2@example
DTSTART:tomorrow
END:VEVENT
END:VCALENDAR
"""
_SAME_EVERYWHERE: dict[str, Any] = {
    "uid": "5ee41654-a996-454a-a694-31111499b0bb@couchcal",
    "bytes": 1531904,
    "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "file": "…/couchcal-20260303.db",
    "database": "~/.local/share/couchcal/couchcal.db",
    "last_ok": "2026-03-03T15:42:00+00:00",
}
"""What differs from run to run, as the examples have it."""
_MORE = (
    "client add Jane Doe --phone 555-0100",
    "client add Jane Doe --phone 555-0100",
    "room add Blue place=Office",
    "request decline r3c6ef362",
    "add thu 8am 50m C-0001 90834",
    "--db connected.db add thu 8am 50m lunch",
)
"""What the demo practice lacks: clients who may be one, a room, a letter, a change to undo."""
_FILES = ("calendar.ics", "new.db", "connected.db")
"""Words of command lines that are files of the practice."""
_WORD = re.compile(r"`([a-z_]+)`")
"""A value that a field may have, in the words on it."""
_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,), "whole number": (int,), "number": (int, float), "true or false": (bool,), "list": (list,),
    "object": (dict,), "null": (type(None),),
}  # fmt: skip


def page() -> str:
    """The whole page."""
    sections = [_contents()]
    for shape, found in zip(SHAPES, _examples(), strict=True):
        sections += [f"## {shape.title}", *_section(shape, found)]
    return document("JSON", _INTRO, *sections)


def mismatches() -> list[str]:
    """Where the words on a field and what the commands print do not fit each other."""
    return sorted(
        {
            f"{shape.title}: {words}"
            for shape, objects in zip(SHAPES, _examples(), strict=True)
            for found in objects
            for words in _mismatches(shape, found)
        }
    )


@cache
def _examples() -> list[list[dict[str, Any]]]:
    """The objects of every shape, as the commands print them."""
    with _practice() as run:
        return [[found for line in shape.made_by for found in _inside(run(line), shape.at)] for shape in SHAPES]


class _Runner:
    """Runs command lines in this process."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def __call__(self, line: str) -> Any:
        """What the command prints as JSON.

        Raises:
            ValueError: it prints none, or an error.
        """
        from couchcal.cli.main import run

        (self._home / "calendar.ics").write_text(_CALENDAR, "utf-8")
        words = [str(self._home / word) if word in _FILES else word for word in line.split()]
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(io.StringIO()):
            run([*words, "--json"])
        found = json.loads(out.getvalue())
        if isinstance(found, dict) and "error" in found:
            raise ValueError(f"couchcal {line}: {found['error']}")
        return found


def _inside(value: Any, at: str) -> list[dict[str, Any]]:
    name, _, rest = at.partition(".")
    if name.removesuffix("[]"):
        value = value[name.removesuffix("[]")]
    values = value if name.endswith("[]") and isinstance(value, list) else [value]
    if rest:
        return [inner for each in values for inner in _inside(each, rest)]
    return [each for each in values if each is not None]


def _section(shape: Shape, found: list[dict[str, Any]]) -> Iterator[str]:
    yield f"{shape.commands[:1].upper()}{shape.commands[1:]}."
    if shape.about:
        yield shape.about
    if found:
        best = max(found, key=lambda each: sum(value not in (None, [], {}) for value in each.values()))
        yield f"```json\n{json.dumps(_example(best), indent=1, ensure_ascii=False)}\n```"
    rows = ((code(name), *words.split(": ", 1)) for name, words in shape.fields.items())
    yield table(("field", "type", "meaning"), rows)


def _example(found: dict[str, Any]) -> dict[str, Any]:
    """An example with what differs between computers replaced, lists cut to their first element."""
    shown = {}
    for name, value in found.items():
        if name in _SAME_EVERYWHERE:
            shown[name] = _SAME_EVERYWHERE[name]
        else:
            shown[name] = value[:1] if isinstance(value, list) and value and isinstance(value[0], dict) else value
    return shown


def _mismatches(shape: Shape, found: dict[str, Any]) -> Iterator[str]:
    for name in found.keys() - shape.fields.keys():
        yield f"nothing is said of {name}"
    for name in shape.fields.keys() - found.keys():
        yield f"{name} is not there"
    for name in found.keys() & shape.fields.keys():
        said = shape.fields[name].partition(": ")[0]
        types = [kind for words, kinds in _TYPES.items() if words in said for kind in kinds]
        if type(found[name]) not in types:
            yield f"{name} is {type(found[name]).__name__}, not {said}"
        if "instant" in shape.fields[name] and _local(found[name]):
            yield f"{name} has no offset"
        named = _WORD.findall(shape.fields[name])
        if isinstance(found[name], str) and len(named) > 1 and "such as" not in shape.fields[name]:
            value = found[name]
            if value and _WORD.fullmatch(f"`{value}`") and value not in named:
                yield f"{name} is {value}, which is none of {', '.join(named)}"


def _local(value: Any) -> bool:
    """Whether it is a day and a time without an offset."""
    return isinstance(value, str) and "T" in value and datetime.fromisoformat(value).tzinfo is None


def _contents() -> str:
    return "\n".join(f"- [{shape.title}](#{_anchor(shape.title)}): {shape.commands}" for shape in SHAPES) + "\n"


def _anchor(title: str) -> str:
    kept = "".join(character for character in title.lower() if character.isalnum() or character in " -")
    return kept.replace(" ", "-")


def copy_demo(path: Path) -> None:
    """The demo practice of the day of the examples, at `path`; built once in a process."""
    shutil.copyfile(_demo(), path)
    path.chmod(0o600)


@cache
def _demo() -> Path:
    from couchcal.practice import demo

    folder = Path(tempfile.mkdtemp(prefix="couchcal-reference-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "couchcal.db"
    demo.build(path, tz=_ZONE, clock=lambda: datetime.fromisoformat(_NOW).astimezone(UTC)).dispose()
    return path


@contextmanager
def _practice() -> Iterator[_Runner]:
    """The demo practice of one day with some more in it, and one that is connected with the calendar emulator."""
    from couchcal.practice.opening import create_practice
    from tests.support.connected import online

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        home = Path(folder)
        for name in [name for name in os.environ if name.startswith("COUCHCAL_")]:
            patch.delenv(name)
        patch.setenv("COUCHCAL_HOME", folder)
        patch.setenv("COUCHCAL_NOW", _NOW)
        patch.setenv("TZ", _ZONE)
        copy_demo(home / "couchcal.db")
        connected = create_practice(home / "connected.db", name="Quiet Room", tz=_ZONE, encrypt=False).database
        run = _Runner(home)
        with online(home, patch) as google:
            google.connect(connected)
            connected.dispose()
            for line in _MORE:
                run(line)
            yield run
