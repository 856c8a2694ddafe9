"""`python -m tests.google.crosscheck SERVER_PYTHON`: every cross-check, each against a fresh emulator."""

from __future__ import annotations

import sys
import time

from tests.google.crosscheck import conformance, household, official
from tests.google.crosscheck.served import Served


def main() -> None:
    for name, check in (("discovery", conformance), ("official client", official), ("gcal_sync", household)):
        begun = time.monotonic()
        with Served(sys.argv[1], tombstones="documented") as served:
            covered = check.run(served)
        sys.stdout.write(f"{name}: {covered} ({time.monotonic() - begun:.1f} s)\n")


if __name__ == "__main__":
    main()
