"""`couchcal move`, `cancel`, `restore`, `delete`, `repeat`, `mark`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime, time, timedelta

from couchcal.cli.arguments import add_id, add_json, add_names, add_notify, add_scope, cents, minutes, whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.entries import appointment_of, report
from couchcal.cli.moments import day, when
from couchcal.cli.occurrence_json import write_json
from couchcal.cli.plain import title_words, when_words
from couchcal.cli.prompt import confirmed
from couchcal.errors import Refused, UsageProblem
from couchcal.practice.agenda import Entry
from couchcal.practice.cadence import CADENCES, parse_cadence, repeat_phrase
from couchcal.scheduling.wallclock import to_instant, to_local, zone_or_utc
from couchcal.store.vocabulary import CANCELLATION_TYPES, MARKS


def _subject(parser: ArgumentParser) -> None:
    add_id(parser)
    add_json(parser)
    add_names(parser)


def _configure_move(parser: ArgumentParser) -> None:
    _subject(parser)
    parser.add_argument("when", metavar="WHEN", nargs="+", help="2026-03-03T15:00, tue 3pm, +1d, -30m")
    parser.add_argument("--length", metavar="MIN", type=minutes, help="another length in minutes")
    add_notify(parser)
    add_scope(parser)


def _move(args: Namespace) -> int:
    with opened(args) as practice:
        entry = appointment_of(practice, args.id)
        start, end = moved(practice, entry, " ".join(args.when), args.length)
        from couchcal.practice.appointments import reschedule

        done = reschedule(
            practice.database, entry.row_id, start, end, scope=args.scope, expected_version=entry.version,
            notify=args.notify or None,
        )  # fmt: skip
        tail = " and all following" if args.scope == "future" and entry.series_id is not None else ""
        return report(practice, args, "Moved", done, to=True, tail=tail)


def moved(practice: Practice, entry: Entry, text: str, length: int | None = None) -> tuple[datetime, datetime]:
    """Start and end of `entry` after moving it to (or by) WHEN, as `reschedule` wants them.

    Raises:
        UsageProblem: WHEN is no time. Refused: it does not fit an all-day entry, or the calendar.
    """
    try:
        if entry.first_day is not None and entry.end_day is not None:
            return _moved_days(practice, entry, text, length)
        start = _moved_start(practice, entry, text)
        return start, start + (entry.end - entry.start if length is None else timedelta(minutes=length))
    except OverflowError:
        raise Refused("the calendar ends there", "choose a time in the years 1 to 9999") from None


def _moved_start(practice: Practice, entry: Entry, text: str) -> datetime:
    target = when(text, practice.now_local, to_local(entry.start, practice.tz))
    if isinstance(target, datetime):
        return to_instant(target, practice.tz)
    start = entry.start
    if target.days:
        tz = zone_or_utc(entry.tz)
        start = to_instant(to_local(start, tz) + timedelta(days=target.days), tz)
    return start + timedelta(minutes=target.minutes)


def _moved_days(practice: Practice, entry: Entry, text: str, length: int | None) -> tuple[datetime, datetime]:
    first, until = entry.first_day, entry.end_day
    if first is None or until is None or length is not None:
        raise Refused("an all-day event has no length in minutes", "couchcal edit ID start=D end=D")
    target = when(text, practice.now_local, datetime.combine(first, time()))
    if isinstance(target, datetime):
        timed, new_first = target.time() != time(), target.date()
    else:
        timed, new_first = target.minutes != 0, first + timedelta(days=target.days)
    if timed:
        raise Refused("an all-day event moves by days", "couchcal edit ID all_day=no start=WHEN gives it a time")
    start = datetime.combine(new_first, time(), UTC)
    return start, start + (until - first)


def _configure_cancel(parser: ArgumentParser) -> None:
    _subject(parser)
    parser.add_argument("--type", required=True, choices=CANCELLATION_TYPES, help="why it does not take place")
    parser.add_argument("--reason", metavar="T", default="", type=whole_text, help="in words")
    parser.add_argument("--fee", metavar="25.00", type=cents, help="what is owed for it, recorded only")
    add_notify(parser)


def _cancel(args: Namespace) -> int:
    with opened(args) as practice:
        entry = appointment_of(practice, args.id)
        from couchcal.practice.appointments import cancel

        done = cancel(
            practice.database, entry.row_id, args.type, reason=args.reason, fee_cents=args.fee, notify=args.notify
        )
        return report(practice, args, "Cancelled", done, tail=f", {args.type.replace('_', ' ')}")


def _restore(args: Namespace) -> int:
    with opened(args) as practice:
        entry = appointment_of(practice, args.id)
        from couchcal.practice.appointments import restore

        return report(practice, args, "Restored", restore(practice.database, entry.row_id))


def _configure_delete(parser: ArgumentParser) -> None:
    _subject(parser)
    add_scope(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _delete(args: Namespace) -> int:
    with opened(args) as practice:
        entry = appointment_of(practice, args.id)
        future = args.scope == "future" and entry.series_id is not None
        subject = f"{title_words(entry, practice.names)} {when_words(entry, practice.tz)}"
        subject += " and all following" if future else ""
        if not args.yes and not confirmed("delete", f"Delete {subject} ({entry.id})?"):
            sys.stdout.write("Nothing was deleted.\n")
            return 0
        from couchcal.practice.appointments import delete

        done = delete(practice.database, entry.row_id, scope=args.scope)
        if args.json:
            write_json({"deleted": entry.id, "changed": done.changed, "kept": len(done.kept)})
            return 0
        return report(practice, args, f"Deleted {subject}", done._replace(appointment_id=None))


def _configure_repeat(parser: ArgumentParser) -> None:
    _subject(parser)
    parser.add_argument("cadence", metavar="CADENCE", help=f"{', '.join(CADENCES)} or stop")
    parser.add_argument("--until", dest="until_day", metavar="D", help="the last possible day")


def _repeat(args: Namespace) -> int:
    if args.cadence != "stop" and args.cadence not in CADENCES:
        raise UsageProblem(f"'{args.cadence}' is no cadence", f"use {', '.join(CADENCES)} or stop")
    if args.cadence == "stop" and args.until_day is not None:
        raise UsageProblem(
            "stop is from now on", "leave --until out, or couchcal delete ID --scope future from a date"
        )
    with opened(args) as practice:
        entry = appointment_of(practice, args.id)
        from couchcal.practice import series

        if args.cadence == "stop":
            done = series.stop_repeating(practice.database, entry.row_id)
            return report(practice, args, "Stopped repeating", done)
        until = day(args.until_day, practice.today) if args.until_day is not None else None
        done = series.start_repeating(practice.database, entry.row_id, parse_cadence(args.cadence, until))
        rule = "FREQ=MONTHLY" if args.cadence == "monthly" else f"FREQ=WEEKLY;INTERVAL={_weeks(args.cadence)}"
        tail = f", {repeat_phrase(rule)}" + (f" until {until}" if until else "")
        return report(practice, args, "Repeats:", done, tail=tail)


def _weeks(cadence: str) -> int:
    return 1 if cadence == "weekly" else int(cadence[0])


def _configure_mark(parser: ArgumentParser) -> None:
    _subject(parser)
    parser.add_argument("what", choices=MARKS, metavar="MARK", help=", ".join(MARKS))


def _mark(args: Namespace) -> int:
    with opened(args) as practice:
        entry = appointment_of(practice, args.id)
        from couchcal.practice.marks import mark

        done = mark(practice.database, entry.row_id, args.what)
        return report(practice, args, f"Marked {args.what}:", done)


HANDLERS = {
    "move": Handler(_configure_move, _move),
    "cancel": Handler(_configure_cancel, _cancel),
    "restore": Handler(_subject, _restore),
    "delete": Handler(_configure_delete, _delete),
    "repeat": Handler(_configure_repeat, _repeat),
    "mark": Handler(_configure_mark, _mark),
}
