"""Days and moments as the person at this computer types them: `12/3` is read by the settings, else by the locale.

The order is chosen once, by the program that starts, as the locale is; the parsers themselves take it as an
argument (`scheduling.quickadd_when`).
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from couchcal.scheduling.quickadd_days import DateOrder
    from couchcal.scheduling.quickadd_when import Shift

_MONTH_FIRST = frozenset({"US", "AS", "FM", "GU", "MH", "MP", "PH", "PR", "PW", "UM", "VI"})
_YEAR_FIRST = frozenset({"CA", "CN", "HU", "JP", "KP", "KR", "LT", "MN", "SE", "TW", "ZA"})
_BY_CODE: dict[str, DateOrder] = {
    "d": "dmy", "e": "dmy", "m": "mdy", "D": "mdy", "y": "ymd", "Y": "ymd", "F": "ymd",
}  # fmt: skip
"""The order by the first conversion of a strftime format."""
_chosen: DateOrder | None = None


def use_date_order(order: DateOrder | None) -> None:
    """Read dates in this order from now on; None asks the locale."""
    global _chosen
    _chosen = order


def date_order() -> DateOrder:
    """How an all-number date is read here."""
    if _chosen is not None:
        return _chosen
    return _order_of(os.environ.get("LC_ALL") or os.environ.get("LC_TIME") or os.environ.get("LANG") or "C")


def parse_day(text: str, today: date) -> date | None:
    """A day (`2026-03-02`, `today`, `+2w`, `mon`, `12/3`), or None if `text` is none."""
    from couchcal.scheduling import quickadd_when

    return quickadd_when.parse_day(text, today, order=date_order())


def parse_when(text: str, *, now_local: datetime, base_local: datetime | None = None) -> datetime | Shift | None:
    """A moment on the wall clock, a `Shift`, or None if `text` is neither."""
    from couchcal.scheduling import quickadd_when

    return quickadd_when.parse_when(text, now_local=now_local, base_local=base_local, order=date_order())


@lru_cache(maxsize=8)
def _order_of(name: str) -> DateOrder:
    """The order of a locale: what the system says of it where it is installed, else what its country writes."""
    written = _format_of(name)
    for code in written.replace("%-", "%").split("%")[1:]:
        if code[:1] in _BY_CODE:
            return _BY_CODE[code[:1]]
    language, _, country = name.partition(".")[0].partition("@")[0].partition("_")
    if language in ("C", "POSIX", "") or country in _MONTH_FIRST:
        return "mdy"
    return "ymd" if country in _YEAR_FIRST else "dmy"


def _format_of(name: str) -> str:
    """How the C library writes a date in the locale `name`; empty where it does not know."""
    import locale

    try:
        before = locale.setlocale(locale.LC_TIME)
        locale.setlocale(locale.LC_TIME, name)
        try:
            return locale.nl_langinfo(locale.D_FMT)
        finally:
            locale.setlocale(locale.LC_TIME, before)
    except (locale.Error, AttributeError):  # not installed; no nl_langinfo outside of POSIX
        return ""
