"""`python -m bench`: a table of measurement, bar and ratio, and one beside other programs, of one run.

Needs half an hour; peers are optional. What the numbers of entries do is `python -m bench.growth`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench import agenda, files, form, inprocess, openings, peers, screen, search, sync, web
from bench.table import Table

_PARTS = "files,agenda,search,screen,inprocess,openings,form,sync,web,peers"


def main() -> int:
    """Run the chosen parts and print the table; 1 if a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--sizes", default="1000,10000,100000", help="numbers of stored entries, ascending")
    parser.add_argument("--repeats", type=int, default=9, help="times each command takes its turn")
    parser.add_argument("--only", default=_PARTS, help="parts to run")
    parser.add_argument("--no-peers", action="store_true", help="leave other programs out")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    parts = options.only.split(",")
    table = Table()
    with tempfile.TemporaryDirectory(prefix="couchcal-bench-") as folder:
        work = Path(folder)
        stores = files.prepare(work, sizes)
        if "files" in parts:
            files.measure(table, work, stores)
        if "agenda" in parts:
            agenda.measure(table, work, stores, options.repeats, beside=not options.no_peers)
        if "search" in parts:
            search.measure(table, stores[sizes[-1]])
        if "screen" in parts:
            screen.measure(table, work, stores[sizes[-1]], options.repeats)
        if "form" in parts:
            form.measure(table, work, stores[sizes[-1]])
        if "inprocess" in parts:
            inprocess.measure(table, work)
        if "openings" in parts:
            openings.measure(table, work)
        if "sync" in parts:
            sync.measure(table, work)
        if "web" in parts:
            web.measure(table, work)
        sys.stdout.write(table.text())
        if "peers" in parts and not options.no_peers:
            sys.stdout.write("\n" + peers.measure(work, stores, options.repeats))
    return 1 if table.missed else 0


if __name__ == "__main__":
    sys.exit(main())
