"""What strangers type, made harmless: lengths, control characters, addresses, zones."""

from __future__ import annotations

from couchcal.errors import Invalid
from couchcal.practice.client_changes import EMAIL
from couchcal.practice.client_changes import LIMITS as CLIENT_LIMITS
from couchcal.practice.clients import split_name
from couchcal.practice.door_shapes import Applicant
from couchcal.practice.draft import clean_text
from couchcal.scheduling.wallclock import UnknownZone, zone

LIMITS = {"name": 100, "email": 254, "phone": 32, "note": 500, "text": 1000, "message": 500, "reason": 500}
"""The most characters that a field takes."""
_KEY = 200


def text_of(field: str, value: str) -> str:
    """A text without control characters, on one line unless it is a note.

    Raises:
        Invalid: it is too long, or no text at all.
    """
    limit = LIMITS[field]
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise Invalid("this is no valid text", "type it again", field=field)
    lines = field in ("note", "text", "message", "reason")
    text = clean_text(value if lines else " ".join(value.split()), limit + 1)
    if len(text) > limit:
        raise Invalid(f"this is longer than {limit} characters", "shorten it", field=field)
    return text


def address_of(value: str) -> str:
    """An e-mail address.

    Raises:
        Invalid: it is none.
    """
    email = text_of("email", value)
    if not EMAIL.fullmatch(email):
        raise Invalid("that is no e-mail address", "it looks like name@example.org", field="email")
    return email


def applicant_of(applicant: Applicant) -> Applicant:
    """The applicant with fields that can be stored.

    Raises:
        Invalid: a name or address is missing, or a field is too long.
    """
    name = text_of("name", applicant.name)
    parts = split_name(name)
    if not any(parts):
        raise Invalid("your name is missing", "type it", field="name")
    if len(parts[0]) > CLIENT_LIMITS["first"] or len(parts[1]) > CLIENT_LIMITS["last"]:
        raise Invalid("this name is too long", "shorten it", field="name")
    return Applicant(name, address_of(applicant.email), text_of("phone", applicant.phone))


def zone_of(name: str) -> str:
    """An IANA zone.

    Raises:
        Invalid: there is no such zone here.
    """
    try:
        zone(name)
    except UnknownZone:
        raise Invalid("that is no time zone", "choose one of the list", field="zone") from None
    return name


def key_of(key: str) -> str:
    """The nonce of a form.

    Raises:
        Invalid: it is missing or too long.
    """
    if not 0 < len(key) <= _KEY:
        raise Invalid("the form is incomplete", "load the page again", field="idempotency_key")
    return key
