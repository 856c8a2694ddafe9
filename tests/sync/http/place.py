"""A practice of a stranger: a directory, the program, and an emulated Google at the other end of a socket."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from couchcal.store.connection import Database
from tests.google.emulator import CLIENT_ID, Emulator
from tests.google.server import EmulatorServer
from tests.support.practice import make_practice
from tests.sync.http.processes import Done, Running, Starter

EMAIL = "dr.quill@example.com"
ZONE = "America/New_York"
HURRY = 50.0
SYNC_KEYS = {"status", "calendars", "pending", "blocked", "review", "last_ok", "next_try"}
CALENDAR_KEYS = {"id", "name", "pulled", "pushed", "deleted", "requests"}
PATIENCE_S = 60.0


def until(condition: Callable[[], object]) -> None:
    """Wait for something to come about."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


class Place:
    """One practice, not made yet, and Google's side of it.

    Args:
        profile, toggles: of the emulator.
        hurry: how much faster pauses between tries pass than for a person.
    """

    def __init__(
        self, directory: Path, starter: Starter, env: dict[str, str], profile: str | None = None, *,
        hurry: float = HURRY, **toggles: Any,
    ) -> None:  # fmt: skip
        self.directory, self.home = directory, directory / "home"
        self.starter, self.hurry = starter, hurry
        toggles = {"max_calls_idle": 3} | toggles  # the list of calendars, and two of them read
        self.emulator = Emulator(profile, seed=1, **toggles)
        self.emulator.control("clock", {"set": datetime.now(UTC).isoformat()})
        self.emulator.add_user(EMAIL, ZONE)
        self.server = EmulatorServer(self.emulator)
        self.server.start()
        self._ticking = meanwhile(self._tick)
        self.secrets = directory / "client_secret.json"
        self.secrets.write_text(json.dumps(self.emulator.client_secrets(self.server.base)), "utf-8")
        self.env = {
            **env,
            "COUCHCAL_HOME": str(self.home),
            "COUCHCAL_GOOGLE_CLIENT_SECRETS": str(self.secrets),
            "COUCHCAL_GOOGLE_API_URL": f"{self.server.base}/calendar/v3",
        }
        self.said: list[tuple[tuple[str, ...], Done]] = []
        self.by_hand: set[int] = set()

    def close(self) -> None:
        """End Google."""
        self.server.close()
        self._ticking.join()

    def _tick(self) -> None:
        """Google's time goes as fast as the program's pauses pass."""
        before = time.monotonic()
        while not self.server.closing.wait(0.01):
            now = time.monotonic()
            with self.emulator.lock:
                self.emulator.advance(int((now - before) * self.hurry * 1_000_000))
            before = now

    # the program

    def start(self, *argv: str, stdin: Path | None = None) -> Running:
        """Start a command."""
        first = len(self.emulator.log) + 1
        self.by_hand.update((first, first + 1))  # a request, and perhaps one for a token before it
        return self.starter.start(argv, self.env, self.directory, stdin, self.hurry)

    def run(self, *argv: str, code: int = 0) -> Done:
        """Run a command and check how it ends."""
        return self.ended(self.start(*argv), code)

    def ended(self, running: Running, code: int = 0) -> Done:
        """What a command came to: its exit code, one line for an error, no traceback."""
        done = self.told(running)
        assert done.code == code, (running.argv, done)
        assert "Traceback" not in done.err + done.out, done
        errors = [line for line in done.err.splitlines() if line.startswith("couchcal: error: ")]
        assert len(errors) == (code != 0), done
        return done

    def told(self, running: Running) -> Done:
        """What a command came to, whatever it is."""
        done = running.wait()
        self.said.append((running.argv, done))
        return done

    def json(self, *argv: str, code: int = 0) -> Any:
        """Run it with `--json`."""
        return self.run(*argv, "--json", code=code).json()

    def sync(self, *argv: str, code: int = 0) -> dict[str, Any]:
        """`couchcal sync --json`, every key of the contract in it."""
        report: dict[str, Any] = self.json("sync", *argv, code=code)
        assert set(report) == SYNC_KEYS, report
        assert all(set(each) == CALENDAR_KEYS for each in report["calendars"])
        assert all(set(each) == {"id", "reason"} for each in report["blocked"])
        assert all(set(each) == {"id", "kind", "detail"} for each in report["review"])
        for name in ("last_ok", "next_try"):
            assert report[name] is None or datetime.fromisoformat(report[name]).tzinfo is not None
        return report

    def settled(self, cycles: int = 4) -> None:
        """Sync until nothing is to be done, then once more: nothing is written, and the judge has no complaint."""
        for _ in range(cycles):
            report = self.sync()
            if not report["pending"] and not any(
                each["pulled"] or each["pushed"] or each["deleted"] for each in report["calendars"]
            ):
                break
        assert report["pending"] == 0, report
        since = len(self.emulator.log)
        self.sync()
        found = self.lint(quiescent_since=since)
        assert found == [], [(each, self.line(each["seq"])) for each in found]

    # the practice

    def made(self, encrypt: bool = False) -> Database:
        """Make the practice at once, with two clients."""
        database = make_practice(self.home, encrypt, tz=ZONE)
        self.json("client", "add", "Wilhelmina Ashgrove")
        self.json("client", "add", "Thaddeus Moorland")
        return database

    def connected(self) -> None:
        """`couchcal google connect`, and a person who consents."""
        self.ended(self.connecting(self.start("google", "connect", "--no-browser")))

    def connecting(self, running: Running) -> Running:
        """Consent: open the printed address, follow the redirect."""
        browse(self.address(running))
        return running

    def address(self, running: Running) -> str:
        """The address that `google connect` prints."""
        until(lambda: "\n" in running.out.read_text("utf-8") or running.poll() is not None)
        found = re.findall(r"http://\S+/o/oauth2/v2/auth\?\S+", running.out.read_text("utf-8"))
        assert len(found) == 1, running.wait()
        return str(found[0])

    def add(self, when: str, what: str = "50m C-0001 90834") -> str:
        """Add an entry; its id."""
        return str(self.json("add", when, *what.split())["id"])

    # Google

    def control(self, path: str, method: str = "POST", **body: Any) -> dict[str, Any]:
        """A control call of the emulator."""
        return self.emulator.control(path, body, method)

    def fault(self, kind: str, op: str = "", times: int | None = None, **action: Any) -> str:
        """Let requests go wrong, of one operation or all."""
        match = {"op": op} if op else {}
        body = {"match": match, "action": {"type": kind, **action}} | ({"times": times} if times else {})
        return str(self.emulator.control("faults", body)["ids"][0])

    def well(self) -> None:
        """No faults any more."""
        self.emulator.control("faults", {}, "DELETE")

    def person(self, op: str, event: str = "", **body: Any) -> dict[str, Any]:
        """What a person does in Google, in our calendar if none is named."""
        where = {"calendar": self.target, "scope": "this"} | ({"event": event} if event else {})
        return self.emulator.control(f"ui/{EMAIL}/{op}", where | body)

    @property
    def targets(self) -> list[str]:
        """The calendars the program made that are there."""
        found = self.emulator.world.calendars.items()
        return [name for name, each in found if each.creator_client == CLIENT_ID and not each.deleted]

    @property
    def target(self) -> str:
        """The one calendar the program made."""
        (found,) = self.targets
        return found

    def events(self, calendar: str = "") -> list[dict[str, Any]]:
        """The live events of a calendar, ours if none is named, by their start."""
        view = self.emulator.control(f"expect?calendar={calendar or self.target}", method="GET")
        return sorted(view["events"], key=lambda event: str(event["start"]))

    def live(self) -> dict[str, dict[str, Any]]:
        """The live events of our calendar by their start on the wall."""
        found = {event["start"].get("wall", event["start"].get("date")): event for event in self.events()}
        assert len(found) == len(self.events())
        return found

    def lint(self, **given: int) -> list[dict[str, Any]]:
        """What the judge of the traffic has found. That a person tries again by hand at once is no fault."""
        query = "&".join(f"{name}={value}" for name, value in given.items())
        found = self.emulator.control(f"lint?{query}", method="GET")["violations"]
        return [each for each in found if not (each["rule"] == "retry-too-soon" and each["seq"] in self.by_hand)]

    def line(self, seq: int) -> str:
        """A request of the log."""
        entry = self.emulator.log[seq - 1]
        return f"{entry.op} {entry.status} {entry.reason} {entry.if_match} {entry.fault} {entry.body}"

    def requests(self, op: str = "", since: int = 0) -> int:
        """How many requests there were."""
        return sum(1 for entry in self.emulator.log[since:] if not op or entry.op == op)

    def writes(self, since: int = 0) -> list[str]:
        """The operations since a place in the log that change something."""
        reading = ("list", "get", "token", "auth", "revoke")
        return [entry.op for entry in self.emulator.log[since:] if not entry.op.endswith(reading)]


class _Redirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_about: Any) -> None:
        return None


def consent(url: str) -> str:
    """Answer Google's question; where the browser is sent then."""
    opener = urllib.request.build_opener(_Redirect)
    try:
        opener.open(url, timeout=PATIENCE_S)
    except urllib.error.HTTPError as answer:
        return str(answer.headers["Location"])
    raise AssertionError("there was no redirect")


def get(url: str) -> tuple[int, str]:
    """Open a page; status and text."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:  # noqa: S310  addresses of this computer
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()


def browse(url: str) -> tuple[int, str]:
    """Consent, and follow the redirect back to the program."""
    return get(consent(url))


def meanwhile(work: Callable[[], object]) -> threading.Thread:
    """Work in another thread."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def wall(text: str) -> datetime:
    """A wall time of the practice's zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE))
