"""The clients' door: all that the web may call. It has no call that lists clients, and none that reads another's.

Strangers come in by `page`, `slots`, `book` and `verify`; clients sign in (`sign_in`, `open_session`) or hold a
link to one appointment (`managed`), and are a `ClientKey` from then on, which every other call asks for.
"""

from __future__ import annotations

from couchcal.practice.door_access import close_session, managed, open_session, session, sign_in
from couchcal.practice.door_booking import book, verify
from couchcal.practice.door_changes import (
    cancel_own,
    end_feed,
    feedback,
    make_feed,
    move_own,
    reminders,
    unsubscribe,
    withdraw,
)
from couchcal.practice.door_own import sessions
from couchcal.practice.door_page import moment_of, page, portal_page, slots
from couchcal.practice.door_shapes import (
    Applicant,
    ClientKey,
    Feed,
    FeedEntry,
    LinkOver,
    OfferedType,
    Outcome,
    OwnRequest,
    OwnSession,
    OwnSessions,
    PracticePage,
    Session,
    SignIn,
    Taken,
    TooMany,
    Wish,
)
from couchcal.practice.feeds import feed

__all__ = [
    "Applicant",
    "ClientKey",
    "Feed",
    "FeedEntry",
    "LinkOver",
    "OfferedType",
    "Outcome",
    "OwnRequest",
    "OwnSession",
    "OwnSessions",
    "PracticePage",
    "Session",
    "SignIn",
    "Taken",
    "TooMany",
    "Wish",
    "book",
    "cancel_own",
    "close_session",
    "end_feed",
    "feed",
    "feedback",
    "make_feed",
    "managed",
    "moment_of",
    "move_own",
    "open_session",
    "page",
    "portal_page",
    "reminders",
    "session",
    "sessions",
    "sign_in",
    "slots",
    "unsubscribe",
    "verify",
    "withdraw",
]
