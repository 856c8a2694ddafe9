"""What `couchcal doctor` says of this computer: settings, terminal, locale, versions."""

from __future__ import annotations

import locale as locales
import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Iterator

from couchcal import __version__, paths, settings
from couchcal.cli.doctor_patient import Finding, Patient

SMALLEST_SCREEN = (80, 24)


def settings_file(_patient: Patient) -> Iterator[Finding]:
    """What is wrong in the settings file."""
    problems = settings.load().problems
    for problem in problems:
        yield Finding("settings", "warn", problem, f"edit {paths.config_file()}")
    if not problems:
        where = paths.config_file()
        yield Finding("settings", "ok", str(where) if where.exists() else f"defaults; {where} is not there")


def terminal(_patient: Patient) -> Iterator[Finding]:
    """Whether the calendar fits this terminal."""
    if not sys.stdout.isatty():
        yield Finding("terminal", "ok", "output is no terminal: plain text")
        return
    size, name = shutil.get_terminal_size(), os.environ.get("TERM", "")
    if name in ("", "dumb"):
        yield Finding("terminal", "warn", "TERM says nothing of this terminal", "set TERM, such as xterm-256color")
    elif size.columns < SMALLEST_SCREEN[0] or size.lines < SMALLEST_SCREEN[1]:
        detail = f"{size.columns}x{size.lines}"
        yield Finding("terminal", "warn", detail, "make it at least 80x24")
    else:
        colours = os.environ.get("COLORTERM") or "256 or fewer colours"
        yield Finding("terminal", "ok", f"{name}, {size.columns}x{size.lines}, {colours}")


def locale(_patient: Patient) -> Iterator[Finding]:
    """Whether every name can be shown."""
    encoding = (sys.stdout.encoding or locales.getpreferredencoding(False)).lower().replace("_", "-")
    if encoding in ("utf-8", "utf8"):
        yield Finding("locale", "ok", encoding)
    else:
        yield Finding("locale", "warn", f"{encoding} cannot show every name", "use a UTF-8 locale, such as C.UTF-8")


def versions(_patient: Patient) -> Iterator[Finding]:
    """What a report of a fault should say."""
    parts = [
        f"couchcal {__version__}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        *(f"{name} {version_of(name)}" for name in ("textual", "sqlmodel", "sqlcipher3")),
        platform.platform(terse=True),
    ]
    yield Finding("versions", "ok", ", ".join(parts))


def version_of(package: str) -> str:
    """The installed version of a package, or `missing`."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
