"""A practice with the real program in processes of its own, and an emulated Google behind a socket."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sync.http.place import Place
from tests.sync.http.processes import REAL_STARTS, Forks, Interpreters, Starter

if sys.platform == "win32":
    collect_ignore_glob = ["test_*.py"]

PlaceOf = Callable[..., Place]


def environment() -> dict[str, str]:
    """Little more than the search path; no keyring, whatever this machine has."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
    root = str(Path(__file__).parents[3])
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(filter(None, (root, kept.get("PYTHONPATH", "")))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "TZ": "UTC",
    }


@pytest.fixture(scope="session")
def starter() -> Iterator[Starter]:
    made: Starter = Interpreters() if REAL_STARTS else Forks(environment())
    yield made
    made.close()


@pytest.fixture
def place_of(tmp_path: Path, starter: Starter) -> Iterator[PlaceOf]:
    """Makes places, each with a Google of its own."""
    made: list[Place] = []

    def make(profile: str | None = None, **given: Any) -> Place:
        directory = tmp_path / f"place{len(made)}"
        directory.mkdir()
        made.append(Place(directory, starter, environment(), profile, **given))
        return made[-1]

    yield make
    for place in made:
        place.close()


@pytest.fixture
def place(place_of: PlaceOf) -> Place:
    """A practice that is connected with the emulator as its defaults are."""
    found = place_of()
    found.made()
    found.connected()
    return found
