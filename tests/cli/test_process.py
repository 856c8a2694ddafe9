"""The real program in a process of its own: environment, streams, file modes."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from couchcal import __version__
from couchcal.practice import appointments, client_changes
from couchcal.practice.draft import Draft
from couchcal.store.connection import Database
from tests.cli.conftest import NOW
from tests.support.practice import make_practice

COMMAND = (sys.executable, "-m", "couchcal")


@pytest.fixture
def practice(tmp_path: Path) -> Database:
    """A practice with a session of a client whose name no single-byte locale can print."""
    database = make_practice(tmp_path / "home")
    client = client_changes.add(database, "Zoë Łukaszewicz")
    start = datetime.fromisoformat("2026-03-04T09:00:00-05:00")
    end = start + timedelta(minutes=45)
    appointments.book(
        database, Draft("client_session", start, end, "America/New_York", client_id=client.id, service="90834")
    )
    return database


def environment(home: Path | None, **values: str) -> dict[str, str]:
    """Little more than the search path."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    place = {"COUCHCAL_HOME": str(home)} if home is not None else {}
    return {**kept, **place, "COUCHCAL_NOW": NOW, "PYTHONDONTWRITEBYTECODE": "1", **values}


def couchcal(
    home: Path | None, *argv: str, code: int = 0, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run it and check its exit code."""
    done = subprocess.run(
        (*COMMAND, *argv),
        env=environment(home, **(env or {})),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == code, done
    assert b"Traceback" not in done.stderr
    return done


def test_version() -> None:
    assert couchcal(None, "--version").stdout == f"couchcal {__version__}\n".encode()


@pytest.mark.parametrize(
    "locale", [{"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}]
)
def test_any_locale_prints_any_name(practice: Database, locale: dict[str, str]) -> None:
    home = practice.path.parent
    assert b"ukaszewicz" in couchcal(home, "agenda", "--names", "full", env=locale).stdout
    out = couchcal(home, "agenda", "--names", "full", "--json", env=locale).stdout
    assert json.loads(out)[0]["title"] == "Zoë Łukaszewicz"


def test_without_a_home_directory(tmp_path: Path) -> None:
    places = {"XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    out = couchcal(None, "agenda", "--json", code=75, env=places)
    assert json.loads(out.stdout)["error"]["code"] == "no_database"


def test_files_are_private_whatever_the_umask(tmp_path: Path) -> None:  # P1
    home = tmp_path / "home"
    script = f"umask 0; exec {sys.executable} -m couchcal init --no-encryption --yes"
    subprocess.run(("sh", "-c", script), env=environment(home), check=True, capture_output=True)
    couchcal(home, "export", "-o", str(home / "out.ics"))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (home, *home.iterdir())}
    assert {"couchcal.db", "out.ics"} <= set(modes)
    assert {mode for name, mode in modes.items() if name != "home"} == {0o600}
    assert modes["home"] == 0o700


def test_a_closed_pipe_is_quiet(practice: Database) -> None:
    script = f"{sys.executable} -m couchcal --help | true; {sys.executable} -m couchcal agenda | true"
    done = subprocess.run(
        ("sh", "-c", script), env=environment(practice.path.parent), capture_output=True, check=False
    )
    assert done.stderr == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_under_the_output_is_said(practice: Database) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            (*COMMAND, "agenda"),
            env=environment(practice.path.parent),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(b"couchcal: error: ")
    assert done.stderr.count(b"\n") == 1


def test_no_core_dumps() -> None:
    script = (
        "import resource, couchcal.cli.main as m; m.run = lambda argv: 0; m.main();"
        "print(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run((sys.executable, "-c", script), capture_output=True, text=True, check=True)
    assert done.stdout == "(0, 0)\n"
