"""`python -m tests.fuzz.moment FOLDER`: each target with its seeds, what was found before, and others."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from tests.fuzz.child import Slice, by_outcome
from tests.fuzz.found import FOUND
from tests.fuzz.targets import NAMES, target
from tests.fuzz.watching import Limits, Watch

_OTHERS = {"ics": 4, "google": 2, "archive": 5, "cli": 5, "web": 20}
_USUAL = 40
_OF_SEEDS = {"web": 3, "cli": 3}
"""One seed in so many, where there are many that cost much."""
_ENDLESS = 1e9


def main(folder: Path) -> int:
    """Print the name of each target that did not break."""
    for name in NAMES:
        found = target(name)
        place = folder / name
        place.mkdir()
        watch = Watch(found.prepare(place), place / "findings", Limits(seconds=30))
        for known in (data for each, data in FOUND if each == name):
            watch(known)
        few = replace(found, seeds=found.seeds[:: _OF_SEEDS.get(name, 1)])
        work = Slice(few, watch, place, _ENDLESS, 1)
        by_outcome(work, watch.inputs + len(few.seeds) + _OTHERS.get(name, _USUAL))
        if watch.found:
            for path in (place / "findings").glob("*.txt"):
                sys.stdout.write(path.read_text("utf-8"))
            return 1
        sys.stdout.write(f"{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
