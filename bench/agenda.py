"""`couchcal agenda --json` for a week against a bare script, khal and calcurse."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench import peers
from bench.data import PER_WEEK
from bench.files import COUCHCAL, Store
from bench.measure import Command, interleaved, run
from bench.table import Table

_FLOOR = Path(__file__).with_name("floor_agenda.py")
_WEEK = ("--from", "2026-03-02", "--to", "2026-03-09")


def measure(table: Table, work: Path, stores: dict[int, Store], repeats: int, *, beside: bool) -> None:
    """One week at every size, plain and with a key file; peers at the sizes they can bear."""
    statement, arguments = _same_query(work)
    best: dict[tuple[int, bool], float] = {}
    for size, store in stores.items():
        for encrypted in (False, True):
            path = store.encrypted if encrypted else store.plain
            floor: Command = [sys.executable, _FLOOR, path, store.key if encrypted else "", statement, arguments]
            ours: Command = [COUCHCAL, "--db", path, "agenda", *_WEEK, "--json"]
            env = store.env(encrypted=encrypted)
            shown = len(json.loads(run(ours, env).output))
            if shown != PER_WEEK:
                raise RuntimeError(f"the agenda shows {shown} entries, not {PER_WEEK}")
            times = interleaved({"floor": (floor, env), "ours": (ours, env)}, repeats)
            best[size, encrypted] = times["ours"]
            name = f"agenda --json, {size} stored, {'key file' if encrypted else 'plain'}"
            table.ratio(name, times["ours"], times["floor"], 3, "bare script")
    small, large = min(stores), max(stores)
    for encrypted in (False, True):
        name = f"agenda growth, {'key file' if encrypted else 'plain'}"
        table.ratio(name, best[large, encrypted], best[small, encrypted], 1.2, f"{small} stored")
    if beside:
        _beside(table, work, stores.get(10_000), "calcurse", peers.calcurse, repeats)
        _beside(table, work, stores[small], "khal", peers.khal, repeats)


def _same_query(work: Path) -> tuple[Path, str]:
    from zoneinfo import ZoneInfo

    from couchcal.practice import agenda

    zone = ZoneInfo("America/New_York")
    lo = int(datetime(2026, 3, 2, tzinfo=zone).astimezone(UTC).timestamp())
    hi = int(datetime(2026, 3, 9, tzinfo=zone).astimezone(UTC).timestamp())
    path = work / "statement.sql"
    path.write_text(agenda.STATEMENT)
    return path, json.dumps(agenda.statement_arguments(lo, hi, cancelled=False))


def _beside(table: Table, work: Path, store: Store | None, name: str, make: peers.Make, repeats: int) -> None:
    """The same week at another program, if it is installed and there is a store of its size."""
    path = peers.found(name)
    if path is None or store is None:
        table.fact(f"agenda beside {name}", "not installed, or not of this size")
        return
    folder = work / name
    folder.mkdir()
    other = make(path, folder, store, {})
    ours: Command = [COUCHCAL, "--db", store.plain, "agenda", *_WEEK, "--json"]
    commands = {"peer": (other.tasks[peers.AGENDA], other.env), "ours": (ours, store.env(encrypted=False))}
    times = interleaved(commands, repeats)
    table.ratio(f"agenda, {store.size} stored", times["ours"], times["peer"], 1, name)
