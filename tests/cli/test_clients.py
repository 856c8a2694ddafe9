from __future__ import annotations

from contextlib import closing

import pytest

from couchcal.practice.client_changes import EDITABLE
from tests.cli.conftest import Cli

KEYS = [
    "id", "name", "first", "last", "preferred", "email", "phone", "time_zone", "state", "usual_service",
    "usual_location", "portal", "self_scheduling", "remind_email", "remind_text", "remind_phone", "unsubscribed",
    "last_session", "next_session", "notes_admin",
]  # fmt: skip


def test_add_gives_the_next_internal_id(cli: Cli) -> None:  # SYNC-05
    assert cli("client", "add", "Ivo Thorn", "--phone", "555-0100").out == "Added C-0005\n"
    added = cli.json(
        "client", "add", "Fig,", "Ada", "--email", "ada@example.org", "--tz", "Europe/Rome", "--names", "full"
    )
    assert list(added) == KEYS
    assert (added["id"], added["first"], added["last"]) == ("C-0006", "Ada", "Fig")
    assert (added["email"], added["phone"], added["time_zone"]) == ("ada@example.org", None, "Europe/Rome")


@pytest.mark.parametrize("argv", [(" ",), ("A B", "--email", "nowhere"), ("A B", "--tz", "Mars/Base")])
def test_add_refuses_what_cannot_be(cli: Cli, argv: tuple[str, ...]) -> None:
    assert cli.json("client", "add", *argv, code=1)["error"]["code"] == "invalid"
    assert len(cli.json("client", "list")) == 4


def test_list_and_show(cli: Cli) -> None:
    assert [row["name"] for row in cli.json("client", "list", "--names", "full")] == [
        "Jane Doe",
        "Bob Reed",
        "Janet Roe",
        "Maria Silva",
    ]
    assert "C-0001    Jane Doe\n" in cli("client", "list", "--names", "full").out
    assert "Doe" not in cli("client", "list").out + cli("client", "show", "C-0001").out  # ids by default
    hidden = cli("client", "list", "--names", "id").out + cli("client", "list", "--json", "--names", "id").out
    assert "Jane" not in hidden
    assert cli.json("client", "show", "C-0003", "--names", "full")["name"] == "Bob Reed"
    assert cli.json("client", "show", "reed")["id"] == "C-0003"
    assert "Bob Reed" in cli("client", "show", "c-0003", "--names", "full").out
    error = cli.json("client", "show", "jane", code=1)["error"]
    assert "C-0001, C-0002" in error["hint"]
    assert "Jane" not in str(error)
    assert cli.json("client", "show", "C-9999", code=1)["error"]["code"] == "not_found"


def test_edit(cli: Cli) -> None:
    changed = cli.json(
        "client",
        "edit",
        "C-0001",
        "preferred=Jay",
        "usual_service=90834",
        "usual_location=telehealth",
        "id=J-1",
        "--names",
        "full",
    )
    assert (changed["id"], changed["name"], changed["usual_location"]) == ("J-1", "Jay Doe", "Telehealth")
    assert cli.json("client", "edit", "J-1", "preferred=", "usual_location=")["usual_location"] is None
    for change in ("shoe_size=42", "email", "email=x", "usual_service=1", "place=nowhere", "remind_email=perhaps",
                   "self_scheduling=maybe", "internal_id=C-0002"):  # fmt: skip
        cli("client", "edit", "J-1", change, code=1)


def test_archive_and_accept(cli: Cli) -> None:  # INT-02
    assert cli.json("client", "archive", "C-0001")["state"] == "archived"
    assert "C-0001" not in cli("client", "list").out
    assert "[archived]" in cli("client", "list", "--archived").out
    assert cli.json("client", "accept", "C-0001")["state"] == "active"
    with closing(cli.database.connect()) as connection:
        connection.execute("UPDATE client SET state = 'intake' WHERE internal_id = 'C-0002'")
    assert cli("client", "list", "--names", "full").out.startswith("C-0002    Janet Roe  [intake]\n")
    assert cli.json("client", "accept", "C-0002")["state"] == "active"


def test_reject_removes_an_intake_client_with_their_sessions(cli: Cli) -> None:  # INT-03
    assert "intake" in cli("client", "reject", "C-0001", code=1).err
    with closing(cli.database.connect()) as connection:
        connection.execute("UPDATE client SET state = 'intake' WHERE internal_id = 'C-0002'")
    cli("add", "wed 9am C-0002 90791")
    assert cli.json("client", "reject", "C-0002") == {"rejected": "C-0002", "sessions": 1}
    assert cli.json("agenda") == []


