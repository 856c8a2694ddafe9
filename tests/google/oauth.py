"""OAuth: consent, tokens and their end (§ OAuth). Answers are those of Google's endpoints for desktop programs."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.google.access import KNOWN_SCOPES, SCOPE_PREFIX, short
from tests.google.grants import LIFETIME_S, add_access, add_grant, is_dead
from tests.google.messages import Request, Response, json_response
from tests.google.model import Grant, LogEntry, User
from tests.google.world import World

if TYPE_CHECKING:
    from tests.google.emulator import Emulator

CODE_LIFETIME_US = 600_000_000
_IDENTITY = {"openid", "email", "profile", SCOPE_PREFIX + "userinfo.email", SCOPE_PREFIX + "userinfo.profile"}
_DEAD = "Token has been expired or revoked."


@dataclass
class Code:
    """An authorization code: good once, for ten minutes."""

    email: str
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str | None
    method: str
    offline: bool
    fresh: bool  # a consent was asked for and given
    issued_us: int


class OAuthError(Exception):
    """A refusal of the token endpoint."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}

    def response(self) -> Response:
        return json_response(self.body, self.status)


def respond(emulator: Emulator, request: Request, entry: LogEntry) -> Response:
    """The answer of an OAuth endpoint; `entry.op` names it."""
    try:
        return _ENDPOINTS[entry.op](emulator, request, entry)
    except OAuthError as error:
        entry.reason = error.body["error"]
        return error.response()


def _auth(emulator: Emulator, request: Request, entry: LogEntry) -> Response:
    world, config = emulator.world, emulator.config
    given = dict(request.query)
    redirect = given.get("redirect_uri", "")
    if given.get("client_id") not in emulator.clients:
        raise OAuthError("invalid_client", "The OAuth client was not found.", 401)
    if not is_loopback(redirect):
        raise OAuthError("invalid_request", "You can't sign in: the redirect_uri is not allowed.")
    if given.get("response_type") != "code" or not given.get("scope"):
        raise OAuthError("invalid_request", "Required parameter is missing: response_type=code and scope.")
    method = given.get("code_challenge_method", "plain")
    if method not in ("S256", "plain"):
        raise OAuthError("invalid_request", "Invalid code_challenge_method.")
    asked = tuple(dict.fromkeys(given["scope"].split()))
    if any(scope not in _IDENTITY and short(scope) not in KNOWN_SCOPES for scope in asked):
        raise OAuthError("invalid_scope", "Some requested scopes were invalid.")
    user = _who(world, given.get("login_hint"))
    entry.user, entry.client_id = user.email, given["client_id"]
    if config.consent == "hang":
        return Response(200, wire="hang")
    state = {"state": given["state"]} if "state" in given else {}
    favicon = None
    if config.favicon_first:
        parts = urlsplit(redirect)
        favicon = f"{parts.scheme}://{parts.netloc}/favicon.ico"
    if config.consent == "deny":
        return _redirect(redirect, {"error": "access_denied"} | state, favicon)
    unticked = {short(scope) for scope in config.consent_uncheck} if config.consent == "uncheck" else set()
    scopes = [scope for scope in asked if short(scope) not in unticked]
    known = [
        grant
        for grant in world.grants
        if (grant.email, grant.client_id) == (user.email, given["client_id"]) and not is_dead(world, grant)
    ]
    if given.get("include_granted_scopes") == "true":
        scopes += [scope for grant in known for scope in grant.scopes]
    fresh = "consent" in given.get("prompt", "").split() or not known
    code = f"4/0A{world.new_id(60)}"
    emulator.codes[code] = Code(
        user.email,
        given["client_id"],
        redirect,
        tuple(dict.fromkeys(scopes)),
        given.get("code_challenge"),
        method,
        given.get("access_type") == "offline",
        fresh,
        world.clock.now_us,
    )
    answer = {"code": code, "scope": " ".join(emulator.codes[code].scopes)}
    return _redirect(redirect, answer | state, favicon)


def _who(world: World, hint: str | None) -> User:
    if hint in world.users:
        return world.users[str(hint)]
    if not world.users:
        raise OAuthError("access_denied", "There is no account to sign in with.")
    return next(iter(world.users.values()))


def is_loopback(uri: str) -> bool:
    """Whether a redirect goes to a port of this machine, by plain http."""
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1") and not parts.fragment


def _redirect(uri: str, answer: dict[str, str], favicon: str | None) -> Response:
    joint = "&" if "?" in uri else "?"
    return Response(302, {"Location": f"{uri}{joint}{urlencode(answer)}"}, favicon=favicon)


def _form(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "The request body is not form-encoded.")
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True))


def _token(emulator: Emulator, request: Request, entry: LogEntry) -> Response:
    form = _form(request)
    client = form.get("client_id", "")
    entry.client_id, entry.body = client, form
    if emulator.clients.get(client) != form.get("client_secret"):
        raise OAuthError("invalid_client", "The OAuth client was not found.", 401)
    if form.get("grant_type") == "authorization_code":
        return _exchange(emulator, form, entry)
    if form.get("grant_type") == "refresh_token":
        return _refresh(emulator, form, entry)
    raise OAuthError("unsupported_grant_type", "Invalid grant_type.")


