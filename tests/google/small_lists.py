"""Pages and deltas of the lists that are not events: calendars of a user, rules of a calendar, settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.google.context import Context
from tests.google.messages import bad_sync_token, full_sync_required, invalid
from tests.google.model import Json
from tests.google.reading import fingerprint
from tests.google.tokens import Token
from tests.google.walks import Walk


@dataclass(frozen=True)
class SmallList:
    """`name` binds its tokens; `rev` is its present revision; tokens issued before `valid_from_us` are void.

    `whole()` gives all ids, `since(rev)` those that changed after a revision.
    """

    name: str
    rev: int
    valid_from_us: int
    whole: Callable[[], list[str]]
    since: Callable[[int], list[str]]


def page_of(context: Context, small: SmallList, most: int, fixed: set[str]) -> tuple[list[str], Json]:
    """The ids of the asked page and the envelope's nextPageToken or nextSyncToken.

    `fixed` names the parameters that do not bind a sync token. Raises 400 for a token that does not fit, 410 for
    one that is void.
    """
    query, world, emulator = context.query, context.world, context.emulator
    size = query.number("maxResults", 100, most)
    marks = fingerprint(query, {"pageToken", "syncToken"})
    sync_marks = fingerprint(query, {"pageToken", "syncToken", "maxResults", *fixed})
    number, position = 0, 0
    page_token, sync_token = query.get("pageToken"), query.get("syncToken")
    if page_token is not None:
        token = opened(context, small, page_token, "page", marks)
        found = None if token is None else emulator.walks.get(token.walk)
        if token is None or found is None:
            raise invalid("Invalid page token value.", ("parameter", "pageToken"))
        walk, number, position = found, token.walk, token.position
    elif sync_token is not None:
        token = opened(context, small, sync_token, "sync", sync_marks)
        if token is None:
            raise bad_sync_token()
        old = token.issued_us < world.clock.now_us - world.config.sync_token_ttl_s * 1_000_000
        if old or token.issued_us < small.valid_from_us:
            raise full_sync_required()
        walk = Walk(context.user.email, small.name, marks, tuple(small.since(token.rev)), small.rev, token.rev)
    else:
        walk = Walk(context.user.email, small.name, marks, tuple(small.whole()), small.rev)
    number = number or emulator.walks.add(walk)
    after = position + size
    issued = world.clock.stamp()
    email, rev = context.user.email, walk.rev
    if after < len(walk.ids):
        token = Token("page", email, small.name, marks, issued, rev=rev, walk=number, position=after)
        envelope = {"nextPageToken": emulator.sealer.seal(token)}
    else:
        token = Token("sync", email, small.name, sync_marks, issued, rev=rev)
        envelope = {"nextSyncToken": emulator.sealer.seal(token)}
    return list(walk.ids[position:after]), envelope


def opened(context: Context, small: SmallList, text: str, kind: str, marks: str) -> Token | None:
    token = context.emulator.sealer.open(text)
    if token is None or token.kind != kind or token.fingerprint != marks:
        return None
    return token if (token.user, token.calendar) == (context.user.email, small.name) else None
