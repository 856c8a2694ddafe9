"""Work that may wait for a network, in threads that nobody waits for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

Value = TypeVar("Value")


async def away(work: Callable[[], Value]) -> Value:
    """Run `work` in a daemon thread and return what it returns, or raise what it raises.

    Unlike a thread worker it holds up neither the closing of a screen nor the end of the program, however long an
    answer is in coming. What it writes is written in transactions, so that it may be left behind.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[Value] = loop.create_future()

    def settle(value: Value | None, error: BaseException | None) -> None:
        if arrived.done():
            return
        if error is not None:
            arrived.set_exception(error)
        else:
            arrived.set_result(value)  # type: ignore[arg-type]  # without an error it is what `work` returned

    def run() -> None:
        value, failure = None, None
        try:
            value = work()
        except Exception as error:
            failure = error
        with suppress(RuntimeError):  # the program has ended meanwhile
            loop.call_soon_threadsafe(settle, value, failure)

    threading.Thread(target=run, name="couchcal-away", daemon=True).start()
    return await arrived
