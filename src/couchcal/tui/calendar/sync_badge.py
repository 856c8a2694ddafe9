"""What the header says of the sync, in as many cells as there are. SYNC-19, SYNC-25."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Literal, NamedTuple

from couchcal.clock_words import clock_words, day_words
from couchcal.scheduling.wallclock import to_local
from couchcal.tui.text import Glyphs

if TYPE_CHECKING:
    from couchcal.sync.status import Status

Tone = Literal["quiet", "working", "warning"]
_WORTH_COUNTING = 10
"""Changes under way from which on they are counted: fewer are through before they are read."""


class Badge(NamedTuple):
    """How the sync is, in wordings from the longest to the shortest, and whether that needs somebody."""

    wordings: tuple[str, ...]
    tone: Tone = "quiet"


def badge(status: Status | None, now: datetime, tz: tzinfo, glyphs: Glyphs, *, hour24: bool) -> Badge | None:
    """The badge of the header; None where no account is connected. What needs a person comes first."""
    if status is None:
        return None
    mark = f"{glyphs.conflict} "
    if status.state == "needs_auth" and status.last_ok is None and not status.last_error:
        # the first sign-in is under way, or was given up
        return Badge(("Google not connected", "not connected"))
    if status.state == "needs_auth":
        return Badge((f"{glyphs.failed} sign in again", f"{glyphs.failed} sign in", glyphs.failed), "warning")
    if status.paused == "user":
        return Badge((f"{glyphs.paused} paused", glyphs.paused), "warning")
    if status.paused:
        return Badge((f"{mark}sync waits for you", f"{mark}sync waits", f"{mark}sync"), "warning")
    if status.working and status.of >= _WORTH_COUNTING:
        counted = f"{status.done}/{status.of}"
        return Badge((f"{glyphs.syncing} {counted}", glyphs.syncing), "working")
    if status.failures:
        if status.last_ok is None:
            return Badge(("offline",), "warning")
        return Badge((f"offline since {_moment(status.last_ok, now, tz, hour24)}", "offline"), "warning")
    if status.review:
        return Badge((f"{mark}{status.review} to review", f"{mark}{status.review}"), "warning")
    if status.blocked:
        return Badge((f"{mark}{status.blocked} not sent", f"{mark}{status.blocked}"), "warning")
    if status.last_ok is None:
        return Badge((f"{glyphs.synced} not synced yet", f"{glyphs.synced} not yet"))
    moment = _moment(status.last_ok, now, tz, hour24)
    return Badge((f"{glyphs.synced} synced {moment}", f"{glyphs.synced} {moment}"))


def _moment(instant: datetime, now: datetime, tz: tzinfo, hour24: bool) -> str:
    """A time of today, the day of an earlier one."""
    local = to_local(instant, tz)
    if local.date() == to_local(now, tz).date():
        return clock_words(local, clock_24h=hour24)
    return day_words(local)
