"""What makes tests on screen quick and steady: they wait for the program, never for the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any
from weakref import WeakSet

import pytest
import textual.app
import textual.pilot
from textual._context import active_app
from textual.app import App
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot
from textual.screen import Screen

from couchcal.tui.calendar import painting_ahead
from couchcal.tui.stylesheet import QuickStylesheet

LONGEST_S = 1.0
"""How long a thread is waited for: some tests hold one up."""
_UNSEEN: WeakSet[Screen[Any]] = WeakSet()
"""Screens that changed since they were painted."""
_PARSED: dict[tuple[Any, ...], list[Any]] = {}
_KNOWN: dict[tuple[int, ...], tuple[Any, ...]] = {}


@contextmanager
def pilots_wait_for_conditions() -> Iterator[None]:
    """Let `Pilot.pause` and `Pilot.press` go on as soon as nothing is left to do, and not before.

    Textual itself sleeps until the process uses little of the processor. On an idle machine that is a pause of 20
    milliseconds after every key; on a busy one a program that waits for the processor passes for one at rest.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textual.pilot, "wait_for_idle", at_rest)
        patch.setattr(textual.app, "wait_for_idle", at_rest)
        yield


async def at_rest(min_sleep: float = 0, max_sleep: float = LONGEST_S) -> None:
    """Wait until no callback is ready, no worker's thread runs and nothing is to be painted."""
    app, loop = active_app.get(), asyncio.get_running_loop()
    end, quiet = monotonic() + max_sleep, 0
    while quiet < 2 and monotonic() < end:
        await asyncio.sleep(0)
        if loop._ready:  # type: ignore[attr-defined]  # of the loop that asyncio uses everywhere but on Windows
            quiet = 0
        elif any(worker.is_running and worker._thread_worker for worker in app.workers):
            quiet = 0
            await asyncio.sleep(0.001)
        elif _paints(app):
            quiet = 0
        else:
            quiet += 1
            if quiet == 2 and _show(app):
                quiet = 0


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Wait until a condition holds, for what comes about by timers; fails after some seconds."""
    end = monotonic() + 5
    while not condition():
        assert monotonic() < end, "it did not come about"
        await pilot.pause(0.01)


def _paints(app: App[Any]) -> bool:
    """Whether the screen on top waits for its next frame, which then comes now."""
    if not app.screen_stack or not app.screen.is_running:
        return False
    active: asyncio.Event = app.screen._update_timer._active
    return active.is_set() and app.screen.call_later(app.screen._on_timer_update)


@contextmanager
def toasts_stay() -> Iterator[None]:
    """Keep what was said for as long as a test may take: on a busy machine that is more than the usual seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(App, "NOTIFICATION_TIMEOUT", 3600)
        yield


@contextmanager
def nothing_is_painted_ahead() -> Iterator[None]:
    """Let no week be painted that no test looks at: that is what those of painting ahead are for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(painting_ahead, "_REST_SECONDS", 3600.0)
        yield


@contextmanager
def frames_are_painted_at_rest() -> Iterator[None]:
    """Paint what changed once all is quiet, as a slow terminal does, not anew for each step on the way there."""
    paint = Screen._compositor_refresh

    def later(self: Screen[Any]) -> None:
        if self is self.app.screen and self.app.is_headless:
            _UNSEEN.add(self)
            self._dirty_widgets.clear()
            self.app._update_mouse_over(self)
        else:
            paint(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Screen, "_compositor_refresh", later)
        yield


def _show(app: App[Any]) -> bool:
    """Paint the screen on top if it changed since it was painted last; whether it did."""
    if not app.screen_stack or app.screen not in _UNSEEN:
        return False
    screen = app.screen
    _UNSEEN.discard(screen)
    app._display(screen, screen._compositor.render_update(screen_stack=app._background_screens))
    return True


@contextmanager
def stylesheets_are_parsed_once() -> Iterator[None]:
    """Let all applications of a process share the rules that they read from equal style sheets, and what they found
    to hold for which widgets by them."""
    parse = Stylesheet._parse_rules

    def parsed(self: Stylesheet, css: str, *place: Any, **more: Any) -> list[Any]:
        key = (tuple(self._variables.items()), css, place, tuple(more.items()))
        if key not in _PARSED:
            _PARSED[key] = parse(self, css, *place, **more)
        return _PARSED[key]

    forget = QuickStylesheet._forget

    def known(self: QuickStylesheet) -> None:
        rules = tuple(map(id, self.rules))
        if rules in _KNOWN:
            self._read = self.rules
            self._order, self._ids, self._candidates, self._kinds = _KNOWN[rules]
        else:
            self._candidates, self._kinds = {}, {}
            forget(self)
            _KNOWN[rules] = self._order, self._ids, self._candidates, self._kinds

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parsed)
        patch.setattr(QuickStylesheet, "_forget", known)
        yield
