"""Long hunts outside the suite: `python -m tests.sync.acceptance.hunt --profile flaky --seeds 0 500`.

Each seed is a random list of deeds that ends at rest. A list that fails is made as short as can be and printed, to
be pasted into a test. With `--twice` each is done two times, and both have to end the same (rule 8).
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.google.profiles import PROFILES
from tests.google.transport import BASE
from tests.sync.acceptance import checks, faults, here, script, there
from tests.sync.acceptance.world import opened

_MINUTES = (30, 15, -60, 90, 1440, -2880)


def made_up(seed: int, length: int) -> list[script.Step]:
    """A random list of deeds."""
    chance = random.Random(seed)  # noqa: S311  the same every time
    steps: list[script.Step] = [
        ("book", {"day": 1 + at, "hour": 9 + at, "kind": at, "who": at, "repeat": 0}) for at in range(seed % 8)
    ]
    steps.append(("cycle", {}))
    for _ in range(length):
        name = chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        pick, minutes = chance.randrange(31), chance.choice(_MINUTES)
        steps.append((name, _given(chance, name, pick, minutes)))
    return [*steps, ("settle", {"choice": seed % 3})]


_WEIGHTS = {
    "book": 9, "edit": 5, "move": 9, "cancel": 4, "restore": 3, "delete": 3, "start_repeating": 1,
    "stop_repeating": 1, "undo": 4, "redo": 2, "rename": 1, "name_mode": 1, "google": 22, "google_series": 5,
    "admin": 2, "fault": 9, "between": 6, "no_faults": 2, "cycle": 16, "crash": 6, "sign_in": 1, "decide": 4,
    "start_over": 1, "wait": 3, "set_wrong": 1, "take_backup": 1, "restore_backup": 1, "settle": 2,
}  # fmt: skip


def _given(chance: random.Random, name: str, pick: int, minutes: int) -> dict[str, Any]:
    match name:
        case "book":
            return {
                "day": chance.randint(-3, 20), "hour": chance.randrange(24),
                "kind": chance.randrange(len(here.KINDS)),
                "who": chance.randrange(2), "repeat": int(chance.random() < 0.15),
            }  # fmt: skip
        case "edit":
            return {"pick": pick, "what": chance.randrange(len(here.FIELDS)), "future": chance.random() < 0.3}
        case "move":
            longer = chance.choice([0, 0, 10])
            return {"pick": pick, "minutes": minutes, "longer": longer, "future": chance.random() < 0.3}
        case "delete":
            return {"pick": pick, "future": chance.random() < 0.3}
        case "cancel" | "restore" | "start_repeating" | "stop_repeating":
            return {"pick": pick}
        case "rename":
            return {"who": pick}
        case "name_mode":
            return {"mode": pick}
        case "google":
            return {"what": chance.randrange(len(there.DEEDS)), "pick": pick, "minutes": minutes}
        case "google_series":
            return {"what": chance.randrange(3), "pick": pick, "scope": chance.randrange(3), "minutes": minutes}
        case "admin":
            return {"what": pick}
        case "fault":
            return {"which": chance.randrange(len(faults.FAULTS)), "after": chance.randrange(5)}
        case "between":
            what = chance.randrange(len(faults.BETWEEN))
            return {"what": what, "pick": pick, "minutes": minutes, "page": chance.random() < 0.4}
        case "cycle":
            return {"anew": chance.random() < 0.15}
        case "crash":
            return {"end": chance.randint(1, 60)}
        case "decide":
            return {"which": pick, "choice": chance.randrange(3)}
        case "start_over":
            return {"how": chance.choice(["cursors", "events", "calendar"])}
        case "wait":
            return {"seconds": chance.choice([30.0, 30.0, 3600.0, 3600.0, 172_800.0, 691_200.0, 3_024_000.0])}
        case "set_wrong":
            return {"hours": chance.choice([0, 0, 1, -1, 30, -30])}
        case "settle":
            return {"choice": chance.randrange(3)}
    return {}


def run(profile: str, seed: int, steps: list[script.Step]) -> tuple[str, Any]:
    """What is wrong at the end (nothing: empty), and the end."""
    with (
        tempfile.TemporaryDirectory(prefix="couchcal-hunt-") as folder,
        opened(Path(folder), profile, seed) as world,
    ):
        try:
            script.play(world, steps)
        except Exception as error:
            return f"{type(error).__name__}: {error}", None
        return "", checks.end(world)


def shorter(profile: str, seed: int, steps: list[script.Step], patience_s: float) -> list[script.Step]:
    """The same failure with fewer deeds."""
    kind = _kind(run(profile, seed, steps)[0])
    until, size = time.monotonic() + patience_s, max(1, len(steps) // 2)
    while size:
        at = 0
        while at < len(steps) - 1 and time.monotonic() < until:
            fewer = steps[:at] + steps[min(at + size, len(steps) - 1) :]
            if _kind(run(profile, seed, fewer)[0]) == kind:
                steps = fewer
            else:
                at += size
        size //= 2
    return steps


def _kind(wrong: str) -> str:
    """A failure without its numbers and names."""
    return re.sub(r"[^a-z ]|after . cycles", "", wrong.partition(";")[0].partition("(")[0])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", choices=[*PROFILES, "all"], default="all")
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 20), metavar=("FIRST", "AFTER"))
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--failures", type=int, default=3, help="stop a profile after so many")
    parser.add_argument("--patience", type=float, default=60, help="seconds to make a failing list shorter")
    parser.add_argument("--seconds", type=float, default=3600, help="the longest a profile takes")
    parser.add_argument("--twice", action="store_true")
    given = parser.parse_args(arguments)
    os.environ["COUCHCAL_GOOGLE_API_URL"] = f"{BASE}/calendar/v3"
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    failures = 0
    for profile in PROFILES if given.profile == "all" else [given.profile]:
        failures += hunt(
            profile, range(*given.seeds), given.steps, given.failures, given.twice, given.patience, given.seconds
        )
    return bool(failures)


def hunt(
    profile: str, seeds: range, length: int, most: int, twice: bool, patience_s: float, longest_s: float
) -> int:
    """How many seeds failed."""
    failures = done = 0
    until = time.monotonic() + longest_s
    for seed in seeds:
        if time.monotonic() > until:
            break
        steps = made_up(seed, length)
        wrong, end = run(profile, seed, steps)
        done += 1
        if not wrong and twice and run(profile, seed, steps)[1] != end:
            wrong = "two runs end differently"
            print(f"{profile} {seed}: {wrong}", flush=True)  # noqa: T201
        elif wrong:
            print(f"{profile} {seed}: {wrong}", flush=True)  # noqa: T201
            short = shorter(profile, seed, steps, patience_s)
            print(f"  {run(profile, seed, short)[0]}", flush=True)  # noqa: T201
            for step in short:
                print(f"    {step!r},", flush=True)  # noqa: T201
        failures += bool(wrong)
        if failures >= most:
            break
    print(f"{profile}: {done} seeds, {failures} failures", flush=True)  # noqa: T201
    return failures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
