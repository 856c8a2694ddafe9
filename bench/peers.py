"""`python -m bench.peers`: what other terminal calendars need for the same work, in one run and one table.

Each cell is the time and, in brackets, how many times couchcal's. Programs that are not installed are left out:
calcurse, remind, wyrd and faketime are packages of Debian, the others come from `bench/requirements-peers.txt`.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeAlias

from bench.data import PER_WEEK, events
from bench.files import COUCHCAL, Store, prepare
from bench.measure import Command, Terminal, interleaved, percentile95, run

_VENV = Path(__file__).parents[1] / ".venv-peers" / "bin"
_ENV = {"LC_ALL": "en_US.UTF-8", "TZ": "America/New_York"}
"""Without this locale ikhal does not start."""
_FAKETIME = Path("/usr/lib") / f"{platform.machine()}-linux-gnu" / "faketime" / "libfaketime.so.1"
_OURS = "couchcal"
AGENDA = "agenda of a week"
_KHAL_CONFIG = """\
[calendars]
[[bench]]
path = {folder}/calendar
[sqlite]
path = {folder}/khal.db
[locale]
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
timeformat = %H:%M
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
"""
_CALCURE_CONFIG = """\
[Parameters]
folder_with_datafiles = {folder}
log_file = {folder}/info.log
ics_event_files = {calendar}
show_holidays = No
"""
_MOST = {"khal": 10_000, "calcure": 10_000}
"""Entries beyond which a program would take minutes to get ready."""
_SLOW = 10_000
"""From here on a program takes its turns three times only."""


Make: TypeAlias = "Callable[[Path, Path, Store, dict[str, float]], Peer]"
"""Gives a program at a path its data, in a folder."""


class Peer(NamedTuple):
    """A program with its data: commands by task, and the keys of its screen by name."""

    name: str
    tasks: dict[str, Command]
    screen: Command | None
    keys: dict[str, bytes]
    env: dict[str, str]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--sizes", default="1000,10000,100000", help="numbers of stored entries")
    parser.add_argument("--repeats", type=int, default=9, help="times each command takes its turn")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="couchcal-peers-") as folder:
        work = Path(folder)
        stores = prepare(work, [int(size) for size in options.sizes.split(",")])
        sys.stdout.write(measure(work, stores, options.repeats))
    return 0


def measure(work: Path, stores: dict[int, Store], repeats: int) -> str:
    """The table, in Markdown, of what each program needs for the same work over the same entries."""
    (work / "home" / ".config" / "calcure").mkdir(parents=True)
    lines = _starts(work, repeats)
    for size, store in stores.items():
        imports = {_OURS: store.import_seconds}
        peers = [_ours(store), *_others(store, imports)]
        lines.append((f"import, {size}", imports, "s"))
        turns = repeats if size < _SLOW else 3
        lines += [(f"{task}, {size}", times, unit) for task, times, unit in _tasks(peers, turns)]
        lines += [(f"{what}, {size}", values, unit) for what, values, unit in _screens(peers)]
    return _matrix(lines)


def _starts(work: Path, repeats: int) -> list[tuple[str, dict[str, float], str]]:
    commands: dict[str, tuple[Command, dict[str, str]]] = {_OURS: ([COUCHCAL, "--version"], _ENV)}
    for name in ("khal", "calcure", "gcalcli", "calcurse"):
        if path := found(name):
            commands[name] = ([path, "--version"], {**_ENV, "HOME": str(work / "home")})
    return [("start: --version", interleaved(commands, repeats), "ms")]


def found(name: str) -> Path | None:
    """Where a program is, None if it is not installed."""
    if (_VENV / name).exists():
        return _VENV / name
    path = shutil.which(name)
    return Path(path) if path else None


def _ours(store: Store) -> Peer:
    command = (COUCHCAL, "--db", store.plain)
    tasks: dict[str, Command] = {
        AGENDA: [*command, "agenda", "--from", "2026-03-02", "--to", "2026-03-09", "--json"],
        "export": [*command, "export", "-o", store.calendar.with_name("ours.ics")],
    }
    keys = {"next day": b"l", "next week": b"L"}
    return Peer(_OURS, tasks, command, keys, store.env(encrypted=False))


def _others(store: Store, imports: dict[str, float]) -> list[Peer]:
    """Each with the same entries; how long that took goes into `imports` where it is an import of the file."""
    made = []
    for name, make in (("khal", khal), ("calcurse", calcurse), ("remind", _remind), ("calcure", _calcure)):
        path = found(name)
        if path is None or store.size > _MOST.get(name, store.size):
            continue
        folder = store.calendar.parent / name
        folder.mkdir()
        made.append(make(path, folder, store, imports))
    return made


def khal(path: Path, folder: Path, store: Store, imports: dict[str, float]) -> Peer:
    """khal with the entries of `store`, kept in `folder`; the seconds of the import go into `imports`."""
    config = folder / "config"
    config.write_text(_KHAL_CONFIG.format(folder=folder))
    (folder / "calendar").mkdir()
    imports["khal"] = run([path, "-c", config, "import", "--batch", "-a", "bench", store.calendar], _ENV).seconds
    tasks: dict[str, Command] = {
        AGENDA: [path, "-c", config, "list", "--json", "title", "2026-03-02", "7d"],
    }
    keys = {"next day": b"\x1b[C", "next week": b"\x1b[B"}
    return Peer("khal", tasks, [path.with_name("ikhal"), "-c", config], keys, _ENV)


def calcurse(path: Path, folder: Path, store: Store, imports: dict[str, float]) -> Peer:
    """calcurse with the entries of `store`, kept in `folder`; the seconds of the import go into `imports`."""
    if store.size <= _SLOW:
        imports["calcurse"] = run([path, "-D", folder, "-q", "-i", store.calendar], _ENV).seconds
    else:  # its import is quadratic: two minutes; this is the file it would have made
        with (folder / "apts").open("w") as out:
            for _, start, stop, title in sorted(events(store.size), key=lambda event: event.start):
                out.write(f"{start:%m/%d/%Y @ %H:%M} -> {stop:%m/%d/%Y @ %H:%M} |{title}\n")
    tasks: dict[str, Command] = {
        AGENDA: [path, "-D", folder, "-Q", "--from", "03/02/2026", "--days", "7"],
        "export": [path, "-D", folder, "-x"],
    }
    return Peer("calcurse", tasks, [path, "-D", folder], {"next day": b"t", "next week": b"w"}, _ENV)


def _remind(path: Path, folder: Path, store: Store, imports: dict[str, float]) -> Peer:
    """It reads no calendar files: the same entries as it writes them."""
    file = folder / "bench.rem"
    with file.open("w") as out:
        for _, start, _, title in events(store.size):
            out.write(f"REM {start:%d %b %Y AT %H:%M} DURATION 0:50 MSG {title}\n")
    return Peer("remind", {AGENDA: [path, "-s+1", file, "2", "Mar", "2026"]}, None, {}, _ENV)


def _calcure(path: Path, folder: Path, store: Store, imports: dict[str, float]) -> Peer:
    """It reads the calendar file at each start and steps by months."""
    config = folder / "config.ini"
    config.write_text(_CALCURE_CONFIG.format(folder=folder, calendar=store.calendar))
    home = {**_ENV, "HOME": str(store.calendar.parents[1] / "home")}
    return Peer("calcure", {}, [path, "--config", config], {}, home)


def _tasks(peers: list[Peer], repeats: int) -> list[tuple[str, dict[str, float], str]]:
    lines = []
    for task in peers[0].tasks:
        commands = {peer.name: (peer.tasks[task], peer.env) for peer in peers if task in peer.tasks}
        if task == AGENDA:
            for name, (command, env) in commands.items():
                shown = run(command, env).output.count(b"Marker session")
                if shown < PER_WEEK:
                    raise RuntimeError(f"{name} shows {shown} entries, not {PER_WEEK}")
        lines.append((task, interleaved(commands, repeats), "ms"))
    return lines


def _screens(peers: list[Peer]) -> list[tuple[str, dict[str, float], str]]:
    """The first entry on the screen, keys until the last byte of the answer (p95), memory afterwards."""
    seen: dict[str, float] = {}
    steps: dict[str, dict[str, float]] = {"next day": {}, "next week": {}}
    memory: dict[str, float] = {}
    for peer in peers:
        if peer.screen is None or (peer.name != _OURS and not _FAKETIME.exists()):
            continue
        with suppress(TimeoutError):
            seen[peer.name] = min(_first_sight(peer) for _ in range(5))
            with _on_screen(peer) as app:
                app.until(lambda output: b"Marker" in output)
                app.settle(0.5)
                for what, key in peer.keys.items():
                    steps[what][peer.name] = percentile95([app.press(key) for _ in range(24)]).seconds
                memory[peer.name] = app.resident_mb()
    return [
        ("first entry on the screen", seen, "ms"),
        *((f"{what}, p95", times, "ms") for what, times in steps.items()),
        ("memory then", memory, "MB"),
    ]


def _first_sight(peer: Peer) -> float:
    with _on_screen(peer) as app:
        return app.until(lambda output: b"Marker" in output, 60.0)


def _on_screen(peer: Peer) -> Terminal:
    """The program in the week that is measured; the others are told that it is then."""
    if peer.screen is None:
        raise ValueError(peer.name)
    if peer.name == _OURS:
        return Terminal(peer.screen, peer.env)
    if peer.name == "calcurse":  # one that was killed leaves its lock
        (Path(peer.screen[2]) / ".calcurse.pid").unlink(missing_ok=True)
    then = {"FAKETIME": "@2026-03-02 09:00:00", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "LD_PRELOAD": str(_FAKETIME)}
    return Terminal(peer.screen, {**peer.env, **then})


def _matrix(lines: list[tuple[str, dict[str, float], str]]) -> str:
    """A table in Markdown: a line for each task, a column for each program."""
    names = list(dict.fromkeys(name for _, values, _ in lines for name in values))
    rows = [["", *names], ["---"] * (len(names) + 1)]
    for what, values, unit in lines:
        if not values:
            continue
        ours = values.get(_OURS)
        row = [what]
        for name in names:
            cell = _cell(values.get(name), unit)
            if cell and ours and name != _OURS:
                cell += f" ({values[name] / ours:.2g} x)"
            row.append(cell)
        rows.append(row)
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cell(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    if unit == "ms":
        return f"{value * 1000:.3g} ms"
    return f"{value:.3g} {unit}"


if __name__ == "__main__":
    sys.exit(main())
