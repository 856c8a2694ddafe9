"""Every snapshot test as a gallery: each screen in all sizes and themes, written to a folder to look at.

`make gallery` runs the snapshot tests with this in the place of their comparison, in each of `MODES`, and then
draws what was written, as contact sheets.
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from couchcal.practice import client_changes
from couchcal.store.connection import Database
from couchcal.tui.app import CouchcalApp
from tests.support.pilot import until
from tests.tui.looks.cells import Rows, rows_of, write

SIZES = ((80, 24), (120, 36), (200, 60))
THEMES = ("couchcal-dark", "couchcal-light", "couchcal-contrast", "couchcal-ansi")
MODES = ("usual", "ascii", "names", "record")
NAMES = {
    "Jane Doe": "Jane-Wilhelmina Featherstonehaugh-Cholmondeley von und zu Hohenlohe",
    "Janet Ray": "Janet 名前の長い人です 東京都 山田",
    "Bob Reed": "Bob 👩‍👩‍👧 Re\u0301ed 🇳🇴",
    "Omar Khan": "Omar עומר خان",
    "Maria Silva": "Maria Ñandú d’Ávila-Œuvre de la Cruz y Todos los Santos",
    "Lena Fox": "Lena [red]Fox[/] \x1b[31m",
}
"""For some of the clients of the tests, names that are long, wide, joined, or full of codes."""
SHOWN: set[str] = set()
"""The classes of all screens that were looked at."""
RECORD = Path(__file__).with_name("shown.txt")
"""Those that the pictures showed when the gallery was made last."""
Run = Callable[[Pilot[Any]], Awaitable[None] | None]


async def looks(
    app: App[Any], run: Run | None, sizes: tuple[tuple[int, int], ...], themes: tuple[str, ...], settle: Run
) -> dict[tuple[tuple[int, int], str], Rows]:
    """Open an application once and see its screen in each size and theme; it notes which screens were there."""
    seen = {}
    async with app.run_test(size=sizes[0]) as pilot:
        if run is not None and (waiting := run(pilot)) is not None:
            await waiting
        for size in sizes:
            await pilot.resize_terminal(*size)
            await until(pilot, partial(_has_size, app, size))
            for theme in themes:
                app.theme = theme
                waiting = settle(pilot)
                if waiting is not None:
                    await waiting
                seen[size, theme] = rows_of(app)
        SHOWN.update(type(screen).__name__ for screen in app.screen_stack)
    return seen


def _has_size(app: App[Any], size: tuple[int, int]) -> bool:
    return tuple(app.screen._compositor.size) == size  # that of the screen is new before anything is laid out


def in_ascii(app: App[Any]) -> None:
    """Let an application show plain marks only, before it runs."""
    app.add_class("-ascii")
    if isinstance(app, CouchcalApp):
        app.settings = app.settings._replace(ascii=True)


async def _settle(pilot: Pilot[Any]) -> None:
    await pilot.pause()
    await pilot.pause()


@pytest.fixture
def snap_compare(request: pytest.FixtureRequest) -> Iterator[Callable[..., bool]]:
    """In the place of the comparison of `pytest-textual-snapshot`: everything passes, and is written."""
    import asyncio

    folder, mode = Path(os.environ["COUCHCAL_GALLERY"]), os.environ.get("COUCHCAL_GALLERY_MODE", "usual")
    name = re.sub(r"[^\w.=-]+", "-", request.node.nodeid.removeprefix("tests/tui/").replace(".py::test_", "-"))

    def compare(app: App[Any], terminal_size: tuple[int, int] = (80, 24), run_before: Run | None = None) -> bool:
        if mode == "ascii":
            in_ascii(app)
        themes = THEMES if mode == "usual" else THEMES[:1]
        sizes = SIZES if mode == "usual" else SIZES[: 1 + (mode != "record")]
        seen = asyncio.run(looks(app, run_before, sizes, themes, _settle))
        for ((width, height), theme), rows in seen.items():
            path = folder / mode / f"{width}x{height}" / theme.removeprefix("couchcal-") / f"{name}.json"
            write(path, rows, dark=theme != "couchcal-light")
        return True

    with pytest.MonkeyPatch.context() as patch:
        if mode == "names":
            add = client_changes.add

            def add_with_a_long_name(database: Database, name: str, **more: Any) -> Any:
                return add(database, NAMES.get(name, name), **more)

            patch.setattr(client_changes, "add", add_with_a_long_name)
        yield compare


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One opening is enough for all sizes and themes."""
    items[:] = [item for item in items if not re.search(r"light|ansi", item.nodeid)]


def pytest_sessionfinish() -> None:
    """Write down which screens were seen, if the whole gallery was made."""
    if os.environ.get("COUCHCAL_GALLERY_MODE") == "record":
        RECORD.write_text("\n".join(sorted(SHOWN)) + "\n", encoding="utf-8")
