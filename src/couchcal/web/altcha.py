"""Proof of work before a form counts (ALTCHA, self-hosted): a browser computes for a moment, nobody else is asked.

A challenge is made for one form and signed, so its solution is worth nothing for another one; it expires with the
form. What was solved is kept until then, and counts for one content of the form only: a double click is still one
wish, and the same work never pays for a second one.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from couchcal.web.security import LATEST

FIELD = "altcha"
"""The field of the form that the solution comes in."""
MOST_KEPT = 10_000
"""Solved challenges that are remembered; with more the oldest go, and what is as old as these counts no more."""
_ALGORITHM = "PBKDF2/SHA-256"
_LONGEST = 4096


class Work(NamedTuple):
    """How hard a challenge is: rounds of PBKDF2 for each try, and between how many tries the right one is."""

    rounds: int = 5_000
    fewest: int = 100
    most: int = 300


USUAL = Work()
"""Less than a second of a computer, a few of an old telephone, while the form is filled in."""


class WorkRefused(Exception):
    """A form without its work: `missing`, `wrong` (maybe of another form), too `late`, `used` for another wish."""

    def __init__(self, why: Literal["missing", "wrong", "late", "used"]) -> None:
        super().__init__(why)
        self.why = why


class Altcha:
    """Makes challenges for forms, and checks what comes back. Safe to use from several threads.

    Args:
        key: the secret of this site; what it signs is worth nothing elsewhere.
    """

    def __init__(self, key: bytes | None = None, *, work: Work = USUAL, most_kept: int = MOST_KEPT) -> None:
        self._key = key or secrets.token_bytes(32)
        self._work, self._most_kept = work, most_kept
        self._used: OrderedDict[str, tuple[int, bytes]] = OrderedDict()
        """Solved challenges by the nonce of their form: when they were made, and what they were used for."""
        self._forgotten = 0
        """When the youngest one was made that had to be forgotten before its time."""
        self._lock = threading.Lock()

    def challenge(self, form: str, now: datetime) -> dict[str, Any]:
        """A challenge for the form with this nonce, as JSON that the script of the page solves."""
        import altcha

        tries = self._work.fewest + secrets.randbelow(self._work.most - self._work.fewest)
        made: dict[str, Any] = altcha.create_challenge(
            _ALGORITHM,
            self._work.rounds,
            counter=tries,
            data={"form": form, "made": int(now.timestamp())},
            hmac_secret=self._key,
        ).to_dict()
        return made

    def check(self, field: str, form: str, content: Mapping[str, str], now: datetime) -> None:
        """See to it that the work for the form with this nonce was done, and for nothing but `content`.

        Raises:
            WorkRefused: it was not.
        """
        import altcha

        if not field:
            raise WorkRefused("missing")
        if len(field) > _LONGEST or not altcha.verify_solution(field, self._key).verified:
            raise WorkRefused("wrong")
        data = altcha.Payload.from_base64(field).challenge.parameters.data or {}
        made = data.get("made")
        if data.get("form") != form or not isinstance(made, int):
            raise WorkRefused("wrong")
        if int(now.timestamp()) - made > LATEST.total_seconds():
            raise WorkRefused("late")
        self._spend(form, made, _digest(content), int(now.timestamp()))

    def _spend(self, form: str, made: int, digest: bytes, now: int) -> None:
        with self._lock:
            before = self._used.get(form)
            if before is not None:
                if before[1] != digest:
                    raise WorkRefused("used")
                return
            if made <= self._forgotten:
                raise WorkRefused("late")
            while self._used and now - next(iter(self._used.values()))[0] > LATEST.total_seconds():
                self._used.popitem(last=False)
            if len(self._used) >= self._most_kept:
                _, (oldest, _) = self._used.popitem(last=False)
                self._forgotten = max(self._forgotten, oldest)
            self._used[form] = made, digest


def _digest(content: Mapping[str, str]) -> bytes:
    """What stands for the content of a form, and says nothing of it."""
    found = hashlib.sha256()
    for name, value in sorted(content.items()):
        for part in (name, value):
            data = part.encode()
            found.update(len(data).to_bytes(4) + data)
    return found.digest()
