"""`couchcal waitlist`: add, list, remove."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli


def test_adding_listing_and_removing(cli: Cli) -> None:
    assert "Tue, Thu 12:00–17:00" in cli(
        "waitlist", "add", "C-0001", "--days", "thu,tuesday", "--hours", "12-17", "--note", "after work"
    ).out  # fmt: skip
    cli("waitlist", "add", "bob", "--days", "weekdays", "--hours", "8pm-24:00")
    first, second = cli.json("waitlist", "list")
    assert first == {
        "id": first["id"], "client": "C-0001", "name": "C-0001", "since": "2026-03-03T10:42:00-05:00",
        "state": "waiting", "event_type": None, "minutes": 50, "days": ["tue", "thu"], "from": "12:00",
        "to": "17:00", "note": None,
    }  # fmt: skip
    assert (second["days"], second["from"], second["to"]) == (["mon", "tue", "wed", "thu", "fri"], "20:00", "24:00")
    assert cli.json("waitlist", "remove", first["id"][:5])["client"] == "C-0001"
    assert [row["client"] for row in cli.json("waitlist", "list")] == ["C-0003"]
    cli("undo")
    assert len(cli.json("waitlist", "list")) == 2


def test_names_and_notes_only_when_asked_for(cli: Cli) -> None:  # SYNC-03
    cli("waitlist", "add", "C-0001", "--note", "Jane after work")
    plain = cli("waitlist", "list").out
    assert "Jane" not in plain + cli("waitlist", "list", "--json").out
    assert "any day" in plain
    full = cli("waitlist", "list", "--names", "full").out
    assert "Jane Doe" in full
    assert "after work" in full


def test_an_empty_list_says_how_to_begin(cli: Cli) -> None:
    assert "couchcal waitlist add" in cli("waitlist", "list").out
    assert cli.json("waitlist", "list") == []


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("add", "nobody"), 1),
        (("add", "C-0001", "--days", "someday"), 2),
        (("add", "C-0001", "--hours", "17-12"), 1),
        (("add", "C-0001", "--hours", "9-12, 13-17"), 1),
        (("add", "C-0001", "--hours", "soon"), 1),
        (("add", "C-0001", "--type", "none such"), 1),
        (("remove", "wffffffff"), 1),
        (("remove", "w"), 1),
    ],
)
def test_what_cannot_be_is_refused(cli: Cli, argv: tuple[str, ...], code: int) -> None:
    assert cli("waitlist", *argv, code=code).err.startswith("couchcal: error: ")
    assert cli.json("waitlist", "list") == []


def test_a_client_waits_once_for_a_kind_of_session(cli: Cli) -> None:
    cli("waitlist", "add", "C-0001")
    assert "already" in cli("waitlist", "add", "C-0001", code=1).err
