"""`couchcal audit`: the trail on the command line."""

from __future__ import annotations

from contextlib import closing

from couchcal.store import audit_anchor
from tests.cli.conftest import Cli


def test_the_trail_lists_what_was_done_without_names(cli: Cli) -> None:
    ident = cli.json("add", "wed 9am jane doe 90834")["id"]
    cli("move", ident, "+1d")
    found = cli.json("audit", "--entity", f"appointment:{ident}")
    assert [(entry["actor"], entry["action"]) for entry in found] == [("user", "create"), ("user", "update")]
    assert found[1]["record"] == f"appointment {ident}"
    assert found[1]["at"] == "2026-03-03T10:42:00-05:00"
    assert {"start_utc", "end_utc"} <= set(found[1]["fields"])
    out = cli("audit").out
    assert "Jane" not in out
    assert f"2026-03-03 10:42:00  user      changed       appointment {ident}" in out


def test_the_trail_of_a_client_has_their_sessions_and_who_looked(cli: Cli) -> None:
    ident = cli.json("add", "wed 9am bob 90834")["id"]
    cli("add", "wed 11am jane doe 90834")
    cli("client", "show", "C-0003")
    found = cli.json("audit", "--client", "C-0003")
    assert [(entry["action"], entry["record"]) for entry in found] == [
        ("create", f"appointment {ident}"),
        ("view", "client C-0003"),
    ]
    assert cli.json("audit", "--client", "C-0003", "--from", "+1d", "--to", "+2d") == []


def test_exports_and_reports_are_in_the_trail(cli: Cli) -> None:
    cli("export")
    cli("report", "--csv")
    assert [entry["action"] for entry in cli.json("audit", "--actor", "user")] == ["export", "export"]


def test_a_whole_trail_verifies_and_a_broken_one_is_told(cli: Cli) -> None:
    cli("add", "wed 9am jane doe 90834")
    assert cli.json("audit", "verify")["intact"]
    with closing(cli.database.connect()) as connection:
        connection.execute("DROP TRIGGER audit_entry_no_update")
        connection.execute("UPDATE audit_entry SET actor = 'client:1' WHERE id = 3")
    found = cli.json("audit", "verify", code=1)
    assert (found["intact"], found["first_bad"]) == (False, 3)
    assert cli("audit", "verify", code=1).out == "The audit trail is broken: entry 3 was changed\n"


def test_an_older_copy_put_back_by_hand_is_told_and_can_be_accepted(cli: Cli) -> None:
    old = cli.database.path.read_bytes()
    cli("add", "wed 9am jane doe 90834")
    assert audit_anchor.read(cli.database.path) is not None
    cli.database.path.write_bytes(old)
    assert "older copy" in cli("audit", "verify", code=1).out
    assert "add --yes" in cli("audit", "accept", code=2).err
    cli("audit", "accept", "--yes")
    cli("audit", "verify")
    assert cli.json("audit")[-1]["action"] == "accept"


def test_pruning_keeps_six_years(cli: Cli) -> None:
    assert "six years" in cli("audit", "prune", "--before", "2024-01-01", "--yes", code=1).err
    assert cli("audit", "prune", "--before", "2015-01-01", "--yes").out == "Removed 0 entries\n"
    cli("audit", "prune", code=2)


def test_many_records_of_a_kind_are_counted(cli: Cli) -> None:
    cli("add", "wed 9am bob 90834 weekly")
    made = [entry for entry in cli.json("audit", "--entity", "appointment") if entry["action"] == "create"]
    (entry,) = made
    first, _, last = entry["entity_id"].partition("-")
    assert entry["record"] == f"{int(last) - int(first) + 1} appointments"
