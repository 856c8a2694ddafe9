"""`couchcal request`: list, accept, decline."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from couchcal.cli.actions import add_actions
from couchcal.cli.arguments import minutes, whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.entries import report
from couchcal.cli.moments import when
from couchcal.cli.occurrence_json import write_json, write_json_list
from couchcal.cli.plain import clean, day_words, one_line
from couchcal.cli.widths import columns
from couchcal.clock_words import clock_words
from couchcal.errors import Invalid, NotFound, Refused
from couchcal.practice import request_answers, requests
from couchcal.practice.draft import Draft
from couchcal.practice.names import client_label
from couchcal.practice.requests import RequestRow
from couchcal.practice.services import locations
from couchcal.scheduling.wallclock import to_instant, to_local

_EXAMPLES = {
    "list": "couchcal request list --past --json",
    "accept": "couchcal request accept r9e3779b1 --start 'tue 15:30' --length 50 --place Office",
    "decline": "couchcal request decline r9e3779b1 --message 'I am away that week'",
}
_NEWCOMER = "new"
"""What somebody who is no client yet is called where names are not asked for."""


def _configure(parser: ArgumentParser) -> None:
    action = add_actions(parser, _EXAMPLES, names=True)
    listing = action("list", "requests that wait for an answer, the earliest time first")
    listing.add_argument("--past", action="store_true", help="those that are answered, withdrawn or over")
    accept = action("accept", "put a request on the calendar and tell the client")
    _id_argument(accept)
    accept.add_argument("--start", metavar="WHEN", type=whole_text, help="another start: tue 3pm, +30m")
    accept.add_argument("--length", metavar="N", type=minutes, help="minutes")
    accept.add_argument("--service", metavar="CODE", type=whole_text, help="a code of your service list")
    accept.add_argument("--place", metavar="NAME", type=whole_text, help="one of your places")
    decline = action("decline", "decline a request and tell the client")
    _id_argument(decline)
    decline.add_argument("--message", metavar="T", default="", type=whole_text, help="a few words to the client")


def _id_argument(parser: ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", type=whole_text, help="an id of the list, or its unique beginning")


def _run(args: Namespace) -> int:
    with opened(args) as practice:
        return _ACTIONS[args.action](practice, args)


def _list(practice: Practice, args: Namespace) -> int:
    found = requests.requests(practice.connection, past=args.past)
    if args.json:
        write_json_list(_record(practice, row) for row in found)
        return 0
    if not found:
        sys.stdout.write("No requests so far.\n" if args.past else "No request waits for an answer.\n")
        return 0
    for line in columns(_cells(practice, row) for row in found):
        sys.stdout.write(f"{line}\n")
    return 0


def _cells(practice: Practice, row: RequestRow) -> tuple[str, ...]:
    visit = (row.visit_type or "").replace("_", " ")
    said = row.decline_message if row.status == "declined" else row.message
    return (
        row.public_id,
        _when(practice, row.start, row.end),
        clean(_called(row, practice.names)),
        clean(row.event_type or row.service or ""),
        visit,
        "" if row.status == "pending" else f"[{row.status}]",
        "moves a session" if row.replaces_start is not None else "",
        one_line(said) if practice.names == "full" else "",
    )


def _when(practice: Practice, start: datetime, end: datetime) -> str:
    begins = to_local(start, practice.tz)
    return f"{day_words(begins.date())} {clock_words(begins)}-{clock_words(to_local(end, practice.tz))}"


def _called(row: RequestRow, names: str) -> str:
    if row.internal_id is None and names == "id":
        return _NEWCOMER
    return client_label(row.internal_id or _NEWCOMER, row.first, row.last, names)


def _accept(practice: Practice, args: Namespace) -> int:
    row = _named(practice, args.id)
    draft = request_answers.draft_of(practice.database, row.id)
    done = request_answers.accept(
        practice.database, row.id, _adjusted(practice, args, draft), expected_version=row.version
    )
    return report(practice, args, "Accepted", done)


def _adjusted(practice: Practice, args: Namespace, draft: Draft) -> Draft:
    """The draft with what the command line says otherwise (REQ-07)."""
    length = draft.end - draft.start if args.length is None else timedelta(minutes=args.length)
    start = draft.start
    if args.start is not None:
        target = when(args.start, practice.now_local, to_local(draft.start, practice.tz))
        if isinstance(target, datetime):
            start = to_instant(target, practice.tz)
        else:
            start += timedelta(days=target.days, minutes=target.minutes)
    draft = replace(draft, start=start, end=start + length)
    if args.service is not None:
        draft = replace(draft, service=args.service.strip().upper())
    if args.place is not None:
        draft = replace(draft, location_id=_place(practice, args.place), visit_type=None, room_id=None)
    return draft


def _place(practice: Practice, name: str) -> int:
    places = {place.name.casefold(): place for place in locations(practice.connection)}
    found = places.get(name.strip().casefold())
    if found is None:
        words = ", ".join(clean(place.name) for place in places.values())
        raise Invalid("there is no such place", f"places are {words}", field="place")
    return found.id


def _decline(practice: Practice, args: Namespace) -> int:
    row = _named(practice, args.id)
    done = request_answers.decline(practice.database, row.id, args.message, expected_version=row.version)
    if args.json:
        write_json(_record(practice, requests.one(practice.connection, row.id)))
        return 0
    sys.stdout.write(f"Declined {row.public_id}, {_when(practice, row.start, row.end)}\n")
    for advice in done.advice:
        sys.stdout.write(f"  advice: {advice}\n")
    return 0


def _named(practice: Practice, text: str) -> RequestRow:
    """The request with this id or unique beginning of one; of those that wait, unless only an answered one fits."""
    wanted = text.strip().casefold()
    for past in (False, True):
        rows = requests.requests(practice.connection, past=past)
        found = [row for row in rows if wanted.removeprefix("r") and row.public_id.startswith(wanted)]
        if len(found) > 1:
            raise Refused(f"{len(found)} requests begin with that", "give more of the id")
        if found:
            return found[0]
    raise NotFound("there is no such request", "couchcal request list shows the ids")


def _record(practice: Practice, row: RequestRow) -> dict[str, object]:
    """The request; without full names only what tells nobody who it is."""
    full = practice.names == "full"

    def local(instant: datetime | None) -> str | None:
        return None if instant is None else instant.astimezone(practice.tz).isoformat()

    return {
        "id": row.public_id,
        "status": row.status,
        "start": local(row.start),
        "end": local(row.end),
        "time_zone": row.tz,
        "client": row.internal_id,
        "name": _called(row, practice.names),
        "email": (row.email or None) if full else None,
        "phone": (row.phone or None) if full else None,
        "event_type": row.event_type,
        "service": row.service,
        "visit_type": row.visit_type,
        "place": row.location,
        "message": (row.message or None) if full else None,
        "reply": (row.decline_message or None) if full else None,
        "asked": local(row.asked_at),
        "decided": local(row.decided_at),
        "moves_from": None
        if row.replaces_start is None
        else row.replaces_start.astimezone(practice.tz).isoformat(),
    }


_ACTIONS: dict[str, Callable[[Practice, Namespace], int]] = {"list": _list, "accept": _accept, "decline": _decline}
HANDLERS = {"request": Handler(_configure, _run)}
