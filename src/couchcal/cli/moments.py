"""`D` and `WHEN` of the command line: days, moments and shifts on the practice's wall clock."""

from __future__ import annotations

from argparse import Namespace
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from couchcal.errors import UsageProblem
from couchcal.practice.agenda import day_instant
from couchcal.typed_dates import parse_day, parse_when

if TYPE_CHECKING:
    from couchcal.scheduling.quickadd_when import Shift

DEFAULT_DAYS = 7
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def day(text: str, today: date) -> date:
    """The day `text` names: `2026-03-02`, `today`, `mon`, `+2w`.

    Raises:
        UsageProblem: it names none.
    """
    text = text.strip()
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
    except ValueError:
        pass  # words of ten letters
    found = parse_day(text, today)
    if found is None:
        raise UsageProblem(f"'{text}' is no day", "write 2026-03-02, today, mon or +2w")
    return found


def days(args: Namespace, today: date, default: int = DEFAULT_DAYS) -> tuple[date, date]:
    """`--from` and `--to` as a half-open range of days: from today, for `default` days.

    Raises:
        UsageProblem: a day that is none, or the range runs backwards.
    """
    first = day(args.first, today) if args.first is not None else today
    if args.until is not None:
        until = day(args.until, today)
        if until < first and args.until.strip()[:3].lower() in _WEEKDAYS:
            until = day(args.until, first)  # `--from mon --to sat`, on a Wednesday: the Saturday after that Monday
    else:
        until = first + timedelta(days=min(default, (date.max - first).days))
    if until < first:
        raise UsageProblem(f"--from {first} is after --to {until}", "give the earlier day first")
    return first, until


def window(args: Namespace, today: date, tz: tzinfo) -> tuple[datetime, datetime]:
    """`days` as instants."""
    first, until = days(args, today)
    return day_instant(first, tz), day_instant(until, tz)


def when(text: str, now_local: datetime, base_local: datetime | None) -> datetime | Shift:
    """The wall-clock moment or the shift that `text` means for something at `base_local`.

    Raises:
        UsageProblem: it means neither.
    """
    found = parse_when(text.strip(), now_local=now_local, base_local=base_local)
    if found is None:
        raise UsageProblem(f"'{text.strip()}' is no time", "write 2026-03-03T15:00, tue 3pm, +1d or +30m")
    return found
