"""One input at a time, with a limit on its time and its memory; what goes wrong is written down."""

from __future__ import annotations

import faulthandler
import json
import mmap
import resource
import signal
import traceback
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import NoReturn

from tests.fuzz.target import Run

PAGE = resource.getpagesize()
STUCK_S = 180
"""Seconds of the clock after which a process that does not even use the processor is given up."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one input, and one process, may take.

    Attributes:
        seconds: of the processor, for one input.
        peak_mb: memory that one input may need at once.
        growth_mb: how much memory may be kept by all inputs together, after the first ones.
        address_mb: the address space of the process.
    """

    seconds: float = 10
    peak_mb: int = 256
    growth_mb: int = 200
    address_mb: int = 4_096


class TooSlow(BaseException):
    """An input took its time. No handler of the program catches it."""


class Watch:
    """Runs inputs and keeps findings in `folder`: `<key>.input` is the smallest one, `<key>.txt` what it broke."""

    def __init__(self, run: Run, folder: Path, limits: Limits) -> None:
        self.inputs = 0
        self.found: dict[str, int] = {}
        self._run, self._folder, self._limits = run, folder, limits
        folder.mkdir(parents=True, exist_ok=True)
        self._settled: int | None = None
        self._current = _Current(folder / "current")
        resource.setrlimit(resource.RLIMIT_AS, (limits.address_mb << 20, resource.RLIM_INFINITY))
        signal.signal(signal.SIGPROF, _too_slow)
        faulthandler.enable()

    def __call__(self, data: bytes) -> Hashable:
        """What came of the input; None if it was a finding."""
        self.inputs += 1
        self._current.keep(data)
        before = _begin_peak()
        faulthandler.dump_traceback_later(STUCK_S, exit=True)
        try:
            try:
                signal.setitimer(signal.ITIMER_PROF, self._limits.seconds)
                came = self._run(data)
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
        except TooSlow as error:
            self._note("hang", error, data)
            return None
        except MemoryError as error:
            self._note("memory", error, data)
            return None
        except Exception as error:
            self._note("crash", error, data)
            return None
        finally:
            faulthandler.cancel_dump_traceback_later()
        if peak() - before > self._limits.peak_mb << 20:
            self._note("peak", MemoryError(f"more than {self._limits.peak_mb} MB at once"), data)
            return None
        if self.inputs % 500 == 0:
            self._look_at_growth(data)
        return came

    def _look_at_growth(self, data: bytes) -> None:
        now = resident()
        if self._settled is None:
            if self.inputs >= 2_000:
                self._settled = now
        elif now - self._settled > self._limits.growth_mb << 20:
            self._note("growth", MemoryError(f"{self._limits.growth_mb} MB more than at first"), data)
            self._settled = now

    def _note(self, kind: str, error: BaseException, data: bytes) -> None:
        key = f"{kind}-{type(error).__name__}-{_where(error.__traceback__)}"
        known = self.found.get(key)
        self.found[key] = len(data) if known is None else min(known, len(data))
        if known is None or len(data) < known:
            (self._folder / f"{key}.input").write_bytes(data)
            with suppress(ValueError):  # a message with half a character in it
                (self._folder / f"{key}.txt").write_text("".join(traceback.format_exception(error)), "utf-8")


@dataclass(slots=True)
class Summary:
    """What a process came to so far."""

    inputs: int = 0
    cpu_s: float = 0.0
    kept: int = 0
    branches: int = 0

    def write(self, path: Path) -> None:
        """Put it where the one who waits looks."""
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps(asdict(self)), "utf-8")
        beside.replace(path)


class _Current:
    """The input that is being tried, in a file that outlives the process, however it ends."""

    def __init__(self, path: Path) -> None:
        size = 1 << 21
        with path.open("wb") as file:
            file.truncate(size)
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)

    def keep(self, data: bytes) -> None:
        self._map[: 8 + len(data)] = len(data).to_bytes(8) + data


def last_input(folder: Path) -> bytes:
    """What a process was trying when it ended."""
    content = (folder / "current").read_bytes()
    return content[8 : 8 + int.from_bytes(content[:8])]


def resident() -> int:
    """Bytes of memory in use."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE


def _begin_peak() -> int:
    """Forget the most memory that was in use; how much is now."""
    Path("/proc/self/clear_refs").write_bytes(b"5")
    return peak()


def peak() -> int:
    """The most bytes of memory that were in use since the input began."""
    status = Path("/proc/self/status").read_bytes()
    return int(status.partition(b"VmHWM:")[2].split(None, 1)[0]) << 10


def cpu_seconds() -> float:
    """Of this process, so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _too_slow(_signal: int, frame: FrameType | None) -> NoReturn:
    raise TooSlow(f"in {frame.f_code.co_qualname}" if frame is not None else "somewhere")


def _where(trace: TracebackType | None) -> str:
    """The innermost line of the program, else of anything."""
    frames = traceback.extract_tb(trace)
    ours = [frame for frame in frames if "/couchcal/" in frame.filename]
    if not frames:
        return "nowhere"
    last = (ours or frames)[-1]
    return f"{Path(last.filename).stem}.{last.name}.{last.lineno}"
