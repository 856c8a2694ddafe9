"""Every operation of the API with the function that does it."""

from __future__ import annotations

from collections.abc import Callable

from tests.google import calendar_list, calendars, events_read, events_write, other, sharing
from tests.google.context import Context, Reply

HANDLERS: dict[str, Callable[[Context], Reply]] = {
    **calendar_list.HANDLERS,
    **calendars.HANDLERS,
    **events_read.HANDLERS,
    **events_write.HANDLERS,
    **sharing.HANDLERS,
    **other.HANDLERS,
}
