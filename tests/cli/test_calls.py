from __future__ import annotations

from tests.cli.conftest import Cli


def test_whom_to_call_today_and_tomorrow(cli: Cli) -> None:  # APT-16
    assert cli("calls").out == "Nobody is to be called. couchcal client edit C-0001 remind_phone=yes asks for it.\n"
    cli("client", "edit", "C-0001", "remind_phone=yes", "phone=212 555 0100")
    soon = cli.json("add", "wed 3pm 50m C-0001 90834")["id"]
    later = cli.json("add", "fri 3pm 50m C-0001 90834 weekly")["id"]
    assert cli("calls").out == f"Wed 4 Mar 2026\n    15:00  C-0001  --names full has the number  {soon}\n"
    full = ("calls", "--names", "full")
    assert cli(*full).out == f"Wed 4 Mar 2026\n    15:00  Jane Doe  212 555 0100  {soon}\n"
    assert [(one["id"], one["phone"]) for one in cli.json(*full, "--from", "thu")] == [(later, "212 555 0100")]
    assert [(one["id"], one["phone"]) for one in cli.json("calls")] == [(soon, None)]
    cli("client", "edit", "C-0001", "phone=")
    assert "no number on file" in cli("calls").out
    assert cli.json(*full)[0]["phone"] is None
    cli("edit", soon, "remind_phone=no")
    assert cli.json("calls") == []