def test_merge_moves_the_sessions(cli: Cli) -> None:  # INT-04
    cli("add", "wed 9am C-0002 90834")
    assert cli("client", "merge", "C-0002", "C-0001").out == "Merged C-0002 into C-0001\n"
    assert [entry["client"] for entry in cli.json("agenda")] == ["C-0001"]
    cli("client", "merge", "C-0001", "C-0001", code=2)
    cli("undo")
    assert [entry["client"] for entry in cli.json("agenda")] == ["C-0002"]


def test_a_merge_is_previewed_and_takes_what_it_is_told(cli: Cli) -> None:  # INT-04
    cli("client", "edit", "C-0001", "email=old@example.org")
    cli("client", "edit", "C-0002", "email=new@example.org", "phone=555-0100")
    cli("add", "wed 9am C-0002 90834")
    told = cli.json("client", "merge", "C-0002", "C-0001", "--take", "email", "--dry-run")
    assert told == {
        "merge": "C-0002", "into": "C-0001", "sessions": 1, "requests": 0, "waitlist": 0,
        "taken": ["email", "phone"],
    }  # fmt: skip
    assert cli("client", "merge", "C-0002", "C-0001", "--dry-run").out == "C-0002 into C-0001: 1 session\n"
    assert len(cli.json("client", "list")) == 4
    kept = cli.json("client", "merge", "C-0002", "C-0001", "--take", "email", "--names", "full")
    assert (kept["email"], kept["phone"]) == ("new@example.org", "555-0100")
    cli("client", "merge", "C-0003", "C-0001", "--take", "first", code=1)


def test_duplicates_are_told_by_id(cli: Cli) -> None:  # INT-04
    assert cli("client", "duplicates").out == "No two clients look alike.\n"
    cli("client", "add", "Jayne Doe", "--email", "jane@example.org")
    cli("client", "edit", "C-0001", "email=Jane@example.org")
    assert cli("client", "duplicates").out == "C-0005  C-0001  same e-mail, similar name\n"
    found = [{"client": "C-0001", "like": "C-0005", "reasons": ["same e-mail", "similar name"]}]
    assert cli.json("client", "duplicates", "C-0001") == found
    assert "(Jayne Doe / Jane Doe)" in cli("client", "duplicates", "--names", "full").out
    assert cli("client", "duplicates", "C-0003").out == "Nobody looks alike.\n"


def test_states_and_bringing_back(cli: Cli) -> None:  # INT-02
    cli("client", "archive", "C-0001")
    assert [row["id"] for row in cli.json("client", "list", "--state", "archived")] == ["C-0001"]
    assert cli("client", "list", "--state", "intake").out == "No intake clients.\n"
    assert len(cli.json("client", "list", "--all")) == 4
    assert cli("client", "unarchive", "C-0001").out == "Brought back C-0001\n"
    with closing(cli.database.connect()) as connection:
        connection.execute("UPDATE client SET state = 'intake' WHERE internal_id = 'C-0002'")
    cli("client", "unarchive", "C-0002", code=1)
    accepted = cli.json("client", "accept", "C-0002", "phone=555-0102", "remind_text=yes", "--names", "full")
    assert (accepted["state"], accepted["phone"], accepted["remind_text"]) == ("active", "555-0102", True)


def test_every_field_that_can_be_changed_is_documented(cli: Cli) -> None:
    shown = cli("client", "edit", "--help").out
    assert all(f"\n  {name} " in shown for name in ("id", "remind_phone", "usual_location", "notes_admin"))
    told = cli("client", "edit", "C-0001", "nothing", code=1).err
    documented = told.partition("fields are ")[2].strip().split(", ")
    fields = {"id": "internal_id", "usual_location": "usual_location_id"}
    assert [fields.get(name, name) for name in documented] == list(EDITABLE)


def test_a_record_tells_sessions_and_settings(cli: Cli) -> None:  # PORTAL-08
    cli("add", "wed 9am C-0001 90834")
    shown = cli.json("client", "show", "C-0001")
    assert (shown["next_session"], shown["last_session"]) == ("2026-03-04T09:00:00-05:00", None)
    assert (shown["portal"], shown["self_scheduling"]) == ("none", "inherit")
    assert "remind_email    yes\n" in cli("client", "show", "C-0001").out
    assert cli.json("client", "add", "Own Id", "--id", "K-1")["id"] == "K-1"


@pytest.mark.parametrize("argv", [(), ("dance",), ("add",), ("merge", "C-0001")])
def test_usage(cli: Cli, argv: tuple[str, ...]) -> None:
    cli("client", *argv, code=2)
