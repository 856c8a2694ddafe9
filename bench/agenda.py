"""`couchcal agenda --json` for a week against a bare script, khal and calcurse."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench.data import PER_WEEK
from bench.files import COUCHCAL, Store
from bench.measure import Command, interleaved, run
from bench.table import Table

_FLOOR = Path(__file__).with_name("floor_agenda.py")
_WEEK = ("--from", "2026-03-02", "--to", "2026-03-09")


def measure(table: Table, work: Path, stores: dict[int, Store], repeats: int, *, peers: bool) -> None:
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
    if peers:
        _calcurse(table, work, stores, best, repeats)
        _khal(table, work, stores, best)


def _same_query(work: Path) -> tuple[Path, str]:
    from zoneinfo import ZoneInfo

    from couchcal.practice import agenda

    zone = ZoneInfo("America/New_York")
    lo = int(datetime(2026, 3, 2, tzinfo=zone).astimezone(UTC).timestamp())
    hi = int(datetime(2026, 3, 9, tzinfo=zone).astimezone(UTC).timestamp())
    path = work / "statement.sql"
    path.write_text(agenda.STATEMENT)
    return path, json.dumps(agenda.statement_arguments(lo, hi, cancelled=False))


def _calcurse(
    table: Table, work: Path, stores: dict[int, Store], best: dict[tuple[int, bool], float], repeats: int
) -> None:
    store = stores.get(10_000)
    if shutil.which("calcurse") is None or store is None:
        table.fact("calcurse -Q, 10k", "not installed")
        return
    folder = work / "calcurse"
    folder.mkdir()
    subprocess.run(
        ["calcurse", "-D", str(folder), "-q", "-i", str(store.calendar)], check=True, capture_output=True
    )
    query: Command = ["calcurse", "-D", folder, "-Q", "--from", "03/02/2026", "--days", "7"]
    ours: Command = [COUCHCAL, "--db", store.plain, "agenda", *_WEEK, "--json"]
    env = store.env(encrypted=False)
    times = interleaved({"peer": (query, env), "ours": (ours, env)}, repeats)
    table.ratio("agenda, 10k stored", times["ours"], times["peer"], 1, "calcurse -Q")


def _khal(table: Table, work: Path, stores: dict[int, Store], best: dict[tuple[int, bool], float]) -> None:
    store = stores[min(stores)]
    folder = work / "khal"
    python = folder / "bin" / "python"
    try:
        run([sys.executable, "-m", "venv", folder])
        run([python, "-m", "pip", "install", "-q", "khal", "urwid<4"])
    except RuntimeError as error:
        table.fact("khal list", f"cannot be installed here: {error}")
        return
    config = folder / "config"
    config.write_text(
        f"[calendars]\n[[bench]]\npath = {folder}/calendar\n"
        f"[sqlite]\npath = {folder}/khal.db\n"
        "[locale]\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\ntimeformat = %H:%M\n"
        "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
    )
    (folder / "calendar").mkdir()
    khal = folder / "bin" / "khal"
    env = {"LC_ALL": "C.UTF-8"}
    run([khal, "-c", config, "import", "--batch", "-a", "bench", store.calendar], env)
    query: Command = [khal, "-c", config, "list", "--json", "title", "2026-03-02", "7d"]
    seconds = min(run(query, env).seconds for _ in range(5))
    table.ratio(f"agenda, {store.size} stored", best[store.size, False], seconds, 1, "khal list")
