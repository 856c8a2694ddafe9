"""Keys take effect one after the other, however fast they come.

Textual passes a key on to what has the focus at the moment it arrives. A key that the widget leaves to the
bindings, such as Tab, travels up to the app and takes effect later than the keys behind it: of `Jane Doe`, Tab,
`jane@example.org` in one chunk, as a slow line delivers them, all letters land in the first field. And a screen
that a key opens has no focus at first: of `g`, `fri` the `f` would be lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from weakref import WeakSet

from textual import events
from textual.app import App, ReturnType
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen

_PATIENCE_S = 0.5
"""How long a key waits for a widget that is busy with something else."""
_ARRIVAL_S = 2.0
"""How long the first key for a new screen waits until the screen is there."""
_GLANCE_S = 0.001
_ROUNDS = 8
"""How often it is looked whether widgets have sent each other something new."""


class KeysInOrder(App[ReturnType]):
    """An app in which a key is passed on once all that the keys before it brought about has happened."""

    def __init__(self) -> None:
        super().__init__()
        self._due: set[int] = set()
        """By identity: keys that came back from a widget, and callbacks, that wait in the app's queue."""
        self._put_back: deque[events.Event] = deque()
        """Keys that wait behind what is due, the first one first: none overtakes them."""
        self._arrived: WeakSet[Screen[object]] = WeakSet()
        """Screens that no key has to wait for any more."""

    def post_message(self, message: Message) -> bool:
        if _goes_first(message):
            self._due.add(id(message))
        posted = super().post_message(message)
        if not posted:
            self._due.discard(id(message))
        return posted

    async def on_event(self, event: events.Event) -> None:
        self._due.discard(id(event))
        is_key = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        if is_key and not await self._is_next(event):
            self.post_message(event)
            return
        await super().on_event(event)

    async def _is_next(self, event: events.Event) -> bool:
        """Whether a key may be passed on now; else it goes behind what is due, and so do the keys after it."""
        is_first = not self._put_back or self._put_back[0] is event
        if is_first:
            await self._settle()
            if not self._due:
                if self._put_back:
                    self._put_back.popleft()
                return True
        if not any(event is other for other in self._put_back):
            self._put_back.append(event)
        return False

    async def _settle(self) -> None:
        """Wait until what has the focus, and all around it, have nothing left to do."""
        for _ in range(_ROUNDS):
            if not self.screen_stack:
                return
            screen = self.screen
            await self._arrival(screen)
            nodes: list[MessagePump] = [*(self.focused or screen).ancestors_with_self]
            nodes.remove(self)
            for node in nodes:
                if not await _has_caught_up(node):
                    return
            same = self.screen is screen and nodes[0] is (self.focused or screen)
            if same and not any(node.message_queue_size for node in nodes):
                return

    async def _arrival(self, screen: Screen[object]) -> None:
        """Wait until a screen that has just been opened stands, with what it reads before it can be used: the
        workers of group `read` that it starts with."""
        if screen in self._arrived:
            return
        loop = asyncio.get_running_loop()
        latest = loop.time() + _ARRIVAL_S
        while loop.time() < latest and (not screen.is_mounted or self._is_reading(screen)):
            await asyncio.sleep(_GLANCE_S)
        self._arrived.add(screen)

    def _is_reading(self, screen: Screen[object]) -> bool:
        return any(
            worker.node is screen and worker.group == "read" and not worker.is_finished for worker in self.workers
        )


def _goes_first(message: Message) -> bool:
    return isinstance(message, events.Callback) or (
        isinstance(message, events.Key | events.Paste) and message.is_forwarded
    )


async def _has_caught_up(node: MessagePump) -> bool:
    """Wait for the messages that a node has received so far; False if they take too long."""
    caught_up = asyncio.Event()
    if not node.is_running or not node.call_later(caught_up.set):
        return True
    try:
        await asyncio.wait_for(caught_up.wait(), _PATIENCE_S)
    except TimeoutError:
        return False
    return True
