"""What is locked says which lock it is and the commands that open it; marks go in their order."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli

MARKS = {
    "note_signed": ["note-signed"],
    "billing_started": ["billing-started"],
    "paid": ["billing-started", "paid"],
    "claim": ["claim-submitted"],
}
WAYS_OUT = {
    "note_signed": ["note-unlocked"],
    "billing_started": ["billing-cancelled"],
    "paid": ["refunded", "billing-cancelled"],
    "claim": ["claim-cleared"],
}
REASONS = {
    "note_signed": "the note is signed",
    "billing_started": "billing has started",
    "paid": "a payment is applied",
    "claim": "the claim is submitted or processed",
}
ACTIONS = {
    "time": ("move", "+1d"),
    "details": ("edit", "service=90837"),
    "notes": ("edit", "instructions=ring twice"),
    "cancel": ("cancel", "--type", "other"),
    "delete": ("delete", "--yes"),
}
REFUSED = {
    "note_signed": {"details", "delete"},
    "billing_started": {"details", "delete"},
    "paid": {"details", "delete"},
    "claim": set(ACTIONS),
}


@pytest.mark.parametrize("lock", MARKS)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_lock_refuses_what_it_should_and_names_the_commands_that_open_it(
    cli: Cli, lock: str, action: str
) -> None:
    # EDT-01, EDT-03, DND-04, DEL-01, DEL-02, LCK-01, LCK-02, LCK-03, INV-L1
    ident = str(cli.json("add", "thu 9am bob 90834")["id"])
    for mark in MARKS[lock]:
        cli("mark", ident, mark)
    command, *words = ACTIONS[action]
    if action not in REFUSED[lock]:
        cli(command, ident, *words)
        return
    before = cli.json("show", ident)
    error = cli.json(command, ident, *words, code=1)["error"]
    assert error["code"] == f"locked_{lock}"
    assert REASONS[lock] in error["message"]
    steps = [f"couchcal mark ID {mark}" for mark in WAYS_OUT[lock]]
    places = [error["hint"].index(step) for step in steps]
    assert places == sorted(places)  # DEL-02: refund first, then the bill
    assert cli.json("show", ident) == before
    for mark in WAYS_OUT[lock]:
        cli("mark", ident, mark)
    cli(command, ident, *words)


@pytest.mark.parametrize("argv", [("move", "+1d"), ("edit", "length=30"), ("cancel", "--type", "no_show")])
def test_what_is_cancelled_is_restored_by_a_command_and_by_no_key(cli: Cli, argv: tuple[str, ...]) -> None:
    ident = str(cli.json("add", "thu 9am bob 90834")["id"])
    cli("cancel", ident, "--type", "late_cancel")
    err = cli(argv[0], ident, *argv[1:], code=1).err
    assert "it is cancelled" in err  # DND-06
    assert "press" not in err
    cli("restore", ident)
    cli(argv[0], ident, *argv[1:])


def test_time_off_is_changed_by_its_own_command(cli: Cli) -> None:
    ident = cli.json("time-off", "add", "thu")["id"]
    assert "couchcal time-off remove ID" in cli("move", ident, "+1d", code=1).err


@pytest.mark.parametrize(
    ("marks", "mark", "problem"),
    [
        ([], "billing-cancelled", "billing has not started; start billing first"),
        ([], "paid", "billing has not started; start billing first"),
        ([], "refunded", "nothing is paid"),
        (["billing-started"], "billing-started", "billing has started already"),
        (["billing-started"], "refunded", "nothing is paid"),
        (["billing-started", "paid"], "paid", "it is paid already"),
        (["billing-started", "paid"], "billing-started", "billing has started already"),
        (["billing-started", "paid"], "billing-cancelled", "a payment is applied; refund it first"),
        (["billing-started", "claim-submitted"], "billing-cancelled", "there is a claim on it"),
    ],
)
def test_a_mark_out_of_order_says_what_comes_first(cli: Cli, marks: list[str], mark: str, problem: str) -> None:
    # DEL-02: the payment, then the bill
    ident = str(cli.json("add", "thu 9am bob 90834")["id"])
    for earlier in marks:
        cli("mark", ident, earlier)
    assert problem in cli("mark", ident, mark, code=1).err


def test_only_client_sessions_are_billed(cli: Cli) -> None:  # APT-02
    ident = str(cli.json("add", "call bob thu 5pm 15m")["id"])
    for mark in ("billing-started", "claim-submitted"):
        assert "only client sessions are billed" in cli("mark", ident, mark, code=1).err
    assert cli.json("mark", ident, "note-signed")["locked"] == ["note_signed"]
