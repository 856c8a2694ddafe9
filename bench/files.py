"""Import and export of .ics files against icalendar's own parse and write."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

from bench.data import write_calendar
from bench.measure import peak_of, run
from bench.table import Table

COUCHCAL = Path(sys.executable).with_name("couchcal")
_PARSE = "import icalendar, pathlib, sys; icalendar.Calendar.from_ical(pathlib.Path(sys.argv[1]).read_bytes())"
_WRITE = (
    "import icalendar, pathlib, sys, time\n"
    "calendar = icalendar.Calendar.from_ical(pathlib.Path(sys.argv[1]).read_bytes())\n"
    "started = time.perf_counter(); calendar.to_ical(); print(time.perf_counter() - started)"
)


class Store(NamedTuple):
    """A calendar file of one size, and databases it was imported into."""

    size: int
    calendar: Path
    plain: Path
    encrypted: Path
    key: str
    key_file: Path
    import_seconds: float
    import_peak_mb: float

    def env(self, *, encrypted: bool) -> dict[str, str]:
        """The environment that opens the database, at a fixed time."""
        home = str(self.calendar.parent)
        now = {"COUCHCAL_HOME": home, "COUCHCAL_NOW": "2026-03-02T14:00:00+00:00", "TZ": "America/New_York"}
        return {**now, "COUCHCAL_KEY_FILE": str(self.key_file)} if encrypted else now


def prepare(work: Path, sizes: list[int]) -> dict[int, Store]:
    """Import a made-up calendar of each size into a plain and an encrypted database."""
    stores = {}
    for size in sizes:
        folder = work / str(size)
        folder.mkdir()
        calendar, key_file = folder / "bench.ics", folder / "key"
        write_calendar(calendar, size)
        key = os.urandom(32).hex()
        key_file.write_text(key)
        key_file.chmod(0o600)
        store = Store(size, calendar, folder / "plain.db", folder / "encrypted.db", key, key_file, 0.0, 0.0)
        plain, secret = store.env(encrypted=False), store.env(encrypted=True)
        init = ("init", "--yes", "--tz", "America/New_York")
        run([COUCHCAL, "--db", store.plain, *init, "--no-encryption"], plain)
        run([COUCHCAL, "--db", store.encrypted, *init], secret)
        imported = peak_of([COUCHCAL, "--db", store.plain, "import", calendar], plain)
        run([COUCHCAL, "--db", store.encrypted, "import", calendar], secret)
        stores[size] = store._replace(import_seconds=imported.seconds, import_peak_mb=imported.peak_mb)
    return stores


def measure(table: Table, work: Path, stores: dict[int, Store]) -> None:
    """Import times and memory, export time."""
    middle = stores.get(10_000)
    if middle is not None:
        parse = run([sys.executable, "-c", _PARSE, middle.calendar]).seconds
        table.ratio("import 10k", middle.import_seconds, parse, 0.3, "icalendar parse")
        write = float(run([sys.executable, "-c", _WRITE, middle.calendar]).output)
        exported = run(
            [COUCHCAL, "--db", middle.plain, "export", "-o", work / "out.ics"], middle.env(encrypted=False)
        )
        start = run([COUCHCAL, "--db", middle.plain, "undo", "--help"], middle.env(encrypted=False)).seconds
        table.ratio("export 10k", exported.seconds - start, write, 0.3, "icalendar to_ical")
    large = stores.get(100_000)
    if large is not None and middle is not None:
        table.ratio("import 100k", large.import_seconds, middle.import_seconds, 11, "import 10k")
        table.limit("import 100k, peak memory", large.import_peak_mb, 120, "MB")
