"""`python -m tests.faults`: kills, power cuts, full and damaged disks, clocks; a line on each and a table.

`--kills 800` divides so many among the scenarios that kill, plain and encrypted; `--only cli` runs one. The exit
code is 1 if anything was lost, doubled or damaged. Nothing is left behind.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.scenarios import FAULTS, KILLS, Setting
from tests.faults.tally import Tally, table
from tests.sync.http.conftest import environment
from tests.sync.http.processes import Forks

_EACH_KIND = 2
_ROUNDS = 200
"""Of scenarios that choose moments and kill nothing."""


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=600, help="of all scenarios together (600)")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help=f"moments of each other scenario ({_ROUNDS})")
    parser.add_argument("--only", action="append", choices=sorted(KILLS | FAULTS), help="may be given again")
    parser.add_argument("--seed", type=int, default=7, help="another choice of moments (7)")
    args = parser.parse_args()
    names = args.only or [*KILLS, *FAULTS]
    killing = sum(name in KILLS for name in names) * _EACH_KIND
    tallies: list[Tally] = []
    sys.stdout.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, seed {args.seed}\n")
    starter = Forks(environment(), "tests.faults.program")
    try:
        for name in names:
            rounds = -(-args.kills // killing) if name in KILLS else args.rounds
            for encrypt in (False, True):
                began = time.monotonic()
                with tempfile.TemporaryDirectory(
                    prefix="couchcal-faults-", ignore_cleanup_errors=True
                ) as directory:
                    tally = (KILLS | FAULTS)[name](Setting(Path(directory), starter, encrypt, rounds, args.seed))
                tally.say(f"{time.monotonic() - began:.0f} s")
                tallies.append(tally)
    finally:
        starter.close()
    sys.stdout.write(f"\n{table(tallies)}\n")
    for complaint in (words for tally in tallies for words in tally.complaints):
        sys.stdout.write(f"{complaint}\n")
    return 0 if all(tally.good for tally in tallies) else 1


if __name__ == "__main__":
    sys.exit(main())
