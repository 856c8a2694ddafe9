"""Quick add: one line of words in any order becomes a draft of an appointment.

`Tue 3pm 50m Jane D 90837` needs no fixed order. Service codes are taken out first, so that 90837 is never a
time; then repeats, place, length, day and time; what is left names the client or titles the event. Nothing
here raises on any text: what was not understood is said in `Draft.problems`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from couchcal.scheduling.quickadd_days import DateOrder, take_day
from couchcal.scheduling.quickadd_times import DAY_MINUTES, take_times
from couchcal.scheduling.quickadd_tokens import MAX_TEXT, Line, take_length, take_repeats, whole_words
from couchcal.scheduling.quickadd_when import Shift, parse_day, parse_when

__all__ = [
    "UNKNOWN_CLIENT", "ClientName", "DateOrder", "Draft", "ServiceHint", "Shift",
    "parse", "parse_day", "parse_when",
]  # fmt: skip

Kind = Literal["client_session", "client_contact", "other_event"]

_TELEHEALTH = whole_words(r"(?:via |by |on )?(?:tele|telehealth|video|virtual|online|remote|zoom)")
_OFFICE = whole_words(r"(?:(?:at|in) (?:the )?)?office|in[- ]?person|on-?site")
_UNKNOWN_CODE = whole_words(r"(?:[0-9]{5}|[a-z][0-9]{4})(?:-[0-9a-z]{1,4}){0,4}")
_MODIFIER = re.compile(r"[0-9A-Z]{2}")
_MAX_MODIFIERS = 4
_MEDIUM = {"call": "phone", "phone": "phone", "email": "email", "e-mail": "email"}
_OTHER_EVENT = ("lunch", "block", "meeting", "break")
UNKNOWN_CLIENT = "unknown client"
"""What a problem begins with that is about words which name nobody on the list."""
_FILLERS = {"with", "w/", "for", "at", "on", "and", "&", "session", "appointment", "appt", "client"}


@dataclass(frozen=True, slots=True)
class ClientName:
    """What quick add may know of a client: names to match, the id to return, the internal id (`C-0007`)."""

    id: int
    first: str
    last: str
    internal_id: str
    preferred: str = ""


@dataclass(frozen=True, slots=True)
class ServiceHint:
    """A service's usual length in minutes, and its known modifiers (empty: any two characters)."""

    typical_minutes: int | None = None
    modifiers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Draft:
    """What a line says, in the practice's wall-clock time.

    `candidates` are the clients an ambiguous name may mean; then `client_id` is None and the user is asked.
    `repeats` is "weekly", "2w", "3w", "4w" or "monthly". `problems` are sentences for the user, empty when the
    line was understood; `leftover` are words nothing was made of: where nobody is called so, those of the name.
    """

    kind: Kind
    day: date | None = None
    start_local: datetime | None = None
    end_local: datetime | None = None
    client_id: int | None = None
    candidates: tuple[ClientName, ...] = ()
    service: str | None = None
    modifiers: tuple[str, ...] = ()
    location: Literal["telehealth", "office"] | None = None
    medium: Literal["phone", "email"] | None = None
    title: str | None = None
    repeats: str | None = None
    problems: tuple[str, ...] = ()
    leftover: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether it can be saved without asking."""
        return not self.problems and not self.candidates


def parse(
    text: str,
    *,
    now_local: datetime,
    clients: Sequence[ClientName],
    services: Mapping[str, ServiceHint],
    order: DateOrder = "mdy",
    default_minutes: int = 50,
) -> Draft:
    """Read one line, for example `tomorrow 9:30 bob 90834-95 tele`.

    `now_local` is the practice's wall clock (naive); `order` "dmy" reads 12/3 as 12 March. The end is the
    written one, else the written length, else the service's usual length, else `default_minutes`. A first word
    lunch, block, meeting or break makes an other event, call or email a client contact.
    """
    line = Line(text)
    problems: list[str] = []
    if line.too_long:
        problems.append(f"only the first {MAX_TEXT} characters were read")

    named = _take_internal_id(line, clients)
    service, modifiers = _take_service(line, services, problems)
    repeats = take_repeats(line, problems)
    location: Literal["telehealth", "office"] | None = None
    if line.take(_TELEHEALTH):
        location = "telehealth"
    elif line.take(_OFFICE):
        location = "office"
    length = take_length(line)
    spec, every_week = take_day(line, now_local.date(), order=order, problems=problems)
    understood = len(problems)
    start, end = take_times(line, problems)
    if start is None and len(problems) == understood:
        problems.append("no time given")
    length = _length(length, start, end, services.get(service or ""), default_minutes, problems)

    day, start_local, end_local = None, None, None
    try:
        if start is not None or spec.given:
            day = spec.resolve(now_local, start)
        if start is not None and day is not None:
            start_local = datetime.combine(day, time.min) + timedelta(minutes=start)
            end_local = start_local + timedelta(minutes=length)
    except OverflowError:
        day, start_local, end_local = None, None, None
        problems.append("the calendar ends with the year 9999")

    words = line.words()
    first = _folded(words[0]).rstrip(":") if words else ""
    kind: Kind = "client_session"
    medium: Literal["phone", "email"] | None = None
    if first in _OTHER_EVENT and named is None:
        kind = "other_event"
    elif first in _MEDIUM:
        kind = "client_contact"
        medium = "email" if _MEDIUM[first] == "email" else "phone"
        words = words[1:]

    title: str | None = None
    candidates: tuple[ClientName, ...] = ()
    leftover: tuple[str, ...] = ()
    if kind == "other_event":
        title = " ".join(words)
        title = title[0].upper() + title[1:]
    else:
        candidates, leftover = _find_client(words, clients, named, problems)
    if kind != "client_session" and service is not None:
        problems.append(f"service {service} needs a client session")
        service, modifiers = None, ()

    return Draft(
        kind=kind,
        day=day,
        start_local=start_local,
        end_local=end_local,
        client_id=candidates[0].id if len(candidates) == 1 else None,
        candidates=candidates if len(candidates) > 1 else (),
        service=service,
        modifiers=modifiers,
        location=location,
        medium=medium,
        title=title,
        repeats=repeats or ("weekly" if every_week else None),
        problems=tuple(problems),
        leftover=leftover,
    )


def _take_internal_id(line: Line, clients: Sequence[ClientName]) -> ClientName | None:
    # An internal id of digits only would swallow times.
    by_id = {_folded(c.internal_id): c for c in clients if not c.internal_id.strip().isdecimal()}
    for word in line.words():
        if found := by_id.get(_folded(word)):
            line.take_word(word)
            return found
    return None


def _take_service(
    line: Line, services: Mapping[str, ServiceHint], problems: list[str]
) -> tuple[str | None, tuple[str, ...]]:
    codes = {code.upper(): code for code in services}
    service: str | None = None
    modifiers: tuple[str, ...] = ()
    for word in line.words():
        head, *tail = [word.upper()] if word.upper() in codes else word.upper().split("-")
        if head not in codes:
            continue
        line.take_word(word)
        if service is not None:
            problems.append(f"a second service code: {codes[head]}")
            continue
        service = codes[head]
        modifiers = _checked_modifiers(tail, services[service], problems)
    while found := line.take(_UNKNOWN_CODE):
        problems.append(f"unknown service code '{found[0].upper()}'")
    return service, modifiers


def _checked_modifiers(typed: list[str], hint: ServiceHint, problems: list[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for modifier in typed:
        known = modifier in hint.modifiers if hint.modifiers else _MODIFIER.fullmatch(modifier)
        if not known:
            problems.append(f"unknown modifier '{modifier}'")
        elif modifier not in kept:
            kept.append(modifier)
    if len(kept) > _MAX_MODIFIERS:
        problems.append(f"at most {_MAX_MODIFIERS} modifiers")
    return tuple(kept[:_MAX_MODIFIERS])


def _length(
    typed: int | None,
    start: int | None,
    end: int | None,
    hint: ServiceHint | None,
    default_minutes: int,
    problems: list[str],
) -> int:
    if start is not None and end is not None:
        if typed is not None and typed != end - start:
            problems.append(f"{typed} minutes do not fit the end that was given")
        return end - start
    if typed is not None:
        if 1 <= typed <= DAY_MINUTES:
            return typed
        problems.append("a length is between 1 minute and 24 hours")
    return (hint.typical_minutes if hint else None) or default_minutes


def _folded(word: str) -> str:
    """`word` without case, accents and apostrophes: `jose` finds José, `obrien` O'Brien."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c) and c not in "'’.")


