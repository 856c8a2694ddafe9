"""Draws the figures of `bench.growth`, given as JSON on standard input: time over the number of stored entries."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

_PER_ENTRY = {"import", "export"}


def main() -> int:
    """Two panels: what should stay flat, and what should grow with the number of entries."""
    found: dict[str, dict[str, tuple[float, str]]] = json.load(sys.stdin)
    sizes = [int(size) for size in found]
    mpl.rcParams.update(
        {"svg.hashsalt": "couchcal", "font.family": "sans-serif", "axes.grid": True, "grid.alpha": 0.3}
    )
    figure, (flat, growing) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
    for what, (_, unit) in next(iter(found.values())).items():
        if unit not in {"ms", "s"}:
            continue
        values = [points[what][0] for points in found.values()]
        panel = growing if what in _PER_ENTRY else flat
        panel.plot(sizes, values, marker="o", label=what)
    growing.plot(sizes, [sizes_ / sizes[0] * 0.5 for sizes_ in sizes], ":", color="grey", label="in proportion")
    for panel, title, unit in (
        (flat, "Looking at one week", "ms"),
        (growing, "Reading and writing everything", "s"),
    ):
        panel.set(xscale="log", yscale="log", xlabel="entries stored", ylabel=unit, title=title)
        panel.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, frameon=False)
    figure.savefig(Path(sys.argv[1]), metadata={"Date": None})
    return 0


if __name__ == "__main__":
    sys.exit(main())
