"""Fields of a client as `couchcal client edit` and `accept` take them: FIELD=VALUE."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from couchcal.cli.arguments import whole_text
from couchcal.cli.context import Practice
from couchcal.cli.values import split_pair, yes_or_no
from couchcal.errors import Invalid
from couchcal.practice.client_changes import EDITABLE
from couchcal.practice.services import locations

_FIELDS = {
    "id": "your own id for the client; no two may have the same",
    "first": "first name",
    "last": "last name",
    "preferred": "the name they go by",
    "email": "e-mail address",
    "phone": "telephone number",
    "tz": "IANA time zone, if not yours",
    "remind_email": "yes or no: reminders by e-mail",
    "remind_text": "yes or no: reminders by text message",
    "remind_phone": "yes or no: on the list of people to call",
    "self_scheduling": "inherit, on or off: booking and moving in the portal",
    "usual_service": "code of your service list",
    "usual_location": "name of one of your places",
    "notes_admin": "notes of the office",
}
_ALIASES = {
    "id": "internal_id",
    "usual_location": "usual_location_id",
    "place": "usual_location_id",
    "notes": "notes_admin",
}
_FLAGS = ("remind_email", "remind_text", "remind_phone")


def add_fields(parser: ArgumentParser, count: str) -> None:
    """Let a command take `count` fields, as `nargs` has it."""
    parser.add_argument(
        "fields", metavar="FIELD=VALUE", nargs=count, type=whole_text, help="an empty value clears; fields below"
    )


def field_help() -> str:
    """What fields there are, for the end of a help page."""
    lines = [f"  {name:<16} {words}" for name, words in _FIELDS.items()]
    return "\n".join(["fields:", *lines])


def changes_of(practice: Practice, args: Namespace) -> dict[str, object]:
    """The values of the fields in `args`, as `client_changes.edit` takes them.

    Raises:
        Invalid: it is not FIELD=VALUE, or there is no such field or place.
    """
    changes: dict[str, object] = {}
    for pair in args.fields:
        name, value = split_pair(pair, ", ".join(_FIELDS))
        field = _ALIASES.get(name, name)
        if field not in EDITABLE:
            raise Invalid(f"there is no field '{name}'", f"fields are {', '.join(_FIELDS)}", field=name)
        changes[field] = _value(practice, field, value)
    return changes


def _value(practice: Practice, field: str, value: str) -> object:
    if field in _FLAGS:
        return yes_or_no(field, value)
    if field == "usual_service":
        return value.upper() or None
    if field == "usual_location_id":
        places = {place.name.casefold(): place.id for place in locations(practice.connection)}
        if value and value.casefold() not in places:
            raise Invalid("there is no such place", f"places are {', '.join(places)}", field=field)
        return places[value.casefold()] if value else None
    return value
