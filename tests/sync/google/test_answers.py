from __future__ import annotations

import json
from typing import Any

import pytest

from couchcal.sync.google.answers import Operation, content, problem, retry_after
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

CANARY = "Jane Doe"


def said(reason: str, message: str = f"about {CANARY}", **more: Any) -> bytes:
    error = {
        "code": 400,
        "message": message,
        "errors": [{"reason": reason, "message": message, "domain": "global"}],
    }
    return json.dumps({"error": error | more}).encode()


def bare(message: str, **more: Any) -> bytes:
    """The shape without an `errors` array."""
    return json.dumps({"error": {"code": 400, "message": message} | more}).encode()


READ, LIST, CONTINUE = Operation.READ, Operation.LIST, Operation.CONTINUE
INSERT, PATCH, DELETE = Operation.INSERT, Operation.PATCH, Operation.DELETE
SCOPE_DETAILS = [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]


@pytest.mark.parametrize(
    ("operation", "status", "body", "kind"),
    [
        (CONTINUE, 400, said("invalid", "Invalid sync token value."), TokenExpired),
        (CONTINUE, 400, bare("Invalid sync token value."), TokenExpired),
        (CONTINUE, 400, said("invalid", location="pageToken"), TokenExpired),
        (CONTINUE, 410, said("fullSyncRequired"), TokenExpired),
        (CONTINUE, 410, bare("Sync token is no longer valid, a full sync is required."), TokenExpired),
        (LIST, 410, said("updatedMinTooLongAgo"), TokenExpired),
        (LIST, 400, said("invalid"), Rejected),
        (LIST, 404, said("notFound"), NotThere),
        (READ, 404, bare("Not Found"), NotThere),
        (READ, 410, said("deleted"), NotThere),
        (PATCH, 410, said("deleted"), NotThere),
        (DELETE, 410, said("deleted"), NotThere),
        (INSERT, 409, said("duplicate"), Duplicate),
        (INSERT, 409, bare("The requested identifier already exists."), Duplicate),
        (PATCH, 409, said("conflict"), Transient),
        (PATCH, 412, said("conditionNotMet"), Changed),
        (DELETE, 412, bare("Precondition Failed"), Changed),
        (READ, 401, said("authError"), NeedsSignIn),
        (READ, 403, said("insufficientPermissions", details=SCOPE_DETAILS), NeedsSignIn),
        (READ, 403, bare("Request had insufficient authentication scopes.", details=SCOPE_DETAILS), NeedsSignIn),
        (READ, 403, said("accessNotConfigured"), NeedsSignIn),
        (READ, 403, bare("Google Calendar API has not been used in project 1 before"), NeedsSignIn),
        (PATCH, 403, said("requiredAccessLevel"), Forbidden),
        (PATCH, 403, said("forbiddenForNonOrganizer"), Forbidden),
        (PATCH, 403, bare("You need to have writer access to this calendar."), Forbidden),
        (INSERT, 400, said("timeRangeEmpty"), Rejected),
        (INSERT, 413, said("uploadTooLarge"), Rejected),
        (READ, 400, b"<html>Bad Request</html>", Transient),
        (READ, 403, b"<html>sign in to this network</html>", Transient),
        (READ, 404, b"<html>not found</html>", Transient),
        (DELETE, 404, b"", Transient),
        (DELETE, 410, b"gone fishing", Transient),
        (LIST, 410, b'{"kind": "calendar#events"}', Transient),
        (READ, 302, b"", Transient),
        (READ, 304, b"", Transient),
        (READ, 407, b"", Transient),
        (READ, 408, b"", Transient),
        (READ, 500, said("backendError"), Transient),
        (READ, 503, b"<html>", Transient),
    ],
)
def test_what_an_answer_means(operation: Operation, status: int, body: bytes, kind: type[RemoteProblem]) -> None:
    found = problem(operation, status, {}, body)
    assert type(found) is kind
    assert found.message
    assert CANARY not in repr(found)  # P2
    assert CANARY not in str(found)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, said("rateLimitExceeded")),
        (403, said("userRateLimitExceeded")),
        (403, said("quotaExceeded")),
        (403, bare("Rate Limit Exceeded")),
        (403, bare("Calendar usage limits exceeded.")),
        (403, bare("Quota exceeded for quota metric 'Queries'")),
        (429, said("rateLimitExceeded")),
        (429, b""),
    ],
)
def test_too_many_requests(status: int, body: bytes) -> None:
    found = problem(INSERT, status, {"Retry-After": "7"}, body)
    assert isinstance(found, Transient)
    assert found.limited
    assert found.retry_after == 7


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": " 12.5 "}, 12.5),
        ({"Retry-After": "-3"}, 0),
        ({"Retry-After": "1e9"}, 86400),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Tue, 03 Mar 2026 15:00:30 GMT", "Date": "Tue, 03 Mar 2026 15:00:00 GMT"}, 30),
        ({"Retry-After": "Tue, 03 Mar 2026 14:00:00 GMT", "Date": "Tue, 03 Mar 2026 15:00:00 GMT"}, 0),
        ({"Retry-After": "Sun, 01 Jan 2006 15:00:00 GMT"}, 0),
        ({"Retry-After": "Tue, 03 Mar 2026 15:00:30 GMT", "Date": "yesterday"}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b"[]",
        b"null",
        b'{"kind": "calendar#event"}',
        b'{"kind": "calendar#events", "items": [{"id": "a"}',
        b"[" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_only_json_of_the_right_kind_is_believed(body: bytes) -> None:
    with pytest.raises(Transient):
        content(200, body, "calendar#events")


def test_what_google_says_is_repeated_where_it_is_known() -> None:
    assert (
        "The specified time range is empty"
        in problem(INSERT, 400, {}, said("timeRangeEmpty", "The specified time range is empty.")).message
    )
    assert problem(INSERT, 400, {}, said("timeRangeEmpty")).message.endswith("timeRangeEmpty")
    assert problem(INSERT, 400, {}, said(f"about {CANARY}")).message.endswith("no reason")
