"""What goes in and out of the emulator: requests, responses, and refusals with Google's error bodies."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

from tests.google.model import Json

JSON_TYPE = "application/json; charset=UTF-8"
HTML_TYPE = "text/html; charset=UTF-8"
STATUS_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    410: "FAILED_PRECONDITION",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}


@dataclass
class Request:
    """A request as it came over the wire: `target` is the undecoded path with the query; header names are
    lower case.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        """The undecoded path. What follows a raw `#` never reaches a server."""
        return self.target.partition("#")[0].partition("?")[0]

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(self.target.partition("#")[0].partition("?")[2], keep_blank_values=True)


@dataclass
class Response:
    """What to send back, and what the wire does to it.

    `wire`: `reset` breaks the connection without an answer, `hang` never answers, `cut` sends only the first
    `sent_bytes` of the body under the full Content-Length. `delay_ms` is how long the answer takes, of which
    `waited_ms` have been spent already.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    wire: Literal["normal", "reset", "hang", "cut"] = "normal"
    sent_bytes: int | None = None
    content_length: int | None = None
    delay_ms: int = 0
    waited_ms: int = 0
    encoded: bool = False  # the body stands as it is: no gzip on top
    favicon: str | None = None  # what the browser asks for before it follows the redirect


class ApiError(Exception):
    """A refusal: HTTP status, domain, reason and message of Google's error body."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        location: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.domain = domain
        self.location = location
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def response(self, shape: str) -> Response:
        """The refusal in the configured `error_shape`. The html shape answers 502, as a proxy does."""
        if shape == "html":
            text = f"<!DOCTYPE html><title>Error 502 (Server Error)!!1</title><p>{html.escape(self.message)}"
            return Response(502, {"Content-Type": HTML_TYPE, **self.headers}, text.encode())
        error: Json = {"code": self.code, "message": self.message}
        if shape == "legacy":
            item = {"domain": self.domain, "reason": self.reason, "message": self.message}
            if self.location:
                item["locationType"], item["location"] = self.location
            error["errors"] = [item]
        else:
            error["status"] = STATUS_WORDS.get(self.code, "UNKNOWN")
        return json_response({"error": error | self.extra}, self.code, self.headers)


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, {"Content-Type": JSON_TYPE, **(headers or {})}, json.dumps(body).encode())


def invalid(message: str, location: tuple[str, str] | None = None) -> ApiError:
    return ApiError(400, "invalid", message, location=location)


def required(message: str) -> ApiError:
    return ApiError(400, "required", message)


def bad_request() -> ApiError:
    return ApiError(400, "badRequest", "Bad Request")


def not_found() -> ApiError:
    return ApiError(404, "notFound", "Not Found")


def range_empty() -> ApiError:
    return ApiError(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")


def deleted() -> ApiError:
    return ApiError(410, "deleted", "Resource has been deleted")


def duplicate() -> ApiError:
    return ApiError(409, "duplicate", "The requested identifier already exists.")


def writer_needed() -> ApiError:
    message = "You need to have writer access to this calendar."
    return ApiError(403, "requiredAccessLevel", message, domain="calendar")


def owner_needed() -> ApiError:
    message = "You need to have owner access to this calendar."
    return ApiError(403, "requiredAccessLevel", message, domain="calendar")


def scope_missing() -> ApiError:
    details = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "domain": "googleapis.com",
        "metadata": {"service": "calendar-json.googleapis.com"},
    }
    message = "Request had insufficient authentication scopes."
    extra = {"status": "PERMISSION_DENIED", "details": [details]}
    return ApiError(403, "insufficientPermissions", message, extra=extra)


def bad_credentials() -> ApiError:
    header = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'}
    location = ("header", "Authorization")
    return ApiError(401, "authError", "Invalid Credentials", location=location, headers=header)


def full_sync_required() -> ApiError:
    message = "Sync token is no longer valid, a full sync is required."
    location = ("parameter", "syncToken")
    return ApiError(410, "fullSyncRequired", message, domain="calendar", location=location)


def bad_sync_token() -> ApiError:
    return invalid("Invalid sync token value.", ("parameter", "syncToken"))


def precondition_failed() -> ApiError:
    return ApiError(412, "conditionNotMet", "Precondition Failed", location=("header", "If-Match"))
