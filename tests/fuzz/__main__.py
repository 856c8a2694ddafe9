"""`python -m tests.fuzz --minutes N`: hostile input at every way into the program, a table of what came of it.

A crash, more than ten seconds of the processor for one input, and memory that is not given back are findings; their
inputs are kept, in a folder that `--keep` names. `--target ics` tries one way, `--seed` other inputs. The exit code
is 1 if anything was found.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.fuzz.child import GUIDED
from tests.fuzz.targets import NAMES
from tests.fuzz.watching import STUCK_S, last_input

_MOST_SLICE_S = 120
"""A process is not used longer, so that every target has its turn soon."""
_BRANCHES = re.compile(r"cov: (\d+) ft: \d+ corp: (\d+)/")


@dataclass(slots=True)
class Came:
    """What came of a target."""

    inputs: int = 0
    cpu_s: float = 0.0
    kept: int = 0
    branches: int = 0
    findings: set[str] = field(default_factory=set)


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="of the clock, of all targets together (10)")
    parser.add_argument("--target", action="append", choices=NAMES, help="may be given again")
    parser.add_argument("--seed", type=int, default=1, help="other inputs (1)")
    parser.add_argument("--report", type=Path, help="where the table goes, too")
    parser.add_argument("--keep", type=Path, help="findings and inputs of this folder are gone on with")
    parser.add_argument("--ics-corpus", type=Path, help="a folder of real .ics files to begin with")
    args = parser.parse_args()
    names: list[str] = args.target or list(NAMES)
    keep: Path = args.keep or Path(tempfile.mkdtemp(prefix="couchcal-fuzz-"))
    came = {name: Came() for name in names}
    sys.stdout.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, seed {args.seed}, in {keep}\n")
    ends = time.monotonic() + args.minutes * 60
    seed = args.seed
    while (left := ends - time.monotonic()) > 1:
        slice_s = min(_MOST_SLICE_S, max(1.0, left / len(names)))
        for name in names:
            if time.monotonic() >= ends:
                break
            _one(name, keep / name, min(slice_s, ends - time.monotonic()), seed, args.ics_corpus, came[name])
            seed += 1
            if args.report is not None:
                args.report.write_text(table(came), "utf-8")
    sys.stdout.write(f"\n{table(came)}")
    if args.report is not None:
        args.report.write_text(table(came), "utf-8")
    found = any(each.findings for each in came.values())
    if args.keep is None and not found:
        shutil.rmtree(keep)
    return 1 if found else 0


def _one(name: str, folder: Path, seconds: float, seed: int, ics_corpus: Path | None, came: Came) -> None:
    """One process for one target, and what it left."""
    findings, corpus = folder / "findings", folder / "corpus"
    for path in (findings, corpus):
        path.mkdir(parents=True, exist_ok=True)
    summary = findings / "summary.json"
    summary.unlink(missing_ok=True)
    place = tempfile.mkdtemp(prefix="couchcal-fuzz-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)  # noqa: S108
    command = [
        sys.executable, "-m", "tests.fuzz.child", name, "--folder", str(findings), "--corpus", str(corpus),
        "--work", place, "--seconds", str(seconds), "--seed", str(seed),
        *(["--ics-corpus", str(ics_corpus)] if ics_corpus is not None else []),
    ]  # fmt: skip
    log = folder / "log"
    try:
        with log.open("wb") as out:
            ended = subprocess.run(
                command, stdout=out, stderr=subprocess.STDOUT, env=_environment(place), check=False,
                timeout=seconds + 2 * STUCK_S,
            ).returncode  # fmt: skip
    except subprocess.TimeoutExpired:
        ended = -1
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if ended:
        number = f"died-{ended}-{seed}"
        (findings / f"{number}.input").write_bytes(last_input(findings) if (findings / "current").exists() else b"")
        shutil.copyfile(log, findings / f"{number}.txt")
    if summary.exists():
        told = json.loads(summary.read_text("utf-8"))
        came.inputs += told["inputs"]
        came.cpu_s += told["cpu_s"]
        came.kept = max(came.kept, told["kept"])
    for found in _BRANCHES.finditer(log.read_text("utf-8", "replace")):
        came.branches, came.kept = int(found[1]), int(found[2])
    came.findings = {path.stem for path in findings.glob("*.input")}
    sys.stdout.write(
        f"{datetime.now(UTC):%H:%M} {name}: {came.inputs:,} inputs, {came.cpu_s:.0f} s of the processor,"
        f" {len(came.findings)} findings\n"
    )
    sys.stdout.flush()


def _environment(place: str) -> dict[str, str]:
    """No keyring, no settings of whoever runs it, and files in `place` alone."""
    return os.environ | {
        "COUCHCAL_HOME": place, "TMPDIR": place, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "TZ": "UTC",
        "HOME": place, "PYTHONHASHSEED": "0",
    }  # fmt: skip


def table(came: dict[str, Came]) -> str:
    """What came of all targets, as Markdown."""
    measure = "branches" if GUIDED else "kinds of outcome"
    lines = [
        f"| target | inputs | processor | {measure} | kept | findings |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {name} | {found.inputs:,} | {found.cpu_s / 60:.0f} min | {found.branches or found.kept:,} |"
        f" {found.kept:,} | {len(found.findings)} |"
        for name, found in came.items()
    ]
    inputs, cpu = sum(one.inputs for one in came.values()), sum(one.cpu_s for one in came.values())
    findings = sum(len(one.findings) for one in came.values())
    lines.append(f"| **all** | **{inputs:,}** | **{cpu / 60:.0f} min** | | | **{findings}** |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
