"""`python -m bench.growth`: what each thing costs with ever more entries stored, and a plot of it.

The week that is looked at is the same at every size: what grows is what lies before and after it. The plot is drawn
by the Python of `.venv-peers` (`bench/requirements-peers.txt`) if it is there; the figures are printed in any case.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.data import PER_WEEK, TODAY, write_calendar
from bench.files import COUCHCAL
from bench.measure import Command, Terminal, least, peak_of, percentile95, run
from bench.sync_google import Google, google

if TYPE_CHECKING:
    from couchcal.store.connection import Connection, Database

_ROOT = Path(__file__).parents[1]
_PLOTTER = _ROOT / ".venv-peers" / "bin" / "python"
_ZONE = "America/New_York"
_CALM_DAYS = 75
_WEEK = ("--from", "2026-03-02", "--to", "2026-03-09")
_TYPED = ("session", "fol", "office folded", "s", "zzzz")
_CYCLES = 9
_MAPPED = """
INSERT INTO event_map (link_id, appointment_id, remote_event_id, attempt, etag, state, ours, theirs)
SELECT (SELECT id FROM calendar_link WHERE role = 'owned_target'), id, 'bench' || id, 0, '"1"', 'live', '', ''
FROM appointment
"""


class Point(NamedTuple):
    """A measurement at one size: `what` in `unit`."""

    what: str
    unit: str
    value: float


def main() -> int:
    """Measure at each size, print a table, write the plot."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--sizes", default="1000,10000,100000,1000000", help="numbers of stored entries, ascending")
    parser.add_argument("--plot", type=Path, default=_ROOT / "docs" / "growth.svg", help="where the plot goes")
    options = parser.parse_args()
    found: dict[int, list[Point]] = {}
    with tempfile.TemporaryDirectory(prefix="couchcal-growth-") as folder, google(Path(folder)) as remote:
        for size in (int(text) for text in options.sizes.split(",")):
            work = Path(folder) / str(size)
            work.mkdir()
            found[size] = list(_measured(work, size, remote))
            sys.stderr.write(f"{size}: {', '.join(f'{p.what} {p.value:.3g} {p.unit}' for p in found[size])}\n")
    sys.stdout.write(_table(found))
    if _PLOTTER.exists():
        figures = json.dumps({size: {p.what: (p.value, p.unit) for p in points} for size, points in found.items()})
        subprocess.run(
            [_PLOTTER, "-m", "bench.growth_plot", options.plot], input=figures, text=True, check=True, cwd=_ROOT
        )
    return 0


def _measured(work: Path, size: int, remote: Google) -> list[Point]:
    from couchcal.store.connection import Database

    calendar, path = work / "bench.ics", work / "bench.db"
    write_calendar(calendar, size, _CALM_DAYS)
    env = remote.env
    run([COUCHCAL, "--db", path, "init", "--yes", "--no-encryption", "--tz", _ZONE], env)
    database = Database(path, None)
    remote.reset()
    remote.connect(database)
    run([COUCHCAL, "--db", path, "sync"], env)  # the calendar is made and read once while there is nothing to send
    imported = peak_of([COUCHCAL, "--db", path, "import", calendar], env)
    calendar.unlink()
    with closing(database.connect()) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM sync_outbox")
        connection.execute(_MAPPED)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    exported = peak_of([COUCHCAL, "--db", path, "export", "-o", work / "out.ics"], env)
    (work / "out.ics").unlink()
    points = [
        Point("import", "s", imported.seconds),
        Point("import, peak memory", "MB", imported.peak_mb),
        Point("export", "s", exported.seconds),
        Point("export, peak memory", "MB", exported.peak_mb),
        Point("agenda of a week, whole command", "ms", 1000 * _agenda(path, env)),
        *_screen(path, env),
        Point("a sync that finds nothing new", "ms", 1000 * _cycle(database)),
    ]
    with closing(database.connect()) as connection:
        points += _reads(connection)
    database.dispose()
    points.append(Point("size of the database", "MB", path.stat().st_size / 1e6))
    path.unlink()
    return points


def _agenda(path: Path, env: dict[str, str]) -> float:
    command: Command = [COUCHCAL, "--db", path, "agenda", *_WEEK, "--json"]
    if len(json.loads(run(command, env).output)) != PER_WEEK:
        raise RuntimeError("the measured week is not what it should be")
    return min(run(command, env).seconds for _ in range(7))


def _screen(path: Path, env: dict[str, str]) -> list[Point]:
    seen = float("inf")
    for _ in range(5):
        with Terminal([COUCHCAL, "--db", path], env) as app:
            seen = min(seen, app.until(lambda output: b"Marker" in output, 60))
    with Terminal([COUCHCAL, "--db", path], env) as app:
        app.until(lambda output: b"Marker" in output, 60)
        app.settle(1.0)
        weeks = [app.press(key) for key in (b"L", b"H") * 12]
        memory = app.resident_mb()
    return [
        Point("first entry on the screen", "ms", 1000 * seen),
        Point("next week, p95", "ms", 1000 * percentile95(weeks).seconds),
        Point("memory of the screen", "MB", memory),
    ]


def _reads(connection: Connection) -> list[Point]:
    """Processor time of what the screen and the booking page ask."""
    from couchcal.practice import openings
    from couchcal.practice.agenda import between, conflicting
    from couchcal.practice.search import find
    from couchcal.scheduling.wallclock import zone

    tz = zone(_ZONE)
    week = TODAY - timedelta(days=1), TODAY + timedelta(days=6)
    first = date(2026, 3, 2)

    def timed(what: str, call: Callable[[], object]) -> Point:
        return Point(what, "ms", 1000 * least(call, 9, time.process_time))

    searches = [timed(text, partial(find, connection, text, tz, now=TODAY)) for text in _TYPED]
    return [
        timed(
            "a week with its conflict marks", lambda: conflicting(between(connection, *week, tz, cancelled=True))
        ),
        Point("search, the slowest", "ms", max(point.value for point in searches)),
        timed(
            "free times of two weeks",
            lambda: list(
                openings.free_starts(connection, 50, first=first, last=first + timedelta(days=13), now=TODAY, tz=tz)
            ),
        ),
    ]


def _cycle(database: Database) -> float:
    from couchcal.clock import system_clock
    from couchcal.sync.engine import Engine
    from couchcal.sync.google.auth import Source
    from couchcal.sync.waiter import RealWaiter

    with closing(Source(database)) as source:
        engine = Engine(database, source, clock=system_clock, waiter=RealWaiter())
        engine.cycle()
        return least(engine.cycle, _CYCLES, time.process_time)


def _table(found: dict[int, list[Point]]) -> str:
    sizes = list(found)
    rows = [["", *(f"{size:,}".replace(",", " ") for size in sizes), "last / first"], ["---"] * (len(sizes) + 2)]
    for number, point in enumerate(found[sizes[0]]):
        values = [found[size][number].value for size in sizes]
        cells = [f"{value:.3g} {point.unit}" for value in values]
        rows.append([point.what, *cells, f"{values[-1] / values[0]:.3g}" if values[0] else ""])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
