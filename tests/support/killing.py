"""A process that is killed at any line it runs: `SIGKILL`, so that nothing of it can clean up."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any


def moments(work: Callable[[], object], modules: tuple[ModuleType, ...], most: int) -> list[int]:
    """Moments of `work` at which to kill it: how many lines of `modules` it has run when it comes to a new one.

    It runs whole in a process of its own for that.

    Args:
        most: about how many to choose, evenly; `COUCHCAL_KILL_ALL=1` chooses all.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            count = _Count(0, modules)
            sys.settrace(count.call)
            work()
            sys.settrace(None)
            os.write(writing, " ".join(map(str, count.new)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        found = [int(word) for word in pipe.read().split()]
    os.waitpid(child, 0)
    assert found, "it did not run to its end"
    step = 1 if os.environ.get("COUCHCAL_KILL_ALL") else max(len(found) // most, 1)
    return found[::step]


def killed_at(line: int, work: Callable[[], object], modules: tuple[ModuleType, ...]) -> None:
    """Do `work` in a process of its own, and kill that before the line of that number."""
    child = os.fork()
    if child == 0:
        try:
            sys.settrace(_Count(line, modules).call)
            work()
        finally:
            os._exit(1)
    _child, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it ended before it was killed"


class _Count:
    """Counts the lines of some modules."""

    def __init__(self, end: int, modules: tuple[ModuleType, ...]) -> None:
        self.lines = 0
        self.new: list[int] = []
        self._seen: set[tuple[str, int]] = set()
        self.end = end
        self.files = {module.__file__ for module in modules}

    def call(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        return self.line if frame.f_code.co_filename in self.files else None

    def line(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            self.lines += 1
            place = frame.f_code.co_filename, frame.f_lineno
            if place not in self._seen:
                self._seen.add(place)
                self.new.append(self.lines)
            if self.lines == self.end:
                os.kill(os.getpid(), signal.SIGKILL)
        return self.line