def _exchange(emulator: Emulator, form: dict[str, str], entry: LogEntry) -> Response:
    world = emulator.world
    code = emulator.codes.pop(form.get("code", ""), None)
    if code is None or world.clock.now_us - code.issued_us > CODE_LIFETIME_US:
        raise OAuthError("invalid_grant", "Bad Request")
    if code.client_id != form["client_id"]:
        raise OAuthError("unauthorized_client", "Unauthorized")
    if code.redirect_uri != form.get("redirect_uri"):
        raise OAuthError("redirect_uri_mismatch", "Bad Request")
    if code.challenge is not None and _challenge(code.method, form.get("code_verifier", "")) != code.challenge:
        raise OAuthError("invalid_grant", "Invalid code verifier.")
    entry.user = code.email
    keeps = code.offline and code.fresh
    grant = add_grant(world, code.email, code.client_id, code.scopes, offline=keeps)
    return _tokens(emulator, grant, entry, {"refresh_token": str(grant.refresh_token)} if keeps else {})


def _challenge(method: str, verifier: str) -> str:
    if method == "plain":
        return verifier
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _refresh(emulator: Emulator, form: dict[str, str], entry: LogEntry) -> Response:
    world = emulator.world
    refresh = form.get("refresh_token")
    grant = next((one for one in world.grants if refresh and one.refresh_token == refresh), None)
    if grant is None or is_dead(world, grant):
        raise OAuthError("invalid_grant", _DEAD)
    entry.user = grant.email
    if grant.client_id != form["client_id"]:
        raise OAuthError("unauthorized_client", "Unauthorized")
    if not set(form.get("scope", "").split()) <= set(grant.scopes):
        raise OAuthError("invalid_scope", "Some requested scopes were invalid.")
    if not emulator.config.rotate_refresh:
        return _tokens(emulator, grant, entry, {})
    grant.revoked = True
    new = add_grant(world, grant.email, grant.client_id, grant.scopes)
    new.issued_us = grant.issued_us
    return _tokens(emulator, new, entry, {"refresh_token": str(new.refresh_token)})


def _tokens(emulator: Emulator, grant: Grant, entry: LogEntry, more: dict[str, str]) -> Response:
    token = add_access(emulator.world, grant)
    entry.token_id, entry.applied = token.value[-8:], 1
    body: dict[str, object] = {
        "access_token": token.value,
        "expires_in": LIFETIME_S,
        "scope": " ".join(grant.scopes),
        "token_type": "Bearer",
        **more,
    }
    if "openid" in grant.scopes:
        body["id_token"] = _id_token(emulator.world, grant)
    return json_response(body)


def _id_token(world: World, grant: Grant) -> str:
    now = world.clock.now_us // 1_000_000
    claims = {
        "iss": "https://accounts.google.com",
        "azp": grant.client_id,
        "aud": grant.client_id,
        "sub": str(int(hashlib.sha256(grant.email.encode()).hexdigest()[:16], 16)),
        "email": grant.email,
        "email_verified": True,
        "iat": now,
        "exp": now + LIFETIME_S,
    }
    parts = [{"alg": "RS256", "typ": "JWT"}, claims]
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join((*texts, "c2lnbmF0dXJl"))


def _revoke(emulator: Emulator, request: Request, entry: LogEntry) -> Response:
    given = dict(request.query)
    if request.body:
        given |= _form(request)
    grant = _holder(emulator.world, given.get("token", ""))
    if grant is None or grant.revoked:
        raise OAuthError("invalid_token", "Token expired or revoked")
    grant.revoked = True
    entry.user, entry.applied = grant.email, 1
    return json_response({})


def _holder(world: World, token: str) -> Grant | None:
    access = world.access.get(token)
    if access is not None:
        return access.grant
    return next((grant for grant in world.grants if token and grant.refresh_token == token), None)


def _tokeninfo(emulator: Emulator, request: Request, entry: LogEntry) -> Response:
    world = emulator.world
    given = dict(request.query)
    if request.body:
        given |= _form(request)
    token = world.access.get(given.get("access_token", ""))
    if token is None or token.grant.revoked or token.expires_us <= world.clock.now_us:
        raise OAuthError("invalid_token", "Invalid Value")
    left = (token.expires_us - world.clock.now_us) // 1_000_000
    body = {
        "azp": token.grant.client_id,
        "aud": token.grant.client_id,
        "scope": " ".join(token.grant.scopes),
        "exp": str(token.expires_us // 1_000_000),
        "expires_in": str(left),
        "email": token.grant.email,
        "access_type": "offline" if token.grant.refresh_token else "online",
    }
    return json_response(body)


def _device(emulator: Emulator, request: Request, entry: LogEntry) -> Response:
    form = _form(request)
    if form.get("client_id") not in emulator.clients:
        raise OAuthError("invalid_client", "The OAuth client was not found.", 401)
    if not form.get("scope") or any(scope not in _IDENTITY for scope in form["scope"].split()):
        raise OAuthError("invalid_scope", "Invalid device flow scope.")
    code = emulator.world.new_id(8).upper()
    body = {
        "device_code": f"AH-1{emulator.world.new_id(40)}",
        "user_code": f"{code[:4]}-{code[4:]}",
        "verification_url": "https://www.google.com/device",
        "expires_in": 1800,
        "interval": 5,
    }
    return json_response(body)


_ENDPOINTS: dict[str, Callable[[Emulator, Request, LogEntry], Response]] = {
    "oauth.auth": _auth,
    "oauth.token": _token,
    "oauth.revoke": _revoke,
    "oauth.tokeninfo": _tokeninfo,
    "oauth.device": _device,
}
