"""`couchcal add`: quick add from the command line."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from datetime import timedelta

from couchcal.cli.arguments import add_json, add_names, whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.entries import named, overlapping, report
from couchcal.cli.occurrence_json import occurrence, write_json
from couchcal.cli.plain import title_words, when_words
from couchcal.errors import Refused
from couchcal.practice import services, usual
from couchcal.practice.agenda import Entry
from couchcal.practice.cadence import Repeat, parse_cadence, repeat_phrase, rule_text
from couchcal.practice.clients import ClientRow, list_clients
from couchcal.practice.draft import Draft, checked
from couchcal.scheduling import quickadd
from couchcal.scheduling.wallclock import to_instant, to_local
from couchcal.typed_dates import date_order

PREVIEW = timedelta(days=64)
"""How far ahead `--strict` and `--dry-run` look at a series; its rows reach as far (REC-08)."""
DEFAULT_MINUTES = 50


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "text", metavar="TEXT", nargs="+", type=whole_text,
        help="day, time, length, client, service-modifiers, office or tele, weekly ... in any order",
    )  # fmt: skip
    add_json(parser)
    add_names(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be booked, store nothing")
    parser.add_argument("--strict", action="store_true", help="refuse what overlaps something")


def _run(args: Namespace) -> int:
    with opened(args) as practice:
        line = _parsed(practice, " ".join(args.text))
        draft = checked(_draft(practice, line))
        repeat = parse_cadence(line.repeats) if line.repeats else None
        try:
            planned = _planned(practice, draft, repeat)
        except OverflowError:
            raise Refused("the calendar ends there", "choose a time before the year 9999") from None
        if args.strict:
            _refuse_overlaps(practice, planned)
        if args.dry_run:
            return _preview(practice, args, planned)
        from couchcal.practice.appointments import book

        done = book(practice.database, draft, repeat=repeat, strict=args.strict)
        tail = f", {repeat_phrase(planned[0].rrule)}" if repeat else ""
        return report(practice, args, "Booked", done, tail=tail)


def _parsed(practice: Practice, text: str) -> quickadd.Draft:
    clients = [
        quickadd.ClientName(row.id, row.first, row.last, row.internal_id, row.preferred)
        for row in list_clients(practice.connection)
    ]
    known = frozenset(code for code, _ in services.modifiers(practice.connection))
    hints = {
        row.code: quickadd.ServiceHint(row.typical_min, known) for row in services.services(practice.connection)
    }
    line = quickadd.parse(
        text,
        now_local=practice.now_local,
        clients=clients,
        services=hints,
        order=date_order(),
        default_minutes=DEFAULT_MINUTES,
    )
    if line.candidates:
        ids = ", ".join(client.internal_id for client in line.candidates[:8])
        raise Refused("several clients fit", f"name one of {ids}", code="ambiguous_client")
    if line.problems:
        unknown = any(text.startswith(quickadd.UNKNOWN_CLIENT) for text in line.problems)
        hint = "couchcal client add NAME makes a new one" if unknown else "see couchcal add --help"
        raise Refused(_without_names(line.problems), hint, code="not_understood")
    return line


def _without_names(problems: tuple[str, ...]) -> str:
    """What was not understood; words that may be a name are left out of the message."""
    said = ["no such client" if text.startswith(quickadd.UNKNOWN_CLIENT) else text for text in problems]
    return "; ".join(text.partition(": '")[0] if text.startswith("not understood") else text for text in said)


def _draft(practice: Practice, line: quickadd.Draft) -> Draft:
    if line.start_local is None or line.end_local is None:
        raise Refused("no time given", "add a time such as 3pm", code="not_understood")
    start = to_instant(line.start_local, practice.tz)
    end = start + (line.end_local - line.start_local)
    draft = Draft(
        kind=line.kind, start=start, end=end, tz=practice.facts.tz, client_id=line.client_id,
        title=line.title or "", medium=line.medium, modifiers=list(line.modifiers) or None,
    )  # fmt: skip
    client = next((row for row in list_clients(practice.connection) if row.id == line.client_id), None)
    if client is None:
        return draft
    draft.location_id = _place(practice, client, line.location)
    if line.kind == "client_session":
        draft.service = line.service or _service(practice, client, int((end - start).total_seconds()) // 60)
    return draft


def _place(practice: Practice, client: ClientRow, hint: str | None) -> int | None:
    place = usual.place_for(client, hint, services.locations(practice.connection))
    if place is None and hint is not None:
        raise Refused(f"there is no {hint} place", "leave it out, then couchcal edit ID place=NAME")
    return place.id if place is not None else None


def _service(practice: Practice, client: ClientRow, minutes: int) -> str | None:
    connection = practice.connection
    return usual.service_for(client, minutes, usual.latest_services(connection), services.services(connection))


def _planned(practice: Practice, draft: Draft, repeat: Repeat | None) -> list[Entry]:
    """What booking would put on the calendar within `PREVIEW`, conflicts marked."""
    first = _planned_entry(practice, draft, repeat)
    entries = [first]
    if repeat is not None:
        from couchcal.scheduling.recurrence import parse_rule, starts

        start_local = to_local(draft.start, practice.tz)
        rule = parse_rule(rule_text(repeat, start_local.date()))
        until = max(start_local, to_local(practice.now, practice.tz)) + PREVIEW
        for local in starts(rule, start_local, start_local, until, tz=practice.tz):
            if local > start_local:
                start = to_instant(local, practice.tz)
                entries.append(first._replace(start=start, end=start + (draft.end - draft.start)))
    return [entry._replace(conflict=bool(overlapping(practice, entry))) for entry in entries]


def _planned_entry(practice: Practice, draft: Draft, repeat: Repeat | None) -> Entry:
    client = next((row for row in list_clients(practice.connection) if row.id == draft.client_id), None)
    place = next((row for row in services.locations(practice.connection) if row.id == draft.location_id), None)
    rule = rule_text(repeat, to_local(draft.start, practice.tz).date()) if repeat else ""
    return Entry(
        table="appointment", row_id=0, kind=draft.kind, start=draft.start, end=draft.end, all_day=False,
        first_day=None, end_day=None, tz=draft.tz, status="scheduled", title=draft.title, client_id=draft.client_id,
        internal_id=client.internal_id if client else None, first=client.called if client else "",
        last=client.last if client else "", service=draft.service, modifiers=_modifiers(practice, draft, place),
        location=place.name if place else None, pos=place.pos if place else None, place=draft.place,
        busy=draft.busy, series_id=None, rrule=rule, origin="couchcal", calendar=None, group_key=None,
        note_signed=False, billing_status="none", claim_status="none", cancel_type=None, cancel_reason=None,
        cancel_fee_cents=None, uid="", version=0, conflict=False,
    )  # fmt: skip


def _modifiers(practice: Practice, draft: Draft, place: services.LocationRow | None) -> tuple[str, ...]:
    if draft.kind != "client_session":
        return ()
    automatic = services.defaults(practice.connection).telehealth_modifier
    kept = [(code, "manual") for code in draft.modifiers or ()]
    wanted = services.with_automatic(kept, place.pos if place else None, automatic, removed_by_hand=False)
    return tuple(code for code, _source in wanted)


def _refuse_overlaps(practice: Practice, planned: list[Entry]) -> None:
    clashing = [entry for entry in planned if entry.conflict]
    if clashing:
        others = list({other.id: other for entry in clashing for other in overlapping(practice, entry)}.values())
        raise Refused(
            f"{when_words(clashing[0], practice.tz)} overlaps {named(others, practice)}",
            "choose another time, or leave --strict out",
            code="conflict",
        )


def _preview(practice: Practice, args: Namespace, planned: list[Entry]) -> int:
    first = planned[0]
    if args.json:
        write_json(occurrence(first, names=practice.names, now=practice.now))
        return 0
    service = " " + "-".join((first.service, *first.modifiers)) if first.service else ""
    place = f" {first.location}" if first.location else ""
    repeats = f", {repeat_phrase(first.rrule)}" if first.rrule else ""
    when = when_words(first, practice.tz)
    sys.stdout.write(f"Would book {title_words(first, practice.names)} {when}{service}{place}{repeats}\n")
    for entry in planned:
        if entry.conflict:
            others = named(overlapping(practice, entry), practice)
            sys.stdout.write(f"  {when_words(entry, practice.tz)} overlaps {others}\n")
    return 0


HANDLERS = {"add": Handler(_configure, _run)}
