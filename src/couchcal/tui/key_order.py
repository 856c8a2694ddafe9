"""Keys take effect one after the other, however fast they come.

Textual passes a key on to what has the focus at the moment it arrives. A key that the widget leaves to the
bindings, such as Tab, travels up to the app and takes effect later than the keys behind it: of `Jane Doe`, Tab,
`jane@example.org` in one chunk, as a slow line delivers them, all letters land in the first field.
"""

from __future__ import annotations

import asyncio

from textual import events
from textual.app import App, ReturnType
from textual.message import Message
from textual.message_pump import MessagePump

_PATIENCE_S = 0.5
"""How long a key waits for a widget that is busy with something else."""
_ROUNDS = 8
"""How often it is looked whether widgets have sent each other something new."""


class KeysInOrder(App[ReturnType]):
    """An app in which a key is passed on once all that the keys before it brought about has happened."""

    def __init__(self) -> None:
        super().__init__()
        self._due: set[int] = set()
        """By identity: keys that came back from a widget, and callbacks, that wait in the app's queue."""

    def post_message(self, message: Message) -> bool:
        if _goes_first(message):
            self._due.add(id(message))
        posted = super().post_message(message)
        if not posted:
            self._due.discard(id(message))
        return posted

    async def on_event(self, event: events.Event) -> None:
        self._due.discard(id(event))
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self._settle()
            if self._due:
                self.post_message(event)  # behind what is due; so do the keys after it, in their order
                return
        await super().on_event(event)

    async def _settle(self) -> None:
        """Wait until what has the focus, and all around it, have nothing left to do."""
        if not self.screen_stack:
            return
        nodes: list[MessagePump] = [*(self.focused or self.screen).ancestors_with_self]
        nodes.remove(self)
        for _ in range(_ROUNDS):
            for node in nodes:
                if not await _has_caught_up(node):
                    return
            if not any(node.message_queue_size for node in nodes):
                return


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
