"""`python -m tests.fuzz.child`: one target in a process of its own, until its time is over.

Where atheris is installed libFuzzer chooses inputs by the branches that they take; elsewhere inputs are kept that
came to something that none came to before.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Hashable
from contextlib import nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from tests.fuzz.mutation import mutated
from tests.fuzz.target import Target
from tests.fuzz.watching import Limits, Summary, Watch, cpu_seconds

GUIDED = find_spec("atheris") is not None
_MOST_KEPT = 4_000


class Slice:
    """The time that one process has for one target."""

    def __init__(self, target: Target, watch: Watch, folder: Path, seconds: float, seed: int) -> None:
        self.target, self.watch, self.folder = target, watch, folder
        self.chance = random.Random(seed)  # noqa: S311  no secret
        self._ends = time.monotonic() + seconds
        self._written = 0.0
        self.summary = Summary()

    def over(self) -> bool:
        """Whether the time is up; the summary is written now and then."""
        now = time.monotonic()
        if now - self._written > 1 or now >= self._ends:
            self._written = now
            self.summary.inputs, self.summary.cpu_s = self.watch.inputs, cpu_seconds()
            self.summary.write(self.folder / "summary.json")
        return now >= self._ends

    def changed(self, data: bytes, others: list[bytes]) -> bytes:
        """Another input."""
        target = self.target
        return mutated(data, self.chance, target.shape, target.words, others, target.longest)


def by_outcome(work: Slice, most: int | None = None) -> None:
    """Keep what came to something new; at most `most` inputs."""
    kept = list(work.target.seeds)
    known: set[Hashable] = {work.watch(seed) for seed in kept}
    while not work.over() and (most is None or work.watch.inputs < most):
        data = work.changed(work.chance.choice(kept), kept)
        came = work.watch(data)
        if came is not None and came not in known and len(known) < _MOST_KEPT:
            known.add(came)
            kept.append(data)
            work.summary.kept = len(kept)


def by_branches(work: Slice, corpus: Path, atheris: Any) -> NoReturn:
    """Let libFuzzer choose; it ends the process."""
    seeds = list(work.target.seeds)
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)

    def one(data: bytes) -> None:
        work.watch(data)
        if work.over():
            sys.stdout.flush()
            os._exit(0)

    def change(data: bytes, longest: int, _seed: int) -> bytes:
        if work.chance.random() < 0.3:
            found: bytes = atheris.Mutate(data, len(data))
            return found[:longest]
        return work.changed(data, seeds)[:longest]

    flags = [
        f"-max_len={work.target.longest}", "-timeout=100000", "-rss_limit_mb=0", "-print_final_stats=0",
        "-verbosity=1",
        f"-seed={work.chance.randrange(1, 2**31)}", "-handle_segv=0", "-handle_abrt=0", "-reload=0",
        f"-artifact_prefix={work.folder}/artifact-",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *flags, str(corpus)], one, custom_mutator=change)
    atheris.Fuzz()
    raise AssertionError("libFuzzer came back")


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--folder", type=Path, required=True, help="findings and the summary")
    parser.add_argument("--corpus", type=Path, required=True, help="inputs that are worth keeping")
    parser.add_argument("--work", type=Path, required=True, help="where the target has its files")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--ics-corpus", type=Path)
    args = parser.parse_args()
    atheris: Any = import_module("atheris") if GUIDED else None
    with atheris.instrument_imports(include=["couchcal"]) if GUIDED else nullcontext():
        found = _target(args)
        run = found.prepare(args.work)
    work = Slice(found, Watch(run, args.folder, Limits()), args.folder, args.seconds, args.seed)
    if GUIDED:
        by_branches(work, args.corpus, atheris)
    by_outcome(work)
    work.over()


def _target(args: argparse.Namespace) -> Target:
    from tests.fuzz.targets import target

    return target(args.target, ics_corpus=args.ics_corpus)


if __name__ == "__main__":
    main()
