from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from couchcal.store.connection import Database
from tests.support.practice import make_practice


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return make_practice(tmp_path, keeps=True)


@pytest.fixture(autouse=True)
def steady_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Input, "cursor_blink", False)
