"""The probe tells every toggle of the emulator's as it is, and leaves nothing behind."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
import requests
from google.oauth2.credentials import Credentials

from couchcal.sync.google.probe import LOOK_TRIES, NAME, CouldNotRemove, Point, probe
from couchcal.sync.google.session import SignedInSession
from couchcal.sync.port import NeedsSignIn, RemoteProblem
from tests.google.emulator import Emulator
from tests.google.profiles import PROFILES
from tests.google.transport import BASE, EmulatorAdapter

EMAIL = "therapist@example.com"
SCOPES = ("calendar.app.created", "calendar.calendarlist.readonly", "calendar.events.readonly")


class Passing:
    """A waiter whose time passes on the emulator's clock."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self.stopping = False

    def wait(self, seconds: float) -> bool:
        self._emulator.advance(int(seconds * 1e6))
        return not self.stopping

    def pace(self) -> None:
        return None


def emulator_of(**toggles: Any) -> Emulator:
    emulator = Emulator(profile="recorded", seed=3, **toggles)
    emulator.add_user(EMAIL, "America/New_York")
    return emulator


def probed(emulator: Emulator, scopes: tuple[str, ...] = SCOPES) -> dict[int, Point]:
    session = requests.Session()
    session.mount("http://", EmulatorAdapter(emulator))
    secrets = emulator.client_secrets(BASE)["installed"]
    make: Any = Credentials
    credentials = make(
        None, refresh_token=emulator.grant(EMAIL, secrets["client_id"], scopes), token_uri=f"{BASE}/token",
        client_id=secrets["client_id"], client_secret=secrets["client_secret"],
    )  # fmt: skip
    http = SignedInSession(credentials, session=session)
    points = probe(http, f"{BASE}/calendar/v3", Passing(emulator), ticks=lambda: emulator.world.clock.now_us / 1e6)
    return {point.number: point for point in points}


def left(emulator: Emulator) -> list[str]:
    """Calendars of the probe that are still there."""
    return [
        calendar.summary
        for calendar in emulator.world.calendars.values()
        if calendar.summary.startswith(NAME) and not calendar.deleted
    ]


@pytest.mark.parametrize(
    ("toggle", "value", "number"),
    [
        ("noop_patch", "bump", 1), ("noop_patch", "keep", 1), ("undelete", "ok", 2), ("undelete", "403", 2),
        ("orphan_exceptions", "cancel", 4), ("orphan_exceptions", "keep", 4), ("appcreated_foreign", "404", 9),
        ("appcreated_foreign", "403", 9), ("utc_suffix", "Z", 10), ("utc_suffix", "+00:00", 10),
    ],
)  # fmt: skip
def test_each_point_is_told_as_it_is(toggle: str, value: str, number: int) -> None:
    emulator = emulator_of(**{toggle: value})
    found = probed(emulator)
    assert sorted(found) == list(range(1, 11))
    assert found[number].value == value
    assert left(emulator) == []


@pytest.mark.parametrize("lag_ms", [0, 700, 3000])
def test_the_lag_of_a_list_is_measured(lag_ms: int) -> None:
    value = probed(emulator_of(list_lag_ms=lag_ms))[7].value
    assert isinstance(value, int)
    assert lag_ms <= value <= lag_ms + 600


def test_an_event_that_no_list_shows_is_no_settled_point() -> None:
    found = probed(emulator_of(list_lag_ms=LOOK_TRIES * 1000))
    assert found[7].value is None
    assert found[8].answer == "not asked: there was no sync token"


def test_what_the_api_cannot_do_is_said() -> None:
    found = probed(emulator_of())
    assert "try it by hand" in found[5].answer
    assert "try it by hand" in found[6].answer
    assert found[3].answer.startswith("still good after ")
    assert found[8].value == 400
    assert found[8].answer.startswith("400 ")


def test_a_sign_in_that_may_do_everything_does_not_settle_what_a_narrow_one_may() -> None:
    assert probed(emulator_of(), ("calendar",))[9].value is None


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_it_comes_through_under_every_profile_and_tells_nothing_private(profile: str) -> None:
    emulator = Emulator(profile=profile, seed=5)
    emulator.add_user(EMAIL, "America/New_York")
    points: dict[int, Point] = {}
    with suppress(RemoteProblem, CouldNotRemove):  # a network as bad as that of `flaky` may end it anywhere
        points = probed(emulator)
    assert left(emulator) == [] or profile == "flaky"
    assert len(points) == 10 or profile == "flaky"
    text = json.dumps([point._asdict() for point in points.values()])
    assert EMAIL not in text
    assert "group.calendar" not in text


def test_a_calendar_that_needs_a_while_is_waited_for() -> None:
    assert len(probed(emulator_of(fresh_calendar_403_ms=20_000))) == 10


def test_the_calendar_is_removed_whatever_happens() -> None:
    emulator = emulator_of()
    emulator.control(
        "faults",
        {"id": "gone", "match": {"op": "events.patch"}, "when": {"nth": [1]}, "action": {"type": "revoke_now"}},
    )
    with pytest.raises((NeedsSignIn, CouldNotRemove)):
        probed(emulator)
    emulator = emulator_of()
    emulator.control(
        "faults", {"id": "b", "match": {"op": "events.patch"}, "action": {"type": "status", "code": 503}}
    )
    with pytest.raises(RemoteProblem):
        probed(emulator)
    assert left(emulator) == []


def test_a_calendar_that_cannot_be_removed_is_named() -> None:
    emulator = emulator_of()
    emulator.control(
        "faults", {"id": "d", "match": {"op": "calendars.delete"}, "action": {"type": "status", "code": 503}}
    )
    with pytest.raises(CouldNotRemove) as raised:
        probed(emulator)
    assert left(emulator) == [raised.value.args[0]]


def test_a_stop_removes_the_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = emulator_of(list_lag_ms=5000)
    monkeypatch.setattr(Passing, "wait", _interrupted)
    with pytest.raises(KeyboardInterrupt):
        probed(emulator)
    assert left(emulator) == []


def _interrupted(_waiter: Passing, _seconds: float) -> bool:
    raise KeyboardInterrupt
