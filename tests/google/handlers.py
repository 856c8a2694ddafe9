"""Every operation of the API with the function that does it."""

from __future__ import annotations

from collections.abc import Callable

from tests.google.calendar_list import HANDLERS as CALENDAR_LIST
from tests.google.calendars import HANDLERS as CALENDARS
from tests.google.context import Context, Reply
from tests.google.events_read import HANDLERS as READS
from tests.google.events_write import HANDLERS as WRITES
from tests.google.other import HANDLERS as OTHER
from tests.google.sharing import HANDLERS as SHARING

HANDLERS: dict[str, Callable[[Context], Reply]] = {
    **CALENDAR_LIST,
    **CALENDARS,
    **READS,
    **WRITES,
    **SHARING,
    **OTHER,
}
