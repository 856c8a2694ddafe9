"""The real program on a pseudo-terminal, and what is to be seen there."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pexpect
import pyte

PATIENCE = 30
"""Seconds until something must be to be seen: generous, as it is no measure of speed."""
_MODES = re.compile(rb"\x1b\[\?([\d;]+)([hl])")


def environment(home: Path, now: datetime | str, **values: str) -> dict[str, str]:
    """The environment of a program that lives in `home` and whose clock stands at `now`."""
    return {
        "PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8",
        "COUCHCAL_NOW": now if isinstance(now, str) else now.isoformat(), "COUCHCAL_HOME": str(home),
        "TMPDIR": str(home), "TZ": "America/New_York", **values,
    }  # fmt: skip


class Terminal:
    """`couchcal <argv>` on a terminal of `columns` by `rows`; both outputs go to the screen."""

    def __init__(self, env: dict[str, str], *argv: str, columns: int = 120, rows: int = 30) -> None:
        self.raw = b""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.child = pexpect.spawn(sys.executable, ["-m", "couchcal", *argv], dimensions=(rows, columns), env=env)

    @property
    def lines(self) -> list[str]:
        """What is on the screen. The second cell of a wide character is empty, even if the first is gone."""
        buffer, columns = self._screen.buffer, range(self._screen.columns)
        return ["".join(buffer[y][x].data for x in columns) for y in range(self._screen.lines)]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def status(self) -> str:
        return self.lines[-1]

    def until(self, seen: Callable[[], bool]) -> None:
        """Read until something is to be seen."""
        end = time.monotonic() + PATIENCE
        while not seen():
            assert time.monotonic() < end, self.text
            self.read()

    def wait_for(self, words: str) -> None:
        """Read until `words` are on the screen."""
        self.until(lambda: words in self.text)

    def send(self, keys: str) -> None:
        self.child.send(keys)

    def press(self, keys: str, seen: Callable[[], bool]) -> None:
        """Send keys and wait for what they bring about."""
        self.send(keys)
        self.until(seen)

    def read(self) -> bool:
        """Take in what there is, after a moment at the latest; False if the program has ended."""
        try:
            data = self.child.read_nonblocking(65536, timeout=0.2)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self._stream.feed(data)
        return True

    def wipe(self) -> None:
        """What another program does to the screen."""
        self._screen.reset()

    def finish(self) -> int:
        """Read to the end of the program; its exit code."""
        while self.read():
            pass
        self.child.close()
        return int(self.child.exitstatus)

    def modes_left_on(self) -> set[bytes]:
        """The private modes that were set and not reset."""
        on: set[bytes] = set()
        for modes, letter in _MODES.findall(self.raw):
            for mode in modes.split(b";"):
                on.add(mode) if letter == b"h" else on.discard(mode)
        return on - {b"25", b"7"}  # the cursor is shown and lines wrap again
