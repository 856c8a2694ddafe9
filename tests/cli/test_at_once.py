"""Several processes at one database at the same time: none of their changes is lost, none sees half of one."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import NOW

COMMAND = (sys.executable, "-m", "couchcal")


def start(env: dict[str, str], *argv: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        (*COMMAND, *argv), env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def agenda(env: dict[str, str]) -> list[dict[str, object]]:
    done = subprocess.run(
        (*COMMAND, "agenda", "--to", "+4w", "--json"),
        env=env,
        capture_output=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return list(json.loads(done.stdout))


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """The environment of a home where nothing is yet."""
    return {
        "COUCHCAL_HOME": str(tmp_path / "home"), "COUCHCAL_NOW": NOW, "COUCHCAL_PASSPHRASE": "four words of rain",
        "PATH": "", "LC_ALL": "C.UTF-8",
    }  # fmt: skip


def test_the_first_use_by_several_at_once_makes_one_practice(env: dict[str, str], tmp_path: Path) -> None:
    # INV-B1 in spirit: nobody takes over, or away, what another one has just made
    first = [start(env, "add", f"lunch 2026-03-{10 + day} 12-1") for day in range(2)]
    told = [process.communicate(timeout=120)[1] for process in first]
    assert [process.returncode for process in first] == [0] * 2, told
    assert len(agenda(env)) == 2
    assert {path.name for path in (tmp_path / "home").iterdir()} == {
        "couchcal.db",
        "couchcal.db.audit",
        "couchcal.db.key",
    }
    again = [start(env, "add", f"block 2026-03-{10 + day} 15-16") for day in range(3)]
    told = [process.communicate(timeout=120)[1] for process in again]
    assert [process.returncode for process in again] == [0] * 3, told
    entries = agenda(env)
    assert len(entries) == 5
    assert len({entry["id"] for entry in entries}) == 5


def test_a_setup_that_was_killed_is_not_in_the_way(env: dict[str, str], tmp_path: Path) -> None:
    del env["COUCHCAL_PASSPHRASE"]
    home = tmp_path / "home"
    half = start(env, "init", "--tz", "America/New_York", "--no-encryption", "--yes")
    while half.poll() is None and not list(home.glob(".couchcal.db.new*")):
        time.sleep(0.001)
    half.send_signal(signal.SIGKILL)
    half.communicate(timeout=60)
    if not (home / "couchcal.db").exists():
        done = start(env, "init", "--tz", "America/New_York", "--no-encryption", "--yes")
        assert done.communicate(timeout=60)[1] == b""
        assert done.returncode == 0
    assert agenda(env) == []
    assert [path.name for path in home.iterdir() if path.suffix == ".new"] == []
