from __future__ import annotations

import pytest

from tests.cli.conftest import Cli, Terminal

SECRET = "knee surgery"


def test_days_off_and_who_is_in_them(cli: Cli) -> None:  # TOF-01, TOF-04
    ident = cli.json("add", "wed 3pm 50m C-0001 90834 weekly")["id"]
    out = cli("time-off", "add", "wed", "fri").out
    assert out == (
        "Time off Wed 4 Mar 2026 to Fri 6 Mar 2026 (t9e3779b1)\n"
        "1 session in it stays as it is; couchcal cancel ID --type therapist_cancel cancels one:\n"
        f"  {ident}  C-0001 Wed 4 Mar 15:00-15:50\n"
    )
    assert cli.json("show", ident)["status"] == "scheduled"
    answer = cli.json("time-off", "add", "2027-03-01", "2027-03-12", "--names", "full")
    assert [entry["title"] for entry in answer.pop("affected")] == ["Jane Doe", "Jane Doe"]  # past the horizon
    assert answer == {
        "id": "t3c6ef362", "start": "2027-03-01", "end": "2027-03-13", "all_day": True,
        "time_zone": "America/New_York",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        (("2026-03-06",), "2026-03-06", "2026-03-07"),
        (("fri", "mon"), "2026-03-06", "2026-03-10"),
        (("2026-08-03", "aug 14"), "2026-08-03", "2026-08-15"),
        (("today", "tomorrow"), "2026-03-03", "2026-03-05"),
        (("fri 3pm", "17:00"), "2026-03-06T15:00:00-05:00", "2026-03-06T17:00:00-05:00"),
        (("2026-03-06T22:00", "sat 2am"), "2026-03-06T22:00:00-05:00", "2026-03-07T02:00:00-05:00"),
        (("fri 10pm", "24:00"), "2026-03-06T22:00:00-05:00", "2026-03-07T00:00:00-05:00"),
        (("sat 11pm", "sun 4am"), "2026-03-07T23:00:00-05:00", "2026-03-08T04:00:00-04:00"),
    ],
)
def test_days_and_times(cli: Cli, words: tuple[str, ...], start: str, end: str) -> None:  # TOF-01
    answer = cli.json("time-off", "add", *words)
    assert (answer["start"], answer["end"]) == (start, end)
    assert answer["all_day"] == (len(start) == 10)
    listed = cli.json("time-off", "list")
    assert listed == [{name: value for name, value in answer.items() if name != "affected"}]


@pytest.mark.parametrize(
    "words",
    [
        ("2026-03-06", "2026-03-05"), ("fri", "17:00"), ("fri 3pm",), ("fri 3pm", "sat"), ("fri 3pm", "2pm"),
        ("someday",), ("fri", "someday"), ("fri 3pm", "someday"), ("+30m",),
    ],
)  # fmt: skip
def test_what_is_no_span_is_a_usage_error(cli: Cli, words: tuple[str, ...]) -> None:
    cli("time-off", "add", *words, code=2)
    assert cli.json("time-off", "list") == []


def test_the_list_and_giving_back(cli: Cli) -> None:  # TOF-03
    assert "No time off" in cli("time-off", "list").out
    cli("time-off", "add", "2026-02-02")
    ident = cli.json("time-off", "add", "2026-03-06")["id"]
    assert cli("time-off", "list").out == f"{ident}  Fri 6 Mar 2026\n"
    assert cli("time-off", "list", "--past").out.splitlines()[0].endswith("Mon 2 Feb 2026  [past]")
    assert cli("time-off", "remove", ident[:4]).out == "Removed time off Fri 6 Mar 2026\n"
    assert cli.json("time-off", "list") == []
    cli("time-off", "remove", ident, code=1)
    cli("time-off", "remove", "nonsense", code=1)
    cli("undo")
    assert [row["id"] for row in cli.json("time-off", "list")] == [ident]


def test_an_appointment_is_no_time_off(cli: Cli) -> None:
    ident = cli.json("add", "wed 3pm 50m C-0001 90834")["id"]
    assert "is no time off" in cli("time-off", "remove", ident, code=1).err


def test_free_time_follows(cli: Cli) -> None:  # TOF-02, TOF-03
    cli("availability", "set", "wed", "9-12")
    before = cli.json("free", "--to", "+2d")
    ident = cli.json("time-off", "add", "wed 9am", "10:30")["id"]
    assert [slot["start"][11:16] for slot in cli.json("free", "--to", "+2d")] == ["10:30", "11:00"]
    cli("time-off", "remove", ident)
    assert cli.json("free", "--to", "+2d") == before


def test_the_reason_is_for_the_terminal_alone(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:  # TOF-01
    cli("time-off", "add", "wed", "fri", "--reason", SECRET)
    (ident,) = [row["id"] for row in cli.json("time-off", "list")]
    everywhere = [
        ("agenda",), ("agenda", "--json"), ("agenda", "--names", "full"), ("show", ident),
        ("show", ident, "--json"), ("show", ident, "--names", "full"), ("export",),
        ("export", "--names", "full"), ("find", "knee"),
        ("find", "knee", "--json"), ("time-off", "list"), ("time-off", "list", "--json"), ("free", "--json"),
        ("undo", "--names", "full"),
    ]  # fmt: skip
    for argv in everywhere:
        assert SECRET not in cli(*argv).out, argv
    cli("redo")
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    from couchcal.cli.main import run

    run(["time-off", "list"])
    assert terminal.getvalue() == f"{ident}  Wed 4 Mar 2026 to Fri 6 Mar 2026  {SECRET}\n"
