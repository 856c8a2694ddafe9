from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from couchcal.store.connection import Database
from tests.support.practice import make_practice

if TYPE_CHECKING:
    from tests.tui.screens.google_at_hand import Google


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return make_practice(tmp_path, keeps=True)


@pytest.fixture(autouse=True)
def steady_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Input, "cursor_blink", False)


@pytest.fixture
def google(database: Database, isolated_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    """An emulated Google beside the practice."""
    from tests.tui.screens.google_at_hand import Google

    made = Google(database, isolated_home, monkeypatch)
    yield made
    made.session.close()
