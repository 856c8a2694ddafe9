"""A short form of each scenario of `python -m tests.faults`: docs/reliability.md has the long run."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.power import COMPILER, cut
from tests.faults.scenarios import FAULTS, KILLS, Setting
from tests.faults.tally import Tally
from tests.sync.http.conftest import environment
from tests.sync.http.processes import Forks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills, mounts and preloads as Linux does them")

SHORT: dict[str, tuple[int, bool]] = {
    "calendar": (1, False), "cli": (1, True), "serve": (1, False), "worker": (1, True), "power": (10, True),
    "full": (1, False), "readonly": (1, True), "pages": (1, True), "log": (1, False), "clock": (1, False),
    "zones": (1, False), "versions": (1, True),
}  # fmt: skip
"""How many kills or rounds of each, and whether the database is encrypted."""


@pytest.fixture(scope="module")
def starter() -> Iterator[Forks]:
    made = Forks(environment(), "tests.faults.program")
    yield made
    made.close()


@pytest.mark.xdist_group("faults")
@pytest.mark.parametrize("name", sorted(SHORT))
def test_nothing_acknowledged_is_lost(name: str, tmp_path: Path, starter: Forks) -> None:
    if name == "power" and COMPILER is None:
        pytest.skip("needs a C compiler")
    if name == "readonly" and os.geteuid():
        pytest.skip("needs the right to mount a file system")
    rounds, encrypt = SHORT[name]
    tally = (KILLS | FAULTS)[name](Setting(tmp_path, starter, encrypt, rounds, 7))
    assert tally.complaints == []
    assert tally.rounds


def test_every_scenario_has_a_short_form() -> None:
    assert SHORT.keys() == KILLS.keys() | FAULTS.keys()


@pytest.mark.skipif(COMPILER is None, reason="needs a C compiler")
@pytest.mark.long
def test_a_program_that_does_not_wait_for_the_disk_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import couchcal.store.connection\ncouchcal.store.connection.SYNCHRONOUS = 'NORMAL'\n", "utf-8"
    )
    env = environment()
    env["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{env['PYTHONPATH']}"
    monkeypatch.setattr("tests.faults.power.environment", lambda: env)
    tally = Tally("power cut")
    cut(tally, tmp_path, random.Random(7), 60, 10, encrypt=False)  # noqa: S311  no secret
    assert tally.lost
    assert not tally.damaged
