"""The batch endpoint: up to a thousand calls in one body, answered in no particular order, each counted."""

from __future__ import annotations

from email import message_from_bytes
from http.client import responses
from typing import TYPE_CHECKING

from tests.google.messages import ApiError, Request, Response, not_found
from tests.google.model import LogEntry

if TYPE_CHECKING:
    from tests.google.emulator import Emulator

MOST_PARTS = 1000
_BOUNDARY = "batch_emulator"


def respond(emulator: Emulator, request: Request, entry: LogEntry) -> Response:
    """Raises ApiError 404 unless the toggle `batch` is on, 400 for a body that is no batch."""
    if not emulator.config.batch:
        raise not_found()
    kind = request.headers.get("content-type", "")
    message = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body)
    if not message.is_multipart():
        raise ApiError(400, "badRequest", "Failed to parse batch request.")
    parts = [part for part in message.walk() if not part.is_multipart()]
    if len(parts) > MOST_PARTS:
        raise ApiError(400, "badRequest", "The batch request has too many calls.")
    answers: list[bytes] = []
    for part in parts:
        payload = part.get_payload(decode=True)
        inner = inner_request(payload if isinstance(payload, bytes) else b"", request)
        response = emulator.handle(inner)
        answers.append(framed(part.get("Content-ID", ""), response))
    emulator.world.rng.shuffle(answers)
    body = b"".join(f"--{_BOUNDARY}\r\n".encode() + answer for answer in answers) + f"--{_BOUNDARY}--\r\n".encode()
    entry.applied = 0
    return Response(200, {"Content-Type": f"multipart/mixed; boundary={_BOUNDARY}"}, body)


def inner_request(payload: bytes, outer: Request) -> Request:
    """The call in one part; it borrows the caller of the batch. Raises ApiError 400 for none."""
    head, _, body = payload.replace(b"\r\n", b"\n").partition(b"\n\n")
    first, *lines = head.decode(errors="replace").strip().split("\n")
    words = first.split()
    if len(words) < 2 or not words[1].startswith("/"):
        raise ApiError(400, "badRequest", "Failed to parse batch request.")
    headers = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    for name in ("authorization", "host"):
        if name in outer.headers:
            headers.setdefault(name, outer.headers[name])
    headers.pop("accept-encoding", None)
    return Request(words[0], words[1], headers, body.rstrip(b"\n"))


def framed(content_id: str, response: Response) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {responses.get(response.status, '')}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    lines.append(f"Content-Length: {len(response.body)}")
    label = content_id.strip("<>")
    outer = f"Content-Type: application/http\r\nContent-ID: <response-{label}>\r\n\r\n"
    return (outer + "\r\n".join(lines) + "\r\n\r\n").encode() + response.body + b"\r\n"
