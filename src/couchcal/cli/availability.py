"""`couchcal availability`: show, set, copy. AVL-01 to AVL-07."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from datetime import time

from couchcal.cli.actions import Action, add_actions, run_action
from couchcal.cli.arguments import whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice
from couchcal.cli.event_types import resolve
from couchcal.cli.occurrence_json import write_json_list
from couchcal.cli.plain import clean
from couchcal.clock_words import in_chosen_clock
from couchcal.errors import Invalid, UsageProblem
from couchcal.practice import availability
from couchcal.practice.availability import BlockRow
from couchcal.practice.event_types import EventTypeRow, event_types
from couchcal.practice.outcome import Done
from couchcal.scheduling.hours import CLOSED, hours_words, minute_of, parse_hours
from couchcal.store.vocabulary import VISIT_TYPES

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_GROUPS = {"weekdays": range(5), "weekend": range(5, 7), "all": range(7), "daily": range(7)}
_DAY_HELP = "mon, mon,wed, mon-fri, weekdays, weekend or all"


def _configure(parser: ArgumentParser) -> None:
    action = add_actions(parser)
    action("show", "the weekly hours", "couchcal availability show --json")
    put = action(
        "set",
        "give days other hours in place of theirs",
        "couchcal availability set mon-thu 9:00-12:00,13:00-17:00",
    )
    put.add_argument("days", metavar="DAY", type=whole_text, help=_DAY_HELP)
    put.add_argument(
        "hours",
        metavar="HOURS",
        nargs="+",
        type=whole_text,
        help="9:00-12:00,13:00-17:00 or 9am-5pm; 24:00 is midnight; off or '' for none",
    )
    put.add_argument(
        "--event-types", metavar="T,T", type=whole_text, help="only these can be booked then: titles or ids"
    )
    put.add_argument("--visit-types", metavar="T,T", type=whole_text, help=f"only these: {', '.join(VISIT_TYPES)}")
    put.add_argument("--add", action="store_true", help="keep the hours that are there, and add these")
    copy = action("copy", "give days the hours of one", "couchcal availability copy mon tue-fri")
    copy.add_argument("source", metavar="DAY", type=whole_text, help="the day to copy")
    copy.add_argument("days", metavar="DAY", nargs="+", type=whole_text, help=f"the days to change: {_DAY_HELP}")


def _run(args: Namespace) -> int:
    return run_action(_ACTIONS, args)


def _show(practice: Practice, args: Namespace) -> int:
    if args.json:
        _write_json(practice)
    else:
        _write(practice, range(7))
    return 0


def _set(practice: Practice, args: Namespace) -> int:
    days = weekdays_of(args.days)
    try:
        hours = parse_hours(" ".join(args.hours))
    except ValueError as problem:
        raise Invalid(str(problem), "nothing was changed", field="hours") from None
    kinds = frozenset(resolve(practice.connection, text).id for text in _list(args.event_types))
    visits = frozenset(text.lower().replace("-", "_") for text in _list(args.visit_types))
    before = availability.weekly(practice.connection) if args.add else []
    wanted = {
        day: [row for row in before if row.weekday == day]
        + [BlockRow(day, start, end, kinds, visits) for start, end in hours]
        for day in days
    }
    return _told(practice, args, availability.set_days(practice.database, wanted), days)


def _copy(practice: Practice, args: Namespace) -> int:
    source = weekdays_of(args.source)
    if len(source) != 1:
        raise UsageProblem(f"'{args.source}' is more than one day", "copy from one, to as many as you like")
    days = sorted({day for text in args.days for day in weekdays_of(text)})
    return _told(practice, args, availability.copy_day(practice.database, source[0], days), days)


_ACTIONS: dict[str, Action] = {"show": _show, "set": _set, "copy": _copy}


def weekdays_of(text: str) -> list[int]:
    """The weekdays (0 is Monday) of `mon`, `mon,wed`, `mon-fri`, `fri-mon`, `weekdays`; any beginning of a name.

    Raises:
        UsageProblem: it names none.
    """
    found: set[int] = set()
    for part in text.casefold().split(","):
        word = part.strip()
        if word in _GROUPS:
            found.update(_GROUPS[word])
            continue
        first, dash, last = word.partition("-")
        begin = _weekday(first, text)
        end = _weekday(last, text) if dash else begin
        found.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return sorted(found)


def _weekday(word: str, text: str) -> int:
    word = word.strip()
    for number, name in enumerate(availability.WEEKDAYS):
        if len(word) >= 2 and name.casefold().startswith(word):
            return number
    raise UsageProblem(f"'{text}' names no day", f"write {_DAY_HELP}")


def _list(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _told(practice: Practice, args: Namespace, done: Done, days: Iterable[int]) -> int:
    if args.json:
        _write_json(practice)
        return 0
    if not done.changed:
        sys.stdout.write(f"{in_chosen_clock(done.label)}\n")
    _write(practice, days)
    return 0


def _write(practice: Practice, days: Iterable[int]) -> None:
    """Print days, those with limits a line for each kind of limit."""
    kinds = event_types(practice.connection, inactive=True)
    rows = availability.weekly(practice.connection)
    order = [(practice.facts.week_start + step) % 7 for step in range(7)]
    shown = set(days)
    for day in (day for day in order if day in shown):
        sys.stdout.write(f"{availability.WEEKDAYS[day][:3]}  ")
        lines = _lines([row for row in rows if row.weekday == day], kinds, practice.settings.clock_24h)
        sys.stdout.write("\n     ".join(lines) + "\n")


def _lines(rows: Sequence[BlockRow], kinds: Sequence[EventTypeRow], clock_24h: bool) -> list[str]:
    if not rows:
        return [CLOSED]
    lines: list[tuple[str, list[tuple[time, time]]]] = []
    for row in rows:
        words = _limits(row, kinds)
        if not lines or lines[-1][0] != words:
            lines.append((words, []))
        lines[-1][1].append((row.start, row.end))
    return [f"{hours_words(hours, clock_24h=clock_24h)}{words}" for words, hours in lines]


def _limits(row: BlockRow, kinds: Sequence[EventTypeRow]) -> str:
    words = [f"{kind.title}{'' if kind.active else ' (removed)'}" for kind in kinds if kind.id in row.event_types]
    words += sorted(visit.replace("_", " ") for visit in row.visit_types)
    return f"  only {clean(', '.join(words))}" if words else ""


def _write_json(practice: Practice) -> None:
    rows = availability.weekly(practice.connection)
    write_json_list(
        {
            "day": DAYS[day],
            "blocks": [
                {
                    "start": row.start.isoformat("minutes"),
                    "end": row.end.isoformat("minutes") if minute_of(row.end) else "24:00",
                    "event_types": sorted(row.event_types),
                    "visit_types": sorted(row.visit_types),
                }
                for row in rows
                if row.weekday == day
            ],
        }
        for day in range(7)
    )


HANDLERS = {"availability": Handler(_configure, _run)}
