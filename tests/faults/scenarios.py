"""All scenarios by name. Each takes a directory and how many kills or rounds, and gives its tally."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.faults import disks, times
from tests.faults.home import Home
from tests.faults.kill_cli import Commands
from tests.faults.kill_serve import Bookings
from tests.faults.kill_tui import Screens
from tests.faults.kill_worker import Background
from tests.faults.power import cut
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


def power(setting: Setting) -> Tally:
    """Power cuts."""
    tally = setting.tally("power cut")
    changes = max(setting.rounds // 8, 6)
    cut(tally, setting.directory, setting.chance, setting.rounds, changes, encrypt=setting.encrypt)
    return tally


def full_disk(setting: Setting) -> Tally:
    """No room."""
    tally = setting.tally("full disk")
    disks.full(setting.home(), tally)
    return tally


def read_only_disk(setting: Setting) -> Tally:
    """No writes."""
    tally = setting.tally("read-only file system")
    disks.read_only(setting.home(), tally)
    return tally


def damaged_pages(setting: Setting) -> Tally:
    """Something else on the disk than was written."""
    tally = setting.tally("damaged page")
    disks.damaged(setting.home(), tally, setting.chance, max(setting.rounds // 10, 1))
    return tally


def wrong_log(setting: Setting) -> Tally:
    """A log that is gone or another's."""
    tally = setting.tally("log gone or another's")
    disks.logs(setting.home(), tally)
    return tally


def clock_jumps(setting: Setting) -> Tally:
    """Clocks."""
    tally = setting.tally("clock jumps, nights of a change")
    times.jumping(setting.home(), tally, setting.chance, max(setting.rounds // 4, 2))
    return tally


def zone_rules(setting: Setting) -> Tally:
    """Zones."""
    tally = setting.tally("new rules of a zone")
    times.new_rules(setting.home(), tally)
    return tally


def two_versions(setting: Setting) -> Tally:
    """Schemas."""
    tally = setting.tally("two versions at once")
    times.versions(setting.home(), tally)
    return tally


KILLS: dict[str, Scenario] = {
    "calendar": kill_calendar, "cli": kill_commands, "serve": kill_server, "worker": kill_worker,
}  # fmt: skip
"""Scenarios that kill, and share what `--kills` says."""
FAULTS: dict[str, Scenario] = {
    "power": power, "full": full_disk, "readonly": read_only_disk, "pages": damaged_pages, "log": wrong_log,
    "clock": clock_jumps, "zones": zone_rules, "versions": two_versions,
}  # fmt: skip
"""Scenarios of other faults."""
