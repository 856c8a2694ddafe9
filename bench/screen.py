"""The calendar on a real pseudo-terminal against an empty Textual app."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.data import WEEK_TITLE
from bench.files import COUCHCAL, Store
from bench.measure import Command, Terminal, first_frame, percentile95
from bench.table import Table

_FLOOR = Path(__file__).with_name("floor_textual.py")
_MARKER = WEEK_TITLE.split()[0].encode()


def measure(table: Table, work: Path, store: Store, repeats: int) -> None:
    """First frame, entries visible, keys, bytes and memory with the largest store."""
    env = store.env(encrypted=False)
    ours: Command = [COUCHCAL, "--db", store.plain]
    floor = seen = frame = float("inf")
    for _ in range(repeats):
        with Terminal([sys.executable, _FLOOR], env) as empty:
            floor = min(floor, empty.until(first_frame))
        with Terminal(ours, env) as app:
            frame = min(frame, app.until(first_frame))
            seen = min(seen, app.until(lambda output: _MARKER in output))
    stored = f"{store.size} stored"
    table.ratio(f"first frame, {stored}", frame, floor, 1.25, "empty Textual app")
    table.ratio(f"entries visible, {stored}", seen, floor, 1.5, "empty Textual app")
    with Terminal(ours, env) as app:
        app.until(lambda output: _MARKER in output)
        app.settle(1.5)
        steps = [app.press(key) for key in (b"j", b"j", b"l", b"k", b"h", b"k") * 6]
        weeks = [app.press(key) for key in (b"L", b"L", b"H", b"L", b"H", b"H") * 4]
        memory = app.resident_mb()
        app.press(b"\t")
        app.press(b"m")
        ghost = [app.press(key) for key in (b"j", b"j", b"l", b"k", b"h", b"k") * 4]
        app.press(b"\x1b", quiet=0.5)
        app.settle(1.0)
        changing = app.resident_mb()
    for name, keys, seconds, size in (
        ("cursor step", steps, 8, 2),
        ("ghost step", ghost, 8, 2),
        ("next week", weeks, 33, 45),
    ):
        worst = percentile95(keys)
        table.limit(f"{name}, {stored}, p95", worst.seconds * 1000, seconds, "ms")
        table.limit(f"{name}, bytes", worst.size / 1000, size, "kB")
    table.limit(f"resident memory after 36 keys, {stored}", memory, 80, "MB")
    table.fact("resident memory once something is being changed", f"{changing:.0f} MB")
