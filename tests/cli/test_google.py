"""`couchcal google` against an emulated Google over real sockets."""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from couchcal.errors import EXIT_NEEDS_SIGN_IN, EXIT_REMOTE
from tests.cli.conftest import Cli
from tests.google.emulator import Emulator
from tests.google.server import EmulatorServer
from tests.sync.google.browser import consent, go

EMAIL = "ada@example.com"


@pytest.fixture(scope="module")
def running() -> Iterator[EmulatorServer]:
    server = EmulatorServer(Emulator())
    server.start()
    yield server
    server.close()


@pytest.fixture
def google(running: EmulatorServer, bare: Cli, isolated_home: Path, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """Ada's account with a calendar `Home`, one of Bob's that she may read, and the client file in its place."""
    emulator = running.emulator
    users = [{"email": EMAIL, "timezone": "Europe/Berlin"}, {"email": "bob@example.com"}]
    emulator.control("reset", {"seed": 1, "profile": "friendly", "users": users})
    emulator.control("calendars", {"owner": EMAIL, "id": "home@group.calendar.google.com", "summary": "Home"})
    emulator.control("calendars", {"owner": "bob@example.com", "summary": "Bob's", "acl": {EMAIL: "reader"}})
    path = isolated_home / "client_secret.json"
    path.write_text(json.dumps(emulator.client_secrets(running.base)))
    monkeypatch.setenv("COUCHCAL_GOOGLE_API_URL", f"{running.base}/calendar/v3")
    monkeypatch.setattr("couchcal.sync.google.tokens.usable_keyring", lambda: None)
    monkeypatch.setattr("couchcal.sync.google.browser.has_screen", lambda: False)
    return emulator


class Watching(io.StringIO):
    """Standard output with a person behind it, who goes to every address it shows."""

    def write(self, text: str) -> int:
        if text.startswith("http"):
            go(text.strip())
        return super().write(text)


def connect(bare: Cli, monkeypatch: pytest.MonkeyPatch, *words: str, code: int = 0) -> tuple[str, str]:
    """Sign in; what was printed."""
    with monkeypatch.context() as patch:
        watching = Watching()
        patch.setattr(sys, "stdout", watching)
        found = bare("google", "connect", *words, code=code)
        return watching.getvalue(), found.err


def test_connecting(google: Emulator, bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:  # SYNC-07, SYNC-08
    out, err = connect(bare, monkeypatch, "--calendar", "Practice")
    address, *rest = out.splitlines()
    assert address.startswith("http://127.0.0.1")
    assert rest == [
        f"Connected to {EMAIL}; appointments go to its calendar Practice.",
        "couchcal sync sends them now; the calendar on the screen does it by itself.",
        f"couchcal google enable '{EMAIL}' shows what is in it here, too.",
    ]
    assert "Open this address in a browser" in err
    assert "not encrypted" in err, "the database of this test is plain"
    assert bare("google", "calendars").out.splitlines() == [
        "writes  Practice         your appointments go here",
        f"off     {EMAIL}  primary",
        "off     Home",
        "-       Bob's            shared read-only; import it into one of your own",
    ]
    target = bare.json("google", "calendars")[0]
    assert (target["name"], target["role"], target["enabled"], target["primary"]) == (
        "Practice",
        "target",
        True,
        False,
    )
    assert (target["access"], target["selectable"], target["state"]) == ("owner", False, "")
    assert target["time_zone"] == "America/New_York"


def test_choosing_calendars(
    google: Emulator, bare: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:  # SYNC-10, SYNC-24
    connect(bare, monkeypatch)
    assert bare("google", "enable", "hom").out == "Home is read from now on; couchcal sync reads it now.\n"
    assert bare.json("google", "enable", "home@group.calendar.google.com")["enabled"] is True
    assert "shared read-only" in bare("google", "enable", "Bob's", code=1).err
    assert "your appointments go here" in bare("google", "enable", "couchcal", code=1).err
    assert "no calendar 'nothing'" in bare("google", "enable", "nothing", code=1).err
    assert "read no more" in bare("google", "disable", "Home").out
    google.control("calendars", {"owner": EMAIL, "summary": "Just made"})
    assert "Just made is read" in bare("google", "enable", "just").out


def test_disconnecting(google: Emulator, bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:  # SYNC-25
    connect(bare, monkeypatch)
    assert "add --yes" in bare("google", "disconnect", code=2).err
    assert bare("google", "disconnect", "--yes").out.startswith(f"Disconnected from {EMAIL}.")
    for words in (("calendars",), ("enable", "Home"), ("disconnect", "--yes")):
        found = bare("google", *words, code=EXIT_NEEDS_SIGN_IN)
        assert "couchcal google connect" in found.err
    assert all(grant.revoked for grant in google.world.grants)


def test_a_sign_in_that_ended(google: Emulator, bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:  # SYNC-25
    connect(bare, monkeypatch)
    google.control("revoke_grant", {"email": EMAIL})
    error = bare.json("google", "calendars", code=EXIT_NEEDS_SIGN_IN)["error"]
    assert error["code"] == "needs_auth"
    assert bare.rows("SELECT state FROM calendar_account") == [("needs_auth",)]
    connect(bare, monkeypatch)
    assert bare.rows("SELECT state FROM calendar_account") == [("ok",)]


def test_without_a_network_the_list_is_the_last_one(
    google: Emulator, bare: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(bare, monkeypatch)
    known = bare.json("google", "calendars")
    monkeypatch.setenv("COUCHCAL_GOOGLE_API_URL", "http://127.0.0.1:9/calendar/v3")
    found = bare("google", "calendars", "--json")
    assert json.loads(found.out) == known
    assert "as it was last" in found.err


def test_saying_no_and_leaving_boxes_out(google: Emulator, bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    google.control("consent", {"consent": "deny"})
    assert "did not allow it" in connect(bare, monkeypatch, code=1)[1]
    google.control("consent", {"consent": {"uncheck": ["calendar.app.created"]}})
    assert "tick" in connect(bare, monkeypatch, code=1)[1]
    assert bare.rows("SELECT count(*) FROM calendar_account") == [(0,)]
    google.control("consent", {"consent": {"uncheck": ["calendar.events.readonly"]}})
    assert "connect again and tick it" in connect(bare, monkeypatch)[1]


def test_another_account_is_refused_or_taken(
    google: Emulator, bare: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:  # SYNC-26
    connect(bare, monkeypatch)
    google.control("reset", {"seed": 2, "users": [{"email": "bob@example.com"}]})
    assert "--switch" in connect(bare, monkeypatch, code=1)[1]
    out, _ = connect(bare, monkeypatch, "--switch", "--json")
    answer = json.loads(out.splitlines()[1])
    assert (answer["account"], answer["calendar"]["name"]) == ("bob@example.com", "couchcal")


def test_trouble_after_the_sign_in_is_told_and_goes_on(
    google: Emulator, bare: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    html = {
        "match": {"op": "calendarList.list"},
        "when": {"every": 1},
        "action": {"type": "captive_portal_200_html"},
    }
    google.control("faults", html)
    assert "something stands between" in connect(bare, monkeypatch, code=EXIT_REMOTE)[1]
    google.control("faults", {}, "DELETE")
    connect(bare, monkeypatch)


def test_no_client_file(google: Emulator, bare: Cli, isolated_home: Path) -> None:
    (isolated_home / "client_secret.json").unlink()
    assert "couchcal guide google" in bare("google", "connect", code=1).err


@pytest.mark.parametrize("port", ["x", "70000", "-1"])
def test_a_port_is_a_number(bare: Cli, port: str) -> None:
    assert "port" in bare("google", "connect", "--port", port, code=2).err


def test_a_pasted_address(google: Emulator, bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser cannot reach this computer: the person pastes where it ended, wrongly at first."""
    shown = threading.Event()
    address: list[str] = []

    class Screen(io.StringIO):
        def write(self, text: str) -> int:
            if text.startswith("http"):
                address.append(text.strip())
                shown.set()
            return super().write(text)

    class Keyboard:
        def isatty(self) -> bool:
            return True

        def fileno(self) -> int:
            raise io.UnsupportedOperation

        def __iter__(self) -> Iterator[str]:
            assert shown.wait(10)
            yield "nonsense\n"
            yield consent(address[0]) + "\n"

    standard: Any = Keyboard()
    monkeypatch.setattr(sys, "stdin", standard)
    monkeypatch.setattr(sys, "stdout", Screen())
    err = bare("google", "connect").err
    assert "paste that page's address here" in err
    assert "this is not the address the browser ended at" in err
    assert bare.rows("SELECT state FROM calendar_account") == [("ok",)]
