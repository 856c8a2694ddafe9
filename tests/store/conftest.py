"""Passphrases that are cheap to try: what they cost is written in the key file, so nothing else changes."""

from __future__ import annotations

import pytest

from couchcal.store import key_wraps

REAL_COSTS = dict(key_wraps.ARGON2)


@pytest.fixture(autouse=True)
def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_wraps, "ARGON2", {"time_cost": 1, "memory_kib": 64, "parallelism": 1})


@pytest.fixture
def real_costs(cheap_passphrases: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_wraps, "ARGON2", REAL_COSTS)
