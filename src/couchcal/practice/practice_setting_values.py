"""The practice's settings one by one: what each is called, what it is for, what it may hold. Import-light."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from couchcal.errors import Invalid
from couchcal.practice.event_type_values import SESSION_STEP, SLOT_STEPS
from couchcal.store.vocabulary import IDENTIFIER_MODES

CLIENT_NAME = "{name}"
"""What `google_title` has where the client belongs, called by `identifier_mode`."""
UNLIMITED = 0
"""`window_days` of a practice that can be booked however far ahead (BOOK-04)."""
CONFIRM_MODES = ("instant", "request")
NOTIFY_MODES = ("ask", "always", "never")
REVEAL_MODES = ("always", "after_accept")
REMINDER_LEADS = (15, 30, 45)
TRUTHS = frozenset(
    {
        "use_rooms",
        "self_scheduling",
        "allow_reschedule",
        "reminders_on",
        "reminder_24h",
        "google_event_titles",
        "google_place",
    }
)
"""Settings that are on or off."""
LABELS = {
    "name": "Name",
    "public_label": "Public name",
    "slug": "Booking link",
    "tz": "Time zone",
    "street": "Street",
    "city": "City",
    "region": "State or region",
    "postal_code": "Postal code",
    "reveal_address": "Address shown",
    "use_rooms": "Rooms",
    "identifier_mode": "Names outside",
    "week_start": "Week begins",
    "min_notice_min": "Least notice",
    "window_days": "Booking window",
    "slot_step": "Starts every",
    "max_per_day": "Most per day",
    "confirm_public": "Public bookings",
    "confirm_portal": "Portal bookings",
    "self_scheduling": "Self-scheduling",
    "allow_reschedule": "Rescheduling",
    "cancel_notice_h": "Cancel notice",
    "reminders_on": "Reminders",
    "reminder_lead": "Reminder lead",
    "reminder_24h": "Day-before one",
    "notify_on_move": "Mail on a move",
    "telehealth_template": "Video link",
    "telehealth_modifier": "Video modifier",
    "google_title": "Title outside",
    "google_event_titles": "Event titles",
    "google_place": "Place outside",
    "practitioner_name": "Practitioner",
    "practitioner_credentials": "Credentials",
    "practitioner_npi": "NPI",
    "practitioner_license": "License",
}
"""What each setting is called on screen and in words for people; all that can be changed, in their order."""
ABOUT = {
    "name": "the practice, or you",
    "public_label": "what clients see, or the name",
    "slug": "the page is /book/ and this",
    "tz": "of calendar and working hours",
    "street": "for clients who come in person",
    "city": "",
    "region": "",
    "postal_code": "",
    "reveal_address": "to those who book",
    "use_rooms": "a room can be chosen for a session",
    "identifier_mode": "in Google and mail",
    "week_start": "if this computer does not say",
    "min_notice_min": "minutes from booking to start",
    "window_days": "days ahead; empty: unlimited",
    "slot_step": "minutes apart",
    "max_per_day": "client sessions; empty: no limit",
    "confirm_public": "at once, or you decide",
    "confirm_portal": "at once, or you decide",
    "self_scheduling": "clients book and cancel in the portal",
    "allow_reschedule": "clients may also move a session there",
    "cancel_notice_h": "hours ahead, for clients",
    "reminders_on": "e-mail to clients of the portal",
    "reminder_lead": "minutes before the start",
    "reminder_24h": "another one 24 hours before",
    "notify_on_move": "to the client",
    "telehealth_template": "{token}: a room each",
    "telehealth_modifier": "added at POS 02, 10; empty: none",
    "google_title": "of sessions; {name}: the client",
    "google_event_titles": "other events show theirs, not just Busy",
    "google_place": "Office or Telehealth, never more",
    "practitioner_name": "as on bills and exports",
    "practitioner_credentials": "such as PhD, LCSW",
    "practitioner_npi": "ten digits",
    "practitioner_license": "number and state",
}
"""One line of explanation for each."""
_LIMITS = {
    "name": 100, "public_label": 100, "slug": 60, "street": 120, "city": 80, "region": 40, "postal_code": 16,
    "telehealth_template": 500, "telehealth_modifier": 2, "practitioner_name": 100,
    "practitioner_credentials": 60, "practitioner_npi": 10, "practitioner_license": 60,
    "google_title": 60,
}  # fmt: skip
WORDS: dict[str, tuple[Any, ...]] = {
    "reveal_address": REVEAL_MODES,
    "identifier_mode": IDENTIFIER_MODES,
    "week_start": tuple(range(7)),
    "slot_step": SLOT_STEPS,
    "confirm_public": CONFIRM_MODES,
    "confirm_portal": CONFIRM_MODES,
    "reminder_lead": REMINDER_LEADS,
    "notify_on_move": NOTIFY_MODES,
}
"""The values to choose from."""
RANGES = {
    "min_notice_min": (0, 30 * 1440),
    "window_days": (UNLIMITED, 3650),
    "max_per_day": (1, 96),
    "cancel_notice_h": (0, 30 * 24),
}
"""Whole numbers from, to."""
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_URL = re.compile(r"https?://[^\s/]+\S*")
_MODIFIER = re.compile(r"[A-Z0-9]{2}")


def checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored.

    Raises:
        Invalid: there is no such setting, or a value cannot be right.
    """
    unknown = set(changes) - set(LABELS)
    if unknown:
        name = min(unknown)
        raise Invalid(f"the practice has no setting '{name}'", f"settings are {', '.join(LABELS)}", field=name)
    return {name: _value(name, value) for name, value in changes.items()}


