"""`config.toml`: read with a clear word on what is wrong in it, and the remembered view beside the data.

Reading never writes; a broken file gives defaults and `problems` to show.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from couchcal.paths import config_file, data_directory, write_private

VIEWS = ("day", "week", "month", "agenda")
THEMES = ("couchcal-dark", "couchcal-light", "couchcal-ansi")


class Settings(NamedTuple):
    """What a person may set. `keys` maps a command's name to its key(s); `ascii` None follows the locale."""

    theme: str = "couchcal-dark"
    ascii: bool | None = None
    clock_24h: bool = True
    week_start: int | None = None
    row_minutes: int = 30
    first_hour: int = 8
    names: str = "full"
    cli_names: str = "id"
    keys: dict[str, str] = {}  # noqa: RUF012  never mutated: settings are replaced whole
    problems: tuple[str, ...] = ()


_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NAMES = ("id", "initials", "first", "full")


def load(path: Path | None = None) -> Settings:
    """The settings of `path` (default: the platform's config.toml), defaults for what is absent or wrong."""
    path = path or config_file()
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        return Settings(problems=(f"{path.name}: {error.strerror}; defaults are used",))
    import tomllib

    try:
        data = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return Settings(problems=(f"{path.name}: {error}; defaults are used",))
    return _settings(path.name, data)


def _settings(name: str, data: dict[str, Any]) -> Settings:
    found: dict[str, Any] = {}
    problems: list[str] = []
    known = {
        "theme": _choice(THEMES),
        "ascii": _boolean,
        "clock_24h": _boolean,
        "week_start": _weekday,
        "row_minutes": _choice((15, 30, 60)),
        "first_hour": _choice(tuple(range(24))),
        "names": _choice(_NAMES),
        "cli_names": _choice(_NAMES),
    }
    for key, value in data.items():
        if key == "keys":
            found["keys"] = _keys(name, value, problems)
        elif key in ("google", "mail"):
            continue
        elif key not in known:
            problems.append(f"{name}: there is no setting '{key}'{_nearest(key, [*known, 'keys'])}")
        else:
            try:
                found[key] = known[key](value)
            except ValueError as error:
                problems.append(f"{name}: {key} = {value!r}: {error}")
    return Settings(**found, problems=tuple(problems))


def _keys(name: str, table: Any, problems: list[str]) -> dict[str, str]:
    if not isinstance(table, dict):
        problems.append(f"{name}: keys is a table: [keys], then lines such as undo = 'u'")
        return {}
    wrong = [command for command, keys in table.items() if not isinstance(keys, str)]
    problems.extend(f"{name}: keys.{command}: give the key as text, such as 'u'" for command in wrong)
    return {command: keys for command, keys in table.items() if command not in wrong}


def _choice(words: tuple[Any, ...]) -> Any:
    def read(value: Any) -> Any:
        if value not in words or type(value) is not type(words[0]):
            raise ValueError(f"use one of {', '.join(str(word) for word in words)}")
        return value

    return read


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("use true or false")
    return value


def _weekday(value: Any) -> int:
    if str(value).lower() not in _WEEKDAYS:
        raise ValueError("use a day such as monday or sunday")
    return _WEEKDAYS.index(str(value).lower())


def _nearest(key: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(key, known, 1)
    return f"; did you mean '{close[0]}'?" if close else ""


def remembered_view() -> str:
    """The view that was open last, `week` at first (CAL-01)."""
    try:
        view = _view_file().read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return "week"
    return view if view in VIEWS else "week"


def remember_view(view: str) -> None:
    """Keep the view for the next start; a disk that cannot be written to is no reason to stop."""
    try:
        write_private(_view_file(), view.encode("ascii"))
    except OSError:
        return


def _view_file() -> Path:
    return data_directory() / "view"


def wants_color() -> bool:
    """Whether colour is welcome (NO_COLOR)."""
    return not os.environ.get("NO_COLOR")
