"""Grants and access tokens: how they come about, whom they let in, when they are dead (§ OAuth)."""

from __future__ import annotations

from collections.abc import Iterable

from tests.google.config import DAY_S
from tests.google.messages import bad_credentials
from tests.google.model import AccessToken, Grant
from tests.google.world import World

LIFETIME_S = 3599
TESTING_LIFETIME_US = 7 * DAY_S * 1_000_000
UNUSED_LIFETIME_US = 182 * DAY_S * 1_000_000
MOST_LIVE = 100


def caller(world: World, header: str | None) -> AccessToken:
    """The live access token of an Authorization header. Raises 401."""
    kind, _, value = (header or "").partition(" ")
    token = world.access.get(value.strip())
    if kind.lower() != "bearer" or token is None or token.grant.revoked:
        raise bad_credentials()
    if token.expires_us <= world.clock.now_us or is_dead(world, token.grant, unused=False):
        raise bad_credentials()
    return token


def is_dead(world: World, grant: Grant, *, unused: bool = True) -> bool:
    """Whether a grant is revoked, past the week of a program in testing, or (`unused`) idle for six months."""
    now = world.clock.now_us
    testing = grant.testing or world.config.testing_mode
    return (
        grant.revoked
        or (testing and now - grant.issued_us > TESTING_LIFETIME_US)
        or (unused and now - grant.last_used_us > UNUSED_LIFETIME_US)
    )


def add_grant(world: World, email: str, client_id: str, scopes: Iterable[str], offline: bool = True) -> Grant:
    """A given consent. The oldest live refresh token of user and client dies beyond a hundred."""
    now = world.clock.now_us
    refresh = f"1//0{world.new_id(40)}-{world.new_id(20)}" if offline else None
    grant = Grant(refresh, email, client_id, tuple(scopes), now, now, testing=world.config.testing_mode)
    world.grants.append(grant)
    live = [
        one
        for one in world.grants
        if (one.email, one.client_id) == (email, client_id) and one.refresh_token and not is_dead(world, one)
    ]
    for old in live[:-MOST_LIVE]:
        old.revoked = True
    return grant


def add_access(world: World, grant: Grant) -> AccessToken:
    now = world.clock.now_us
    grant.last_used_us = now
    token = AccessToken(f"ya29.a0{world.new_id(60)}", grant, now + (LIFETIME_S + 1) * 1_000_000)
    world.access[token.value] = token
    return token
