"""All scenarios by name. Each takes a directory and how many kills or rounds, and gives its tally."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.faults.home import Home
from tests.faults.kill_cli import Commands
from tests.faults.kill_serve import Bookings
from tests.faults.kill_tui import Screens
from tests.faults.kill_worker import Background
from tests.faults.tally import Tally
from tests.sync.http.conftest import environment
from tests.sync.http.processes import Starter


class Setting(NamedTuple):
    """Where a scenario runs and how much of it."""

    directory: Path
    starter: Starter
    encrypt: bool
    rounds: int
    seed: int

    def home(self, name: str = "practice") -> Home:
        """A practice of its own."""
        directory = self.directory / name
        directory.mkdir()
        return Home(directory, self.starter, environment(), encrypt=self.encrypt)

    def tally(self, words: str) -> Tally:
        """A count that begins."""
        return Tally(f"{words}, {'encrypted' if self.encrypt else 'plain'}")

    @property
    def chance(self) -> random.Random:
        """A repeatable choice of moments."""
        return random.Random(self.seed)  # noqa: S311  no secret


Scenario = Callable[[Setting], Tally]


def kill_commands(setting: Setting) -> Tally:
    """SIGKILL of commands."""
    tally = setting.tally("SIGKILL of commands")
    Commands(setting.home(), tally, setting.chance).run(setting.rounds)
    return tally


def kill_server(setting: Setting) -> Tally:
    """SIGKILL of the booking page."""
    tally = setting.tally("SIGKILL of `serve`")
    Bookings(setting.home(), tally, setting.chance).run(setting.rounds)
    return tally


def kill_worker(setting: Setting) -> Tally:
    """SIGKILL of the worker."""
    tally = setting.tally("SIGKILL of `worker`")
    Background(
        setting.directory, setting.starter, environment(), tally, setting.chance, encrypt=setting.encrypt
    ).run(setting.rounds)
    return tally


def kill_calendar(setting: Setting) -> Tally:
    """SIGKILL of the calendar on a terminal."""
    tally = setting.tally("SIGKILL of the calendar")
    Screens(setting.home(), tally, setting.chance).run(setting.rounds)
    return tally


KILLS: dict[str, Scenario] = {
    "calendar": kill_calendar, "cli": kill_commands, "serve": kill_server, "worker": kill_worker,
}  # fmt: skip
"""Scenarios that kill, and share what `--kills` says."""
FAULTS: dict[str, Scenario] = {}
"""Scenarios of other faults."""
