"""Visitors of the booking page, a process of their own: `python -m bench.web_load`, a plan as JSON on stdin.

Arrivals are an open loop: each has its moment, whether those before it have their answers or not, and its time
counts from that moment. Each visitor has a network of their own, as a proxy would tell it.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode

FORM_AGE_S = 2.2
"""A form that is sent sooner is none of a person's."""
FORMS_BEFORE_S = 4.0
"""How long before a booking's moment its form is fetched."""
_FIELD = re.compile(rb'<input type="hidden" name="(\w+)" value="([^"]*)"')
_COOKIE = re.compile(rb"set-cookie: (couchcal=[^;]+)", re.IGNORECASE)
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_PATIENCE_S = 30.0


class Answer(NamedTuple):
    """Status, head and body; status 0 is no answer at all."""

    status: int
    head: bytes
    body: bytes


class Server:
    """The server at a port of this machine. Connections are kept and used again, as by a proxy."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter, float]] = []

    async def ask(self, visitor: int, path: str, *, form: dict[str, str] | None = None, cookie: str = "") -> Answer:
        """One request, over a connection of its own or one that is free again."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await self._ask(visitor, path, form, cookie)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            return Answer(0, b"", b"")

    async def _ask(self, visitor: int, path: str, form: dict[str, str] | None, cookie: str) -> Answer:
        body = urlencode(form).encode() if form is not None else b""
        lines = [
            f"{'GET' if form is None else 'POST'} {path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Accept-Language: en-US",
        ]
        lines.append(f"X-Forwarded-For: 10.{visitor >> 8 & 255}.{visitor & 255}.7")
        if cookie:
            lines.append(f"Cookie: {cookie}")
        if form is not None:
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        reader, writer = await self._connection()
        writer.write("\r\n".join([*lines, "\r\n"]).encode() + body)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        found = await reader.readexactly(int(length[1])) if length else b""
        if b"connection: close" in head.lower():
            writer.close()
        else:
            self._idle.append((reader, writer, time.monotonic()))
        return Answer(int(head.split(b" ", 2)[1]), head, found)

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer, since = self._idle.pop()
            if time.monotonic() - since < 3 and not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self._port)


@dataclass
class Load:
    """What is asked for, and what came of it: by kind the seconds of each answer, and the statuses."""

    server: Server
    plan: dict[str, Any]

    def __post_init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.statuses: dict[str, dict[str, int]] = {}
        self._chance = random.Random(7)  # noqa: S311  no secret
        self._visitor = int(self.plan["visitors_from"])

    async def run(self) -> dict[str, Any]:
        """All arrivals of the plan, to their answers."""
        begin = time.perf_counter() + FORMS_BEFORE_S
        rate, lasts = float(self.plan["rate"]), float(self.plan["seconds"])
        bookings = self.plan["bookings"]
        tasks = [
            asyncio.create_task(self._book(begin + lasts * (n + 0.5) / len(bookings), at))
            for n, at in enumerate(bookings)
        ]
        moment = begin
        while rate and (moment := moment + self._chance.expovariate(rate)) < begin + lasts:
            kind, path = self._chance.choice(self.plan["pages"])
            tasks.append(asyncio.create_task(self._look(moment, kind, path)))
        await asyncio.gather(*tasks)
        return {"seconds": self.seconds, "statuses": self.statuses, "lasted": time.perf_counter() - begin}

    def _anybody(self) -> int:
        self._visitor += 1
        return self._visitor

    async def _look(self, moment: float, kind: str, path: str) -> None:
        await _until(moment)
        self._note(kind, moment, await self.server.ask(self._anybody(), path))

    async def _book(self, moment: float, at: str) -> None:
        visitor = self._anybody()
        path = f"{self.plan['details']}&{urlencode({'at': at})}"
        await _until(moment - FORMS_BEFORE_S + self._chance.random())
        asked = time.perf_counter()
        shown = await self.server.ask(visitor, path)
        self._note("form", asked, shown)
        cookie = _COOKIE.search(shown.head)
        fields = {name.decode(): value.decode() for name, value in _FIELD.findall(shown.body)}
        await _until(max(moment, asked + FORM_AGE_S))
        form = {**fields, "name": f"Dee {visitor}", "email": f"dee{visitor}@example.org", "phone": "", "note": ""}
        sent = max(moment, asked + FORM_AGE_S)
        action = self.plan["details"].partition("?")[0]
        self._note(
            "booking",
            sent,
            await self.server.ask(visitor, action, form=form, cookie=cookie[1].decode() if cookie else ""),
        )

    def _note(self, kind: str, since: float, answer: Answer) -> None:
        self.seconds.setdefault(kind, []).append(time.perf_counter() - since)
        counts = self.statuses.setdefault(kind, {})
        counts[str(answer.status)] = counts.get(str(answer.status), 0) + 1


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.perf_counter()))


async def _main() -> None:
    plan = json.loads(sys.stdin.read())
    found = await Load(Server(plan["port"]), plan).run()
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(_main())
