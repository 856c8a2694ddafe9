"""`couchcal time-off`: add, list, remove. TOF-01 to TOF-04.

The reason is private (TOF-01): the list shows it on a terminal, and nowhere else.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from datetime import date, datetime, time, timedelta

from couchcal.cli.actions import Action, add_actions, run_action
from couchcal.cli.agenda import extend_to
from couchcal.cli.arguments import add_names, whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice
from couchcal.cli.occurrence_json import occurrence, write_json, write_json_list
from couchcal.cli.plain import clean, day_words, title_words, when_words
from couchcal.clock_words import clock_words
from couchcal.errors import NotFound, Refused, UsageProblem
from couchcal.practice import time_off
from couchcal.practice.agenda import Entry
from couchcal.practice.search import resolve_id
from couchcal.practice.time_off import TimeOffRow
from couchcal.scheduling.wallclock import to_instant, to_local
from couchcal.store.public_id import encode
from couchcal.typed_dates import parse_day, parse_when

MOST_SHOWN = 20
_DAY = timedelta(days=1)


def _configure(parser: ArgumentParser) -> None:
    action = add_actions(parser)
    add = action("add", "take days or hours off", "couchcal time-off add 2026-08-03 2026-08-14 --reason holiday")
    add.add_argument(
        "first", metavar="FROM", type=whole_text, help="the first day (2026-03-02, mon, +2w), or a time: 'tue 3pm'"
    )
    add.add_argument(
        "last",
        metavar="TO",
        nargs="?",
        type=whole_text,
        help="the LAST day, which is off, too (none: one day); after a time the time it ends: 17:00, 'wed 9am'",
    )
    add.add_argument("--reason", metavar="T", default="", type=whole_text, help="for you alone")
    add_names(add)
    listing = action("list", "time off from today on", "couchcal time-off list")
    listing.add_argument("--past", action="store_true", help="what is over, too")
    remove = action("remove", "give time off back", "couchcal time-off remove t9e3779b1")
    remove.add_argument("id", metavar="ID", type=whole_text, help="an id of the list, or its unique beginning")


def _run(args: Namespace) -> int:
    return run_action(_ACTIONS, args)


def _add(practice: Practice, args: Namespace) -> int:
    try:
        start, end = _span(practice, args.first, args.last)
    except OverflowError:
        raise Refused("the calendar ends there", "choose an earlier day") from None
    time_off.add(
        practice.database, start, end, all_day=not isinstance(start, datetime), tz=practice.facts.tz,
        reason=args.reason,
    )  # fmt: skip
    row = max(time_off.time_off(practice.connection, practice.tz), key=lambda row: row.id)
    extend_to(practice, row.start, row.end)
    affected = time_off.affected(practice.connection, row.start, row.end, practice.tz)
    if args.json:
        shown = [occurrence(entry, names=practice.names, now=practice.now) for entry in affected]
        write_json({**_record(practice, row), "affected": shown})
        return 0
    sys.stdout.write(f"Time off {_words(practice, row)} ({encode('time_off', row.id)})\n")
    _write_affected(practice, affected)
    return 0


def _write_affected(practice: Practice, affected: list[Entry]) -> None:
    """Say which sessions are in it: they stay, and are cancelled one by one (TOF-04)."""
    if not affected:
        return
    count = len(affected)
    words = "1 session in it stays as it is" if count == 1 else f"{count} sessions in it stay as they are"
    sys.stdout.write(f"{words}; couchcal cancel ID --type therapist_cancel cancels one:\n")
    for entry in affected[:MOST_SHOWN]:
        when = when_words(entry, practice.tz)
        sys.stdout.write(f"  {entry.id}  {title_words(entry, practice.names)} {when}\n")
    if count > MOST_SHOWN:
        sys.stdout.write(f"  and {count - MOST_SHOWN} more\n")


def _list(practice: Practice, args: Namespace) -> int:
    rows = time_off.time_off(practice.connection, practice.tz, since=None if args.past else practice.now)
    if args.json:
        write_json_list(_record(practice, row) for row in rows)
        return 0
    if not rows:
        sys.stdout.write("No time off. couchcal time-off add mon fri takes a week.\n")
    for row in rows:
        reason = f"  {clean(row.reason)}" if sys.stdout.isatty() and row.reason else ""
        over = "  [past]" if row.end <= practice.now else ""
        sys.stdout.write(f"{encode('time_off', row.id)}  {_words(practice, row)}{reason}{over}\n")
    return 0


def _remove(practice: Practice, args: Namespace) -> int:
    table, row_id = resolve_id(practice.connection, args.id)
    rows = time_off.time_off(practice.connection, practice.tz) if table == "time_off" else []
    row = next((row for row in rows if row.id == row_id), None)
    if row is None:
        raise NotFound(f"{args.id[:20]} is no time off", "couchcal time-off list shows the ids")
    time_off.remove(practice.database, row.id)
    if args.json:
        write_json(_record(practice, row))
    else:
        sys.stdout.write(f"Removed time off {_words(practice, row)}\n")
    return 0


_ACTIONS: dict[str, Action] = {"add": _add, "list": _list, "remove": _remove}


def _span(practice: Practice, first: str, last: str | None) -> tuple[date, date] | tuple[datetime, datetime]:
    """What FROM and TO mean: dates, the second one exclusive, or instants.

    Raises:
        UsageProblem: they mean neither, or a day and a time.
    """
    day = parse_day(first, practice.today)
    if day is not None:
        until = day if last is None else parse_day(last, practice.today if _counted(last) else day)
        if until is None:
            raise UsageProblem(f"'{last}' is no day", "FROM is a day, so TO is the last day that is off")
        if until < day:
            raise UsageProblem(f"{day} is after {until}", "give the first day, then the last one")
        return day, until + _DAY
    start = parse_when(first, now_local=practice.now_local)
    if not isinstance(start, datetime):
        raise UsageProblem(
            f"'{first}' is no day and no time", "write 2026-03-02, mon, 2026-03-03T15:00 or 'tue 3pm'"
        )
    if last is None or parse_day(last, practice.today) is not None:
        raise UsageProblem("FROM is a time, so TO needs one", "such as 17:00 or 'wed 9am'")
    end = _end(last, start)
    if end <= start:
        raise UsageProblem(
            f"{end:%Y-%m-%d} {clock_words(end)} is not after {start:%Y-%m-%d} {clock_words(start)}",
            "give the earlier time first",
        )
    return to_instant(start, practice.tz), to_instant(end, practice.tz)


def _end(text: str, start: datetime) -> datetime:
    if text.strip().casefold() in ("24", "24:00", "0:00", "00:00", "midnight"):
        return datetime.combine(start.date() + _DAY, time())
    end = parse_when(text, now_local=start, base_local=start)
    if not isinstance(end, datetime):
        raise UsageProblem(f"'{text}' is no time", "write 17:00, 'wed 9am' or 2026-03-03T17:00")
    return end


def _counted(text: str) -> bool:
    """Whether a day is counted from today, whatever FROM is: `today`, `tomorrow`. Others follow FROM."""
    return text.strip().casefold() in ("today", "tonight", "tomorrow", "tmr", "tmrw")


def _words(practice: Practice, row: TimeOffRow) -> str:
    """`Mon 2 Mar 2026 to Fri 6 Mar 2026`, `Tue 3 Mar 2026 15:00-17:00`."""
    if row.first_day is not None and row.end_day is not None:
        last = row.end_day - _DAY
        first_words, last_words = day_words(row.first_day, year=True), day_words(last, year=True)
        return first_words if last == row.first_day else f"{first_words} to {last_words}"
    start, end = to_local(row.start, practice.tz), to_local(row.end, practice.tz)
    until = "" if end.date() == start.date() else f"{day_words(end.date(), year=True)} "
    joint = " to " if until else "-"
    begins = f"{day_words(start.date(), year=True)} {clock_words(start)}"
    return f"{begins}{joint}{until}{clock_words(end)}"


def _record(practice: Practice, row: TimeOffRow) -> dict[str, object]:
    """All but the reason."""
    if row.first_day is not None and row.end_day is not None:
        start, end = row.first_day.isoformat(), row.end_day.isoformat()
    else:
        start, end = (moment.astimezone(practice.tz).isoformat() for moment in (row.start, row.end))
    return {
        "id": encode("time_off", row.id), "start": start, "end": end, "all_day": row.all_day, "time_zone": row.tz,
    }  # fmt: skip


HANDLERS = {"time-off": Handler(_configure, _run)}
