"""Command lines: words of any kind after each command that stays in its own folder."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Hashable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from couchcal.cli import main
from couchcal.practice import client_changes
from tests.fuzz.target import Run, Target
from tests.fuzz.targets.tried import Tried
from tests.fuzz.targets.typed import _DAYS, _NAMES, _RULES
from tests.support.demo import at, clock, event, session
from tests.support.practice import make_practice

COMMANDS = (
    "agenda", "show", "add", "move", "edit", "cancel", "restore", "delete", "repeat", "mark", "client",
    "availability",
    "event-type", "time-off", "request", "free", "calls", "find", "undo", "redo", "history", "report", "waitlist",
    "service", "place", "room",
    "audit", "export", "link", "settings", "mail", "sheet",
)  # fmt: skip
_CODES = (0, 1, 2, 3, 4, 5, 75)
_SEEDS = (
    "agenda --from 2026-03-02 --to +2w --json --names full --cancelled", "show A --json",
    "add tue 3pm 50m C-0001 90834 --json",
    "add lunch fri 12-1 --dry-run --strict", "move A tue|4pm --length 30",
    "edit A title=x start=+30m service=90837",
    "cancel A --type no_show --reason sick --fee 25.00", "restore A", "delete A --yes --scope this",
    "repeat A 2w --until 2026-06-01",
    "mark A note-signed", "client add Bob|Reed --email b@example.org --tz Europe/Berlin", "client list --json",
    "client edit C-0001 first=X",
    "client merge C-0001 C-0002 --yes", "client archive C-0001", "availability set mon 09:00-12:00,13:00-17:00",
    "availability copy mon tue wed",
    "event-type add First|talk --minutes 50", "time-off add 2026-03-09 2026-03-11 --reason away",
    "free --length 80 --json", "find jane in:march",
    "undo", "history --json", "report --from 2026-01-01 --csv", "waitlist add C-0001 --note x",
    "service add 90899 label=x length=45",
    "place add Office|2 pos=11", "audit --client C-0001 --json", "export --from 2026-03-01 --names full",
    "settings list --json",
    "settings set practice.slug x --json", "mail list", "request list --past", "time-off list",
    "event-type list --json",
)  # fmt: skip
_WORDS = (
    *_DAYS,
    *_NAMES,
    *_RULES,
    b"--json",
    b"--from",
    b"--to",
    b"--names",
    b"--scope",
    b"future",
    b"--yes",
    b"--help",
    b"C-0002",
    b"title=",
    b"start=",
    b"end=",
)


def cli() -> Target:
    """A command line, `|` for a blank in a word, against a small practice."""
    seeds = [seed.replace(" ", "\n").encode() for seed in _SEEDS]
    return Target("cli", _cli, seeds, _WORDS, "lines", 1_000)


def _cli(folder: Path) -> Run:
    database = make_practice(folder / "template")
    for name in ("Jane Doe", "Jane Roe"):
        client_changes.add(database, name, clock=clock)
    first = session(database, 1, at(4, 9))
    event(database, "Supervision", at(5, 15))
    tried = Tried(database, folder)
    os.environ |= {
        "COUCHCAL_HOME": str(folder / "tried"),
        "COUCHCAL_NOW": "2026-03-03T15:42:00Z",
        "COUCHCAL_DEBUG": "1",
        "LC_ALL": "C",
    }
    os.environ["PATH"] = ""
    made = folder / "here"
    made.mkdir()
    os.chdir(made)
    from couchcal.store.public_id import encode

    names = {"A": encode("appointment", first)}

    def run(data: bytes) -> Hashable:
        # A name of a file cannot leave the folder.
        typed = (
            data.replace(b"/", b"")
            .replace(b"\\", b"")
            .replace(b"~", b"")
            .replace(b"\0", b"")
            .decode("utf-8", "surrogateescape")
        )
        words = [names.get(word, word.replace("|", " ")) for word in typed.split("\n")]
        if words[0] not in COMMANDS or words[:2] == ["mail", "test"]:
            return "no command"
        tried.afresh()
        stored, err = io.BytesIO(), io.StringIO()
        out = io.TextIOWrapper(stored, "utf-8", "backslashreplace")
        before = sys.stdin
        sys.stdin = io.StringIO("")
        try:
            with redirect_stdout(out), redirect_stderr(err):
                code = _run(words)
        finally:
            sys.stdin = before
        out.flush()
        said = stored.getvalue()
        assert code in _CODES, code
        if code == 0 and "--json" in words and "--help" not in words:
            json.loads(said)
        assert err.getvalue().count("\n") <= 1 or code in (0, 2), "an error of several lines"
        return words[0], code, err.getvalue()[:60], len(said).bit_length()

    return run


def _run(words: list[str]) -> int:
    """The exit code; with COUCHCAL_DEBUG=1 what is no answer to a person is raised."""
    from couchcal.errors import CouchcalError

    try:
        return main.run(words)
    except CouchcalError as error:
        return error.exit_code
