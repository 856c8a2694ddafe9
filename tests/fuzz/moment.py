"""`python -m tests.fuzz.moment FOLDER`: each target with its seeds, what was found before, and others."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.fuzz.child import Slice, by_outcome
from tests.fuzz.found import FOUND
from tests.fuzz.targets import NAMES, target
from tests.fuzz.watching import Limits, Watch

_OTHERS = {"ics": 5, "google": 2, "archive": 8, "cli": 10}
_USUAL = 60
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
        work = Slice(found, watch, place, _ENDLESS, 1)
        by_outcome(work, watch.inputs + len(found.seeds) + _OTHERS.get(name, _USUAL))
        if watch.found:
            for path in (place / "findings").glob("*.txt"):
                sys.stdout.write(path.read_text("utf-8"))
            return 1
        sys.stdout.write(f"{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
