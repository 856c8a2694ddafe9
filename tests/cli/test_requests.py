"""`couchcal request`, and invitations to the portal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from couchcal.store.records import BookingRequest
from couchcal.store.session import write_session
from tests.cli.conftest import Cli

START = datetime(2026, 3, 5, 19, tzinfo=UTC)  # 14:00 in New York


def ask(cli: Cli, number: int = 1, **values: Any) -> None:
    given: dict[str, Any] = {
        "client_id": 1, "service": "90834", "visit_type": "in_person", "message": "Could we meet?",
        "start_utc": START + timedelta(days=number - 1), "end_utc": START + timedelta(days=number - 1, minutes=50),
        **values,
    }  # fmt: skip
    with write_session(cli.database, "Asked", actor="client:1") as session:
        session.add(BookingRequest(uid=f"r{number}@couchcal", idempotency_key=str(number), **given))


def test_requests_are_listed_without_names(cli: Cli) -> None:  # REQ-06, REQ-10
    assert cli("request", "list").out == "No request waits for an answer.\n"
    ask(cli)
    ask(cli, 2, client_id=None, first="Dee\x1b[2J", last="New", email="dee@example.org")
    first, second = cli("request", "list").out.splitlines()
    assert first.split() == ["r9e3779b1", "Thu", "5", "Mar", "14:00-14:50", "C-0001", "90834", "in", "person"]
    assert "new" in second
    assert "Dee" not in second
    assert "Dee[2J New" in cli("request", "list", "--names", "full").out
    found = cli.json("request", "list")
    assert (found[0]["id"], found[0]["client"], found[0]["message"]) == ("r9e3779b1", "C-0001", None)
    assert cli.json("request", "list", "--names", "full")[1]["email"] == "dee@example.org"
    assert cli("request", "list", "--past").out == "No requests so far.\n"


def test_accepting_takes_adjustments(cli: Cli) -> None:  # REQ-07
    ask(cli)
    said = cli(
        "request", "accept", "r9e", "--start", "+30m", "--length", "60", "--service", "90837",
        "--place", "telehealth",
    ).out  # fmt: skip
    assert "Accepted C-0001 Thu 5 Mar 14:30-15:30" in said
    (entry,) = cli.json("agenda", "--from", "2026-03-05", "--to", "2026-03-06")
    assert (entry["service"], entry["modifiers"]) == ("90837", ["95"])
    assert cli.json("request", "list", "--past")[0]["status"] == "accepted"
    assert "already" in cli("request", "accept", "r9e3779b1", code=1).err
    assert "final" in cli("undo", code=1).err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("accept", "rffffffff"), "no such request"), (("accept", "r9e", "--place", "Moon"), "no such place"),
        (("accept", "r9e", "--service", "1"), "no service"), (("accept", "r9e", "--start", "soon"), "no time"),
        (("decline", "r9e", "--message", "x" * 501), "500 characters"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_changes_nothing(cli: Cli, argv: tuple[str, ...], words: str) -> None:
    ask(cli)
    refused = cli("request", *argv, code=2 if words == "no time" else 1)
    assert words in refused.err
    assert cli.rows("SELECT status FROM booking_request") == [("pending",)]


def test_declining_says_so(cli: Cli) -> None:  # REQ-08
    ask(cli)
    said = cli("request", "decline", "r9e3779b1", "--message", "I am away")
    assert said.out.splitlines() == [
        "Declined r9e3779b1, Thu 5 Mar 14:00-14:50",
        "  advice: no e-mail address on file: the client is not told",
    ]
    assert cli.json("request", "list", "--past", "--names", "full")[0]["reply"] == "I am away"


def test_clients_are_invited_and_let_go(cli: Cli) -> None:  # PORTAL-08
    assert "no e-mail address" in cli("client", "invite", "C-0001", code=1).err
    cli("client", "edit", "C-0001", "email=jane@example.org")
    assert cli("client", "invite", "C-0001").out == "Invited C-0001\n"
    assert cli.json("client", "show", "C-0001")["portal"] == "invited"
    assert cli.rows("SELECT kind, recipient FROM outbox_email") == [("portal_invite", "jane@example.org")]
    assert cli("client", "revoke", "C-0001").out == "Ended the portal access of C-0001\n"
    assert cli.rows("SELECT state FROM outbox_email") == [("cancelled",)]
    assert "no access" in cli("client", "revoke", "C-0001", code=1).err