def _name_words(client: ClientName) -> list[str]:
    full = f"{client.first} {client.last} {client.preferred}".replace("-", " ")
    return [folded for word in full.split() if (folded := _folded(word))]


def _find_client(
    words: list[str], clients: Sequence[ClientName], named: ClientName | None, problems: list[str]
) -> tuple[tuple[ClientName, ...], tuple[str, ...]]:
    """The clients the words may mean, and the words that are part of no name."""
    pool = [(client, _name_words(client)) for client in ([named] if named else clients)]
    all_names = {name for _, names in pool for name in names}
    asked: list[str] = []
    leftover: list[str] = []
    for word in words:
        parts = [part for piece in word.split("-") if (part := _folded(piece))]
        if parts and all(any(name.startswith(part) for name in all_names) for part in parts):
            asked += parts
        elif _folded(word) not in _FILLERS:
            leftover.append(word)

    found = [client for client, names in pool if _matches(asked, names)]
    # A full name means that client, even where it begins another one's (Jane Doe, Jane Doering).
    full = [client for client in found if sorted(asked) == sorted(_name_words(client))]
    found = full or found
    if named is None and not found:
        text = " ".join(word for word in words if word in leftover or _folded(word) not in _FILLERS)
        problems.append(f"{UNKNOWN_CLIENT} '{text}'" if text else "no client named")
        return (), tuple(text.split())
    if leftover:
        problems.append(f"not understood: '{' '.join(leftover)}'")
    return (named,) if named else tuple(found), tuple(leftover)


def _matches(asked: list[str], names: list[str]) -> bool:
    """Whether the words asked for begin different words of the name.

    Longest first decides without trying all orders: of two words that fit the same name, one begins the other.
    """
    free = list(names)
    for word in sorted(asked, key=len, reverse=True):
        fitting = next((name for name in free if name.startswith(word)), None)
        if fitting is None:
            return False
        free.remove(fitting)
    return bool(asked)