def _value(name: str, value: Any) -> Any:
    if name in TRUTHS:
        if not isinstance(value, bool):
            raise Invalid("it is on or off", "choose one", field=name)
        return value
    if name in WORDS:
        if type(value) is not type(WORDS[name][0]) or value not in WORDS[name]:
            allowed = ", ".join(to_text(name, word) for word in WORDS[name])
            raise Invalid(f"use one of {allowed}", "choose one", field=name)
        return value
    if name in RANGES:
        return _number(name, value)
    return _text(name, value)


def _number(name: str, value: Any) -> int | None:
    low, high = RANGES[name]
    if value is None and name == "max_per_day":
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise Invalid(f"a number from {low} to {high}", "correct it", field=name)
    return value


def _text(name: str, value: Any) -> str:
    from couchcal.practice.draft import clean_text
    from couchcal.scheduling.wallclock import CUSTOM_PREFIX, UnknownZone, zone

    text = clean_text(str(value).replace("\n", " "), 500)
    if name == "tz":
        try:
            if text.startswith(CUSTOM_PREFIX):
                raise UnknownZone(text)
            zone(text)
        except UnknownZone:
            raise Invalid("no such time zone", "use an IANA name such as America/New_York", field=name) from None
        return text
    if len(text) > _LIMITS[name]:
        raise Invalid(f"at most {_LIMITS[name]} characters", "shorten it", field=name)
    if name == "slug" and text and not _SLUG.fullmatch(text):
        raise Invalid("letters, digits, single dashes", "such as quiet-room", field=name)
    if name == "practitioner_npi" and text and not is_npi(text):
        raise Invalid("ten digits, the last one checks", "look it up again", field=name)
    if name == "telehealth_modifier" and text:
        text = text.upper()
        if not _MODIFIER.fullmatch(text):
            raise Invalid("two letters or digits, as 95", "or empty for none", field=name)
    if name == "telehealth_template":
        _check_template(text)
    if name == "google_title":
        return _title(text)
    return text


def _title(text: str) -> str:
    """A title for all sessions, or one with `{name}` in it (SYNC-03); empty is the client alone."""
    rest = text.replace(CLIENT_NAME, "")
    if "{" in rest or "}" in rest:
        raise Invalid("{name} alone in braces", "or no braces", field="google_title")
    return text or CLIENT_NAME


def _check_template(text: str) -> None:
    """A fixed room, or a link with one `{token}` for each session's own (VID-01)."""
    if not text:
        return
    if not _URL.fullmatch(text):
        raise Invalid("begins with https://", "or empty for none", field="telehealth_template")
    rest = text.replace("{token}", "")
    if "{" in rest or "}" in rest or text.count("{token}") > 1:
        raise Invalid("{token} only once", "or no braces", field="telehealth_template")


def is_npi(text: str) -> bool:
    """Whether `text` is a National Provider Identifier: ten digits, the last one the Luhn check digit over the
    prefix 80840 and the first nine."""
    if len(text) != 10 or not (text.isascii() and text.isdecimal()):
        return False
    digits = [int(character) for character in f"80840{text}"]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_YES_NO = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_SESSION = "session"
NONE_WORDS = {"window_days": "unlimited", "max_per_day": "none"}
"""What an empty field means, as a word of the command line."""


def to_text(name: str, value: Any) -> str:
    """A stored value as people write it: `on`, `monday`, `30`; empty where there is no limit."""
    if name in TRUTHS:
        return "on" if value else "off"
    if name == "week_start":
        return _WEEKDAYS[value]
    if value is None or (name == "window_days" and value == UNLIMITED):
        return ""
    if name == "slot_step" and value == SESSION_STEP:
        return _SESSION
    return str(value)


def from_text(name: str, text: str) -> Any:
    """The value that `text` stands for, as `change` takes it; what cannot be read stays text, refused there."""
    text = text.strip()
    word = text.lower()
    if name in TRUTHS:
        return _YES_NO.get(word, text)
    if name == "week_start":
        return _WEEKDAYS.index(word) if word in _WEEKDAYS else text
    if name in NONE_WORDS and word in ("", NONE_WORDS[name]):
        return UNLIMITED if name == "window_days" else None
    if name == "slot_step" and word == _SESSION:
        return SESSION_STEP
    if name in RANGES or (name in WORDS and isinstance(WORDS[name][0], int)):
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else text
    return word if name in WORDS else text
