"""The emulator: `Emulator.handle` turns a request into a response, under one lock, on a virtual clock."""

from __future__ import annotations

import gzip
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl

from tests.google import batch, control, grants, oauth, profiles
from tests.google.access import SCOPE_PREFIX, matching
from tests.google.accounts import new_user
from tests.google.config import Config
from tests.google.context import Context, Distortion, Query, Reply
from tests.google.fault_actions import portal
from tests.google.faults import Faults
from tests.google.fields import select
from tests.google.handlers import HANDLERS
from tests.google.messages import JSON_TYPE, ApiError, Request, Response, invalid, not_found
from tests.google.model import Json, LogEntry, User
from tests.google.quotas import Quotas
from tests.google.routes import PARAMETERS, STANDARD, route
from tests.google.tokens import Sealer
from tests.google.walks import Walks
from tests.google.world import START_OF_TIME_US, Clock, World

CLIENT_ID = "1234567890-emulator.apps.googleusercontent.com"
CLIENT_SECRET = "GOCSPX-emulator"
WRITES = re.compile(r".+\.(insert|import|quickAdd|patch|update|delete|move|clear)")
_SWEEP_US = 3_600_000_000


class Emulator:
    """One Google with its users, faults and log. Without a profile the defaults of `Config` are in force.

    `sleep` is what a delay before the work does; in process it moves the virtual clock.
    """

    def __init__(self, profile: str | None = None, seed: int = 1, **toggles: Any) -> None:
        self.lock = threading.RLock()
        self.sleep: Callable[[float], None] = lambda seconds: self.world.clock.advance(int(seconds * 1_000_000))
        self.clear(profile, seed, toggles)

    def clear(self, profile: str | None, seed: int, toggles: Json, clock_us: int = START_OF_TIME_US) -> None:
        """Begin anew: no users, no faults, an empty log. Raises ValueError for a toggle there is not."""
        config = Config()
        faults = profiles.apply(profile, config) if profile else []
        config.change(toggles)
        self.config = config
        self.seed = seed
        self.world = World(config, Clock(clock_us), random.Random(seed))  # noqa: S311 seeded on purpose
        self.clients = {CLIENT_ID: CLIENT_SECRET}
        self.codes: dict[str, oauth.Code] = {}
        self.sealer = Sealer(seed)
        self.walks = Walks()
        self.quotas = Quotas(config)
        self.faults = Faults(faults)
        self.log: list[LogEntry] = []
        self.mark = 0
        self.outbox: list[Json] = []
        self.snapshots: dict[str, Any] = {}
        self.api_disabled = False
        self._swept_us = clock_us

    # What tests begin with

    def add_user(self, email: str, timezone: str = "UTC", **settings: str) -> User:
        """An account with its primary calendar."""
        with self.lock:
            return new_user(self.world, email, timezone, settings)

    def grant(self, email: str, client_id: str = CLIENT_ID, scopes: Iterable[str] = ("calendar",)) -> str:
        """A refresh token, as if the user had consented; scopes with or without their prefix."""
        with self.lock:
            self.clients.setdefault(client_id, CLIENT_SECRET)
            full = [scope if "/" in scope else SCOPE_PREFIX + scope for scope in scopes]
            return str(grants.add_grant(self.world, email, client_id, full).refresh_token)

    def access_token(self, refresh_token: str) -> str:
        """An access token for a grant, without a request to the token endpoint."""
        with self.lock:
            grant = next(one for one in self.world.grants if one.refresh_token == refresh_token)
            return grants.add_access(self.world, grant).value

    def client_secrets(self, base: str, client_id: str = CLIENT_ID) -> Json:
        """The file a desktop program gets from the console, for an emulator at `base`."""
        return {
            "installed": {
                "client_id": client_id,
                "project_id": "emulator",
                "auth_uri": f"{base}/o/oauth2/v2/auth",
                "token_uri": f"{base}/token",
                "auth_provider_x509_cert_url": f"{base}/oauth2/v1/certs",
                "client_secret": self.clients.get(client_id, CLIENT_SECRET),
                "redirect_uris": ["http://localhost"],
            }
        }

    def control(self, path: str, body: Json | None = None, method: str = "POST") -> Json:
        """A call of the control API. Raises ControlError where HTTP would answer 4xx."""
        with self.lock:
            return control.dispatch(self, method, path, body or {})

    def advance(self, us: int) -> None:
        """Move the virtual clock; old tombstones go."""
        self.world.clock.advance(us)
        if self.world.clock.now_us - self._swept_us >= _SWEEP_US:
            self._swept_us = self.world.clock.now_us
            self.world.sweep()

    # Requests

    def handle(self, request: Request) -> Response:
        """The response to a request, applied under the lock; what the wire does to it is up to the caller."""
        if request.path.startswith(control.PREFIX):
            with self.lock:
                return control.respond(self, request)
        with self.lock:
            entry = self._noted(request)
            fault = self.faults.pick(self, entry)
            wait_ms = self.faults.wait_before(fault)
        if wait_ms:
            self.sleep(wait_ms / 1000)
        with self.lock:
            response = self.faults.run(self, fault, request, entry)
            response.waited_ms += wait_ms
            response.delay_ms += wait_ms
            entry.status = response.status
            entry.etag = response.headers.get("ETag")
            retry_after = response.headers.get("Retry-After")
            entry.retry_after = float(retry_after) if retry_after else None
            response.headers["Date"] = formatdate(self.world.clock.now_us // 1_000_000, usegmt=True)
            return self._packed(request, response)

    def _noted(self, request: Request) -> LogEntry:
        clock, config = self.world.clock, self.config
        self.advance(config.auto_tick_us)
        if config.clock_jump and self.world.rng.random() < config.clock_jump:
            self.advance(config.clock_jump_s * 1_000_000)
        path = request.path
        found = route(request.method, path)
        operation, ids = found or ("unknown", ())
        entry = LogEntry(
            seq=len(self.log) + 1,
            virtual_us=clock.now_us,
            wall=time.time(),
            op=operation,
            method=request.method,
            path=path,
            target=request.target,
            query=request.query,
            host=request.headers.get("host", ""),
            if_match=request.headers.get("if-match"),
            calendar=ids[0] if ids and operation.startswith(("events.", "calendars.", "acl.")) else None,
            event_id=ids[1] if len(ids) > 1 else None,
            body=readable(request),
        )
        self.log.append(entry)
        return entry

    def answer(self, request: Request, entry: LogEntry, distortion: Distortion | None = None) -> Response:
        """Do what the request asks once, whatever the wire does with the answer afterwards."""
        if entry.op == "portal":
            return portal()
        if entry.op.startswith("oauth."):
            return oauth.respond(self, request, entry)
        try:
            if entry.op == "batch":
                return batch.respond(self, request, entry)
            return self._built(request, self._serve(request, entry, distortion or Distortion()))
        except ApiError as error:
            entry.reason = error.reason
            return error.response(self.config.error_shape)

    def _serve(self, request: Request, entry: LogEntry, distortion: Distortion) -> Reply:
        """The order of Google's checks: caller, quota, API switched on, scope, then the operation's own."""
        found = route(request.method, request.path)
        if found is None:
            raise not_found()
        if entry.op == "watch":
            raise ApiError(501, "notImplemented", "Push notifications are not emulated.")
        header = request.headers.get("authorization")
        token = grants.caller(self.world, header)
        grant = token.grant
        entry.user, entry.token_id, entry.client_id = grant.email, token.value[-8:], grant.client_id
        self.quotas.request(grant.email, self.world.clock.now_us)
        if self.api_disabled:
            message = "Google Calendar API has not been used in project 1234567890 before or it is disabled."
            raise ApiError(403, "accessNotConfigured", message, domain="usageLimits")
        operation, ids = found
        scopes = matching(operation, grant)
        query = Query(entry.query)
        self._check_standard(operation, query)
        user = self.world.users[grant.email]
        context = Context(self, request, operation, ids, query, entry, distortion, user, grant, scopes)
        reply = HANDLERS[operation](context)
        if WRITES.fullmatch(operation) and reply.status < 300:
            entry.applied += 1
        return reply

    def _check_standard(self, operation: str, query: Query) -> None:
        if query.get("alt") not in (None, "json"):
            raise invalid("Invalid string value for alt.", ("parameter", "alt"))
        if self.config.unknown_params == "400":
            for name, _ in query.pairs:
                if name not in STANDARD and name not in PARAMETERS.get(operation, ()):
                    raise invalid(f'Unknown name "{name}": Cannot bind query parameter.', ("parameter", name))

    def _built(self, request: Request, reply: Reply) -> Response:
        headers = dict(reply.headers)
        if reply.etag is not None:
            headers["ETag"] = reply.etag
        if reply.body is None:
            return Response(reply.status, headers)
        query = dict(request.query) if "?" in request.target else {}
        body = select(reply.body, query["fields"]) if query.get("fields") else reply.body
        headers["Content-Type"] = JSON_TYPE
        indent = 1 if query.get("prettyPrint") == "true" else None
        return Response(reply.status, headers, json.dumps(body, indent=indent).encode())

    def _packed(self, request: Request, response: Response) -> Response:
        wants = "gzip" in request.headers.get("accept-encoding", "")
        if self.config.gzip and wants and response.body and not response.encoded:
            response.body = gzip.compress(response.body, 1, mtime=0)
            response.headers["Content-Encoding"] = "gzip"
        return response

    def stats(self) -> Json:
        """Counts per operation and status since the mark."""
        counts: Counter[str] = Counter(f"{entry.op} {entry.status}" for entry in self.log[self.mark :])
        by_operation: Counter[str] = Counter(entry.op for entry in self.log[self.mark :])
        return {
            "requests": len(self.log) - self.mark,
            "writes": sum(entry.applied for entry in self.log[self.mark :] if WRITES.fullmatch(entry.op)),
            "by_op": dict(sorted(by_operation.items())),
            "by_op_status": dict(sorted(counts.items())),
        }


def readable(request: Request) -> Any:
    """The body as the log keeps it: JSON, a form, or text."""
    if not request.body:
        return None
    text = request.body.decode(errors="replace")
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(text, keep_blank_values=True))
    try:
        return json.loads(text)
    except ValueError:
        return text
