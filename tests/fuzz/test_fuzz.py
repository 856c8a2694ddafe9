"""A moment of each target of `python -m tests.fuzz`, what it has found before, and that it finds anything.

docs/reliability.md has the hours.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Hashable
from pathlib import Path

import pytest

from tests.fuzz.child import Slice, by_outcome
from tests.fuzz.found import FOUND
from tests.fuzz.mutation import mutated
from tests.fuzz.target import Run, Target
from tests.fuzz.targets import NAMES
from tests.fuzz.watching import Limits, Watch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")
ROOT = Path(__file__).parents[2]
ENDLESS = 1e9


def test_no_target_breaks_in_a_moment(tmp_path: Path) -> None:
    """All in one process of their own: limits and clocks are the process's."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.moment", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
        env=os.environ | {
            "COUCHCAL_HOME": str(tmp_path), "TMPDIR": str(tmp_path), "TZ": "UTC",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == [*NAMES], done.stdout


def test_what_was_found_stays_mended() -> None:
    assert {name for name, _ in FOUND} <= set(NAMES)


def made(run: Run, tmp_path: Path, limits: Limits, most: int = 15) -> dict[str, int]:
    """What is found of a target with this fault."""
    target = Target("broken", lambda _folder: run, (b"abc\nBEGIN", b"12"))
    watch = Watch(run, tmp_path / "findings", limits)
    by_outcome(Slice(target, watch, tmp_path, ENDLESS, 3), most)
    return watch.found


CHILD = """
import sys
from pathlib import Path
from tests.fuzz.test_fuzz import FAULTS, made
from tests.fuzz.watching import Limits
print(*made(FAULTS[sys.argv[1]], Path(sys.argv[2]), Limits(seconds=0.3, peak_mb=64, address_mb=2048)), sep="\\n")
"""


def raises(data: bytes) -> Hashable:
    return data.decode("ascii")


def hangs(data: bytes) -> Hashable:
    while len(data) > 9:
        pass
    return len(data)


def swells(data: bytes) -> Hashable:
    return len(b"x" * (100_000_000 if len(data) > 9 else 1)) > 1


def eats(data: bytes) -> Hashable:
    return len([b"x" * 2**32] if len(data) > 9 else [])


FAULTS: dict[str, Run] = {"crash": raises, "hang": hangs, "peak": swells, "memory": eats}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_found(kind: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, kind, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.startswith(f"{kind}-"), done.stdout + done.stderr
    assert list((tmp_path / "findings").glob(f"{kind}-*.input"))


def test_inputs_are_not_what_they_were_but_no_longer_than_may_be() -> None:
    chance = random.Random(1)  # noqa: S311  no secret
    seed = b'{"a": [1, "x"]}'
    found = {mutated(seed, chance, "json", (b"null",), (seed, b'{"b": 2}'), 64) for _ in range(300)}
    assert len(found) > 150
    assert max(map(len, found)) == 64
