"""The tests of the sync are strong enough to see a client that is wrong (the emulator's mutation check)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.google.transport import BASE
from tests.sync.broken.defects import DEFECTS, Defect
from tests.sync.broken.scenarios import SCENARIOS, findings


@pytest.fixture(autouse=True)
def _google(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_GOOGLE_API_URL", f"{BASE}/calendar/v3")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_sound_client_comes_through(scenario: str, tmp_path: Path) -> None:
    assert findings(tmp_path, scenario) == []


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_broken_client_is_caught_for_what_is_wrong_with_it(defect: Defect, tmp_path: Path) -> None:
    with defect.installed():
        found = findings(tmp_path, defect.scenario)
    assert [reason for reason in defect.reasons if not any(reason in each for each in found)] == []


def test_every_scenario_is_needed_for_a_defect() -> None:
    assert {defect.scenario for defect in DEFECTS} == SCENARIOS.keys()
    assert len({defect.name for defect in DEFECTS}) == 12
