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
EVERYDAY = (
    "test_from_nothing_to_an_event_in_google[False]",
    "test_a_day_of_changes",
    "test_both_sides_moved_it",
    "test_what_is_deleted_there_is_asked_about[restore]",
    "test_a_sign_in_that_was_taken_back",
    "test_a_network_that_does_not_work[drop_after-",
    "test_a_day_tells_nobody_anything",
    "test_a_kill_loses_and_doubles_nothing[changes-",
    "test_a_kill_loses_and_doubles_nothing[worker-",
    "test_once_ends_with_what_it_came_to",
    "test_it_sends_what_another_process_commits",
)
"""One of each kind; the others, of which most have a test without processes too, are long."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "sync/http/" in item.nodeid and not item.name.startswith(EVERYDAY):
            item.add_marker("long")


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
