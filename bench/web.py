"""The booking page over HTTP: `couchcal serve` in a process of its own, visitors in another one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from bench.table import Table
from bench.web_practice import SLUG, ZONE, Serving, free_starts, practice, practitioner, serving

if TYPE_CHECKING:
    from couchcal.store.connection import Database

ENTRIES = 100_000
RATE = 50
_PAGE = f"/book/{SLUG}"
_DETAILS = f"{_PAGE}/details?for=1&how=telehealth"
_SLOTS_S, _MIX_S = 20, 60
_BOOKINGS = 100
_KINDS = ("plain", _ENCRYPTED := "key file")
_OTHERS_EVERY_S = 0.5


def measure(table: Table, work: Path) -> None:
    """Plain and with a key file."""
    folder = work / "web"
    folder.mkdir()
    with _environment(folder) as env:
        for words in _KINDS:
            database = practice(folder / f"{words}.db", ENTRIES, encrypt=words == _ENCRYPTED)
            with serving(database, env) as server:
                _measured(table, server, database, words)


@contextmanager
def _environment(folder: Path) -> Iterator[dict[str, str]]:
    key_file = folder / "key"
    key_file.write_text(os.urandom(32).hex())
    key_file.chmod(0o600)
    env = {
        "COUCHCAL_HOME": str(folder),
        "COUCHCAL_KEY_FILE": str(key_file),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "TZ": str(ZONE),
    }
    before = dict(os.environ)
    os.environ.update(env)
    try:
        yield env
    finally:
        os.environ.clear()
        os.environ.update(before)


def _measured(table: Table, server: Serving, database: Database, words: str) -> None:
    visitors = _Visitors(server)
    starts = iter(free_starts(480))
    visitors.come(pages=_slots_pages(), seconds=8)  # the first of everything, of the worker too

    found = visitors.come(pages=_slots_pages(), seconds=_SLOTS_S)
    _answers(table, f"slots page, {RATE} a second, {words}", found, "slots", 50)
    table.fact(f"slots page, {words}: processor time each", f"{found['processor_ms']:.1f} ms")

    chosen = [next(starts) for _ in range(_BOOKINGS)]
    with practitioner(database, every_s=_OTHERS_EVERY_S, busy=False):
        found = visitors.come(bookings=chosen, seconds=_SLOTS_S)
    _answers(table, f"booking, 5 a second, {words}", found, "booking", 100)
    table.fact(f"booking and its form, {words}: processor time", f"{found['processor_ms'] * 2:.1f} ms")

    chosen = [next(starts) for _ in range(_BOOKINGS)]
    with practitioner(database, every_s=0.1, busy=True):
        found = visitors.come(pages=_slots_pages(), rate=RATE - 10, bookings=chosen, seconds=_SLOTS_S)
    _answers(table, f"booking, others look and the practitioner writes, {words}", found, "booking", 100)

    chosen = [next(starts) for _ in range(_BOOKINGS)]
    with practitioner(database, every_s=_OTHERS_EVERY_S, busy=False):
        found = visitors.come(pages=_all_pages(), rate=RATE - 4, bookings=chosen, seconds=_MIX_S)
    count = sum(map(len, found["seconds"].values()))
    table.fact(f"all pages and bookings for {_MIX_S} s, {words}", f"{count / found['lasted']:.1f} answers a second")
    table.limit(f"the same, {words}: errors", _errors(found), 0, "")
    table.fact(
        f"the same, {words}: p50, p99", _percentiles([s for each in found["seconds"].values() for s in each])
    )
    table.fact(f"the same, {words}: processor time for each", f"{found['processor_ms']:.1f} ms")
    table.limit(f"the server's peak memory, {words}", server.peak_mb(), 120, "MB")


class _Visitors:
    """Loads, one after the other, each of new visitors."""

    def __init__(self, server: Serving) -> None:
        self._server, self._next = server, 0

    def come(
        self,
        *,
        pages: Sequence[tuple[str, str]] = (),
        bookings: Sequence[str] = (),
        seconds: float,
        rate: float | None = None,
    ) -> dict[str, Any]:
        """What a load found, with the server's processor time for each answer."""
        rate = (RATE if rate is None else rate) if pages else 0
        plan = {
            "port": self._server.port, "rate": rate, "seconds": seconds, "pages": pages, "bookings": bookings,
            "details": _DETAILS, "visitors_from": self._next,
        }  # fmt: skip
        self._next += int(rate * seconds * 2) + len(bookings)
        before = self._server.processor_s()
        done = subprocess.run(
            [sys.executable, "-m", "bench.web_load"],
            input=json.dumps(plan),
            capture_output=True,
            text=True,
            check=True,
        )
        found: dict[str, Any] = json.loads(done.stdout)
        count = sum(map(len, found["seconds"].values()))
        found["processor_ms"] = (self._server.processor_s() - before) / count * 1000
        return found


def _slots_pages() -> list[tuple[str, str]]:
    """Times of each event type: as one comes first, of the month after, and of a zone elsewhere."""
    now = datetime.now(ZONE)
    after = f"{now.year + now.month // 12}-{now.month % 12 + 1:02}"
    queries = [
        {**kind, **more}
        for kind in ({"for": "1", "how": "in_person"}, {"for": "2", "how": "telehealth"}, {"for": "3"})
        for more in ({}, {"month": after}, {"zone": "Europe/Berlin"})
    ]
    return [("slots", f"{_PAGE}?{urlencode(query)}") for query in queries]


def _all_pages() -> list[tuple[str, str]]:
    """As many of each kind as people ask for."""
    at = urlencode({"at": free_starts(480)[-1]})
    others = [
        ("what", _PAGE), ("how", f"{_PAGE}?for=1"), ("details", f"{_DETAILS}&{at}"), ("front", "/"),
        ("verify", "/verify?token=x"), ("style", "/static/pages.css"), ("robots", "/robots.txt"),
        ("nowhere", "/nowhere"),
    ]  # fmt: skip
    return [*_slots_pages(), *others]


def _answers(table: Table, what: str, found: dict[str, Any], kind: str, bar_ms: float) -> None:
    times = found["seconds"][kind]
    table.fact(f"{what}: p50, p95", _percentiles(times, 50, 95))
    table.limit(f"{what}: p99", _percentile(times, 99) * 1000, bar_ms, "ms")
    table.limit(f"{what}: errors", _errors(found), 0, "")


_EXPECTED = {"booking": "303", "front": "303", "nowhere": "404"}


def _errors(found: dict[str, Any]) -> int:
    """How many answers were not those that the page gives."""
    return sum(
        count
        for kind, counts in found["statuses"].items()
        for status, count in counts.items()
        if status != _EXPECTED.get(kind, "200")
    )


def _percentile(seconds: list[float], percent: int) -> float:
    return sorted(seconds)[min(len(seconds) - 1, round(percent / 100 * (len(seconds) - 1)))]


def _percentiles(seconds: list[float], *percents: int) -> str:
    return ", ".join(f"{_percentile(seconds, percent) * 1000:.1f} ms" for percent in percents or (50, 99))
