"""Every English word that mail and text messages are made of. Subjects are constant: they stand on lock screens and
in the lists of mail servers, so they say what kind of mail it is and nothing of anybody."""

from __future__ import annotations

from typing import NamedTuple

from couchcal.settings_mail import LINK_MARK, PRACTICE_MARK


class Words(NamedTuple):
    """Subject, first sentence, and the label of the button of one kind of mail."""

    subject: str
    lead: str
    button: str = ""


TO_CLIENT = {
    "booking_confirmed": Words(
        "Your appointment is confirmed", "Your appointment is on the calendar.", "See or change it"
    ),
    "request_received": Words(
        "We received your request", "Thank you. The time is held for you until your request is answered."
    ),
    "request_accepted": Words(
        "Your request was accepted", "Your appointment is on the calendar.", "See or change it"
    ),
    "request_declined": Words(
        "Your request was not approved", "This time could not be given to you.", "Find another time"
    ),
    "request_expired": Words(
        "Your request has expired", "Your request was not answered before its time came.", "Find another time"
    ),
    "rescheduled": Words("Your appointment was moved", "Your appointment has a new time.", "See or change it"),
    "cancelled_by_practitioner": Words("Your appointment was cancelled", "This appointment will not take place."),
    "portal_invite": Words(
        "Your client portal",
        "You are invited to the client portal: your appointments, and booking, moving and cancelling them.",
        "Open the portal",
    ),
    "sign_in": Words("Your sign-in link", "Here is the link to sign in that you asked for.", "Sign in"),
    "request_verify": Words(
        "Please confirm your address",
        "Somebody, probably you, asked for an appointment with this address. The time is held for 20 minutes.",
        "Confirm",
    ),
}
"""What clients get, by kind."""
TO_PRACTITIONER = {
    "booking_confirmed": Words("New booking", "A client booked an appointment."),
    "request_received": Words("New request", "A client asks for an appointment. It waits for your answer."),
    "cancelled_by_client": Words("A client cancelled", "A client cancelled an appointment."),
    "moved_by_client": Words("A client moved an appointment", "A client gave an appointment another time."),
    "agenda": Words("Your day", "Your appointments of today:"),
}
"""What the practitioner gets, by kind."""
REMINDER = Words(
    "Appointment reminder", "You have an appointment coming up. You find all about it in the portal.",
    "Open the portal",
)  # fmt: skip
MINIMAL = Words("News about your appointment", "There is news about an appointment of yours.", "Open the portal")
"""What a client gets instead of most kinds where the practice wants mail to be minimal (C-05)."""
TEST = Words("A test of couchcal", "Mail goes out from here. Nothing else is in this mail.")

WHEN, WAS, WHERE, HOW, JOIN, CLIENT, CODE = "When", "Before", "Where", "How", "Join", "Client", "Code"
VISITS = {"telehealth": "by video", "in_person": "in person"}
SUMMARY = "Appointment"
"""What an invitation is called on a client's calendar, before the name of the practice."""
CONTACT = "To change or cancel it, please answer this mail."
NEW_CLIENT = "This is a new client: accept, merge or reject them in couchcal."
IN_COUCHCAL = "Answer it in couchcal: requests are on the key r."
CODE_NOTE = "The link and the code work once, for 30 minutes. If you did not ask for them, do nothing."
VERIFY_NOTE = "If it was not you, do nothing: nothing is booked without your confirmation."
INVITE_NOTE = "The link works for 14 days. It is yours alone: please do not pass it on."
FREE_DAY = "Nothing is on the calendar today."
REPLY = "If this is a surprise, please answer this mail."


def notice(hours: int) -> str:
    """By when a client has to cancel; every mail about an appointment says so."""
    if not hours:
        return ""
    return f"Please cancel or move it at least {hours} hours ahead; after that, contact us."


def following(count: int) -> str:
    """How many later appointments moved, too."""
    if not count:
        return ""
    later = "The appointment after it was" if count == 1 else f"The {count} appointments after it were"
    return f"{later} moved with it."


def unsubscribe(url: str) -> str:
    """The way to get no more reminders (REM-05)."""
    return f"To get no more reminders: {url}"


def text_reminder(label: str, url: str, template: str = "") -> str:
    """A reminder as a text message (M3), in the practice's own words where it has some (`[text] reminder`)."""
    if template:
        return template.replace(PRACTICE_MARK, label).replace(LINK_MARK, url).strip()
    sender = f"{label}: " if label else ""
    return f"{sender}you have an appointment coming up. Details: {url}"
