"""What goes through the clients' door: wishes in, answers out. Every field a client's page may show is named here.

An allow-list: a page is made of these and of nothing else. No ORM.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from couchcal.errors import Refused

OutcomeKind = Literal["verify", "pending", "booked"]


class Taken(Refused):
    """Somebody else has that time, or it is not offered any more; `next_free` are UTC starts that are (BOOK-05)."""

    code = "taken"

    def __init__(self, next_free: tuple[datetime, ...] = ()) -> None:
        super().__init__("that time is not free any more", "choose another one")
        self.next_free = next_free


class TooMany(Refused):
    """A limit of the door is reached; says of nobody whether they are known."""

    code = "too_many"


class LinkOver(Refused):
    """A link or code that is used up, too old, mistyped or withdrawn: all of them look the same."""

    code = "link_over"

    def __init__(self) -> None:
        super().__init__("this link is not valid any more", "ask for a new one")


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody at the public page: name (100 characters at most), e-mail (254), phone (32, may be empty)."""

    name: str
    email: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A client who has shown who they are. `only` is the key of the one appointment that a manage link opens;
    empty for a session of the portal, which opens all of theirs."""

    client_id: int
    only: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for. `start` is an aware instant, `zone` the IANA zone they look at it in, `note` at most
    500 characters. `idempotency_key` is the nonce of the form: sent twice it is one wish (INV-B2)."""

    event_type_id: int
    visit_type: str | None
    start: datetime
    zone: str
    applicant: Applicant | ClientKey
    note: str
    idempotency_key: str
    ip_hash: str = ""


class Outcome(NamedTuple):
    """What became of a wish: `verify` the address by the mailed link, `pending` until the practice decides, or
    `booked`. `uid` names the request."""

    kind: OutcomeKind
    uid: str


class OfferedType(NamedTuple):
    """An event type as clients see it. `visit_types` are those it can be had in; with one there is nothing to
    choose (VIS-03). `confirm` is `instant` or `request`."""

    id: int
    title: str
    minutes: int
    visit_types: tuple[str, ...]
    description: str
    confirm: str


class PracticePage(NamedTuple):
    """The public face of a practice. `address` is empty while it is shown to nobody before acceptance (VIS-02)."""

    label: str
    slug: str
    address: str
    zone: str
    locale: str
    event_types: tuple[OfferedType, ...]


class SignIn(NamedTuple):
    """The answer to every wish to sign in: a cookie for this browser, to which the mailed code is bound."""

    browser: str


class Session(NamedTuple):
    """A session of the portal that has begun: the value of its cookie and when it ends at the latest."""

    cookie: str
    client: ClientKey
    expires_at: datetime


class OwnSession(NamedTuple):
    """An appointment as its client sees it. Instants are UTC, `zone` is the client's IANA zone.

    `join_url` is there for a telehealth session that is not over (VID-02), `place` otherwise where the address may
    be shown. `refusal` says why it can neither be moved nor cancelled, empty if it can. `event_type_id` is what
    `slots` has to be asked for to move it, None if it cannot be moved; `move_asks` says that the practice decides
    about it (C-06). `asks_feedback` (APT-17).
    """

    key: str
    start: datetime
    end: datetime
    zone: str
    what: str
    visit_type: str | None
    place: str
    join_url: str
    status: str
    can_move: bool
    can_cancel: bool
    refusal: str
    event_type_id: int | None
    move_asks: bool
    asks_feedback: bool


class OwnRequest(NamedTuple):
    """A request as its client sees it; `replaces` is the key of the appointment that it would move."""

    key: str
    start: datetime
    end: datetime
    zone: str
    what: str
    visit_type: str | None
    status: str
    message: str
    """What the practice said when it declined."""
    replaces: str
    can_withdraw: bool


class OwnSessions(NamedTuple):
    """All that the portal shows of a client. `may_book`: whether they may book, move and cancel (PORTAL-02), until
    `notice_hours` before. `reminders`: whether they get any, which the practice has to offer as well.
    `subscribed`: whether there is a calendar feed of theirs."""

    called: str
    zone: str
    may_book: bool
    notice_hours: int
    reminders: bool
    reminders_offered: bool
    subscribed: bool
    upcoming: tuple[OwnSession, ...]
    past: tuple[OwnSession, ...]
    requests: tuple[OwnRequest, ...]


class FeedEntry(NamedTuple):
    """An entry of a calendar that others subscribe to; of an all-day one `start` and `end` are UTC midnights.

    `stamp` is when it got to be as it is. It stays while nothing that is shown changes, so that equal calendars are
    equal bytes.
    """

    uid: str
    start: datetime
    end: datetime
    all_day: bool
    title: str
    place: str
    busy: bool
    sequence: int
    stamp: datetime


class Feed(NamedTuple):
    """A feed of one client, or of the practitioner with clients called by the practice's identifier mode."""

    of_client: bool
    label: str
    zone: str
    entries: tuple[FeedEntry, ...]
