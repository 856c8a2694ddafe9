"""couchcal in processes of its own: forks of a prepared interpreter, or whole starts of the program.

`COUCHCAL_SYNC_REAL_STARTS=1` starts an interpreter for each command, as a person does, and nothing is hurried; it
takes seconds instead of tenths. `COUCHCAL_SYNC_ALL=1` runs every case, which takes half an hour.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

REAL_STARTS = os.environ.get("COUCHCAL_SYNC_REAL_STARTS") == "1"
ALL = os.environ.get("COUCHCAL_SYNC_ALL") == "1"
PATIENCE_S = 120.0
_POLL_S = 0.005
_NUMBERS = itertools.count(1)


class Done(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """What it printed."""
        return json.loads(self.out)


class Running:
    """A command that runs."""

    def __init__(self, argv: tuple[str, ...], pid: int, polled: Any, out: Path, err: Path) -> None:
        self.argv, self.pid, self.out, self.err = argv, pid, out, err
        self._polled = polled
        self._code: int | None = None

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        if self._code is None:
            self._code = self._polled()
        return self._code

    def wait(self) -> Done:
        """Its end."""
        until = time.monotonic() + PATIENCE_S
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                self.kill()
                raise AssertionError(f"{self.argv} did not end: {self.err.read_text('utf-8')}")
            time.sleep(_POLL_S)
        return Done(code, self.out.read_text("utf-8"), self.err.read_text("utf-8"))

    def kill(self) -> Done:
        """End it as the kernel does, without a last word."""
        return self.end(signal.SIGKILL)

    def end(self, number: signal.Signals) -> Done:
        """Send it a signal, and wait for its end."""
        if self.poll() is None:
            os.kill(self.pid, number)
        return self.wait()


class Starter(Protocol):
    """Starts couchcal."""

    def start(
        self, argv: tuple[str, ...], env: Mapping[str, str], cwd: Path, stdin: Path | None, hurry: float
    ) -> Running:
        """The running command."""

    def close(self) -> None:
        """Start no more."""


def _streams(cwd: Path) -> tuple[Path, Path]:
    number = next(_NUMBERS)
    out, err = cwd / f"{number}.out", cwd / f"{number}.err"
    for path in (out, err):
        path.touch()
    return out, err


class Interpreters:
    """Each command by an interpreter of its own. Nothing can be hurried here."""

    def start(
        self, argv: tuple[str, ...], env: Mapping[str, str], cwd: Path, stdin: Path | None, hurry: float
    ) -> Running:
        out, err = _streams(cwd)
        with out.open("wb") as to, err.open("wb") as errors, open(stdin or os.devnull, "rb") as source:
            command = (sys.executable, "-m", "couchcal", *argv)
            process = subprocess.Popen(command, env=dict(env), cwd=cwd, stdin=source, stdout=to, stderr=errors)
        return Running(argv, process.pid, process.poll, out, err)

    def close(self) -> None:
        """Nothing is kept."""


class Forks:
    """Each command as a fork of an interpreter that has loaded everything. See `zygote`, the module that is run."""

    def __init__(self, env: Mapping[str, str], module: str = "tests.sync.http.zygote") -> None:
        command = (sys.executable, "-m", module)
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(env)
        )
        self._lock = threading.Lock()

    def start(
        self, argv: tuple[str, ...], env: Mapping[str, str], cwd: Path, stdin: Path | None, hurry: float
    ) -> Running:
        out, err = _streams(cwd)
        asked = {
            "argv": argv, "env": dict(env), "cwd": str(cwd), "in": str(stdin or os.devnull), "out": str(out),
            "err": str(err), "hurry": hurry,
        }  # fmt: skip
        pid = int(self._ask(asked)["pid"])
        return Running(argv, pid, lambda: self._ask({"poll": pid})["code"], out, err)

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._process.stdout.readline())
            return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE_S)
        if self._process.stdout is not None:
            self._process.stdout.close()
