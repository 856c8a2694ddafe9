"""Clocks: whole processes, functions, and a program on a pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

Command = Sequence[str | Path]
BASE_ENV = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Without it an installed program would compile itself at every start, which nobody's does."""


class Run(NamedTuple):
    """Seconds of wall clock; the peak resident memory in MB and seconds of processor time where they were asked
    for."""

    seconds: float
    peak_mb: float
    output: bytes
    processor_s: float = 0.0


def run(command: Command, env: dict[str, str] | None = None) -> Run:
    """One process to its end. Raises RuntimeError with its error text if it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command],
        env={**BASE_ENV, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    output, errors = process.communicate()
    seconds = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError(f"{command[0]} failed: {errors.decode(errors='replace')[-500:]}")
    return Run(seconds, 0.0, output)


def peak_of(command: Command, env: dict[str, str] | None = None) -> Run:
    """One process with its peak resident memory and processor time, as the kernel counts them."""
    started = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        quiet = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(quiet, descriptor)
        os.execve(str(command[0]), [str(part) for part in command], {**BASE_ENV, **(env or {})})
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise RuntimeError(f"{' '.join(str(part) for part in command[:3])} failed")
    return Run(seconds, usage.ru_maxrss / 1024, b"", usage.ru_utime + usage.ru_stime)


def interleaved(commands: dict[str, tuple[Command, dict[str, str]]], repeats: int) -> dict[str, float]:
    """The least seconds of each command, the commands taking turns so that noise falls on all alike."""
    best = dict.fromkeys(commands, float("inf"))
    for _ in range(repeats):
        for name, (command, env) in commands.items():
            best[name] = min(best[name], run(command, env).seconds)
    return best


def least(
    function: Callable[[], object], repeats: int = 5, clock: Callable[[], float] = time.perf_counter
) -> float:
    """The least seconds a call took by `clock`; `time.process_time` leaves out the work of others."""
    best = float("inf")
    for _ in range(repeats):
        started = clock()
        function()
        best = min(best, clock() - started)
    return best


class Key(NamedTuple):
    """From a key to the last byte it caused: seconds, and how many bytes."""

    seconds: float
    size: int


def percentile95(keys: Sequence[Key]) -> Key:
    """The 95th percentile of the times, and the median of the sizes."""
    times = sorted(key.seconds for key in keys)
    index = min(len(times) - 1, round(0.95 * (len(times) - 1)))
    return Key(times[index], int(statistics.median(key.size for key in keys)))


class Terminal:
    """A program on a pseudo-terminal, with the times at which its output came."""

    def __init__(self, command: Command, env: dict[str, str], rows: int = 36, columns: int = 120) -> None:
        self.started = time.perf_counter()
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            full = {**BASE_ENV, "TERM": "xterm-256color", "COLORTERM": "truecolor", **env}
            os.execve(str(command[0]), [str(part) for part in command], full)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.output = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.master)

    def until(self, reached: Callable[[bytes], bool], timeout: float = 15.0) -> float:
        """Read until `reached(all output)`; seconds since the start of the program.

        Raises TimeoutError.
        """
        deadline = time.perf_counter() + timeout
        while time.perf_counter() < deadline:
            if self._read(0.05) and reached(bytes(self.output)):
                return time.perf_counter() - self.started
        raise TimeoutError(f"not seen within {timeout} s: {bytes(self.output[-300:])!r}")

    def settle(self, quiet: float = 0.3) -> None:
        """Read until nothing has come for `quiet` seconds."""
        while self._read(quiet):
            pass

    def press(self, key: bytes, quiet: float = 0.08) -> Key:
        """Send a key; the time to the last byte of the answer, which ends with `quiet` seconds of silence."""
        before = len(self.output)
        sent = last = time.perf_counter()
        os.write(self.master, key)
        while self._read(quiet):
            last = time.perf_counter()
        return Key(last - sent, len(self.output) - before)

    def resident_mb(self) -> float:
        """Resident memory of the program now."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def _read(self, timeout: float) -> bool:
        ready, _, _ = select.select([self.master], [], [], timeout)
        if not ready:
            return False
        try:
            chunk = os.read(self.master, 1 << 16)
        except OSError:
            return False
        self.output += chunk
        return bool(chunk)


def first_frame(output: bytes) -> bool:
    """Whether a whole frame has been written: text after the switch to the alternate screen."""
    _, switched, after = output.partition(b"\x1b[?1049h")
    return bool(switched) and (b"\x1b[?2026l" in after or len(after) > 1500)
