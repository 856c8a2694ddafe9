"""What may not be loaded on the paths that have to start fast. This rule is for a machine to check."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.practice import make_practice

HEAVY = {"sqlalchemy", "sqlmodel", "icalendar", "requests", "google", "keyring", "tomlkit"}
NEVER_FOR_AGENDA = HEAVY | {"textual", "rich", "dataclasses", "platformdirs", "tomllib", "alembic", "pydantic"}


def loaded_after(statement: str, home: Path | None = None) -> set[str]:
    """Top-level modules in `sys.modules` of a fresh process that ran `statement`."""
    script = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    env = kept | ({"COUCHCAL_HOME": str(home)} if home else {})
    done = subprocess.run((sys.executable, "-c", script), env=env, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}


def run_statement(*argv: str) -> str:
    return f"from couchcal.cli.main import run; assert run({list(argv)!r}) == 0"


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    assert not loaded_after("import couchcal.cli, couchcal.cli.main") & (NEVER_FOR_AGENDA | {"argparse", "sqlite3"})


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_need_almost_nothing(option: str) -> None:
    assert not loaded_after(run_statement(option)) & (NEVER_FOR_AGENDA | {"argparse", "sqlite3", "zoneinfo"})


@pytest.mark.parametrize("argv", [("agenda", "--json"), ("agenda", "--from", "2026-03-02", "--cancelled"), ()])
def test_the_agenda_loads_no_orm_and_no_screen(tmp_path: Path, argv: tuple[str, ...]) -> None:
    practice = make_practice(tmp_path)
    assert not loaded_after(run_statement("--db", str(practice.path), *argv), tmp_path) & NEVER_FOR_AGENDA


def test_the_screen_loads_no_orm() -> None:
    assert not loaded_after("import couchcal.tui.app") & HEAVY


@pytest.mark.parametrize("name", ["show", "find", "free"])
def test_reading_commands_load_no_orm(tmp_path: Path, name: str) -> None:
    practice = make_practice(tmp_path)
    argv = {"show": ("show", "00000000"), "find": ("find", "x"), "free": ("free",)}[name]
    script = f"from couchcal.cli.main import run; run({['--db', str(practice.path), *argv]!r})"
    assert not loaded_after(script, tmp_path) & (HEAVY | {"textual"})
