"""Anything that people, networks, clocks and crashes do, in any order, under every profile of the emulator."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.google.profiles import PROFILES
from tests.google.transport import BASE
from tests.sync.acceptance import checks, faults, here, hunt, script, there
from tests.sync.acceptance.world import World, opened

EXAMPLES = int(os.environ.get("COUCHCAL_SYNC_EXAMPLES", "0"))
"""How many runs per profile; without it a few, so that the suite stays quick."""
STEPS = int(os.environ.get("COUCHCAL_SYNC_STEPS", "20"))
EVERYDAY = ("flaky", "paranoid")
"""Profiles that go most against the grain; the others are long."""

PICK = st.integers(0, 30)
MINUTES = st.sampled_from([30, 15, -60, 90, 1440, -2880])


@pytest.fixture(autouse=True)
def _google(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_GOOGLE_API_URL", f"{BASE}/calendar/v3")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


class Acceptance(RuleBasedStateMachine):
    """Two people at one calendar, and everything in between."""

    profile = "paranoid"

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="couchcal-machine-"))
        self.stack = ExitStack()
        self.world: World | None = None
        self.steps: list[script.Step] = []

    @initialize(seed=st.integers(0, 1000))
    def begin(self, seed: int) -> None:
        self.seed = seed
        self.world = self.stack.enter_context(opened(self.folder, self.profile, seed))
        for at in range(seed % 8):
            self.do("book", day=1 + at, hour=9 + at, kind=at, who=at)
        self.do("cycle")

    def do(self, name: str, **given: Any) -> None:
        assert self.world is not None
        self.steps.append((name, given))
        script.play(self.world, [(name, given)])

    def teardown(self) -> None:
        try:
            if self.world is not None:
                note(f"steps = {self.steps!r}")
                self.do("settle", choice=self.seed % 3)
        finally:
            self.stack.close()
            shutil.rmtree(self.folder)

    # in couchcal

    @rule(
        day=st.integers(-3, 20), hour=st.integers(0, 23), kind=st.integers(0, len(here.KINDS) - 1),
        who=st.integers(0, 1), repeat=st.sampled_from([0, 0, 0, 1]),
    )  # fmt: skip
    def book(self, day: int, hour: int, kind: int, who: int, repeat: int) -> None:
        self.do("book", day=day, hour=hour, kind=kind, who=who, repeat=repeat)

    @rule(pick=PICK, what=st.integers(0, len(here.FIELDS) - 1), future=st.booleans())
    def edit(self, pick: int, what: int, future: bool) -> None:
        self.do("edit", pick=pick, what=what, future=future)

    @rule(pick=PICK, minutes=MINUTES, longer=st.sampled_from([0, 0, 10]), future=st.booleans())
    def move(self, pick: int, minutes: int, longer: int, future: bool) -> None:
        self.do("move", pick=pick, minutes=minutes, longer=longer, future=future)

    @rule(pick=PICK, what=st.sampled_from(["cancel", "restore", "start_repeating", "stop_repeating"]))
    def change(self, pick: int, what: str) -> None:
        self.do(what, pick=pick)

    @rule(pick=PICK, future=st.booleans())
    def delete(self, pick: int, future: bool) -> None:
        self.do("delete", pick=pick, future=future)

    @rule(what=st.sampled_from(["undo", "undo", "redo"]))
    def undo(self, what: str) -> None:
        self.do(what)

    @rule(who=st.integers(0, 1))
    def rename(self, who: int) -> None:
        self.do("rename", who=who)

    @rule(mode=st.integers(0, len(here.MODES) - 1))
    def name_mode(self, mode: int) -> None:
        self.do("name_mode", mode=mode)

    # in Google

    @rule(what=st.integers(0, len(there.DEEDS) - 1), pick=PICK, minutes=MINUTES)
    def google(self, what: int, pick: int, minutes: int) -> None:
        self.do("google", what=what, pick=pick, minutes=minutes)

    @rule(what=st.integers(0, len(there.DEEDS) - 1), pick=PICK, minutes=MINUTES)
    def google_too(self, what: int, pick: int, minutes: int) -> None:
        self.do("google", what=what, pick=pick, minutes=minutes)

    @rule(what=st.integers(0, 2), pick=PICK, scope=st.integers(0, 2), minutes=MINUTES)
    def google_series(self, what: int, pick: int, scope: int, minutes: int) -> None:
        self.do("google_series", what=what, pick=pick, scope=scope, minutes=minutes)

    @rule(what=st.integers(0, len(there.ADMIN) - 1))
    def admin(self, what: int) -> None:
        self.do("admin", what=what)

    # in between

    @rule(which=st.integers(0, len(faults.FAULTS) - 1), after=st.integers(0, 4))
    def fault(self, which: int, after: int) -> None:
        self.do("fault", which=which, after=after)

    @rule(what=st.integers(0, len(faults.BETWEEN) - 1), pick=PICK, minutes=MINUTES, page=st.booleans())
    def between(self, what: int, pick: int, minutes: int, page: bool) -> None:
        self.do("between", what=what, pick=pick, minutes=minutes, page=page)

    @rule()
    def no_faults(self) -> None:
        self.do("no_faults")

    @rule(seconds=st.sampled_from([30.0, 30.0, 3600.0, 3600.0, 172_800.0, 691_200.0, 3_024_000.0]))
    def wait(self, seconds: float) -> None:
        self.do("wait", seconds=seconds)

    @rule(hours=st.sampled_from([0, 1, -1, 30, -30]))
    def set_wrong(self, hours: int) -> None:
        self.do("set_wrong", hours=hours)

    # the sync

    @rule(anew=st.sampled_from([False, False, False, True]))
    def cycle(self, anew: bool) -> None:
        self.do("cycle", anew=anew)

    @rule()
    def cycle_again(self) -> None:
        self.do("cycle")

    @rule(end=st.integers(1, 60))
    def crash(self, end: int) -> None:
        self.do("cycle", end=end)

    @rule(which=PICK, choice=st.integers(0, 2))
    def decide(self, which: int, choice: int) -> None:
        self.do("decide", which=which, choice=choice)

    @rule(how=st.sampled_from(["cursors", "events", "calendar"]))
    def start_over(self, how: str) -> None:
        self.do("start_over", how=how)

    @precondition(lambda self: self.world is not None and self.world.account().state == "needs_auth")
    @rule()
    def sign_in(self) -> None:
        self.do("sign_in")

    @rule()
    def take_backup(self) -> None:
        self.do("take_backup")

    @precondition(lambda self: self.world is not None and self.world.backup is not None)
    @rule()
    def restore_backup(self) -> None:
        self.do("restore_backup")

    @rule(choice=st.integers(0, 2))
    def settle(self, choice: int) -> None:
        self.do("settle", choice=choice)


@pytest.mark.parametrize(
    "profile",
    [name if name in EVERYDAY else pytest.param(name, marks=pytest.mark.long) for name in sorted(PROFILES)],
)
def test_all_comes_to_rest(profile: str) -> None:  # SYNC-01, SYNC-11, SYNC-17, SYNC-27
    class Machine(Acceptance):
        pass

    Machine.profile = profile
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES or 2,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_same_deeds_come_to_the_same_end(tmp_path: Path) -> None:
    ends = []
    for name in ("one", "other"):
        with opened(tmp_path / name, "flaky", 7) as world:
            script.play(world, hunt.made_up(7, 12))
            ends.append(checks.end(world))
    assert ends[0] == ends[1]
