"""What an answer of Google's API means: its JSON, or the problem it stands for.

Only JSON of the right kind is believed. A redirect, a page of HTML, a body that breaks off or is empty come from
something in between (a hotel's sign-in page, a proxy), and never mean that anything is gone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, NamedTuple

from couchcal.sync.port import (
    Changed,
    Duplicate,
    Forbidden,
    NeedsSignIn,
    NotThere,
    Rejected,
    RemoteProblem,
    TokenExpired,
    Transient,
)

IN_BETWEEN = "the network asks for a sign-in, or something stands between this computer and Google"
LIMITED = "Google asks for a pause: too many requests"
AGAIN = "Google's sign-in does not allow this: run couchcal google connect and leave every box ticked"
API_OFF = (
    "the Google Calendar API is not switched on in your Google project: enable it in Google's console, "
    "then run couchcal google connect"
)
_LIMITS = frozenset(
    {
        "rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded",
        "dailyLimitExceededUnreg", "limitExceeded", "variableTermLimitExceeded", "RATE_LIMIT_EXCEEDED",
    }
)  # fmt: skip
_SCOPES = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
_NOT_ENABLED = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_LONGEST_WAIT_S = 24 * 3600.0
_SAID = frozenset(
    {
        "Invalid resource id value.", "Invalid start time.", "Invalid end time.", "Missing end time.",
        "Missing time zone definition for start time.", "Missing time zone definition for end time.",
        "Invalid time zone definition for start time.", "Invalid time zone definition for end time.",
        "The specified time range is empty.", "A provided value exceeds the allowed size limit.",
        "Calendar usage limits exceeded.", "You need to have writer access to this calendar.",
        "Shared properties can only be changed by the organizer of the event.",
    }
)  # fmt: skip
"""Messages of Google that are repeated to people; any other could quote what was sent."""


class Operation(Enum):
    """What was asked for, as far as the meaning of an answer depends on it."""

    READ = "read"
    LIST = "list"
    CONTINUE = "continue"
    """A list that goes on from a sync token or a page token."""
    INSERT = "insert"
    PATCH = "patch"
    DELETE = "delete"


class Refusal(NamedTuple):
    """What the error body says: its reasons (several, most specific first) and message."""

    reasons: tuple[str, ...]
    message: str
    location: str


def content(status: int, body: bytes, kind: str) -> dict[str, Any]:
    """The object of a successful answer.

    Raises:
        Transient: it is not the JSON of this `kind` (`calendar#events`), so nobody knows what happened.
    """
    if not 200 <= status < 300:
        raise Transient(IN_BETWEEN)
    found = parse(body)
    if found is None or found.get("kind") != kind:
        raise Transient(IN_BETWEEN)
    return found


def parse(body: bytes) -> dict[str, Any] | None:
    """The JSON object of a body, None if it is no such thing."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def problem(operation: Operation, status: int, headers: Mapping[str, str], body: bytes) -> RemoteProblem:
    """The problem that an answer other than success stands for."""
    wait = retry_after(headers)
    if status == 407:
        return Transient("the proxy of this network asks for a sign-in")
    if status in (408, 425) or status >= 500:
        return Transient(f"Google is not well ({status})", retry_after=wait)
    if status == 429:
        return Transient(LIMITED, retry_after=wait, limited=True)
    said = refusal(body) if status >= 400 else None
    if said is None:
        return Transient(IN_BETWEEN, retry_after=wait)
    if status == 403:
        return _forbidden(said, wait)
    return _refused(operation, status, said, wait)


def _forbidden(said: Refusal, wait: float | None) -> RemoteProblem:
    words = said.message.casefold()
    if _SCOPES.intersection(said.reasons) or "insufficient authentication scopes" in words:
        return NeedsSignIn(AGAIN)
    if _NOT_ENABLED.intersection(said.reasons) or "has not been used in project" in words:
        return NeedsSignIn(API_OFF)
    if _LIMITS.intersection(said.reasons) or "limit exceeded" in words or "limits exceeded" in words:
        return Transient(LIMITED, retry_after=wait, limited=True)
    if "quota" in words:
        return Transient(LIMITED, retry_after=wait, limited=True)
    return Forbidden(f"Google does not allow this: {_told(said)}")


def _refused(operation: Operation, status: int, said: Refusal, wait: float | None) -> RemoteProblem:
    if status == 401:
        return NeedsSignIn("Google does not take the sign-in any more: run couchcal google connect")
    if status == 404:
        return NotThere("Google has no such calendar or event, or does not show it to this sign-in")
    if status == 409:
        if operation is Operation.INSERT:
            return Duplicate("Google knows this id already")
        return Transient("another change was under way at Google", retry_after=wait)
    if status == 410:
        listing = operation in (Operation.LIST, Operation.CONTINUE)
        return TokenExpired("Google wants to be read anew") if listing else NotThere("the event is deleted")
    if status == 412:
        return Changed("the event was changed in Google meanwhile")
    if status == 400 and operation is Operation.CONTINUE:
        # a token that is malformed, of another calendar or too old says so in several words: all are cured by
        # reading anew, and a request that is wrong otherwise fails then, without a token to blame
        return TokenExpired("Google does not take the token of the last reading")
    return Rejected(f"Google refused it ({status}): {_told(said)}")


def refusal(body: bytes) -> Refusal | None:
    """What Google's error body says, whichever of its shapes it has; None if it is no error body of Google."""
    found = parse(body)
    error = found.get("error") if found is not None else None
    if not isinstance(error, dict):
        return None
    reasons, location = [], ""
    for name in ("errors", "details"):
        items = error.get(name)
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict):
                reasons.append(item.get("reason"))
                location = location or str(item.get("location") or "")
    reasons.append(error.get("status"))
    message = error.get("message")
    known = tuple(reason for reason in reasons if isinstance(reason, str))
    return Refusal(known, message if isinstance(message, str) else "", location)


def _told(said: Refusal) -> str:
    if said.message in _SAID:
        return said.message.rstrip(".")
    reason = said.reasons[0] if said.reasons else ""
    return reason if reason.isascii() and reason.replace("_", "").isalpha() and len(reason) < 50 else "no reason"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as `Retry-After` says, in seconds or as a date; None if it says nothing that can be read.

    A date is taken against the answer's own `Date`: the clocks of two machines differ.
    """
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            until = parsedate_to_datetime(value).timestamp()
            sent = headers.get("Date")
            seconds = until - (parsedate_to_datetime(sent).timestamp() if sent else time.time())
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
    return min(max(seconds, 0.0), _LONGEST_WAIT_S) if seconds == seconds else None
