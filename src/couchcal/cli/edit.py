"""`couchcal edit ID FIELD=VALUE…`: fields by the words of the forms, values as people write them."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from couchcal.cli.arguments import add_id, add_json, add_names, add_notify, add_scope, whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.entries import appointment_of, report
from couchcal.cli.moments import day, when
from couchcal.cli.values import split_pair, yes_or_no
from couchcal.errors import Invalid, Refused
from couchcal.practice import clients, services
from couchcal.practice.agenda import Entry, local_day
from couchcal.practice.fields import FIELDS_BY_KIND
from couchcal.scheduling.wallclock import to_instant, to_local

_ALIASES = {
    "client": "client_id",
    "type": "kind",
    "code": "service",
    "mods": "modifiers",
    "location": "place",
    "where": "place",
    "room": "room_id",
    "zone": "tz",
    "time_zone": "tz",
    "notes": "instructions",
    "link": "telehealth_url",
    "telehealth": "telehealth_url",
    "role": "collateral_role",
    "with": "collateral_role",
    "visit": "visit_type",
    "group": "group_key",
    "feedback": "feedback_requested",
    "allday": "all_day",
}
_FLAGS = frozenset({"busy", "all_day", "remind_email", "remind_text", "remind_phone", "feedback_requested"})
_CHOICES = frozenset({"medium", "collateral_role", "visit_type"})
_OR_NONE = frozenset({"service", "group_key"})
_TIMES = frozenset({"start", "end", "length", "all_day"})
_EVERY_FIELD = (
    "client, type, service, modifiers, place, room, start, end, length, all_day, tz, title, busy, instructions,"
    " link, medium, role, collateral_name, diagnoses, visit, group, remind_email, remind_text, remind_phone,"
    " feedback"
)
_WORDS = {_ALIASES.get(word, word): word for word in _EVERY_FIELD.split(", ")} | {"location_id": "place"}
"""What a field is called here."""


def _configure(parser: ArgumentParser) -> None:
    add_id(parser)
    parser.add_argument(
        "fields", metavar="FIELD=VALUE", nargs="+", type=whole_text, help=f"an empty value clears: {_EVERY_FIELD}"
    )
    add_json(parser)
    add_names(parser)
    add_notify(parser)
    add_scope(parser)


def _run(args: Namespace) -> int:
    typed = _typed(args.fields)
    with opened(args) as practice:
        entry = appointment_of(practice, args.id)
        changes = _changes(practice, entry, typed)
        from couchcal.practice.appointments import edit

        done = edit(
            practice.database, entry.row_id, changes, scope=args.scope, expected_version=entry.version,
            notify=args.notify or None,
        )  # fmt: skip
        if done.label == "Nothing changed":
            return report(practice, args, "Nothing changed:", done)
        tail = " and all following" if args.scope == "future" and entry.series_id is not None else ""
        return report(practice, args, "Changed", done, tail=tail)


def _typed(pairs: list[str]) -> dict[str, str]:
    typed = (split_pair(pair, _EVERY_FIELD) for pair in pairs)
    return {_ALIASES.get(name, name): value for name, value in typed}


def _changes(practice: Practice, entry: Entry, typed: dict[str, str]) -> dict[str, Any]:
    kind = _coded(typed.get("kind", entry.kind))
    changes: dict[str, Any] = {}
    for name, value in typed.items():
        if name in _TIMES:
            continue
        field = "location_id" if name == "place" and kind != "other_event" else name
        if field == "kind":
            changes[field] = kind
            continue
        if field not in FIELDS_BY_KIND.get(kind, _WORDS):
            word = _WORDS.get(name, name)
            raise Invalid(
                f"{kind.replace('_', ' ')} has no field '{word}'", f"fields are {_fields_of(kind)}", field=word
            )
        changes[field] = _value(practice, field, value)
    if typed.keys() & _TIMES:
        changes |= _times(practice, entry, typed)
    return changes


def _fields_of(kind: str) -> str:
    """What an entry of this kind has, in words for a message."""
    words = {_WORDS[field] for field in FIELDS_BY_KIND.get(kind, _WORDS)} | {"type", "length"}
    return ", ".join(word for word in _EVERY_FIELD.split(", ") if word in words)


def _value(practice: Practice, field: str, value: str) -> Any:
    if field in _FLAGS:
        return yes_or_no(field, value)
    if field == "modifiers":
        return [code for code in value.replace(",", " ").split() if code]
    if field in _FINDERS:
        return _FINDERS[field](practice, value) if value else None
    if field in _CHOICES:
        return _coded(value) or None
    if field in _OR_NONE:
        return value.upper() if field == "service" and value else (value or None)
    return value


def _coded(value: str) -> str:
    """`In-person` as the stored word, `in_person`."""
    return value.lower().replace("-", "_").replace(" ", "_")


def _client(practice: Practice, value: str) -> int:
    return clients.resolve(practice.connection, value).id


def _place(practice: Practice, value: str) -> int:
    places = services.locations(practice.connection)
    wanted = value.casefold()
    found = [place for place in places if place.name.casefold() == wanted] or [
        place for place in places if place.name.casefold().startswith(wanted)
    ]
    if not found:
        names = ", ".join(f"'{place.name}'" for place in places)
        raise Invalid("there is no such place", f"places are {names}", field="place")
    return found[0].id


def _room(practice: Practice, value: str) -> int:
    rooms = services.rooms(practice.connection)
    found = next((room for room in rooms if room.name.casefold() == value.casefold()), None)
    if found is None:
        names = ", ".join(room.name for room in rooms) or "none yet"
        raise Invalid("there is no such room", f"rooms are {names}", field="room")
    return found.id


_FINDERS: dict[str, Callable[[Practice, str], int]] = {
    "client_id": _client,
    "location_id": _place,
    "room_id": _room,
}


def _times(practice: Practice, entry: Entry, typed: dict[str, str]) -> dict[str, Any]:
    """`start`, `end` and `all_day` out of start, end, length and all_day; what is not given stays."""
    all_day = yes_or_no("all_day", typed["all_day"]) if "all_day" in typed else entry.all_day
    try:
        start, end = _all_day(practice, entry, typed) if all_day else _timed(practice, entry, typed)
    except OverflowError:
        raise Refused("the calendar ends there", "choose a time in the years 1 to 9999") from None
    return {"start": start, "end": end, "all_day": all_day}


def _all_day(practice: Practice, entry: Entry, typed: dict[str, str]) -> tuple[datetime, datetime]:
    """First date and the date after the last, as the UTC midnights that stand for them."""
    if "length" in typed:
        raise Invalid("an all-day event has no length in minutes", "give its start and end days", field="length")
    old_first = entry.first_day or local_day(entry.start, practice.tz)
    old_end = entry.end_day or local_day(entry.end - timedelta(seconds=1), practice.tz) + timedelta(days=1)
    first = day(typed["start"], practice.today) if "start" in typed else old_first
    until = day(typed["end"], practice.today) if "end" in typed else first + (old_end - old_first)
    return _midnight(first), _midnight(until)


def _midnight(day_: date) -> datetime:
    return datetime.combine(day_, time(), UTC)


def _timed(practice: Practice, entry: Entry, typed: dict[str, str]) -> tuple[datetime, datetime]:
    if entry.all_day and "start" not in typed:
        raise Invalid("it has no time yet", "give start=WHEN with all_day=no", field="start")
    start = _instant(practice, entry.start, typed["start"]) if "start" in typed else entry.start
    length = entry.end - entry.start
    if entry.all_day:
        length = timedelta(minutes=50)
    if "length" in typed:
        length = timedelta(minutes=_minutes(typed["length"]))
    if "end" not in typed:
        return start, start + length
    base = start if "start" in typed else entry.end
    return start, _instant(practice, base, typed["end"])


def _minutes(value: str) -> int:
    digits = value.removesuffix("m")
    if not (digits.isascii() and digits.isdecimal()) or not 1 <= int(digits[:6]) <= 1440:
        raise Invalid("a length is between 1 and 1440 minutes", "write length=50", field="length")
    return int(digits)


def _instant(practice: Practice, base: datetime, value: str) -> datetime:
    local = to_local(base, practice.tz)
    target = when(value, practice.now_local, local)
    if isinstance(target, datetime):
        return to_instant(target, practice.tz)
    return to_instant(local + timedelta(days=target.days), practice.tz) + timedelta(minutes=target.minutes)


HANDLERS = {"edit": Handler(_configure, _run)}
