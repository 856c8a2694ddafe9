"""Steps of a person on the sync's screens, and what they read there."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection
from typing import Any, TypeVar
from urllib.parse import urlsplit

from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Button, OptionList, Static

from couchcal.scheduling.wallclock import zone
from couchcal.tui.screens.sync import SyncScreen
from tests.tui.forms.host import ZONE, Host, saved, screen_of
from tests.tui.screens.google_at_hand import Google

NEW_YORK = zone(ZONE)
Screen = TypeVar("Screen", bound=ModalScreen[Any])


def screen_over(google: Google, **values: Any) -> SyncScreen:
    return SyncScreen(google.gate, NEW_YORK, **values)


def said(screen: ModalScreen[Any], which: str) -> str:
    return str(screen.query_one(f"#{which}", Static).render())


def lines(screen: ModalScreen[Any], which: str = "sync") -> list[str]:
    return [str(option.prompt) for option in screen.query_one(f"#{which}", OptionList).options]


def buttons(screen: ModalScreen[Any]) -> list[str]:
    return [str(button.label) for button in screen.query("#sync-buttons Button").results(Button) if button.display]


def told(app: Host) -> list[str]:
    return [note.message for note in app._notifications]


async def on_top(pilot: Pilot[None], kind: type[Screen]) -> Screen:
    """Wait for a screen of this kind, loaded."""
    app = pilot.app
    assert isinstance(app, Host)
    await screen_of(app, kind)
    await pilot.pause()
    assert isinstance(app.screen, kind)
    return app.screen


async def go_to(pilot: Pilot[None], screen: SyncScreen, words: str) -> None:
    """Put the highlight on the line with these words, by keys."""
    listing = screen.query_one("#sync", OptionList)
    listing.focus()
    for _ in range(listing.option_count):
        at = listing.highlighted
        if at is not None and words in lines(screen)[at]:
            return
        await pilot.press("j")
    raise AssertionError(f"no line with {words!r}: {lines(screen)}")


async def refreshed(pilot: Pilot[None], screen: SyncScreen) -> None:
    """What is stored by now is on the screen."""
    await saved(pilot)
    screen._read()
    await saved(pilot)


def browse(address: str) -> int:
    """What the person's browser does with a redirect."""
    parts = urlsplit(address)
    with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=5)) as connection:
        connection.request("GET", f"{parts.path or '/'}?{parts.query}")
        return connection.getresponse().status
