"""`couchcal worker`: the background work as a program."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from couchcal.store.connection import Database
from tests.cli.conftest import Cli
from tests.cli.test_process import COMMAND, environment
from tests.cli.test_sync import account, book
from tests.support.connected import Online, online

PATIENCE_S = 30.0


@pytest.fixture
def google(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Online]:
    with online(tmp_path, monkeypatch) as found:
        found.connect(cli.database)
        yield found


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def started(database: Database, google: Online) -> subprocess.Popen[str]:
    env = environment(database.path.parent, **google.env, PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring")
    return subprocess.Popen((*COMMAND, "worker"), env=env, stderr=subprocess.PIPE, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="signals end a program otherwise there")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_sends_what_others_commit_until_it_is_told_to_end(
    cli: Cli, google: Online, number: signal.Signals
) -> None:  # SYNC-01
    with started(cli.database, google) as process:
        until(lambda: cli.rows("SELECT 1 FROM worker_lease WHERE name = 'worker' AND owner <> ''"))
        assert "worker    running" in cli("sync", "status").out
        book(cli)
        assert process.stderr is not None
        lines: list[str] = []
        while not lines or not lines[-1].endswith(", 1 sent"):
            lines.append(process.stderr.readline().rstrip("\n"))
            assert lines[-1], lines
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0
        lines += process.stderr.read().splitlines()
    assert len(google.events()) == 1
    assert all(line.startswith("2026-03-03T15:42:00Z ") for line in lines)
    assert not any(name in line for line in lines for name in ("Jane", "Doe"))
    assert "worker    not running" in cli("sync", "status").out


@pytest.mark.skipif(sys.platform == "win32", reason="signals end a program otherwise there")
def test_it_ends_in_the_middle_of_a_request(cli: Cli, google: Online) -> None:
    google.emulator.control("faults", {"id": "h", "match": {"op": "events.insert"}, "action": {"type": "hang"}})
    book(cli)
    with started(cli.database, google) as process:
        until(lambda: google.requests("events.insert"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    google.emulator.control("faults", method="DELETE")
    assert cli.json("sync")["pending"] == 0
    assert len(google.events()) == 1


def test_once_does_what_is_due_and_says_how_it_stands(cli: Cli, google: Online) -> None:
    book(cli)
    assert "sync: ok, 1 sent" in cli("worker", "--once").err
    assert len(google.events()) == 1
    assert cli("worker", "--once").err.endswith("sync: ok\n")
    account(cli, paused="user")
    cli("worker", "--once", code=5)
    account(cli, paused="", state="needs_auth")
    cli("worker", "--once", code=3)
    account(cli, state="disabled")
    assert cli("worker", "--once").err == ""


def test_once_tops_up_series(cli: Cli) -> None:  # REC-08
    entry = book(cli)
    cli("repeat", entry, "weekly")
    before = cli.rows("SELECT count(*) FROM appointment")[0][0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COUCHCAL_NOW", "2026-05-01T12:00:00Z")
        cli("worker", "--once")
    assert cli.rows("SELECT count(*) FROM appointment")[0][0] > before
