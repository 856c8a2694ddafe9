"""The injected clock: logic asks for the time through a `Clock`, never through `datetime.now()`."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present instant, aware UTC, whole seconds.

    `COUCHCAL_NOW` (an ISO 8601 instant with offset) stands still instead: demos, screenshots and
    end-to-end tests need a known "today".
    """
    fixed = os.environ.get("COUCHCAL_NOW")
    if fixed:
        return datetime.fromisoformat(fixed).astimezone(UTC)
    return datetime.now(UTC).replace(microsecond=0)


def local_zone_name() -> str:
    """The IANA name of this machine's zone, `UTC` where none can be found."""
    name = os.environ.get("TZ", "").removeprefix(":")
    if "/" in name and not name.startswith("/"):
        return name
    try:
        target = os.path.realpath("/etc/localtime")
    except OSError:
        return "UTC"
    _, marker, zone = target.partition("zoneinfo/")
    return zone.removeprefix("posix/") if marker and zone else "UTC"
